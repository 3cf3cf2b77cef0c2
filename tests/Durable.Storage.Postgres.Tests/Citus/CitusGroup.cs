// One group on a real cluster: a schema in one piece, which stands on the data node that a test asks for.
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

/// <summary>Where the one piece of a schema is, and how the store reaches it.</summary>
/// <param name="Node">The data node, counted from 0; the last one where there are fewer.</param>
/// <param name="Direct">True: connections go to the node. False: all go through the coordinator.</param>
internal sealed record CitusGroup(int Node, bool Direct)
{
    private static readonly string[] Pins = ["enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"];
    private static readonly HashSet<CitusGroup> Tried = [];

    /// <summary>The coordinator of the real cluster, or null if none was named.</summary>
    public static string? Coordinator { get; } = Environment.GetEnvironmentVariable(CitusCluster.Variable) is { Length: > 0 } text ? new NpgsqlConnectionStringBuilder(text).ConnectionString : null;

    /// <summary>Gives the role the settings that workers need, or takes them away.</summary>
    public static Task PinAsync(bool on = true)
    {
        var role = new NpgsqlConnectionStringBuilder(Coordinator!).Username;
        return PostgresServer.ExecuteAsync(string.Concat(Pins.Select(pin => on ? $"alter role {role} set {pin} = off;" : $"alter role {role} reset {pin};")), Coordinator);
    }

    /// <summary>The placement as <c>UseCitus</c> makes it; the trials of an engine are made for the first store only, because they take longer than most tests.</summary>
    public IPlacement NewPlacement()
    {
        var options = new PostgresOptions().UseCitus(citus => citus.ConnectToNodes = Direct);
        lock (Tried) return Tried.Add(this) ? options.Placement : new Untried(options.Placement);
    }

    /// <summary>Makes the tables, distributes them, and brings their piece to its node.</summary>
    public async Task PrepareAsync(string schema)
    {
        await PinAsync();
        var cluster = new RealCluster(Coordinator!);
        await cluster.MigrateAsync(schema, partitions: true);
        await cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema, 1));
        await cluster.ExecuteAsync($"""
            select citus_move_shard_placement(s.shardid, f.nodename, f.nodeport, t.nodename, t.nodeport, shard_transfer_mode := 'block_writes')
            from pg_dist_shard s join pg_dist_placement p on p.shardid = s.shardid join pg_dist_node f on f.groupid = p.groupid and f.noderole = 'primary'
            cross join (select nodename, nodeport from (select n.*, row_number() over (order by groupid) as place from pg_dist_node n where noderole = 'primary' and shouldhaveshards) n
                where place <= {Node + 1} order by place desc limit 1) t
            where s.logicalrelid = '{schema}.run'::regclass and (f.nodename, f.nodeport) <> (t.nodename, t.nodeport)
            """);
    }

    private sealed class Untried(IPlacement inner) : IPlacement
    {
        public bool IsSpread => inner.IsSpread;

        public Task<PlacementMap> ReadAsync(EngineConnections coordinator, CancellationToken cancellationToken) => inner.ReadAsync(coordinator, cancellationToken);

        public Task ProbeAsync(EngineConnections coordinator, PlacementMap map, Func<PlacedGroup, EngineConnections> connect, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
