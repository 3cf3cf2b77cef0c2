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
