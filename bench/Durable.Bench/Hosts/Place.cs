// Where a round of a workload happens: an empty database of its own, of one of the kinds of store.
using Durable.Storage;

namespace Durable.Bench;

/// <summary>A kind of store: makes empty databases.</summary>
internal abstract class StoreKind : IAsyncDisposable
{
    /// <summary><c>sqlite</c> or <c>postgres</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Versions and settings, for the table.</summary>
    public abstract string Description { get; }

    /// <summary>An empty database.</summary>
    public abstract Task<Place> NewAsync();

    /// <summary>Before a measurement: writes out what is dirty, so that rounds neither pay for each other nor log full pages.</summary>
    public virtual Task SettleAsync() => Task.CompletedTask;

    /// <summary>CPU of the server so far, and WAL that it has written; an embedded store has no CPU of its own.</summary>
    public virtual Task<ServerUse> UseAsync() => Task.FromResult(default(ServerUse));

    public abstract ValueTask DisposeAsync();
}

/// <summary>What a server has used so far.</summary>
/// <param name="Cpu">Its processes' CPU time.</param>
/// <param name="WalBytes">WAL written.</param>
internal readonly record struct ServerUse(TimeSpan Cpu, long WalBytes);

/// <summary>An empty database, removed afterwards.</summary>
internal abstract class Place : IAsyncDisposable
{
    /// <summary>What another process needs to come here.</summary>
    public abstract string Address { get; }

    /// <summary>The line of configuration.</summary>
    public abstract void Configure(DurableBuilder builder);

    /// <summary>The same without wake-ups from other processes.</summary>
    public virtual void ConfigureDeaf(DurableBuilder builder) => Configure(builder);

    /// <summary>Bytes of the database.</summary>
    public abstract Task<long> SizeAsync();

    /// <summary>From now on the tables get no statistics, as in the first hours of a new database.</summary>
    public virtual Task NeverAnalyzeAsync() => Task.CompletedTask;

    /// <summary>The provider alone.</summary>
    public abstract IDurableStore NewStore();

    /// <summary>The provider's statements without the provider.</summary>
    public abstract Task<IRawWriter> NewRawAsync(Template template);

    public abstract ValueTask DisposeAsync();
}
