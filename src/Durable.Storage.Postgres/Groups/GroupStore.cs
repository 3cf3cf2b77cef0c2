// The verbs of one shard group on the server that holds it. Plain PostgreSQL has one group, and so one of these.
using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Durable.Storage.Postgres;

/// <summary>One group on one server. When the group has moved, another object takes its place.</summary>
internal sealed class GroupStore : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(long Lane, Guid Holder), LaneConnection> lines = new();
    private readonly EngineConnections connections;
    private readonly Calls calls;
    private readonly ILogger log;

    public GroupStore(PlacedGroup placed, EngineConnections connections, HomeCheck home, bool spread, ILogger log)
    {
        (Placed, this.connections, this.log) = (placed, connections, log);
        calls = new Calls(connections, placed.Group, spread);
        var namespaces = new Namespaces(calls);
        Lanes = new LaneVerbs(connections, calls);
        Look = new LookVerb(calls, namespaces);
        Load = new LoadVerb(calls);
        Deliver = new DeliverVerb(connections, calls, namespaces, home);
        Reap = new ReapVerb(connections, calls, namespaces, log);
        Tasks = new TaskVerbs(connections, calls, home);
        Catalog = new Catalog(calls);
        Import = new ImportVerb(connections, calls, Deliver);
        Purge = new PurgeVerb(calls, log);
        Outgoing = new OutgoingVerb(calls);
    }

    public PlacedGroup Placed { get; }

    /// <summary>The server.</summary>
    public EngineConnections Connections => connections;

    public LaneVerbs Lanes { get; }

    public LookVerb Look { get; }

    public LoadVerb Load { get; }

    public DeliverVerb Deliver { get; }

    public ReapVerb Reap { get; }

    public TaskVerbs Tasks { get; }

    public Catalog Catalog { get; }

    public ImportVerb Import { get; }

    public PurgeVerb Purge { get; }

    public OutgoingVerb Outgoing { get; }

    /// <summary>The line of a lane.</summary>
    public LaneConnection Line(LaneKey lane) => lines.GetOrAdd((lane.LaneId, lane.Holder), _ => new LaneConnection(connections, lane, log, calls.Shards));

    /// <summary>X1.</summary>
    public async Task CloseLaneAsync(LaneKey lane, long epoch, CancellationToken cancellationToken)
    {
        if (lines.TryRemove((lane.LaneId, lane.Holder), out var line)) await line.DisposeAsync().ConfigureAwait(false);
        await Lanes.CloseAsync(lane, epoch, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>DECISIONS 9, HoldAllRuns, for the runs of this group.</summary>
    public Task HoldAllAsync(CancellationToken cancellationToken) => calls.RunAsync("hold all runs", async (connection, ct) =>
    {
        await using var batch = Installation.AddHolds(calls.Batch(connection, transaction: true));
        return await batch.ExecuteAsync(ct).ConfigureAwait(false);
    }, cancellationToken);

    /// <summary>Asks the server whether it answers.</summary>
    public Task AskAsync(CancellationToken cancellationToken) => calls.RunAsync("ask", async (connection, ct) =>
    {
        await using var command = new Npgsql.NpgsqlCommand("select 1", connection);
        return await command.ExecuteScalarAsync(ct).ConfigureAwait(false);
    }, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var line in lines.Values) await line.DisposeAsync().ConfigureAwait(false);
        lines.Clear();
        await Lanes.DisposeAsync().ConfigureAwait(false);
    }
}
