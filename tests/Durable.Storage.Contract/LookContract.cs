// Obligations S28, S29, S32 to S39 and S80 (protocol L1 to L3, A1, S5, D4, D6) of docs/storage-provider.md: what a lane finds, takes and reads.
namespace Durable.Storage.Contract;

/// <summary>Looking for work.</summary>
public abstract class LookContract : StoreContract
{
    [Test]
    public async Task L1_A_started_run_is_found_by_a_lane_that_can_run_it()
    {
        var run = await StartedAsync("order-1");
        var lane = await OpenLaneAsync();
        Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
        Assert.That((await lane.LookAsync(serves: ["Order@2", "Invoice@1"])).Claimable, Is.Empty);
        Assert.That((await lane.LookAsync(serves: [])).Claimable, Is.Empty);
    }

    [Test]
    public async Task L1_A_look_changes_nothing()
    {
        var run = await StartedAsync("order-1");
        await SendAsync(Make.Message(run, 1, 1));
        var lane = await OpenLaneAsync();
        await lane.LookAsync();
        Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
        Assert.That((await PlaceAsync(run)).WakeAttempt, Is.Zero);
    }

    [Test]
    public async Task L1_A_parked_run_is_found_when_it_is_due_and_not_before()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var due = (await NowAsync()).AddMinutes(10);
        await lane.Batch().Park(Make.Park(run, 1, due)).CommitAsync();

        var early = await lane.LookAsync();
        Assert.That((early.Claimable.Count, early.NextDue), Is.EqualTo((0, (DateTimeOffset?)due)));
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(11));
        var late = await lane.LookAsync();
        Assert.That((late.Claimable.Single(), late.NextDue), Is.EqualTo((run.Id, (DateTimeOffset?)null)));
    }

    [Test]
    public async Task L1_A_delayed_start_waits_for_its_time()
    {
        var due = (await NowAsync()).AddMinutes(10);
        var run = await StartedAsync("order-1", start: run => Make.Start(run, dueAt: due));
        var lane = await OpenLaneAsync();
        Assert.That((await lane.LookAsync()).Claimable, Is.Empty);
        Assert.That((await PlaceAsync(run)).Wake!.DueAt, Is.EqualTo(due));
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(11));
        Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
    }

    [Test]
    public async Task L1_The_next_due_time_is_the_earliest_one_that_the_lane_could_claim()
    {
        var now = await NowAsync();
        await StartedAsync("order-1", start: run => Make.Start(run, dueAt: now.AddHours(3)));
        await StartedAsync("order-2", start: run => Make.Start(run, dueAt: now.AddHours(2)));
        await StartedAsync("other-type", type: "Invoice", start: run => Make.Start(run, dueAt: now.AddHours(1)));
        Assert.That((await (await OpenLaneAsync()).LookAsync()).NextDue, Is.EqualTo(now.AddHours(2)));
    }

    [Test]
    public async Task L1_Runs_that_have_begun_are_found_a_little_before_they_are_due_if_the_lane_asks_for_it_and_others_are_not()
    {
        var lane = await OpenLaneAsync();
        var (soon, later, held) = (await lane.StartAsync("soon"), await lane.StartAsync("later"), await lane.StartAsync("held"));
        var now = await NowAsync();
        await lane.Batch().Park(Make.Park(soon, 1, now.AddMinutes(10))).Park(Make.Park(later, 1, now.AddMinutes(30))).Park(Make.Park(held, 1, now.AddMinutes(9), hold: HoldReasons.Stalled, holdBuilds: ["build-9"])).CommitAsync();
        await StartedAsync("delayed", start: run => Make.Start(run, dueAt: now.AddMinutes(12)));

        Assert.That((await lane.LookAsync()).Claimable, Is.Empty, "nothing is due");
        var (few, many) = (await LookAheadAsync(lane, TimeSpan.FromMinutes(3)), await LookAheadAsync(lane, TimeSpan.FromMinutes(15)));
        Assert.That(few.Claimable, Is.Empty);
        Assert.That(few.NextDue, Is.InRange(now.AddMinutes(6), now.AddMinutes(7)), "the first one is found three minutes before it is due; a store need not know better of the held one");
        Assert.That(many.Claimable, Is.EqualTo(new[] { soon.Id }));
        Assert.That(many.NextDue, Is.EqualTo(now.AddMinutes(9)), "the held one waits for its time, as one does that has not begun");

        await Harness.AdvanceAsync(TimeSpan.FromMinutes(13));
        Assert.That((await LookAheadAsync(lane, TimeSpan.FromMinutes(15))).Claimable, Has.Count.EqualTo(3).And.Not.Contain(later.Id));
    }

    private Task<LookResult> LookAheadAsync(TestLane lane, TimeSpan ahead) => Harness.Store.LookAsync(Make.Look(lane.Key) with { Ahead = ahead });

    [Test]
    public async Task L1_A_message_makes_a_parked_run_claimable_whenever_it_is_due()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Park(Make.Park(run, 1, (await NowAsync()).AddDays(9))).CommitAsync();
        await SendAsync(Make.Message(run, 1, 1));
        var look = await lane.LookAsync();
        Assert.That((look.Claimable.Single(), look.Mail.Count), Is.EqualTo((run.Id, 0)));
    }

    [Test]
    public async Task L1_A_message_of_an_own_run_is_mail_for_its_owner_alone()
    {
        var (lane, other) = (await OpenLaneAsync("host-a"), await OpenLaneAsync("host-b"));
        var run = await lane.StartAsync("order-1");
        await SendAsync(Make.Message(run, 1, 1), Make.Message(run, 1, 2), Make.Message(run, 2, 1));
        var (mine, theirs) = (await lane.LookAsync(), await other.LookAsync());
        Assert.That((mine.Mail.Single(), mine.Claimable.Count), Is.EqualTo((run.Id, 0)));
        Assert.That((theirs.Mail.Count, theirs.Claimable.Count), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task L1_A_message_without_notice_wakes_nobody()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await SendAsync(Make.Message(run, 1, 1, notice: false));
        Assert.That((await lane.LookAsync()).Mail, Is.Empty);
        Assert.That(await MessagesAsync(run), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task L1_Each_run_is_named_once_however_many_notices_it_has()
    {
        var run = await StartedAsync("order-1");
        await SendAsync([.. Enumerable.Range(1, 5).Select(seq => Make.Message(run, 1, seq))]);
        Assert.That((await (await OpenLaneAsync()).LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
    }

    [Test]
    public async Task L1_The_limit_counts_runs_that_the_lane_can_take()
    {
        foreach (var i in Enumerable.Range(0, 20))
            await StartedAsync($"invoice-{i}", type: "Invoice");
        var orders = new List<Guid>();
        foreach (var i in Enumerable.Range(0, 5))
            orders.Add((await StartedAsync($"order-{i}")).Id);

        var found = (await (await OpenLaneAsync()).LookAsync(limit: 3)).Claimable;
        Assert.That(found, Has.Count.EqualTo(3).And.SubsetOf(orders), "filters come before the limit");
    }

    [Test]
    public async Task L1_The_oldest_are_found_first()
    {
        var lane = await OpenLaneAsync();
        var runs = new List<TestRun>();
        foreach (var i in Enumerable.Range(0, 3))
            runs.Add(await lane.StartAsync($"order-{i}"));
        var now = await NowAsync();
        await lane.Batch().Park(Make.Park(runs[0], 1, now.AddMinutes(3)), Make.Park(runs[1], 1, now.AddMinutes(1)), Make.Park(runs[2], 1, now.AddMinutes(2))).CommitAsync();
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(5));
        Assert.That((await lane.LookAsync(limit: 2)).Claimable, Is.EqualTo(new[] { runs[1].Id, runs[2].Id }));
    }

    [Test]
    public async Task L1_Higher_priority_is_found_first_among_the_due()
    {
        await StartedAsync("order-1");
        var urgent = await StartedAsync("order-2", start: run => Make.Start(run, priority: 9));
        await StartedAsync("order-3", start: run => Make.Start(run, priority: -1));
        Assert.That((await (await OpenLaneAsync()).LookAsync(limit: 1)).Claimable, Is.EqualTo(new[] { urgent.Id }));
    }

    [Test]
    public async Task L1_A_look_from_a_low_water_mark_finds_what_came_after_it()
    {
        var mark = await NowAsync();
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(10));
        var from = await NowAsync();
        var run = await StartedAsync("order-1");
        var lane = await OpenLaneAsync();
        Assert.That((await lane.LookAsync(from)).Claimable, Is.EqualTo(new[] { run.Id }));
        var mine = await lane.StartAsync("order-2");
        await SendAsync(Make.Message(mine, 1, 1));
        Assert.That((await lane.LookAsync(from)).Mail, Is.EqualTo(new[] { mine.Id }));
        Assert.That(mark, Is.LessThan(from));
    }

    [Test]
    public async Task Asap_A_full_look_finds_asap_rows_and_mail_when_the_clock_was_set_back()
    {
        var run = await StartedAsync("order-1");
        var lane = await OpenLaneAsync();
        var mine = await lane.StartAsync("order-2");
        await SendAsync(Make.Message(mine, 1, 1));
        await Harness.AdvanceAsync(TimeSpan.FromHours(-1));
        var look = await lane.LookAsync();
        Assert.That((look.Claimable.Single(), look.Mail.Single()), Is.EqualTo((run.Id, mine.Id)));
    }

    [Test]
    public async Task Asap_A_run_parked_asap_is_claimable_whatever_its_timer_says()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Park(Make.Park(run, 1, (await NowAsync()).AddDays(1), asap: true)).CommitAsync();
        Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
    }

    [Test]
    public async Task L1_Only_served_namespaces_are_seen()
    {
        var acme = await StartedAsync("order-1", ns: "acme");
        var globex = await StartedAsync("order-1", ns: "globex");
        var lane = await OpenLaneAsync();
        Assert.That((await lane.LookAsync(namespaces: ["acme"])).Claimable, Is.EqualTo(new[] { acme.Id }));
        Assert.That((await lane.LookAsync()).Claimable, Is.EquivalentTo(new[] { acme.Id, globex.Id }));
    }

    [Test]
    public async Task L1_The_backlog_of_one_namespace_hides_no_other()
    {
        foreach (var page in Enumerable.Range(0, 4_000).Chunk(500))
            await Store.DeliverAsync(new([], [.. page.Select(i => Make.Start(Make.Run($"order-{i}", "big"), priority: 5))]));
        var small = new HashSet<Guid>();
        foreach (var i in Enumerable.Range(0, 6))
            small.Add((await StartedAsync($"order-{i}", i % 2 == 0 ? "small" : "tiny")).Id);
        var lane = await OpenLaneAsync();
        Assert.That((await lane.LookAsync(limit: 3)).Claimable.Where(small.Contains), Has.Exactly(2).Items, "each namespace in turn, whatever priorities the others give");
        var found = (await lane.LookAsync(limit: 1_000)).Claimable;
        Assert.That(found, Has.Count.GreaterThan(300), "the backlog itself is worked on too");
        Assert.That(small, Is.SubsetOf(found));
        Assert.That((await lane.LookAsync(limit: 10, namespaces: ["big", "tiny"])).Claimable.Where(small.Contains), Has.Exactly(3).Items);
    }

    [Test]
    public async Task L1_Only_served_queues_are_seen()
    {
        var plain = await StartedAsync("order-1");
        var big = await StartedAsync("order-2", start: run => Make.Start(run, queue: "big"));
        var lane = await OpenLaneAsync();
        Assert.That((await lane.LookAsync(queues: [""])).Claimable, Is.EqualTo(new[] { plain.Id }));
        Assert.That((await lane.LookAsync(queues: ["big"])).Claimable, Is.EqualTo(new[] { big.Id }));
        Assert.That((await lane.LookAsync()).Claimable, Is.EquivalentTo(new[] { plain.Id, big.Id }));
    }

    [Test]
    public async Task L2_A_claim_takes_the_wake_row_and_counts_the_attempt()
    {
        var run = await StartedAsync("order-1");
        var lane = await OpenLaneAsync();
        Assert.That(await lane.ClaimAsync(run), Is.EqualTo(new[] { new OwnedRun(run.Id, 1, 0, 0) }));
        var place = await PlaceAsync(run);
        Assert.That((place.Wake, place.Owner, place.OwnerAlive, place.Attempt), Is.EqualTo(((ParkRecord?)null, "host-a", true, 1)));
        Assert.That((await lane.LookAsync()).Claimable, Is.Empty);
    }

    [Test]
    public async Task L2_A_run_is_taken_by_one_lane_only_and_the_other_is_told_by_silence()
    {
        var (one, two) = (await StartedAsync("order-1"), await StartedAsync("order-2"));
        var (a, b) = (await OpenLaneAsync("host-a"), await OpenLaneAsync("host-b"));
        await a.ClaimAsync(one);
        Assert.That((await b.ClaimAsync(one, two)).Select(owned => owned.RunId), Is.EqualTo(new[] { two.Id }));
        Assert.That((await PlaceAsync(one)).Owner, Is.EqualTo("host-a"));
    }

    [Test]
    public async Task L2_Claiming_a_closed_or_unknown_run_takes_nothing()
    {
        var lane = await OpenLaneAsync();
        var closed = await ClosedAsync(lane, "order-1");
        Assert.That(await lane.ClaimAsync(closed, Make.Run("order-2")), Is.Empty);
    }

    [Test]
    public async Task A1_A_claim_after_a_park_counts_from_one_again_and_knows_the_history()
    {
        var run = await StartedAsync("order-1");
        var lane = await OpenLaneAsync();
        await lane.ClaimAsync(run);
        await lane.Batch().Event(run, 0).Update(run, RunStatus.Running).Park(run, 1).CommitAsync();
        Assert.That(await lane.ClaimAsync(run), Is.EqualTo(new[] { new OwnedRun(run.Id, 1, 0, 1) }));
    }

    [Test]
    public async Task L3_A_load_gives_run_events_tasks_and_all_messages()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Event(run, 1, payload: """{"n":1}""").Task(Make.Task(run, 1, await NowAsync())).CommitAsync();
        await SendAsync(Make.Message(run, 2, 1), Make.Message(run, 1, 2, notice: false), Make.Message(run, 1, 1));

        var loaded = await LoadAsync(run);
        Assert.That(loaded.Run!.WorkflowId, Is.EqualTo("order-1"));
        Assert.That(loaded.Events.Select(row => row.Seq), Is.EqualTo(new[] { 0, 1 }));
        Assert.That(loaded.Events[1].Payload, Is.EqualTo(Make.Bytes("""{"n":1}""")));
        Assert.That(loaded.Messages.Select(message => (message.Sender, message.SenderSeq)), Is.EqualTo(new[] { (Make.Sender(1), 1L), (Make.Sender(1), 2L), (Make.Sender(2), 1L) }));
        Assert.That(loaded.Tasks.Single().Payload, Is.EqualTo(Make.Bytes("""{"args":[]}""")));
    }

    [Test]
    public async Task L3_A_load_of_several_runs_leaves_out_those_that_do_not_exist()
    {
        var (one, two) = (await StartedAsync("order-1"), await StartedAsync("order-2"));
        var loaded = await Store.LoadAsync(new([one.Id, Make.Run("order-3").Id, two.Id]));
        Assert.That(loaded.Select(run => run.RunId), Is.EquivalentTo(new[] { one.Id, two.Id }));
    }

    [Test]
    public async Task D4_Messages_are_read_in_order_of_sender_and_number_as_a_prefix_per_sender()
    {
        var run = await StartedAsync("order-1");
        foreach (var sender in new[] { 3, 1, 2 })
        {
            foreach (var seq in new[] { 300L, 2, 1, 20, 10 })
                await SendAsync(Make.Message(run, sender, seq));
        }
        var expected = new[] { 1, 2, 3 }.SelectMany(sender => new[] { 1L, 2, 10, 20, 300 }.Select(seq => (Make.Sender(sender), seq))).ToList();
        Assert.That((await MessagesAsync(run)).Select(message => (message.Sender, message.SenderSeq)), Is.EqualTo(expected));
        Assert.That((await MessagesAsync(run, 7)).Select(message => (message.Sender, message.SenderSeq)), Is.EqualTo(expected.Take(7)));
    }

    [Test]
    public async Task D6_Reading_only_messages_reads_them_for_each_run()
    {
        var (one, two) = (await StartedAsync("order-1"), await StartedAsync("order-2"));
        await SendAsync(Make.Message(one, 1, 1), Make.Message(two, 1, 1), Make.Message(two, 1, 2));
        var loaded = await Store.LoadAsync(new([one.Id, two.Id], MessagesOnly: true));
        Assert.That(loaded.ToDictionary(run => run.RunId, run => run.Messages.Count), Is.EquivalentTo(new Dictionary<Guid, int> { [one.Id] = 1, [two.Id] = 2 }));
        Assert.That(loaded.All(run => run.Run is null && run.Events.Count == 0 && run.Tasks.Count == 0), Is.True);
    }

    [Test]
    public async Task Ready_depth_counts_due_wake_rows_and_notices_with_their_age()
    {
        Assert.That(await Store.ReadReadyDepthAsync(), Is.EqualTo(new ReadyDepth(0, TimeSpan.Zero)));
        var run = await StartedAsync("order-1");
        await StartedAsync("order-2", start: run => Make.Start(run, hold: HoldReasons.Paused, status: RunStatus.Paused));
        await StartedAsync("order-3", start: run => Make.Start(run, dueAt: DateTimeOffset.UnixEpoch.AddYears(200)));
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(5));
        await SendAsync(Make.Message(run, 1, 1));
        var depth = await Store.ReadReadyDepthAsync();
        Assert.That(depth.Count, Is.EqualTo(2));
        Assert.That(depth.OldestAge, Is.InRange(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(6)));
    }
}
