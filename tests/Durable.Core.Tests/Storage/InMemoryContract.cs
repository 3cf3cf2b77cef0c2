// Binds every fixture of the conformance suite to the in-memory store, but TransactionContract: it has no transactions of users.
using Durable.Storage.Contract;

namespace Durable.Core.Tests.Storage;

public sealed class InMemoryLanes : LaneContract
{
    protected override Task<StoreHarness> CreateAsync() => InMemoryHarness.CreateAsync();
}

public sealed class InMemoryCommits : CommitContract
{
    protected override Task<StoreHarness> CreateAsync() => InMemoryHarness.CreateAsync();
}

public sealed class InMemoryLooks : LookContract
{
    protected override Task<StoreHarness> CreateAsync() => InMemoryHarness.CreateAsync();
}

public sealed class InMemoryReaps : ReapContract
{
    protected override Task<StoreHarness> CreateAsync() => InMemoryHarness.CreateAsync();
}

public sealed class InMemoryDeliveries : DeliverContract
{
    protected override Task<StoreHarness> CreateAsync() => InMemoryHarness.CreateAsync();
}

public sealed class InMemoryStarts : StartContract
{
    protected override Task<StoreHarness> CreateAsync() => InMemoryHarness.CreateAsync();
}

public sealed class InMemoryHolds : HoldContract
{
    protected override Task<StoreHarness> CreateAsync() => InMemoryHarness.CreateAsync();
}

public sealed class InMemoryTasks : TaskContract
{
    protected override Task<StoreHarness> CreateAsync() => InMemoryHarness.CreateAsync();
}

public sealed class InMemoryTaskMatrix : TaskMatrixContract
{
    protected override Task<StoreHarness> CreateAsync() => InMemoryHarness.CreateAsync();
}

public sealed class InMemoryCatalog : CatalogContract
{
    protected override Task<StoreHarness> CreateAsync() => InMemoryHarness.CreateAsync();
}

public sealed class InMemoryAdministration : AdministrationContract
{
    protected override Task<StoreHarness> CreateAsync() => InMemoryHarness.CreateAsync();
}

public sealed class InMemoryPurges : PurgeContract
{
    protected override Task<StoreHarness> CreateAsync() => InMemoryHarness.CreateAsync();
}

public sealed class InMemoryFidelity : FidelityContract
{
    protected override Task<StoreHarness> CreateAsync() => InMemoryHarness.CreateAsync();
}

public sealed class InMemoryConcurrency : ConcurrencyContract
{
    protected override Task<StoreHarness> CreateAsync() => InMemoryHarness.CreateAsync();
}

public sealed class InMemoryModel : ModelContract
{
    protected override Task<StoreHarness> CreateAsync() => InMemoryHarness.CreateAsync();
}

public sealed class InMemoryQueues : QueueContract
{
    protected override Task<StoreHarness> CreateAsync() => InMemoryHarness.CreateAsync();
}
