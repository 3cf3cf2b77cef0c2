// Fixtures of the conformance suite whose statements meet each other, through PgBouncer in transaction mode.
using Durable.Storage.Contract;

namespace Durable.Storage.Postgres.Tests;

/// <summary>One pooler for all of them, stopped after the last.</summary>
[SetUpFixture]
public sealed class Pooled
{
    private static readonly SemaphoreSlim Gate = new(1, 1);
    private static PgBouncer? pooler;

    /// <summary>A store behind the pooler, in a schema of its own.</summary>
    public static async Task<StoreHarness> CreateAsync()
    {
        await Gate.WaitAsync();
        try
        {
            pooler ??= await PgBouncer.StartAsync();
        }
        finally
        {
            Gate.Release();
        }

        return await PostgresHarness.NewAsync(through: pooler.ConnectionString);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (pooler is not null) await pooler.DisposeAsync();
    }
}

[Category("Pooler")]
public sealed class PooledLanes : LaneContract
{
    protected override Task<StoreHarness> CreateAsync() => Pooled.CreateAsync();
}

[Category("Pooler")]
public sealed class PooledCommits : CommitContract
{
    protected override Task<StoreHarness> CreateAsync() => Pooled.CreateAsync();
}

[Category("Pooler")]
public sealed class PooledLooks : LookContract
{
    protected override Task<StoreHarness> CreateAsync() => Pooled.CreateAsync();
}

[Category("Pooler")]
public sealed class PooledReaps : ReapContract
{
    protected override Task<StoreHarness> CreateAsync() => Pooled.CreateAsync();
}

[Category("Pooler")]
public sealed class PooledDeliveries : DeliverContract
{
    protected override Task<StoreHarness> CreateAsync() => Pooled.CreateAsync();
}

[Category("Pooler")]
public sealed class PooledStarts : StartContract
{
    protected override Task<StoreHarness> CreateAsync() => Pooled.CreateAsync();
}

[Category("Pooler")]
public sealed class PooledHolds : HoldContract
{
    protected override Task<StoreHarness> CreateAsync() => Pooled.CreateAsync();
}

[Category("Pooler")]
public sealed class PooledTasks : TaskContract
{
    protected override Task<StoreHarness> CreateAsync() => Pooled.CreateAsync();
}

[Category("Pooler")]
public sealed class PooledTaskMatrix : TaskMatrixContract
{
    protected override Task<StoreHarness> CreateAsync() => Pooled.CreateAsync();
}

[Category("Pooler")]
public sealed class PooledPurges : PurgeContract
{
    protected override Task<StoreHarness> CreateAsync() => Pooled.CreateAsync();
}

[Category("Pooler")]
public sealed class PooledTransactions : TransactionContract
{
    protected override Task<StoreHarness> CreateAsync() => Pooled.CreateAsync();
}

[Category("Pooler")]
public sealed class PooledQueues : QueueContract
{
    protected override Task<StoreHarness> CreateAsync() => Pooled.CreateAsync();
}

[Category("Pooler")]
public sealed class PooledConcurrency : ConcurrencyContract
{
    protected override Task<StoreHarness> CreateAsync() => Pooled.CreateAsync();
}
