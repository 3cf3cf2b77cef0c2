// Databases in several groups: two plain servers always, and a real Citus where one was named.
namespace Durable.Storage.Postgres.Tests;

/// <summary>Where tests with several groups run.</summary>
internal static class GroupedPlaces
{
    /// <summary>Two plain servers, a group on each.</summary>
    public const string TwoServers = "two servers";

    /// <summary>A cluster, with as many groups as there are pieces.</summary>
    public const string Citus = "Citus";

    /// <summary>All of them.</summary>
    public static IEnumerable<string> All => CitusGroup.Coordinator is null ? [TwoServers] : [TwoServers, Citus];

    /// <summary>Makes an empty database there; on plain servers the store makes its tables itself.</summary>
    public static async Task<(string ConnectionString, IPlacement Placement)> PrepareAsync(string place, string schema, int pieces = 4, bool partitions = false)
    {
        if (place == TwoServers) return (PostgresServer.ConnectionString, await SecondServer.PlacementAsync());
        var cluster = new RealCluster(CitusGroup.Coordinator!);
        await cluster.MigrateAsync(schema, partitions);
        await cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema, pieces));
        await CitusGroup.PinAsync();
        return (CitusGroup.Coordinator!, new PostgresOptions().UseCitus().Placement);
    }

    /// <summary>A workflow id whose shard is in the group.</summary>
    public static string On(ShardGroup group, string name) => Enumerable.Range(0, 1_000).Select(i => $"{name}-{i}").First(id => group.Shards!.Contains(Shards.Of("default", id)));
}
