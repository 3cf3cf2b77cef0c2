// EF Core as a user has it: a context as the session of a transactional step, and a retried delegate that starts a run.
using System.Data.Common;
using Durable.Storage.Contract.Steps;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

public sealed class EfCoreTests : StepFixture
{
    private PostgresHarness harness = null!;

    protected override string Table => harness.Schema + ".step_effect";

    protected override async Task<IDurableStore> CreateStoreAsync() => (harness = await PostgresHarness.NewAsync()).Store;

    protected override async Task<DbConnection> ConnectAsync() => await PostgresServer.OpenAsync();

    protected override async Task CleanUpAsync() => await harness.DisposeAsync();

    [Test]
    public async Task A_context_saves_in_the_transaction_of_the_step()
    {
        await using var host = await HostAsync("a", durable =>
        {
            durable.AddWorkflow<ShopFlow>();
            durable.AddTransactional((_, transaction) => ShopDb.In(transaction, harness.Schema));
        });
        ShopFlow.Failures = 1;
        var run = await host.Client.StartAsync((ShopFlow w) => w.RunAsync(3), new StartOptions { Id = RunId });
        Assert.That(await run.ResultAsync().WaitAsync(Patience), Is.EqualTo(1));
        Assert.That((await EffectsAsync(), ShopFlow.Failures), Is.EqualTo((1L, 0)));
    }

    [Test]
    public async Task A_delegate_that_is_retried_with_a_fixed_id_makes_one_run()
    {
        await using var host = await HostAsync("a");
        StepFlow.Code[RunId] = static _ => Task.FromResult(4);
        await using var db = new ShopDb(new DbContextOptionsBuilder().EnableServiceProviderCaching(false).UseNpgsql(PostgresServer.ConnectionString, npgsql => npgsql.EnableRetryOnFailure()).Options, harness.Schema);
        var tries = 0;
        await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Add(new Effect { Id = 1 });
            await db.SaveChangesAsync();
            await host.Client.Enlist(transaction.GetDbTransaction()).StartAsync((StepFlow w) => w.RunAsync("reserve", 0, 0), StartOptions.Once(RunId));
            if (++tries == 1) throw new NpgsqlException("The connection broke.", new IOException());
            await transaction.CommitAsync();
            if (tries == 2) throw new NpgsqlException("The connection broke after the commit.", new IOException());
        });
        Assert.That(await host.Client.GetRun<StepFlow, int>(RunId).ResultAsync().WaitAsync(Patience), Is.EqualTo(4));
        Assert.That((tries, await Store.CountRunsAsync(new RunQuery("default", null, [], null, null, null, null, null, 10))), Is.EqualTo((3, 1L)));
    }
}

/// <summary>A workflow whose step takes a context.</summary>
public sealed class ShopFlow(WorkflowContext workflow)
{
    internal static int Failures { get; set; }

    [Run]
    public Task<int> RunAsync(int id) => workflow.TransactAsync("save", async (ShopDb db) =>
    {
        db.Add(new Effect { Id = id });
        var saved = await db.SaveChangesAsync();
        if (Failures-- > 0) throw new InvalidOperationException("after the save");
        Failures = 0;
        return saved;
    }, new StepOptions { Retry = RetryPolicy.Default with { InitialDelay = TimeSpan.FromMilliseconds(1) } });
}

/// <summary>A row.</summary>
public sealed class Effect
{
    public int Id { get; set; }
}

/// <summary>The application's context.</summary>
public sealed class ShopDb(DbContextOptions options, string schema) : DbContext(options)
{
    /// <summary>A context in somebody's transaction.</summary>
    /// <remarks>The model is not cached: the schema differs from test to test.</remarks>
    public static ShopDb In(DbTransaction transaction, string schema)
    {
        var db = new ShopDb(new DbContextOptionsBuilder().EnableServiceProviderCaching(false).UseNpgsql(transaction.Connection!).Options, schema);
        db.Database.UseTransaction(transaction);
        return db;
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder) =>
        modelBuilder.Entity<Effect>(row =>
        {
            row.ToTable("step_effect", schema).HasKey(e => e.Id);
            row.Property(e => e.Id).HasColumnName("id").ValueGeneratedNever();
        });
}
