// Binds every fixture of the conformance suite to the in-memory store.
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
