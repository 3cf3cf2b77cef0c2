using System.Data.Common;

namespace Durable.Storage;

/// <summary>Optional part of a store: opens transactions on its own database for transactional steps (K4).</summary>
public interface ITransactionalStore
{
    /// <summary>
    /// How long a transaction may last unless the step says otherwise, where one transaction holds up all other writers of the database; null where it does not. The
    /// engine gives no step more than a quarter of a lease then.
    /// </summary>
    TimeSpan? ExclusiveLimit { get; }

    /// <summary>Begins a transaction for the code of a step, on a connection that the engine's own calls do not use and with none of their settings.</summary>
    /// <param name="limit">How long it may last, for stores with an <see cref="ExclusiveLimit"/>: then it is rolled back, whoever holds it.</param>
    /// <param name="cancellationToken">Stops waiting for a connection or a turn.</param>
    Task<IUserTransaction> BeginUserTransactionAsync(TimeSpan limit, CancellationToken cancellationToken = default);
}

/// <summary>What became of a transaction that a step was given.</summary>
public enum UserTransactionState
{
    /// <summary>It can be committed.</summary>
    Open,

    /// <summary>The code of the step has committed it or rolled it back.</summary>
    Ended,

    /// <summary>Its time was over, and it was rolled back.</summary>
    Expired,
}

/// <summary>A transaction for the code of one step. Disposing it without a commit rolls it back and gives its connection up.</summary>
public interface IUserTransaction : IAsyncDisposable
{
    /// <summary>What the code gets, and <see cref="ITaskStore.CompleteTasksAsync"/> after it.</summary>
    DbTransaction Transaction { get; }

    /// <summary>Whether it can still be committed.</summary>
    UserTransactionState State { get; }

    /// <summary>Commits. After any exception nobody knows whether it counted: the task row tells (K3).</summary>
    Task CommitAsync();

    /// <summary>Rolls back although code of the step may still be using it, and gives the connection up when that code has ended. Nothing that the code does later counts.</summary>
    /// <param name="code">The code that was told to stop and has not.</param>
    Task AbandonAsync(Task code);
}
