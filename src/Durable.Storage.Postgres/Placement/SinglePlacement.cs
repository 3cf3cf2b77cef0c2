// Plain PostgreSQL: everything on one server.
namespace Durable.Storage.Postgres;

/// <summary>One group that holds every shard. Costs nothing: no statement, no round trip.</summary>
internal sealed class SinglePlacement : IPlacement
{
    private static readonly Task<PlacementMap> Map = Task.FromResult(new PlacementMap(128, [new PlacedGroup(ShardGroup.Whole, null, null)]));

    /// <summary>The only one.</summary>
    public static SinglePlacement Instance { get; } = new();

    /// <inheritdoc/>
    public bool IsSpread => false;

    /// <inheritdoc/>
    public Task<PlacementMap> ReadAsync(EngineConnections coordinator, CancellationToken cancellationToken) => Map;

    /// <inheritdoc/>
    public Task ProbeAsync(EngineConnections coordinator, PlacementMap map, Func<PlacedGroup, EngineConnections> connect, CancellationToken cancellationToken) => Task.CompletedTask;
}
