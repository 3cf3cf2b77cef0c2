// The conformance suite once more on what engines lack that speak the protocol: no partitions, no SKIP LOCKED, no LISTEN, SERIALIZABLE with injected failures, no start-up options, nothing
// prepared.
using Durable.Storage.Contract;

namespace Durable.Storage.Postgres.Tests;

/// <summary>The variant.</summary>
internal static class Lacking
{
    public static PostgresVariant Features { get; } = new() { Partitions = false, SkipLocked = false, Isolation = "serializable", Pooler = true };

    public static async Task<StoreHarness> CreateAsync() => await PostgresHarness.NewAsync(Features, conflicts: true);

    /// <summary>Without injected failures: in the user's own transaction they are the user's to retry (N4).</summary>
    public static async Task<StoreHarness> CalmAsync() => await PostgresHarness.NewAsync(Features);
}

public sealed class LackingLanes : LaneContract
{
    protected override Task<StoreHarness> CreateAsync() => Lacking.CreateAsync();
}

public sealed class LackingCommits : CommitContract
{
    protected override Task<StoreHarness> CreateAsync() => Lacking.CreateAsync();
}

public sealed class LackingLooks : LookContract
{
    protected override Task<StoreHarness> CreateAsync() => Lacking.CreateAsync();
}

public sealed class LackingReaps : ReapContract
{
    protected override Task<StoreHarness> CreateAsync() => Lacking.CreateAsync();
}

public sealed class LackingDeliveries : DeliverContract
{
    protected override Task<StoreHarness> CreateAsync() => Lacking.CreateAsync();
}

public sealed class LackingStarts : StartContract
{
    protected override Task<StoreHarness> CreateAsync() => Lacking.CreateAsync();
}

public sealed class LackingHolds : HoldContract
{
    protected override Task<StoreHarness> CreateAsync() => Lacking.CreateAsync();
}

public sealed class LackingQueues : QueueContract
{
    protected override Task<StoreHarness> CreateAsync() => Lacking.CreateAsync();
}

public sealed class LackingTasks : TaskContract
{
    protected override Task<StoreHarness> CreateAsync() => Lacking.CreateAsync();
}

public sealed class LackingCatalog : CatalogContract
{
    protected override Task<StoreHarness> CreateAsync() => Lacking.CreateAsync();
}

public sealed class LackingAdministration : AdministrationContract
{
    protected override Task<StoreHarness> CreateAsync() => Lacking.CreateAsync();
}

public sealed class LackingPurges : PurgeContract
{
    protected override Task<StoreHarness> CreateAsync() => Lacking.CreateAsync();
}

public sealed class LackingConcurrency : ConcurrencyContract
{
    protected override Task<StoreHarness> CreateAsync() => Lacking.CreateAsync();
}

public sealed class LackingTransactions : TransactionContract
{
    protected override Task<StoreHarness> CreateAsync() => Lacking.CalmAsync();
}
