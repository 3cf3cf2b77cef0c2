// Two servers as two groups: each verb goes where its shard is, what is about all goes to both, and one server may be away.
using Durable.Storage.Contract;

namespace Durable.Storage.Postgres.Tests;

[NonParallelizable]
public sealed class RouteTests
{
    private PostgresStore store = null!;
    private string schema = "";

    [SetUp]
    public async Task OpenAsync()
    {
        schema = $"routes_{Guid.NewGuid().ToString("N")[..8]}";
        store = new PostgresStore(new PostgresOptions { Schema = schema, WakeUps = false, Placement = await SecondServer.PlacementAsync() }, PostgresServer.ConnectionString);
        await store.InitializeAsync();
    }

    [TearDown]
    public async Task CloseAsync() => await store.DisposeAsync();

    [Test]
    public async Task Runs_are_stored_on_the_server_of_their_shard_and_found_by_either_key()
    {
        var runs = await StartAsync(20);

        foreach (var run in runs)
        {
            Assert.That((await store.FindRunAsync("default", run.WorkflowId, null))!.RunId, Is.EqualTo(run.Id));
            Assert.That((await store.FindRunAsync("default", null, run.Id))!.WorkflowId, Is.EqualTo(run.WorkflowId));
        }

        var (first, second) = (await CountAsync(PostgresServer.ConnectionString), await CountAsync(await SecondServer.ConnectionStringAsync()));
        Assert.That((first, second), Is.EqualTo((runs.Count(run => run.Shard % 2 == 0), runs.Count(run => run.Shard % 2 == 1))));
        Assert.That(first, Is.GreaterThan(0).And.LessThan(20));
    }

    [Test]
    public async Task Lists_are_merged_in_order_of_key_over_pages_and_counts_are_sums()
    {
        var runs = await StartAsync(30);
        var listed = new List<Guid>();
        while (true)
        {
            var page = await store.ListRunsAsync(Make.Query(after: listed.Count == 0 ? null : listed[^1], limit: 7));
            listed.AddRange(page.Select(run => run.RunId));
            if (page.Count < 7) break;
        }

        Assert.That(listed, Is.EqualTo(runs.Select(run => run.Id).Reverse()));
        Assert.That(await store.CountRunsAsync(Make.Query()), Is.EqualTo(30));
        Assert.That((await store.ReadStatusesAsync([.. runs.Select(run => run.Id)])).Select(row => row.RunId), Is.EquivalentTo(listed));
        Assert.That((await store.ReadReadyDepthAsync()).Count, Is.EqualTo(30));
    }

    [Test]
    public async Task A_lane_finds_and_claims_the_runs_of_its_group_alone()
    {
        var runs = await StartAsync(20);
        foreach (var group in store.Groups)
        {
            var key = new LaneKey(100 + group.Number, group, Guid.NewGuid(), "host-a");
            var opened = await store.OpenLaneAsync(new OpenLane(key, TestLane.DefaultLease, false, "build-1", ["Order@1"]));
            var found = await store.LookAsync(Make.Look(key));
            var batch = new LaneBatch { Lane = key, Epoch = opened!.Epoch, CommitSeq = opened.CommitSeq + 1, Lease = TestLane.DefaultLease };
            batch.Claims.AddRange(runs.Select(run => run.Id));

            var result = await store.CommitAsync(batch);

            var own = runs.Where(run => group.Shards!.Contains(run.Shard)).Select(run => run.Id).ToList();
            Assert.That(found.Claimable, Is.EquivalentTo(own));
            Assert.That(result.Claimed.Select(run => run.RunId), Is.EquivalentTo(own), result.Error);
            Assert.That((await store.ReadLanesAsync(group)).Select(lane => lane.LaneId), Is.EqualTo(new[] { key.LaneId }));
        }

        Assert.That((await store.ReadLanesAsync()).Sum(lane => lane.Owned), Is.EqualTo(20));
    }

    [Test]
    public async Task Outgoing_rows_are_written_with_the_batch_read_in_order_loaded_with_their_run_and_removed()
    {
        var group = store.Groups[1];
        var (own, other) = (Of(group), Of(store.Groups[0]));
        var key = new LaneKey(7, group, Guid.NewGuid(), "host-a");
        var opened = await store.OpenLaneAsync(new OpenLane(key, TestLane.DefaultLease, false, "build-1", ["Order@1"]));
        var batch = new LaneBatch { Lane = key, Epoch = opened!.Epoch, CommitSeq = 1, Lease = TestLane.DefaultLease };
        batch.Starts.Add(Make.OwnedStart(own));
        foreach (var seq in new[] { -3L, -5L, -4L }) batch.Outgoing.Add(new OutgoingRecord(own.Shard, Sent(own, other, seq)));
        Assert.That((await store.CommitAsync(batch)).Error, Is.Null);

        var rows = await store.ReadOutgoingAsync(new OutgoingQuery(group, null, TimeSpan.Zero, 10));
        Assert.That(rows.Select(row => (row.Record.Message.SenderSeq, row.SenderClosed)), Is.EqualTo(new[] { (-5L, false), (-4L, false), (-3L, false) }));
        Assert.That((rows[0].Record.Shard, rows[0].Record.Message.RunId, rows[0].Record.Message.Shard, rows[0].Record.Message.Target), Is.EqualTo((own.Shard, other.Id, other.Shard, "signal")));
        Assert.That(await store.ReadOutgoingAsync(new OutgoingQuery(group, null, TimeSpan.FromHours(1), 10)), Is.Empty);
        Assert.That(await store.ReadOutgoingAsync(new OutgoingQuery(group, group, TimeSpan.Zero, 10)), Is.Empty);
        Assert.That((await store.LoadAsync(new LoadRequest([own.Id])))[0].Outgoing.Select(row => row.Message.SenderSeq), Is.EqualTo(new[] { -5L, -4L, -3L }));

        // The server's clock went back by two minutes: the rows lie ahead of it.
        foreach (var server in new[] { null, await SecondServer.ConnectionStringAsync() }) await PostgresServer.ExecuteAsync($"update {schema}.outgoing set accepted_at = now() + interval '2 minutes'", server);
        Assert.That((await store.ReadOutgoingAsync(new OutgoingQuery(group, null, TimeSpan.Zero, 10) { Sender = own.Id })), Has.Count.EqualTo(3));
        Assert.That((await store.ReadOutgoingAsync(new OutgoingQuery(group, null, TimeSpan.FromSeconds(5), 10))), Has.Count.EqualTo(3));
        Assert.That((await store.ReadOutgoingAsync(new OutgoingQuery(group, null, TimeSpan.FromMinutes(5), 10))), Is.Empty);

        await store.RemoveOutgoingAsync([rows[0].Record.Key]);
        var next = new LaneBatch { Lane = key, Epoch = opened.Epoch, CommitSeq = 2, Lease = TestLane.DefaultLease };
        next.Closes.Add(Make.Close(own));
        next.Forwarded.Add(rows[1].Record.Key);
        next.Forwarded.Add(rows[0].Record.Key);
        Assert.That((await store.CommitAsync(next)).Outcome, Is.EqualTo(CommitOutcome.Committed));

        rows = await store.ReadOutgoingAsync(new OutgoingQuery(group, null, TimeSpan.Zero, 10));
        Assert.That(rows.Select(row => (row.Record.Message.SenderSeq, row.SenderClosed)), Is.EqualTo(new[] { (-3L, true) }));
        Assert.That(await store.PurgeAsync(new PurgeRequest(null, own.Id)), Is.Zero, "a run whose messages are on their way is kept");
        await store.RemoveOutgoingAsync([rows[0].Record.Key]);
        Assert.That(await store.PurgeAsync(new PurgeRequest(null, own.Id)), Is.EqualTo(1));
    }

    [Test]
    public async Task A_modulus_other_than_the_stored_one_is_refused()
    {
        await PostgresServer.ExecuteAsync($"update {schema}.installation set shard_modulus = 64");
        await PostgresServer.ExecuteAsync($"update {schema}.installation set shard_modulus = 64", await SecondServer.ConnectionStringAsync());

        Assert.That(async () => await store.InitializeAsync(), Throws.InstanceOf<DurableException>().With.Message.Contains("128 shards, the database was made with 64"));
    }

    [Test]
    public async Task A_placement_in_which_a_shard_is_twice_or_nowhere_is_refused()
    {
        foreach (var (shards, what) in new[] { (new short[] { 0, 1, 1 }, "shard 1 is in two groups"), ([.. Enumerable.Range(0, 127).Select(i => (short)i)], "shard 127 is in no group") })
        {
            await using var wrong = new PostgresStore(new PostgresOptions { Schema = schema, Placement = new FixedPlacement(shards) }, PostgresServer.ConnectionString);
            Assert.That(async () => await wrong.InitializeAsync(), Throws.InstanceOf<DurableException>().With.Message.Contains(what));
        }
    }

    [Test]
    public async Task With_one_server_away_the_other_group_answers_and_the_fault_is_named()
    {
        var runs = await StartAsync(20);
        await SecondServer.CrashAsync();
        try
        {
            foreach (var run in runs.Where(run => run.Shard % 2 == 0)) Assert.That(await store.FindRunAsync("default", run.WorkflowId, null), Is.Not.Null);
            var faults = await store.ReadFaultsAsync();
            Assert.That(faults.Select(fault => string.Join(',', fault.Groups)), Is.EqualTo(new[] { "1" }));
            Assert.That(faults[0].Server, Does.Contain($":{SecondServer.PlaceOf(await SecondServer.ConnectionStringAsync()).Port}/"));
            Assert.That(async () => await store.CountRunsAsync(Make.Query()), Throws.InstanceOf<DurableException>(), "half a count would be wrong");
            Assert.That((await store.ReadReadyDepthAsync()).Count, Is.EqualTo(runs.Count(run => run.Shard % 2 == 0)));
            await using var later = new PostgresStore(new PostgresOptions { Schema = schema, WakeUps = false, Placement = await SecondServer.PlacementAsync() }, PostgresServer.ConnectionString);
            Assert.That((await later.InitializeAsync()).ShardModulus, Is.EqualTo(128), "one group is enough to start");
        }
        finally
        {
            await SecondServer.RestartAsync();
        }

        await Eventually.IsTrueAsync(async () => (await store.ReadFaultsAsync()).Count == 0 && await store.CountRunsAsync(Make.Query()) == 20);
    }

    private async Task<List<TestRun>> StartAsync(int count)
    {
        var runs = Enumerable.Range(0, count).Select(i => Make.Run($"w{i}")).ToList();
        var result = await store.DeliverAsync(new Delivery([], [.. runs.Select(run => Make.Start(run))]));
        Assert.That(result.Starts.Select(start => start.Started), Has.All.True);
        return runs;
    }

    private Task<int> CountAsync(string server) => PostgresServer.ScalarAsync<int>($"select count(*)::int from {schema}.run", server);

    private static TestRun Of(ShardGroup group) => Enumerable.Range(0, 100).Select(i => Make.Run($"r{i}")).First(run => group.Shards!.Contains(run.Shard));

    private static MessageRecord Sent(TestRun from, TestRun to, long seq) => new()
    {
        RunId = to.Id, Sender = from.Id, SenderSeq = seq, Kind = 3, Target = "signal", Payload = Make.Bytes("{}"), Namespace = to.Namespace, Shard = to.Shard, ReplyGen = 2, ReplyOrdinal = 5,
    };

    private sealed class FixedPlacement(short[] shards) : IPlacement
    {
        public bool IsSpread => false;

        public Task<PlacementMap> ReadAsync(EngineConnections coordinator, CancellationToken cancellationToken) => Task.FromResult(new PlacementMap(128, [new PlacedGroup(new ShardGroup(0, 0, shards), null, null)]));

        public Task ProbeAsync(EngineConnections coordinator, PlacementMap map, Func<PlacedGroup, EngineConnections> connect, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
