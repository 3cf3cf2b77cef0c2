// A load is some statements, each with its own moment: what moves between tables meanwhile is seen in one of them at least.
using Durable.Storage.Contract;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

public sealed class LoadTests
{
    private PostgresHarness harness = null!;

    [SetUp]
    public async Task SetUpAsync()
    {
        harness = await PostgresHarness.NewAsync();
        await harness.Store.InitializeAsync();
    }

    [TearDown]
    public Task TearDownAsync() => harness.DisposeAsync().AsTask();

    // Found by a campaign of freezes: an activity ran again behind its recorded result, because its task had become its message between two statements of a load.
    [TestCase("run")]
    [TestCase("event")]
    [TestCase("task")]
    [TestCase("message")]
    public async Task L3_A_task_that_ends_during_a_load_is_seen_as_a_task_or_as_its_message(string held)
    {
        var store = harness.Store;
        var lane = await TestLane.OpenAsync(store, "host-a");
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Task(Make.Task(run, 1, DateTimeOffset.UnixEpoch)).CommitAsync();
        var task = (await store.ClaimTasksAsync(new(store.Groups[0], [""], ["Charge"], 10))).Tasks.Single();

        // The load stops where it comes to the table; the end of the task is made in the same session, which holds it.
        await using var session = await PostgresServer.OpenAsync();
        await using var transaction = await session.BeginTransactionAsync();
        await ExecuteAsync(session, transaction, $"lock table {harness.Schema}.{held} in access exclusive mode");
        var loading = store.LoadAsync(new([run.Id]));
        await Eventually.IsTrueAsync(() => PostgresServer.ScalarAsync<bool>("select exists (select 1 from pg_locks where not granted and pid <> pg_backend_pid())"));
        var ended = await store.CompleteTasksAsync([new(task.Key, task.Token!.Value, Make.Message(run, 50, 1))], transaction);
        await transaction.CommitAsync();

        var loaded = (await loading).Single();
        Assert.That(ended, Is.EqualTo(new[] { true }));
        Assert.That(loaded.Tasks.Count + loaded.Messages.Count, Is.GreaterThanOrEqualTo(1), $"tasks {loaded.Tasks.Count}, messages {loaded.Messages.Count}");
    }

    private static async Task ExecuteAsync(NpgsqlConnection session, NpgsqlTransaction transaction, string sql)
    {
        await using var command = new NpgsqlCommand(sql, session, transaction);
        await command.ExecuteNonQueryAsync();
    }
}
