// A placement for tests: plain PostgreSQL servers that know nothing of each other, each with the whole schema and the runs of its own shards.
namespace Durable.Storage.Postgres.Tests;

/// <summary>Several servers; a shard belongs to the server whose number is its remainder. The first one is what the connection string names.</summary>
/// <param name="servers">Host and port of each.</param>
/// <param name="isSpread">True: with the texts for an engine that spreads its tables, which plain servers understand too.</param>
internal sealed class PlainServers(IReadOnlyList<(string Host, int Port)> servers, bool isSpread = false) : IPlacement
{
    private const int Modulus = 128;

    /// <inheritdoc/>
    public bool IsSpread => isSpread;

    /// <inheritdoc/>
    public Task<PlacementMap> ReadAsync(EngineConnections coordinator, CancellationToken cancellationToken) =>
        Task.FromResult(new PlacementMap(Modulus, [.. servers.Select((server, number) => new PlacedGroup(GroupOf(number), server.Host, server.Port))]));

    /// <inheritdoc/>
    public Task ProbeAsync(EngineConnections coordinator, PlacementMap map, Func<PlacedGroup, EngineConnections> connect, CancellationToken cancellationToken) => Task.CompletedTask;

    private ShardGroup GroupOf(int number) => new(number, (short)number, [.. Enumerable.Range(0, Modulus).Where(shard => shard % servers.Count == number).Select(shard => (short)shard)]);
}
