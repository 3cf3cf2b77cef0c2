// Obligations S1 to S9, S10 and S26 (protocol O1 to O4, R7, X1) of docs/storage-provider.md: who may write, and how that changes hands.
namespace Durable.Storage.Contract;

/// <summary>Opening, taking over, reading back, renewing and closing lanes.</summary>
public abstract class LaneContract : StoreContract
{
    [Test]
    public async Task O1_A_new_lane_begins_at_commit_0_and_owns_nothing()
    {
        var lane = await OpenLaneAsync();
        Assert.That(lane.Opened.CommitSeq, Is.Zero);
        Assert.That(lane.Opened.Epoch, Is.GreaterThan(0));
        Assert.That(lane.Opened.Owned, Is.Empty);
    }

    [Test]
    public async Task O1_A_lane_with_a_live_holder_is_refused_to_another_holder()
    {
        var lane = await OpenLaneAsync("host-a");
        Assert.That(await TestLane.TryOpenAsync(Store, TestLane.NewKey("host-a", Store)), Is.Null);
        Assert.That((await lane.Batch().TryCommitAsync()).Outcome, Is.EqualTo(CommitOutcome.Committed), "the refusal raised no epoch");
    }

    [Test]
    public async Task O1_An_expired_lease_alone_gives_the_lane_to_nobody()
    {
        await OpenLaneAsync("host-a");
        await Harness.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.That(await TestLane.TryOpenAsync(Store, TestLane.NewKey("host-a", Store)), Is.Null);
    }

    [Test]
    public async Task O1_A_closed_lane_is_free_for_everybody_and_keeps_its_commit_number()
    {
        var first = await OpenLaneAsync("host-a");
        await first.StartAsync("order-1");
        await first.CloseAsync();

        var second = await OpenLaneAsync("host-a");
        Assert.That(second.Opened.CommitSeq, Is.EqualTo(1));
        Assert.That(second.Opened.Epoch, Is.GreaterThan(first.Epoch));
    }

    [Test]
    public async Task O1_Lanes_of_different_identities_do_not_touch_each_other()
    {
        var (one, two) = (await OpenLaneAsync("host-a"), await OpenLaneAsync("host-b"));
        await one.StartAsync("order-1");
        await two.StartAsync("order-2");
        Assert.That(((await one.ReadBackAsync())!.Owned.Count, (await two.ReadBackAsync())!.Owned.Count), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task O2_A_takeover_fences_the_live_holder_and_gets_its_runs()
    {
        var old = await OpenLaneAsync("host-a");
        var run = await old.StartAsync("order-1");

        var successor = await TestLane.OpenAsync(Store, "host-a", takeover: true);
        Assert.That(successor.Opened.Owned.Select(owned => owned.RunId), Is.EqualTo(new[] { run.Id }));
        Assert.That((await old.Batch().Event(run, 1).TryCommitAsync()).Outcome, Is.EqualTo(CommitOutcome.Refused));
        Assert.That(await EventsAsync(run), Is.EqualTo(new[] { (0, 0) }));
    }

    [Test]
    public async Task O2_A_takeover_counts_an_attempt_for_each_run_that_did_not_move()
    {
        var run = await (await OpenLaneAsync("host-a")).StartAsync("order-1");
        for (var expected = 2; expected <= 4; expected++)
        {
            var successor = await TestLane.OpenAsync(Store, "host-a", takeover: true);
            Assert.That(successor.Opened.Owned, Is.EqualTo(new[] { new OwnedRun(run.Id, expected, 0, 1) }));
        }
    }

    [Test]
    public async Task O2_A_takeover_begins_to_count_anew_for_runs_that_moved()
    {
        var lane = await OpenLaneAsync("host-a");
        var run = await lane.StartAsync("order-1");
        lane = await TestLane.OpenAsync(Store, "host-a", takeover: true);
        await lane.Batch().Event(run, 1).CommitAsync();

        lane = await TestLane.OpenAsync(Store, "host-a", takeover: true);
        Assert.That(lane.Opened.Owned, Is.EqualTo(new[] { new OwnedRun(run.Id, 1, 0, 2) }));
    }

    [Test]
    public async Task O2_A_takeover_that_is_repeated_by_the_same_holder_counts_once()
    {
        var run = await (await OpenLaneAsync("host-a")).StartAsync("order-1");
        var key = TestLane.NewKey("host-a", Store);
        await TestLane.TryOpenAsync(Store, key, takeover: true);
        var again = await TestLane.TryOpenAsync(Store, key, takeover: true);
        Assert.That(again!.Opened.Owned, Is.EqualTo(new[] { new OwnedRun(run.Id, 2, 0, 1) }));
    }

    [Test]
    public async Task O2_Runs_left_in_a_dead_lane_are_adopted_by_its_next_holder()
    {
        var lane = await OpenLaneAsync("host-a");
        var run = await lane.StartAsync("order-1");
        await lane.CloseAsync();

        var successor = await OpenLaneAsync("host-a");
        Assert.That(successor.Opened.Owned, Is.EqualTo(new[] { new OwnedRun(run.Id, 2, 0, 1) }));
    }

    [Test]
    public async Task O2_A_takeover_of_a_run_in_a_later_generation_says_how_long_that_one_is()
    {
        var lane = await OpenLaneAsync("host-a");
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Event(run, 1).Update(run, gen: 1).Event(run, 0, gen: 1).Event(run, 1, gen: 1).Event(run, 2, gen: 1).CommitAsync();

        var successor = await TestLane.OpenAsync(Store, "host-a", takeover: true);
        Assert.That(successor.Opened.Owned, Is.EqualTo(new[] { new OwnedRun(run.Id, 1, 1, 3) }));
    }

    [Test]
    public async Task O2_A_read_back_raises_the_epoch_and_counts_no_attempt()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var before = lane.Epoch;
        var back = await lane.ReadBackAsync();
        Assert.That(back!.Epoch, Is.GreaterThan(before));
        Assert.That(back.Owned, Is.EqualTo(new[] { new OwnedRun(run.Id, 1, 0, 1) }));
    }

    [Test]
    public async Task O3_A_read_back_tells_whether_the_last_batch_is_durable()
    {
        var lane = await OpenLaneAsync();
        await lane.StartAsync("order-1");
        Assert.That((await lane.ReadBackAsync())!.CommitSeq, Is.EqualTo(1));
        await lane.Batch().CommitAsync();
        Assert.That((await lane.ReadBackAsync())!.CommitSeq, Is.EqualTo(2));
    }

    [Test]
    public async Task O3_A_batch_of_the_epoch_before_a_read_back_can_no_longer_commit()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var late = lane.Batch().Event(run, 1);
        await lane.ReadBackAsync();

        Assert.That((await late.TryCommitAsync()).Outcome, Is.EqualTo(CommitOutcome.Refused));
        Assert.That((await lane.ReadBackAsync())!.CommitSeq, Is.EqualTo(1));
        await lane.Batch().Event(run, 1).CommitAsync();
        Assert.That(await EventsAsync(run), Is.EqualTo(new[] { (0, 0), (0, 1) }));
    }

    [Test]
    public async Task O3_A_read_back_may_be_repeated_and_says_the_same_again()
    {
        var lane = await OpenLaneAsync();
        await lane.StartAsync("order-1");
        var (first, second) = (await lane.ReadBackAsync(), await lane.ReadBackAsync());
        Assert.That((second!.CommitSeq, second.Owned.Single()), Is.EqualTo((first!.CommitSeq, first.Owned.Single())));
    }

    [Test]
    public async Task O3_A_cancelled_commit_is_an_outcome_and_the_read_back_settles_it()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var result = await lane.Batch().Event(run, 1).TryCommitAsync(new CancellationToken(canceled: true));
        Assert.That(result.Outcome, Is.EqualTo(CommitOutcome.Unknown).Or.EqualTo(CommitOutcome.Committed));

        var durable = (await lane.ReadBackAsync())!.CommitSeq == 2;
        Assert.That(await EventsAsync(run), Has.Count.EqualTo(durable ? 2 : 1));
    }

    [Test]
    public async Task O3_A_run_claimed_by_a_batch_in_doubt_is_in_the_list_of_the_read_back()
    {
        var run = await StartedAsync("order-1");
        var lane = await OpenLaneAsync();
        await lane.ClaimAsync(run);
        Assert.That((await lane.ReadBackAsync())!.Owned, Is.EqualTo(new[] { new OwnedRun(run.Id, 1, 0, 0) }));
    }

    [Test]
    public async Task R7_A_heartbeat_renews_the_lease_and_nothing_else()
    {
        var lane = await OpenLaneAsync("host-a");
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(15));
        Assert.That(await lane.HeartbeatAsync(), Is.True);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(15));

        Assert.That((await (await OpenLaneAsync("host-b")).ReapAsync()).Fenced, Is.Zero);
        await lane.Batch().CommitAsync();
    }

    [Test]
    public async Task R7_A_heartbeat_of_another_epoch_is_refused_and_renews_nothing()
    {
        var lane = await OpenLaneAsync("host-a");
        await TestLane.OpenAsync(Store, "host-a", takeover: true);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(15));
        Assert.That(await lane.HeartbeatAsync(), Is.False);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(15));
        Assert.That((await (await OpenLaneAsync("host-b")).ReapAsync()).Fenced, Is.EqualTo(1));
    }

    [Test]
    public async Task R7_A_heartbeat_of_an_expired_lease_that_nobody_reaped_heals_it()
    {
        var lane = await OpenLaneAsync("host-a");
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(5));
        Assert.That(await lane.HeartbeatAsync(), Is.True);
        Assert.That((await (await OpenLaneAsync("host-b")).ReapAsync()).Fenced, Is.Zero);
    }

    [Test]
    public async Task X1_After_a_close_no_batch_and_no_heartbeat_of_the_lane_counts()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await lane.CloseAsync();
        Assert.That((await lane.Batch().Event(run, 1).TryCommitAsync()).Outcome, Is.EqualTo(CommitOutcome.Refused));
        Assert.That(await lane.HeartbeatAsync(), Is.False);
        Assert.That(await Store.ReadLanesAsync(), Is.Empty);
    }

    [Test]
    public async Task X1_A_close_under_an_old_epoch_does_nothing()
    {
        var old = await OpenLaneAsync("host-a");
        var successor = await TestLane.OpenAsync(Store, "host-a", takeover: true);
        await old.CloseAsync();
        await successor.Batch().CommitAsync();
    }

    [Test]
    public async Task X1_Runs_of_a_closed_lane_are_released_by_the_next_reap()
    {
        var lane = await OpenLaneAsync("host-a");
        var run = await lane.StartAsync("order-1");
        await lane.CloseAsync();

        var other = await OpenLaneAsync("host-b");
        Assert.That((await other.ReapAsync()).Released, Is.EqualTo(1));
        Assert.That((await other.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
    }

    [Test]
    public async Task Lanes_with_a_holder_are_listed_with_what_they_serve()
    {
        var lane = await OpenLaneAsync("host-a", build: "build-7");
        await lane.StartAsync("order-1");
        await OpenLaneAsync("host-b", lease: TimeSpan.FromHours(2));
        await Harness.AdvanceAsync(TimeSpan.FromHours(1));

        var rows = (await Store.ReadLanesAsync()).ToDictionary(row => row.Identity);
        Assert.That(rows.Keys, Is.EquivalentTo(new[] { "host-a", "host-b" }));
        Assert.That((rows["host-a"].Build, rows["host-a"].Alive, rows["host-a"].Owned), Is.EqualTo(("build-7", false, 1)));
        Assert.That(rows["host-a"].Serves, Is.EqualTo(new[] { "Order@1" }));
        Assert.That((rows["host-b"].Alive, rows["host-b"].Owned), Is.EqualTo((true, 0)));
        Assert.That((rows["host-a"].CommitSeq, rows["host-b"].CommitSeq), Is.EqualTo((1, 0)), "by this a holder finds a database that went back in time");
    }
}
