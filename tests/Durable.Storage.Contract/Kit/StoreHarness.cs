// The one thing that a provider writes to be tested: how to make an empty store, and how its time passes.
using System.Data.Common;

namespace Durable.Storage.Contract;

/// <summary>An empty store and its clock.</summary>
public abstract class StoreHarness : IAsyncDisposable
{
    /// <summary>The store under test, on an empty database that no other test uses.</summary>
    public abstract IDurableStore Store { get; }

    /// <summary>
    /// Lets time pass for the store; backwards if negative. A store with a clock from outside moves that clock. A store that uses its
    /// database's clock shifts every time that it has stored by the same length in the other direction, in one script: what the
    /// tests see is the same, because they compare stored times only with what the store says is now.
    /// </summary>
    public abstract Task AdvanceAsync(TimeSpan by);

    /// <summary>Another store object on the same database, as another process would open it; null where the rows belong to one object.</summary>
    public virtual Task<IDurableStore?> OpenAgainAsync() => Task.FromResult<IDurableStore?>(null);

    /// <summary>A transaction of a user on the store's database, on a connection of its own that is closed with it. Only for those that bind <see cref="TransactionContract"/>.</summary>
    public virtual Task<DbTransaction> BeginAsync() => throw new NotSupportedException("This store has no transactions of users: its tests do not bind TransactionContract.");

    /// <summary>Removes the database.</summary>
    public abstract ValueTask DisposeAsync();
}
