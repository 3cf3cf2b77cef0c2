// Transactional steps and enlisted clients on a server, with hosts around them.
using System.Data.Common;
using Durable.Storage.Contract.Steps;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.WithTransactions))]
public sealed class PostgresSteps(string place) : TransactionalStepContract
{
    private PostgresHarness harness = null!;

    protected override string Table => harness.Schema + ".step_effect";

    protected override async Task<IDurableStore> CreateStoreAsync() => (harness = await GroupPlaces.CreateOneServerAsync(place)).Store;

    protected override async Task<DbConnection> ConnectAsync() => await PostgresServer.OpenAsync(harness.Server);

    protected override async Task CleanUpAsync() => await harness.DisposeAsync();

    [Test]
    public async Task The_writes_of_a_frozen_attempt_roll_back_with_its_token()
    {
        var (began, go) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var other = (await harness.OpenAgainAsync())!;
        await using var frozen = await HostAsync("a");
        var run = await StartAsync(frozen, "reserve", async transaction =>
        {
            var call = StepFlow.Calls[RunId];
            if (call == 1)
            {
                began.SetResult();
                await go.Task;
            }

            await StepSql.RunAsync(transaction, $"insert into {Table} (id) values ({call})");
            return call;
        });
        await began.Task.WaitAsync(Patience);
        frozen.Store.Freeze();
        await using var heir = await StepHost.StartAsync(other, "b");
        Assert.That(await heir.Client.GetRun<StepFlow, int>(run.WorkflowId).ResultAsync().WaitAsync(Patience), Is.EqualTo(2));
        frozen.Store.Thaw();
        go.SetResult();
        await frozen.Store.RolledBack.WaitAsync(Patience);
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand($"select array_agg(id) from {Table}", (NpgsqlConnection)connection);
        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo(new[] { 2 }));
    }
}

[TestFixtureSource(typeof(GroupPlaces), nameof(GroupPlaces.WithTransactions))]
public sealed class PostgresEnlistedClients(string place) : EnlistedClientContract
{
    private PostgresHarness harness = null!;

    protected override string Table => harness.Schema + ".step_effect";

    protected override async Task<IDurableStore> CreateStoreAsync() => (harness = await GroupPlaces.CreateOneServerAsync(place)).Store;

    protected override async Task<DbConnection> ConnectAsync() => await PostgresServer.OpenAsync(harness.Server);

    protected override async Task CleanUpAsync() => await harness.DisposeAsync();

    protected override async Task<DbTransaction> BeginElsewhereAsync()
    {
        var connection = await PostgresServer.OpenAsync(new NpgsqlConnectionStringBuilder(harness.Server) { Database = "template1", Pooling = false }.ConnectionString);
        return await connection.BeginTransactionAsync();
    }
}
