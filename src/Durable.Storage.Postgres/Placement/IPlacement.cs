// The seam to engines that spread one schema over several servers: who holds which shards is theirs to say, never ours to decide.
namespace Durable.Storage.Postgres;

/// <summary>Says which shard groups a database has and where each of them is held.</summary>
internal interface IPlacement
{
    /// <summary>True: the database is spread by its engine, so each statement names the shards it means and takes its time from the transaction (DECISIONS 24). False: the texts of one server.</summary>
    bool IsSpread { get; }

    /// <summary>Reads where the groups are now. Called at start, now and then, and after a commit that was refused or slow.</summary>
    /// <param name="coordinator">Connections to what the connection string names. Opened by this call only if it needs them.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="DurableException">The database is spread otherwise than the store expects; the message says where.</exception>
    Task<PlacementMap> ReadAsync(EngineConnections coordinator, CancellationToken cancellationToken);

    /// <summary>Tries, once before the store is used, what the statements rely on, and refuses an engine that does not do it.</summary>
    /// <param name="coordinator">Connections to what the connection string names.</param>
    /// <param name="map">What <see cref="ReadAsync"/> has said.</param>
    /// <param name="connect">Connections to the server of a group.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task ProbeAsync(EngineConnections coordinator, PlacementMap map, Func<PlacedGroup, EngineConnections> connect, CancellationToken cancellationToken);
}
