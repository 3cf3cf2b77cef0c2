namespace Durable.Storage;

/// <summary>
/// What a storage provider registers: one database, seen through three narrow interfaces. The engine makes ids and
/// decides; the store keeps and fences, and never looks inside an event.
/// </summary>
/// <remarks>
/// Obligations are numbered in <c>docs/storage-provider.md</c> and checked by the conformance suite; nothing else accepts a
/// provider. Expected outcomes are values. A failure of the database is a <see cref="DurableException"/> with code
/// DUR5001 (or the DUR100x code that names the cause); the engine retries every verb but <see cref="IWorkflowStore.CommitAsync"/>
/// after a pause, so each verb must be safe to repeat.
/// </remarks>
public interface IDurableStore : IWorkflowStore, ITaskStore, IRunCatalog, IAsyncDisposable
{
    /// <summary>A short text for logs and health reports, without secrets: <c>SQLite /srv/app.db</c>.</summary>
    string Description { get; }

    /// <summary>The shard groups of this database. One group that holds every shard unless the database is distributed.</summary>
    IReadOnlyList<ShardGroup> Groups { get; }

    /// <summary>
    /// Connects, applies the migrations where that is allowed, and checks versions and place. Safe to call again.
    /// </summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="DurableException">DUR1003 to DUR1011: native library missing, database too old or too new, file locked, disk full …</exception>
    Task<StoreInfo> InitializeAsync(CancellationToken cancellationToken = default);

    /// <summary>Records that this database, restored or copied to another place, may be worked on here (DUR1010 until then).</summary>
    /// <param name="policy">Go on with every open run, or hold all of them first.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task AcceptPlaceAsync(RestoredStorePolicy policy, CancellationToken cancellationToken = default);
}

/// <summary>What <see cref="IDurableStore.InitializeAsync"/> found.</summary>
/// <param name="SchemaVersion">Number of the newest migration applied.</param>
/// <param name="InstallationId">Identity of the database, made by its first migration and kept by copies of it.</param>
/// <param name="PlaceChanged">True when the installation id is known to belong to another place: the database was restored or copied.</param>
/// <param name="ShardModulus">The modulus of <c>shard</c>; 128 unless the database was created otherwise.</param>
public sealed record StoreInfo(int SchemaVersion, Guid InstallationId, bool PlaceChanged, int ShardModulus);

/// <summary>Rows that one commit may touch together. A batch never mixes two groups.</summary>
/// <param name="Number">0 unless the database is distributed.</param>
/// <param name="HomeShard">A shard value of the group: the one its lane rows carry.</param>
/// <param name="Shards">All shard values of the group, or null for every shard.</param>
public sealed record ShardGroup(int Number, short HomeShard, IReadOnlyList<short>? Shards)
{
    /// <summary>The one group of a database that is not distributed.</summary>
    public static ShardGroup Whole { get; } = new(0, 0, null);
}
