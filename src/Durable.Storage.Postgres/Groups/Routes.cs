// Which group is where: read from the placement at start, now and then, and after a commit that was refused or slow (SCALING §5).
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>The groups of a database with their verbs, by shard. Before the first reading there is one group, and nothing is known of it.</summary>
internal sealed class Routes : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan AtLeast = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(30);     // calls under way on a server that a group has left end by themselves
    private readonly PostgresOptions options;
    private readonly string? connectionString;
    private readonly NpgsqlDataSource? source;
    private readonly ILogger log;
    private readonly Dictionary<(string Host, int? Port), Server> servers = [];
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly CancellationTokenSource stop = new();
    private volatile GroupStore[] groups;
    private volatile int[]? byShard;
    private Task? loop;
    private TaskCompletionSource wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Routes(PostgresOptions options, string? connectionString, NpgsqlDataSource? source, ILogger log)
    {
        (this.options, this.connectionString, this.source, this.log) = (options, connectionString, source, log);
        Coordinator = Connect(null, null);
        groups = [new GroupStore(new PlacedGroup(ShardGroup.Whole, null, null), Coordinator.Connections, Coordinator.Home, spread: false, log)];
        Groups = [ShardGroup.Whole];
    }

    /// <summary>What the connection string names.</summary>
    public Server Coordinator { get; }

    /// <summary>True: one database, spread by its engine, which has a coordinator for all of it.</summary>
    public bool IsSpread => options.Placement.IsSpread;

    /// <summary>All groups with their verbs, in order of number.</summary>
    public IReadOnlyList<GroupStore> All => groups;

    /// <summary>The groups. The same list as long as they are the same.</summary>
    public IReadOnlyList<ShardGroup> Groups { get; private set; }

    /// <summary>All servers that hold groups, each once, and the coordinator.</summary>
    public IReadOnlyList<Server> Servers
    {
        get
        {
            lock (servers) return [.. servers.Values];
        }
    }

    /// <summary>The verbs of a group.</summary>
    public GroupStore Of(ShardGroup group) => groups is [var only] ? only : groups[group.Number];

    /// <summary>The verbs of a shard's group.</summary>
    public GroupStore Of(short shard) => groups is [var only] ? only : groups[byShard![shard]];

    /// <summary>Reads the placement for the first time, or again.</summary>
    public async Task<PlacementMap> ReadAsync(CancellationToken cancellationToken)
    {
        var map = await options.Placement.ReadAsync(Coordinator.Connections, cancellationToken).ConfigureAwait(false);
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Take(map);
        }
        finally
        {
            gate.Release();
        }

        return map;
    }

    /// <summary>Begins to read it now and then, if groups can move.</summary>
    public void Follow()
    {
        if (options.Placement is SinglePlacement) return;
        lock (servers) loop ??= Task.Run(FollowAsync);
    }

    /// <summary>Something went otherwise than it should if a group were where it was: it is looked at soon.</summary>
    public void Doubt() => wanted.TrySetResult();

    /// <summary>Connections to the server of a group.</summary>
    public EngineConnections ConnectionsOf(PlacedGroup placed) => ServerOf(placed).Connections;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        if (loop is not null) await loop.ConfigureAwait(false);
        foreach (var group in groups) await group.DisposeAsync().ConfigureAwait(false);
        foreach (var server in Servers) await server.DisposeAsync().ConfigureAwait(false);
    }

    private void Take(PlacementMap map)
    {
        if (map.Groups is [{ Host: null, Group.Shards: null }]) return;      // plain: what was made at the beginning
        var ordered = map.Groups.OrderBy(placed => placed.Group.Number).ToList();
        if (byShard is not null && !Same(ordered))
        {
            Log.GroupsChanged(log, Coordinator.Connections.Description);      // the engine has split or joined shards: the lanes of this process are those of the old groups
            return;
        }

        var old = byShard is null ? [] : groups;
        var now = new GroupStore[ordered.Count];
        for (var i = 0; i < now.Length; i++)
        {
            var placed = ordered[i];
            if (placed.Group.Number != i || placed.Group.Shards is null) throw Wrong($"group {placed.Group.Number} stands at place {i}");
            now[i] = i < old.Length && old[i].Placed.Host == placed.Host && old[i].Placed.Port == placed.Port ? old[i] : Make(placed, i < old.Length ? old[i] : null);
        }

        if (byShard is null)
        {
            var places = new int[Shards.Modulus];
            Array.Fill(places, -1);
            foreach (var placed in ordered)
                foreach (var shard in placed.Group.Shards!)
                {
                    if (shard < 0 || shard >= places.Length || places[shard] >= 0) throw Wrong($"shard {shard} is in two groups, or is none");
                    places[shard] = placed.Group.Number;
                }

            if (Array.IndexOf(places, -1) is var missing and >= 0) throw Wrong($"shard {missing} is in no group");
            groups = now;
            byShard = places;
            Groups = [.. ordered.Select(placed => placed.Group)];
            return;
        }

        groups = now;
        foreach (var left in old.Except(now)) _ = LeaveAsync(left);
    }

    private GroupStore Make(PlacedGroup placed, GroupStore? before)
    {
        var server = ServerOf(placed);
        if (before is not null) Log.GroupMoved(log, placed.Group.Number, before.Connections.Description, server.Connections.Description);
        return new GroupStore(placed, server.Connections, server.Home, options.Placement.IsSpread, log);
    }

    private Server ServerOf(PlacedGroup placed) => placed.Host is null ? Coordinator : Connect(placed.Host, placed.Port);

    private Server Connect(string? host, int? port)
    {
        lock (servers)
        {
            if (host is not null && Coordinator.Connections.Is(host, port)) return Coordinator;
            if (servers.TryGetValue((host ?? "", port), out var known)) return known;
            var connections = new EngineConnections(options, connectionString, source, log, host, port, planOnce: !options.Placement.IsSpread);
            return servers[(host ?? "", port)] = new Server(connections, new HomeCheck(connections, anyDatabase: options.Placement.IsSpread), log);
        }
    }

    private bool Same(List<PlacedGroup> ordered) => ordered.Count == groups.Length
        && ordered.Zip(groups).All(pair => pair.First.Group.Number == pair.Second.Placed.Group.Number && pair.First.Group.Shards!.Order().SequenceEqual(pair.Second.Placed.Group.Shards!.Order()));

    private static async Task LeaveAsync(GroupStore left)
    {
        await Task.Delay(Farewell, TimeProvider.System).ConfigureAwait(false);
        await left.DisposeAsync().ConfigureAwait(false);
    }

    [SuppressMessage("Security", "CA5394", Justification = "Spreads hosts over time.")]
    private async Task FollowAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(AtLeast, stop.Token).ConfigureAwait(false);
                await Task.WhenAny(wanted.Task, Task.Delay(Every * (0.75 + (Random.Shared.NextDouble() / 2)) - AtLeast, stop.Token)).ConfigureAwait(false);
                if (stop.IsCancellationRequested) return;
                wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
                await ReadAsync(stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is NpgsqlException or DurableException or TimeoutException or IOException or OperationCanceledException)
            {
                Log.PlacementUnknown(log, error, Coordinator.Connections.Description);       // what is known goes on: a moved group is slower, not wrong
            }
        }
    }

    private DurableException Wrong(string what) => new(DurableErrorCodes.SchemaNotReady, $"{Coordinator.Connections.Description}: its placement cannot be used: {what}.");
}
