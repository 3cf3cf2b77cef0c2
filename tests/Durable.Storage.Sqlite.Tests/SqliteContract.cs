// Binds every fixture of the conformance suite to the SQLite store.
using Durable.Storage.Contract;

namespace Durable.Storage.Sqlite.Tests;

public sealed class SqliteLanes : LaneContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteCommits : CommitContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteLooks : LookContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteReaps : ReapContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteDeliveries : DeliverContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteStarts : StartContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteHolds : HoldContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteTasks : TaskContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteTaskMatrix : TaskMatrixContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteCatalog : CatalogContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteAdministration : AdministrationContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqlitePurges : PurgeContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteFidelity : FidelityContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteConcurrency : ConcurrencyContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteModel : ModelContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteTransactions : TransactionContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteQueues : QueueContract
{
    protected override Task<StoreHarness> CreateAsync() => SqliteHarness.CreateAsync();
}
