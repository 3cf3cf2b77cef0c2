// Obligation S88 of docs/storage-provider.md, and the races of the protocol (§6) on real threads: each test lets several writers go at one thing and then counts.
namespace Durable.Storage.Contract;

/// <summary>Several lanes, clients and reapers at once. No test here depends on who wins.</summary>
public abstract class ConcurrencyContract : StoreContract
{
    private static readonly TimeSpan LongLease = TimeSpan.FromHours(1);

    [Test]
    public async Task N2_Of_many_starts_of_one_id_at_once_one_succeeds()
    {
        for (var round = 0; round < 10; round++)
        {
            var id = $"order-{round}";
            var results = await AtOnceAsync(6, _ => Patient.DoAsync(() => DeliverStartAsync(Make.Start(Make.Run(id)))));
            Assert.That(results.Count(result => result.Started), Is.EqualTo(1), id);
            var winner = (await Store.FindRunAsync("default", id, null))!.RunId;
            Assert.That(results.Where(result => !result.Started).Select(result => result.Existing?.RunId), Is.All.EqualTo(winner), id);
        }
        Assert.That(await Store.CountRunsAsync(Make.Query()), Is.EqualTo(10));
    }

    [Test]
    public async Task N2_Starts_by_lanes_and_clients_at_once_leave_one_open_run()
    {
        var lanes = await LanesAsync(3);
        for (var round = 0; round < 10; round++)
        {
            var id = $"order-{round}";
            var started = await AtOnceAsync(6, async i =>
            {
                var run = Make.Run(id);
                if (i >= 3)
                    return (await Patient.DoAsync(() => DeliverStartAsync(Make.Start(run)))).Started;
                var result = await Patient.CommitAsync(lanes[i], () => lanes[i].Batch().Start(Make.OwnedStart(run)));
                return result.Refused.Count == 0;
            });
            Assert.That(started.Count(won => won), Is.EqualTo(1), id);
        }
        Assert.That(await Store.CountRunsAsync(Make.Query()), Is.EqualTo(10));
    }

    [Test]
    public async Task L2_Of_many_lanes_that_claim_the_same_runs_each_run_goes_to_one()
    {
        var runs = new List<TestRun>();
        foreach (var i in Enumerable.Range(0, 40))
            runs.Add(await StartedAsync($"order-{i}"));
        var lanes = await LanesAsync(4);
        var claimed = await AtOnceAsync(4, async i =>
        {
            var mine = new List<Guid>();
            foreach (var part in runs.Chunk(10))
                mine.AddRange((await Patient.CommitAsync(lanes[i], () => lanes[i].Batch().Claim(part))).Claimed.Select(run => run.RunId));
            return mine;
        });
        var taken = claimed.SelectMany(mine => mine).ToList();
        Assert.That(taken, Is.Unique);
        foreach (var (lane, mine) in lanes.Zip(claimed))
            Assert.That((await lane.ReadBackAsync())!.Owned.Select(run => run.RunId), Is.EquivalentTo(mine));

        // A claim that met another's lock may have passed a run over; the next one finds it.
        await lanes[0].Batch().Claim([.. runs]).CommitAsync();
        foreach (var run in runs)
            Assert.That((await PlaceAsync(run)).Owner, Is.Not.Null, run.WorkflowId);
    }

    [Test]
    public async Task I1_A_park_and_deliveries_at_once_lose_no_wake_up()
    {
        var lane = (await LanesAsync(1))[0];
        var run = await lane.StartAsync("order-1");
        for (var round = 0; round < 30; round++)
        {
            var number = round;
            await AtOnceAsync(3, async i =>
            {
                if (i == 0)
                    await Patient.CommitAsync(lane, () => lane.Batch().Park(Make.Park(run)));
                else
                    await Patient.DoAsync(() => SendAsync(Make.Message(run, i, number)));
                return true;
            });
            Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }), $"round {round}");
            Assert.That(await lane.ClaimAsync(run), Has.Count.EqualTo(1));
            var loaded = await LoadAsync(run);
            Assert.That(loaded.Messages, Has.Count.EqualTo(2));
            await lane.Batch().Drop([.. loaded.Messages]).CommitAsync();
        }
    }

    [Test]
    public async Task O1_Of_many_takeovers_at_once_one_can_write()
    {
        for (var round = 0; round < 5; round++)
        {
            var rivals = await AtOnceAsync(4, _ => Patient.DoAsync(() => TestLane.OpenAsync(Store, "host-a", takeover: true, lease: LongLease)));
            var outcomes = await AtOnceAsync(4, i => Patient.OutcomeAsync(() => rivals[i].Batch().TryCommitAsync()));
            Assert.That(outcomes.Count(outcome => outcome == CommitOutcome.Committed), Is.EqualTo(1));
            Assert.That(outcomes.Count(outcome => outcome == CommitOutcome.Refused), Is.EqualTo(3));
        }
    }

    [Test]
    public async Task R1_Many_reapers_at_once_fence_and_release_once()
    {
        var reapers = await LanesAsync(3);
        for (var round = 0; round < 5; round++)
        {
            var dead = await OpenLaneAsync($"dead-{round}");
            await dead.StartAsync($"order-{round}-a");
            await dead.StartAsync($"order-{round}-b");
            await Harness.AdvanceAsync(TimeSpan.FromMinutes(1));
            var reaped = await AtOnceAsync(3, i => Patient.DoAsync(() => reapers[i].ReapAsync()));
            var last = await reapers[0].ReapAsync();
            Assert.That((reaped.Sum(result => result.Fenced) + last.Fenced, reaped.Sum(result => result.Released) + last.Released), Is.EqualTo((1, 2)));
        }
        Assert.That((await reapers[0].LookAsync()).Claimable, Has.Count.EqualTo(10).And.Unique);
    }

    [Test]
    public async Task R1_A_reaper_and_a_batch_at_once_leave_a_run_with_one_token()
    {
        var reaper = (await LanesAsync(1))[0];
        for (var round = 0; round < 15; round++)
        {
            var lane = await OpenLaneAsync($"slow-{round}");
            var run = await lane.StartAsync($"order-{round}");
            await Harness.AdvanceAsync(TimeSpan.FromMinutes(1));
            var outcomes = await AtOnceAsync(2, async i =>
            {
                if (i == 0)
                    return await Patient.OutcomeAsync(() => lane.Batch().Event(run, 1).Park(run, 2).TryCommitAsync());
                await Patient.DoAsync(() => reaper.ReapAsync());
                return CommitOutcome.Refused;
            });
            await reaper.ReapAsync();
            var place = await PlaceAsync(run);
            var committed = outcomes[0] == CommitOutcome.Committed;
            Assert.That((await EventsAsync(run)).Count, Is.EqualTo(committed ? 2 : 1), $"round {round}");
            Assert.That((place.Wake is not null, place.Owner), Is.EqualTo((true, (string?)null)), $"round {round}");
        }
    }

    [Test]
    public async Task K1_Tasks_taken_by_many_hosts_at_once_go_to_one_each_and_end_once()
    {
        var lane = (await LanesAsync(1))[0];
        var run = await lane.StartAsync("order-1");
        var now = await NowAsync();
        await lane.Batch().Task([.. Enumerable.Range(1, 40).Select(no => Make.Task(run, no, now))]).CommitAsync();
        var taken = await AtOnceAsync(4, async _ =>
        {
            var mine = new List<TaskRecord>();
            for (var calls = 0; calls < 5; calls++)
                mine.AddRange((await Patient.DoAsync(() => Store.ClaimTasksAsync(new(Store.Groups[0], [""], ["Charge"], 3)))).Tasks);
            return mine;
        });
        var tasks = taken.SelectMany(mine => mine).ToList();
        Assert.That(tasks.Select(task => task.TaskNo), Is.Unique);
        Assert.That(tasks, Is.Not.Empty);

        var ends = await AtOnceAsync(2, async i =>
        {
            var ended = new List<bool>();
            foreach (var task in tasks)
                ended.Add((await Patient.DoAsync(() => Store.CompleteTasksAsync([new(task.Key, task.Token!.Value, Make.Message(run, 100 + i, task.TaskNo))])))[0]);
            return ended;
        });
        for (var i = 0; i < tasks.Count; i++)
            Assert.That(ends[0][i] ^ ends[1][i], Is.True, $"task {tasks[i].TaskNo} ended once");
        Assert.That(await MessagesAsync(run), Has.Count.EqualTo(tasks.Count));
    }

    [Test]
    public async Task P3_Of_many_who_want_a_lease_at_once_one_has_it()
    {
        for (var round = 0; round < 10; round++)
        {
            var epochs = await AtOnceAsync(5, _ => Patient.DoAsync(() => Store.TryLeaseAsync("purge", Guid.NewGuid(), TimeSpan.FromMinutes(1))));
            Assert.That(epochs.Count(epoch => epoch is not null), Is.EqualTo(1));
            await Harness.AdvanceAsync(TimeSpan.FromMinutes(2));
        }
    }

    [Test]
    public async Task Lanes_senders_and_reapers_together_lose_nothing_and_do_nothing_twice() => await new Storm(Store, seed: 20_261).RunAsync(rounds: 60);

    private async Task<List<TestLane>> LanesAsync(int count)
    {
        var lanes = new List<TestLane>();
        foreach (var i in Enumerable.Range(0, count))
            lanes.Add(await TestLane.OpenAsync(Store, $"lane-{i}", lease: LongLease));
        return lanes;
    }

    /// <summary>Runs several at once, each on a thread of its own and behind one gate.</summary>
    private static async Task<T[]> AtOnceAsync<T>(int count, Func<int, Task<T>> act)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var tasks = Enumerable.Range(0, count).Select(i => Task.Run(async () =>
        {
            await gate.Task;
            return await act(i);
        })).ToList();
        gate.SetResult();
        return await Task.WhenAll(tasks);
    }
}
