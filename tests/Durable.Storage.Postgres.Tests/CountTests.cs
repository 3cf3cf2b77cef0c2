// What a workflow costs in statements, rows and updated pages. Counts, not times: these are gates (DECISIONS 35).
using Durable.Storage.Contract;

namespace Durable.Storage.Postgres.Tests;

/// <summary>Five-step workflows, counted.</summary>
public sealed class CountTests
{
    private PostgresHarness harness = null!;

    private PostgresStore Store => harness.Postgres;

    // A schema of its own for each test: what others did to the tables would be counted too.
    [SetUp]
    public async Task SetUpAsync()
    {
        harness = await PostgresHarness.NewAsync(own: true);
        await Store.InitializeAsync();
    }

    [TearDown]
    public async Task TearDownAsync() => await harness.DisposeAsync();

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_five_step_workflow_alone_is_six_commits_of_few_statements_and_eight_rows(bool inGroups)
    {
        if (inGroups)
        {
            await harness.DisposeAsync();
            harness = await PostgresHarness.NewAsync(own: true, placement: new PlainServers([SecondServer.PlaceOf(PostgresServer.ConnectionString)]));
            await Store.InitializeAsync();
        }

        var lane = await TestLane.OpenAsync(Store, "host-a", lease: TimeSpan.FromMinutes(10));
        var sent = new List<string>();
        var run = Make.Run("order-1");
        await lane.Batch().Start(Make.OwnedStart(run)).CommitAsync();
        Note();
        for (var seq = 1; seq <= 4; seq++)
        {
            await lane.Batch().Event(run, seq).CommitAsync();
            Note();
        }

        await lane.Batch().Event(run, 5).Close(new CloseRecord { RunId = run.Id, Shard = run.Shard, Status = RunStatus.Completed, Outcome = Make.Bytes("42") }).CommitAsync();
        Note();
        Assert.That(sent, Is.EqualTo(new[]
        {
            "CommitFence:0 CommitRenew:0 CommitStartOwned:1", "CommitFence:0 CommitRenew:0 CommitAppend:1", "CommitFence:0 CommitRenew:0 CommitAppend:1", "CommitFence:0 CommitRenew:0 CommitAppend:1",
            "CommitFence:0 CommitRenew:0 CommitAppend:1",
            "CommitFence:0 CommitRenew:0 CommitClose:1 CommitAppend:1",
        }));
        await CountedAsync("commit_log", "n_tup_ins", 6);
        Assert.That(await StatAsync("lane", "n_tup_upd"), Is.Zero, "versions that nobody has to read past while a snapshot is held");
        Assert.That(await InsertedAsync("run") + await InsertedAsync("owned") + await EventsAsync(), Is.EqualTo(8));
        Assert.That(await InsertedAsync("ready") + await InsertedAsync("message") + await InsertedAsync("task"), Is.Zero);
        Assert.That(await StatAsync("run", "n_tup_upd"), Is.EqualTo(1));

        void Note() => sent.Add(string.Join(' ', Store.Line(lane.Key).LastBatch.Select(s => $"{s.Name}:{s.Rows}")));
    }

    [Test]
    public async Task Under_load_rows_of_run_are_updated_in_place()
    {
        const int batches = 30, size = 100;
        var lane = await TestLane.OpenAsync(Store, "host-a");
        var open = new Queue<TestRun>();
        for (var i = 0; i <= batches; i++)
        {
            var batch = lane.Batch();
            while (i > 1 && open.Count > (i < batches ? size : 0))
            {
                var run = open.Dequeue();
                batch.Event(run, 1).Close(run, outcome: """{"total":12345,"state":"shipped"}""");
            }

            for (var j = 0; j < size && i < batches; j++)
            {
                var run = Make.Run($"order-{i}-{j}");
                batch.Start(Make.OwnedStart(run));
                open.Enqueue(run);
            }

            await batch.CommitAsync();
        }

        await CountedAsync("run", "n_tup_upd", batches * size);
        var hot = await StatAsync("run", "n_tup_hot_upd");
        TestContext.Out.WriteLine($"HOT {hot} of {batches * size}");
        Assert.That(hot, Is.GreaterThanOrEqualTo(batches * size * 8 / 10));
    }

    [Test]
    public async Task A_heartbeat_and_a_look_write_no_rows_but_the_lane()
    {
        var lane = await TestLane.OpenAsync(Store, "host-a");
        await lane.HeartbeatAsync();
        await lane.LookAsync();
        await CountedAsync("lane", "n_tup_upd", 1);
        foreach (var table in new[] { "commit_log", "ready", "run" }) Assert.That(await StatAsync(table, "n_tup_ins + n_tup_upd + n_tup_del"), Is.Zero, table);
    }

    private Task<long> InsertedAsync(string table) => StatAsync(table, "n_tup_ins");

    private Task<long> EventsAsync() => PostgresServer.ScalarAsync<long>($"select sum(n_tup_ins)::bigint from pg_stat_user_tables where schemaname = '{harness.Schema}' and relname like 'event\\_%'");

    private Task<long> StatAsync(string table, string what) =>
        PostgresServer.ScalarAsync<long>($"select ({what})::bigint from pg_stat_user_tables where schemaname = '{harness.Schema}' and relname = '{table}'");

    // Back ends report their counts with a delay; those that are closed report at once.
    private async Task CountedAsync(string table, string what, long count)
    {
        await Store.DisposeAsync();
        await Eventually.IsTrueAsync(async () => await StatAsync(table, what) >= count);
        Assert.That(await StatAsync(table, what), Is.EqualTo(count));
    }
}
