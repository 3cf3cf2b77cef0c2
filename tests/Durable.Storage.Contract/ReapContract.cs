// Obligations S40 to S46 (protocol R1 to R6, A2, D8) of docs/storage-provider.md: fence, then release; and the sweep of notices that lead nowhere.
namespace Durable.Storage.Contract;

/// <summary>The reaper.</summary>
public abstract class ReapContract : StoreContract
{
    private static readonly TimeSpan BeyondLease = TimeSpan.FromSeconds(21);

    [Test]
    public async Task R1_A_lane_whose_lease_is_over_is_fenced_and_its_runs_are_released()
    {
        var dead = await OpenLaneAsync("host-a");
        var (one, two) = (await dead.StartAsync("order-1"), await dead.StartAsync("order-2"));
        await Harness.AdvanceAsync(BeyondLease);
        var reaper = await OpenLaneAsync("host-b");

        var reaped = await reaper.ReapAsync();
        Assert.That((reaped.Fenced, reaped.Released), Is.EqualTo((1, 2)));
        Assert.That((await reaper.LookAsync()).Claimable, Is.EquivalentTo(new[] { one.Id, two.Id }));
        Assert.That((await Store.ReadLanesAsync()).Select(lane => lane.Identity), Is.EqualTo(new[] { "host-b" }));
    }

    [Test]
    public async Task R1_A_lane_with_a_valid_lease_is_left_alone()
    {
        var lane = await OpenLaneAsync("host-a");
        var run = await lane.StartAsync("order-1");
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(19));
        var reaped = await (await OpenLaneAsync("host-b")).ReapAsync();
        Assert.That((reaped.Fenced, reaped.Released), Is.EqualTo((0, 0)));
        await lane.Batch().Event(run, 1).CommitAsync();
    }

    [Test]
    public async Task R1_A_second_reaper_finds_nothing_left_to_fence()
    {
        await OpenLaneAsync("host-a");
        await Harness.AdvanceAsync(BeyondLease);
        var (b, c) = (await OpenLaneAsync("host-b"), await OpenLaneAsync("host-c"));
        Assert.That(((await b.ReapAsync()).Fenced, (await c.ReapAsync()).Fenced), Is.EqualTo((1, 0)));
    }

    [Test]
    public async Task R1_A_reaper_does_not_reap_itself()
    {
        var lane = await OpenLaneAsync("host-a");
        await Harness.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.That((await lane.ReapAsync()).Fenced, Is.Zero);
        await lane.Batch().CommitAsync();
    }

    [Test]
    public async Task R1_A_fenced_holder_learns_it_from_its_read_back_and_loses_what_was_released()
    {
        var slow = await OpenLaneAsync("host-a");
        var run = await slow.StartAsync("order-1");
        await Harness.AdvanceAsync(BeyondLease);
        var other = await OpenLaneAsync("host-b");
        await other.ReapAsync();
        await other.ClaimAsync(run);

        var back = await slow.ReadBackAsync();
        Assert.That(back is null || back.Owned.Count == 0, Is.True);
        Assert.That((await PlaceAsync(run)).Owner, Is.EqualTo("host-b"));
    }

    [Test]
    public async Task R2_Releasing_goes_on_in_later_rounds_until_nothing_is_left()
    {
        var dead = await OpenLaneAsync("host-a");
        foreach (var i in Enumerable.Range(0, 5))
            await dead.StartAsync($"order-{i}");
        await Harness.AdvanceAsync(BeyondLease);
        var reaper = await OpenLaneAsync("host-b");

        var released = new List<int>();
        foreach (var _ in Enumerable.Range(0, 4))
            released.Add((await reaper.ReapAsync(limit: 2)).Released);
        Assert.That(released, Is.EqualTo(new[] { 2, 2, 1, 0 }));
        Assert.That((await reaper.LookAsync()).Claimable, Has.Count.EqualTo(5));
    }

    [Test]
    public async Task R2_Runs_that_a_dead_lane_had_claimed_in_its_last_batch_are_released_too()
    {
        var run = await StartedAsync("order-1");
        var dead = await OpenLaneAsync("host-a");
        await dead.ClaimAsync(run);
        await Harness.AdvanceAsync(BeyondLease);
        var reaper = await OpenLaneAsync("host-b");
        await reaper.ReapAsync();
        Assert.That(await reaper.ClaimAsync(run), Is.EqualTo(new[] { new OwnedRun(run.Id, 2, 0, 0) }));
    }

    [Test]
    public async Task R3_A_released_run_is_due_at_once_with_the_values_of_its_run_row()
    {
        var run = await StartedAsync("order-1", start: run => Make.Start(run, queue: "big", priority: 4));
        var dead = await OpenLaneAsync("host-a");
        await dead.ClaimAsync(run);
        await dead.Batch().Event(run, 0).Update(run, RunStatus.Running, version: 3).Event(run, 1).CommitAsync();
        await Harness.AdvanceAsync(BeyondLease);
        await (await OpenLaneAsync("host-b")).ReapAsync();

        var wake = (await PlaceAsync(run)).Wake!;
        Assert.That((wake.Asap, wake.Type, wake.Version, wake.Queue, wake.Priority, wake.Hold, wake.Gen, wake.NextSeq), Is.EqualTo((true, "Order", 3, "big", 4, (short)0, 0, 2)));
    }

    [Test]
    public async Task R3_Mail_that_only_the_dead_lane_knew_is_loaded_by_the_next_owner()
    {
        var dead = await OpenLaneAsync("host-a");
        var run = await dead.StartAsync("order-1");
        await SendAsync(Make.Message(run, 1, 1));
        await Harness.AdvanceAsync(BeyondLease);
        var next = await OpenLaneAsync("host-b");
        await next.ReapAsync();
        await next.ClaimAsync(run);
        Assert.That((await LoadAsync(run)).Messages, Has.Count.EqualTo(1));
        Assert.That((await next.LookAsync()).Mail, Is.EqualTo(new[] { run.Id }), "the notice survived");
    }

    [Test]
    public async Task R4_Expiry_alone_releases_nothing()
    {
        var lane = await OpenLaneAsync("host-a");
        var run = await lane.StartAsync("order-1");
        await Harness.AdvanceAsync(BeyondLease);
        var reaped = await (await OpenLaneAsync("host-b")).ReapAsync(fence: false);
        Assert.That((reaped.Fenced, reaped.Released), Is.EqualTo((0, 0)));
        await lane.Batch().Event(run, 1).CommitAsync();
    }

    [Test]
    public async Task R6_Without_fencing_dead_lanes_are_still_released()
    {
        var lane = await OpenLaneAsync("host-a");
        await lane.StartAsync("order-1");
        await lane.CloseAsync();
        Assert.That((await (await OpenLaneAsync("host-b")).ReapAsync(fence: false)).Released, Is.EqualTo(1));
    }

    [Test]
    public async Task R5_A_lease_that_cannot_be_is_reported_and_reaped_when_it_was_seen_unchanged()
    {
        await OpenLaneAsync("host-a", lease: TimeSpan.FromHours(1));
        var reaper = await OpenLaneAsync("host-b");
        var first = await reaper.ReapAsync();
        Assert.That((first.Fenced, first.Impossible.Count), Is.EqualTo((0, 1)));
        var second = await reaper.ReapAsync(unchanged: first.Impossible);
        Assert.That((second.Fenced, second.Impossible.Count), Is.EqualTo((1, 0)));
    }

    [Test]
    public async Task R5_A_lane_that_moved_since_it_was_seen_is_not_reaped()
    {
        var lane = await OpenLaneAsync("host-a", lease: TimeSpan.FromHours(1));
        var reaper = await OpenLaneAsync("host-b");
        var seen = (await reaper.ReapAsync()).Impossible;
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1));
        await lane.HeartbeatAsync();
        Assert.That((await reaper.ReapAsync(unchanged: seen)).Fenced, Is.Zero);
    }

    [Test]
    public async Task R5_A_possible_lease_is_not_reaped_even_if_the_caller_names_it()
    {
        var lane = await OpenLaneAsync("host-a");
        var reaper = await OpenLaneAsync("host-b");
        var row = (await Store.ReadLanesAsync()).Single(row => row.Identity == "host-a");
        var reaped = await reaper.ReapAsync(unchanged: [new(lane.Key.LaneId, lane.Epoch, row.ExpiresAt)]);
        Assert.That((reaped.Fenced, reaped.Impossible.Count), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task R5_A_clock_set_back_makes_leases_impossible_until_they_are_renewed()
    {
        var lane = await OpenLaneAsync("host-a");
        await Harness.AdvanceAsync(TimeSpan.FromHours(-1));
        var reaper = await OpenLaneAsync("host-b");
        Assert.That((await reaper.ReapAsync()).Impossible.Select(seen => seen.LaneId), Is.EqualTo(new[] { lane.Key.LaneId }));
        await lane.HeartbeatAsync();
        Assert.That((await reaper.ReapAsync()).Impossible, Is.Empty);
    }

    [Test]
    public async Task A2_Attempts_of_a_run_that_kills_its_owners_add_up()
    {
        var run = await StartedAsync("order-1");
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            var lane = await OpenLaneAsync($"host-{attempt}");
            await lane.ReapAsync();
            Assert.That((await PlaceAsync(run)).WakeAttempt, Is.EqualTo(attempt - 1));
            Assert.That(await lane.ClaimAsync(run), Is.EqualTo(new[] { new OwnedRun(run.Id, attempt, 0, 0) }));
            await Harness.AdvanceAsync(BeyondLease);
        }
    }

    [Test]
    public async Task A2_A_run_that_moved_before_its_owner_died_starts_at_zero()
    {
        var run = await StartedAsync("order-1");
        var dead = await OpenLaneAsync("host-a");
        await dead.ClaimAsync(run);
        await dead.Batch().Event(run, 0).CommitAsync();
        await dead.CloseAsync();
        var next = await OpenLaneAsync("host-b");
        await next.ReapAsync();
        Assert.That(await next.ClaimAsync(run), Is.EqualTo(new[] { new OwnedRun(run.Id, 1, 0, 1) }));
    }

    [Test]
    public async Task A2_A_new_generation_is_progress_even_if_it_is_as_long_as_the_old_one()
    {
        var dead = await OpenLaneAsync("host-a");
        var run = await dead.StartAsync("order-1");
        await dead.Batch().Update(run, gen: 1).Event(run, 0, gen: 1).CommitAsync();
        await dead.CloseAsync();
        var next = await OpenLaneAsync("host-b");
        await next.ReapAsync();
        Assert.That(await next.ClaimAsync(run), Is.EqualTo(new[] { new OwnedRun(run.Id, 1, 1, 1) }));
    }

    [TestCase(RunStatus.Paused, HoldReasons.Paused)]
    [TestCase(RunStatus.Stalled, HoldReasons.Stalled)]
    [TestCase(RunStatus.Quarantined, HoldReasons.Quarantined)]
    public async Task Hold_A_held_run_stays_held_when_the_lane_dies_that_took_it_for_a_control_message(RunStatus status, short hold)
    {
        var run = await StartedAsync("order-1", start: run => Make.Start(run, hold: hold, status: status));
        var dead = await OpenLaneAsync("host-a");
        await dead.ClaimAsync(run);
        await dead.CloseAsync();
        await (await OpenLaneAsync("host-b")).ReapAsync();
        Assert.That((await PlaceAsync(run)).Wake!.Hold, Is.EqualTo(hold));
    }

    [Test]
    public async Task D8_The_notice_of_a_closed_run_is_swept_and_its_message_stays()
    {
        var lane = await OpenLaneAsync();
        var run = await ClosedAsync(lane, "order-1");
        await SendAsync(Make.Message(run, 1, 1), Make.Message(run, 1, 2, control: true));
        Assert.That((await lane.LookAsync()).Claimable, Is.Empty);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.That((await lane.ReapAsync()).Swept, Is.EqualTo(2));
        Assert.That(await MessagesAsync(run), Has.Count.EqualTo(2));
        Assert.That((await Store.ReadReadyDepthAsync()).Count, Is.Zero);
    }

    [Test]
    public async Task D8_The_notice_and_message_of_a_run_that_does_not_exist_go()
    {
        var lane = await OpenLaneAsync();
        var nobody = Make.Run("order-1");
        await SendAsync(Make.Message(nobody, 1, 1));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.That((await lane.ReapAsync()).Swept, Is.EqualTo(1));
        Assert.That((await PlaceAsync(nobody)).Messages, Is.Zero);
    }

    [Test]
    public async Task D8_A_young_notice_is_left_alone()
    {
        var lane = await OpenLaneAsync();
        await SendAsync(Make.Message(await ClosedAsync(lane, "order-1"), 1, 1));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(-30));
        Assert.That((await lane.ReapAsync()).Swept, Is.Zero);
    }

    [Test]
    public async Task D8_Notices_of_owned_and_of_waiting_runs_are_left_alone()
    {
        var lane = await OpenLaneAsync();
        var (owned, waiting) = (await lane.StartAsync("order-1"), await StartedAsync("order-2"));
        await SendAsync(Make.Message(owned, 1, 1), Make.Message(waiting, 1, 1));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.That((await lane.ReapAsync()).Swept, Is.Zero);
    }

    [Test]
    public async Task D8_The_notice_of_a_held_run_is_swept_unless_it_is_control_and_its_mail_waits()
    {
        var lane = await OpenLaneAsync();
        var run = await StartedAsync("order-1", start: run => Make.Start(run, hold: HoldReasons.Paused, status: RunStatus.Paused));
        await SendAsync(Make.Message(run, 1, 1), Make.Message(run, 2, 1, control: true));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.That((await lane.ReapAsync()).Swept, Is.EqualTo(1));
        Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }), "the control notice stands");
        await lane.ClaimAsync(run);
        Assert.That((await LoadAsync(run)).Messages, Has.Count.EqualTo(2), "a load reads mail whose notice is gone");
    }

    [Test]
    public async Task D8_A_sweep_goes_past_notices_that_must_stay()
    {
        var lane = await OpenLaneAsync();
        var owned = await lane.StartAsync("order-1");
        await SendAsync([.. Enumerable.Range(1, 20).Select(seq => Make.Message(owned, 1, seq))]);
        await SendAsync(Make.Message(await ClosedAsync(lane, "order-2"), 1, 1));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.That((await lane.ReapAsync(limit: 5)).Swept, Is.EqualTo(1));
    }
}
