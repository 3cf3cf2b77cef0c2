// Fixtures of the conformance suite whose statements meet each other, through PgBouncer in transaction mode.
using Durable.Storage.Contract;

namespace Durable.Storage.Postgres.Tests;

/// <summary>One pooler for each fixture.</summary>
internal sealed class Pooled
{
    private PgBouncer? pooler;

    public async Task<StoreHarness> CreateAsync() => await PostgresHarness.NewAsync(through: (pooler ??= await PgBouncer.StartAsync()).ConnectionString);

    public async Task StopAsync()
    {
        if (pooler is not null) await pooler.DisposeAsync();
    }
}

[Category("Pooler")]
public sealed class PooledLanes : LaneContract
{
    private readonly Pooled pooled = new();

    protected override Task<StoreHarness> CreateAsync() => pooled.CreateAsync();

    [OneTimeTearDown]
    public Task StopAsync() => pooled.StopAsync();
}

[Category("Pooler")]
public sealed class PooledCommits : CommitContract
{
    private readonly Pooled pooled = new();

    protected override Task<StoreHarness> CreateAsync() => pooled.CreateAsync();

    [OneTimeTearDown]
    public Task StopAsync() => pooled.StopAsync();
}

[Category("Pooler")]
public sealed class PooledReaps : ReapContract
{
    private readonly Pooled pooled = new();

    protected override Task<StoreHarness> CreateAsync() => pooled.CreateAsync();

    [OneTimeTearDown]
    public Task StopAsync() => pooled.StopAsync();
}

[Category("Pooler")]
public sealed class PooledTasks : TaskContract
{
    private readonly Pooled pooled = new();

    protected override Task<StoreHarness> CreateAsync() => pooled.CreateAsync();

    [OneTimeTearDown]
    public Task StopAsync() => pooled.StopAsync();
}

[Category("Pooler")]
public sealed class PooledConcurrency : ConcurrencyContract
{
    private readonly Pooled pooled = new();

    protected override Task<StoreHarness> CreateAsync() => pooled.CreateAsync();

    [OneTimeTearDown]
    public Task StopAsync() => pooled.StopAsync();
}
