// Binds every fixture of the conformance suite to PostgreSQL.
using Durable.Storage.Contract;

namespace Durable.Storage.Postgres.Tests;

public sealed class PostgresLanes : LaneContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}

public sealed class PostgresCommits : CommitContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}

public sealed class PostgresLooks : LookContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}

public sealed class PostgresReaps : ReapContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}

public sealed class PostgresDeliveries : DeliverContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}

public sealed class PostgresStarts : StartContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}

public sealed class PostgresHolds : HoldContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}

public sealed class PostgresTasks : TaskContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}

public sealed class PostgresTaskMatrix : TaskMatrixContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}

public sealed class PostgresCatalog : CatalogContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}

public sealed class PostgresAdministration : AdministrationContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}

public sealed class PostgresPurges : PurgeContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}

public sealed class PostgresFidelity : FidelityContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}

public sealed class PostgresConcurrency : ConcurrencyContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}

public sealed class PostgresModel : ModelContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}

public sealed class PostgresTransactions : TransactionContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}

public sealed class PostgresQueues : QueueContract
{
    protected override Task<StoreHarness> CreateAsync() => PostgresHarness.CreateAsync();
}
