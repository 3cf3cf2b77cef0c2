// Obligations S30, S31 and S95 (protocol S4, T3) of docs/storage-provider.md: held runs, who may take them, and control messages.
namespace Durable.Storage.Contract;

/// <summary>Paused, stalled and quarantined runs.</summary>
public abstract class HoldContract : StoreContract
{
    [TestCase(HoldReasons.Paused)]
    [TestCase(HoldReasons.Quarantined)]
    [TestCase((short)(HoldReasons.Paused | HoldReasons.Stalled))]
    public async Task Hold_A_held_run_is_found_by_nobody(short hold)
    {
        var lane = await OpenLaneAsync();
        var run = await HeldAsync(lane, hold, "build-0");
        await SendAsync(Make.Message(run, 1, 1));
        Assert.That((await lane.LookAsync()).Claimable, Is.Empty);
        Assert.That((await lane.LookAsync(asBuild: "build-7")).Claimable, Is.Empty);
    }

    [Test]
    public async Task Hold_A_stalled_run_is_found_by_builds_that_have_not_stalled_it()
    {
        var lane = await OpenLaneAsync();
        var run = await HeldAsync(lane, HoldReasons.Stalled, "build-1", "build-2");
        Assert.That((await lane.LookAsync(asBuild: "build-1")).Claimable, Is.Empty);
        Assert.That((await lane.LookAsync(asBuild: "build-2")).Claimable, Is.Empty);
        Assert.That((await lane.LookAsync(asBuild: "build-3")).Claimable, Is.EqualTo(new[] { run.Id }));
        Assert.That((await lane.LookAsync(asBuild: "build")).Claimable, Is.EqualTo(new[] { run.Id }), "builds are compared whole");
    }

    [Test]
    public async Task Hold_A_run_stalled_by_no_named_build_is_found_by_all()
    {
        var lane = await OpenLaneAsync();
        var run = await HeldAsync(lane, HoldReasons.Stalled);
        Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
    }

    [Test]
    public async Task Hold_Hold_and_builds_are_kept()
    {
        var lane = await OpenLaneAsync();
        var run = await HeldAsync(lane, HoldReasons.Stalled | HoldReasons.Paused, "build-1", "build, \"2\"");
        var wake = (await PlaceAsync(run)).Wake!;
        Assert.That(wake.Hold, Is.EqualTo(HoldReasons.Stalled | HoldReasons.Paused));
        Assert.That(wake.HoldBuilds, Is.EqualTo(new[] { "build-1", "build, \"2\"" }));
    }

    [TestCase(HoldReasons.Paused)]
    [TestCase(HoldReasons.Stalled)]
    [TestCase(HoldReasons.Quarantined)]
    public async Task T3_A_control_message_makes_a_held_run_claimable(short hold)
    {
        var lane = await OpenLaneAsync();
        var run = await HeldAsync(lane, hold, "build-1");
        await SendAsync(Make.Message(run, 1, 1, control: true));
        Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
        Assert.That(await lane.ClaimAsync(run), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task T3_A_control_message_brings_a_run_to_any_lane_whatever_types_and_queues_it_serves()
    {
        var lane = await OpenLaneAsync();
        var run = await StartedAsync("invoice-1", type: "Invoice", start: run => Make.Start(run, queue: "big", dueAt: DateTimeOffset.UnixEpoch.AddYears(200)));
        await SendAsync(Make.Message(run, 1, 1, control: true));
        Assert.That((await lane.LookAsync(serves: [], queues: [""])).Claimable, Is.EqualTo(new[] { run.Id }));
    }

    [Test]
    public async Task T3_A_control_message_does_not_cross_namespaces()
    {
        var lane = await OpenLaneAsync();
        var run = await StartedAsync("order-1", ns: "acme", type: "Invoice");
        await SendAsync(Make.Message(run, 1, 1, control: true));
        Assert.That((await lane.LookAsync(namespaces: ["globex"])).Claimable, Is.Empty);
    }

    [Test]
    public async Task T3_An_ordinary_message_does_not_bring_a_run_to_a_lane_that_cannot_run_it()
    {
        var lane = await OpenLaneAsync();
        var run = await StartedAsync("invoice-1", type: "Invoice");
        await SendAsync(Make.Message(run, 1, 1));
        Assert.That((await lane.LookAsync()).Claimable, Is.Empty);
    }

    [Test]
    public async Task Hold_A_run_whose_hold_ends_is_found_again_with_its_mail()
    {
        var lane = await OpenLaneAsync();
        var run = await HeldAsync(lane, HoldReasons.Paused);
        await SendAsync(Make.Message(run, 1, 1));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(5));
        await lane.ReapAsync();
        await SendAsync(Make.Message(run, 2, 1, control: true));
        await lane.ClaimAsync(run);
        await lane.Batch().Consume(run, Make.Message(run, 2, 1), 1).Park(Make.Park(run, 2, asap: true)).CommitAsync();

        Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
        await lane.ClaimAsync(run);
        Assert.That((await LoadAsync(run)).Messages.Select(message => message.Sender), Is.EqualTo(new[] { Make.Sender(1) }));
    }

    [TestCase(HoldReasons.Paused)]
    [TestCase(HoldReasons.Stalled)]
    [TestCase(HoldReasons.Quarantined)]
    public async Task Hold_A_reaper_is_told_of_held_runs_whose_deadline_is_over(short hold)
    {
        var lane = await OpenLaneAsync();
        var deadline = (await NowAsync()).AddMinutes(1);
        var held = await StartedAsync("held", start: run => Make.Start(run, hold: hold, deadlineAt: deadline));
        await StartedAsync("free", start: run => Make.Start(run, deadlineAt: deadline));
        await StartedAsync("endless", start: run => Make.Start(run, hold: hold));
        Assert.That((await lane.ReapAsync()).Overdue, Is.Empty);

        await Harness.AdvanceAsync(TimeSpan.FromSeconds(61));

        Assert.That((await lane.ReapAsync()).Overdue, Is.EqualTo(new[] { new OverdueRun(held.Id, held.Namespace, held.Shard) }));
        Assert.That((await lane.ReapAsync(limit: 0)).Overdue, Is.Empty, "a page at a time");
    }

    private async Task<TestRun> HeldAsync(TestLane lane, short hold, params string[] builds)
    {
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Park(Make.Park(run, 1, asap: true, hold: hold, holdBuilds: builds.Length == 0 ? null : builds)).CommitAsync();
        return run;
    }
}
