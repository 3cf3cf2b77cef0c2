// What waits for the writing connection.
namespace Durable.Storage.Sqlite;

/// <summary>When a write failed, which decides what may be said about it.</summary>
internal enum WriteStage
{
    /// <summary>Before anything was written: no connection, or the file stayed locked.</summary>
    Before,

    /// <summary>In a statement; the transaction was rolled back.</summary>
    Inside,

    /// <summary>In the commit: nobody knows.</summary>
    Commit,
}

/// <summary>A piece of work for one transaction, which it may share with others. It is run again alone if another piece of the same transaction fails.</summary>
internal abstract class WriteJob
{
    private const int Waiting = 0, Taken = 1, Abandoned = 2;
    private int state;

    /// <summary>True: goes before all others (leases).</summary>
    public bool Urgent { get; init; }

    /// <summary>True: may be lost with the power, so its transaction need not wait for the disk (L4).</summary>
    public bool Relaxed { get; init; }

    /// <summary>Makes the writer its owner.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref state, Taken, Waiting) == Waiting;

    /// <summary>Takes it out of the queue, if the writer does not have it yet: then it never happens.</summary>
    public bool TryAbandon() => Interlocked.CompareExchange(ref state, Abandoned, Waiting) == Waiting;

    /// <summary>The statements. Nothing but statements: everything else waits for them (Q2).</summary>
    public abstract void Run(Session session);

    /// <summary>The transaction is durable.</summary>
    public abstract void Done();

    /// <summary>The transaction failed.</summary>
    public abstract void Fail(WriteStage stage, Exception cause);
}

/// <summary>A piece of work whose failure is an exception.</summary>
internal sealed class WriteJob<T>(Func<Session, T> work, string path) : WriteJob
{
    private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T result = default!;

    public Task<T> Task => completion.Task;

    public override void Run(Session session) => result = work(session);

    public override void Done() => completion.SetResult(result);

    public override void Fail(WriteStage stage, Exception cause) => completion.SetException(stage == WriteStage.Commit
        ? SqliteErrors.InDoubt(cause, path)
        : SqliteErrors.Translate(cause, path));
}
