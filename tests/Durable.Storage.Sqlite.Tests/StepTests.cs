// Transactional steps and enlisted clients on files, with hosts around them.
using System.Data.Common;
using Durable.Storage.Contract.Steps;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Durable.Storage.Sqlite.Tests;

public sealed class SqliteSteps : TransactionalStepContract
{
    private readonly TempFolder folder = new();

    protected override Task<IDurableStore> CreateStoreAsync() => Files.StoreAsync(folder);

    protected override Task<DbConnection> ConnectAsync() => Files.ConnectAsync(folder, "engine.db");

    protected override Task CleanUpAsync() => Files.RemoveAsync(folder);

    [Test]
    public async Task A_transaction_that_takes_too_long_lets_others_write_and_counts_for_nothing()
    {
        await using var host = await HostAsync("a");
        var go = new TaskCompletionSource();
        var run = await StartAsync(host, "reserve", async transaction =>
        {
            await InsertAsync(transaction);
            if (StepFlow.Calls[RunId] == 1) await go.Task;
            return 1;
        });
        Assert.That(await run.ResultAsync().WaitAsync(Patience), Is.EqualTo(1), "a second attempt");
        go.SetResult();
        Assert.That(await EffectsAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_statement_that_takes_too_long_is_interrupted()
    {
        await using var host = await HostAsync("a");
        var run = await StartAsync(host, "reserve", async transaction =>
        {
            await InsertAsync(transaction);
            if (StepFlow.Calls[RunId] == 1) await StepSql.RunAsync(transaction, "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n");
            return 1;
        });
        Assert.That(await run.ResultAsync().WaitAsync(Patience), Is.EqualTo(1));
        Assert.That((await EffectsAsync(), Calls(run)), Is.EqualTo((1L, 2)));
    }

    [Test]
    public async Task The_client_is_refused_where_it_would_wait_for_itself()
    {
        await using var host = await HostAsync("a");
        DurableException? refused = null;
        var run = await StartAsync(host, "reserve", async transaction =>
        {
            try
            {
                await host.Client.StartAsync((StepFlow w) => w.RunAsync("signal", 0, 0), new StartOptions { Id = "other" });
            }
            catch (DurableException error)
            {
                refused = error;
            }

            return await InsertAsync(transaction);
        });
        Assert.That(await run.ResultAsync(), Is.EqualTo(1));
        Assert.That(refused?.Message, Does.Contain("Enlist(transaction)"));
    }

}

public sealed class SqliteEnlistedClients : EnlistedClientContract
{
    private readonly TempFolder folder = new();

    protected override Task<IDurableStore> CreateStoreAsync() => Files.StoreAsync(folder);

    protected override Task<DbConnection> ConnectAsync() => Files.ConnectAsync(folder, "engine.db");

    protected override async Task<DbTransaction> BeginElsewhereAsync() => await (await Files.ConnectAsync(folder, "other.db")).BeginTransactionAsync();

    protected override Task CleanUpAsync() => Files.RemoveAsync(folder);
}

internal static class Files
{
    public static Task<IDurableStore> StoreAsync(TempFolder folder) =>
        Task.FromResult<IDurableStore>(new SqliteStore(folder.File("engine.db"), new SqliteOptions { FullSync = false }, TimeProvider.System, NullLogger.Instance));

    public static async Task<DbConnection> ConnectAsync(TempFolder folder, string name)
    {
        var connection = new SqliteConnection($"Data Source={folder.File(name)};Pooling=False");
        await connection.OpenAsync();
        return connection;
    }

    public static Task RemoveAsync(TempFolder folder)
    {
        folder.Dispose();
        return Task.CompletedTask;
    }
}
