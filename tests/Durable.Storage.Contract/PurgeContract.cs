// Obligations S11, S76 and S77 (protocol P2, X2) of docs/storage-provider.md: a purged run leaves nothing behind, and nothing else goes.
namespace Durable.Storage.Contract;

/// <summary>Deleting closed runs.</summary>
public abstract class PurgeContract : StoreContract
{
    [Test]
    public async Task P2_A_purged_run_leaves_nothing_behind()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Document(new DocumentRecord("default", "update", $"{run.Id}/u1", run.Shard, 1, "{}", run.Id)).Event(run, 1).Close(run).CommitAsync();
        await SendAsync(Make.Message(run, 1, 1), Make.Message(run, 1, 2, notice: false), Make.Message(run, 1, 3, control: true));

        Assert.That(await Store.PurgeAsync(new(null, run.Id)), Is.EqualTo(1));
        Assert.That(await Store.FindRunAsync("default", "order-1", null), Is.Null);
        Assert.That(await Store.FindRunAsync("default", null, run.Id), Is.Null);
        Assert.That(await EventsAsync(run), Is.Empty);
        Assert.That((await PlaceAsync(run)).Messages, Is.Zero);
        Assert.That(await Store.LoadAsync(new([run.Id])), Is.Empty);
        Assert.That(await Store.ReadStatusesAsync([run.Id]), Is.Empty);
        Assert.That(await Store.FindDocumentAsync("default", "update", $"{run.Id}/u1"), Is.Null);
        Assert.That(await Store.CountRunsAsync(Make.Query()), Is.Zero);
        Assert.That((await Store.ReadReadyDepthAsync()).Count, Is.Zero);
        Assert.That(await Store.PurgeAsync(new(null, run.Id)), Is.Zero);
    }

    [Test]
    public async Task P2_An_open_run_is_not_purged()
    {
        var lane = await OpenLaneAsync();
        var (owned, waiting) = (await lane.StartAsync("order-1"), await StartedAsync("order-2"));
        await Harness.AdvanceAsync(TimeSpan.FromDays(1));
        Assert.That(await Store.PurgeAsync(new(null, owned.Id)), Is.Zero);
        Assert.That(await Store.PurgeAsync(new(await NowAsync(), null)), Is.Zero);
        await lane.Batch().Event(owned, 1).CommitAsync();
        Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { waiting.Id }));
    }

    [Test]
    public async Task P2_Runs_are_purged_by_age_of_their_end_in_pages()
    {
        var lane = await OpenLaneAsync();
        foreach (var i in Enumerable.Range(0, 5))
            await ClosedAsync(lane, $"old-{i}");
        await Harness.AdvanceAsync(TimeSpan.FromDays(1));
        var young = await ClosedAsync(lane, "young");
        var before = (await NowAsync()).AddHours(-1);

        var purged = new List<int>();
        foreach (var _ in Enumerable.Range(0, 3))
            purged.Add(await Store.PurgeAsync(new(before, null, Limit: 2)));
        Assert.That(purged, Is.EqualTo(new[] { 2, 2, 1 }));
        Assert.That((await Store.ListRunsAsync(Make.Query())).Select(run => run.RunId), Is.EqualTo(new[] { young.Id }));
    }

    [Test]
    public async Task P2_A_purge_takes_nothing_of_other_runs()
    {
        var lane = await OpenLaneAsync();
        var (goes, stays) = (await ClosedAsync(lane, "order-1"), await ClosedAsync(lane, "order-2"));
        await SendAsync(Make.Message(stays, 1, 1));
        await Store.PutDocumentAsync(new("default", "update", "u", stays.Shard, 1, "{}", stays.Id));
        await Store.PutDocumentAsync(new("default", "note", "n", goes.Shard, 1, "{}"));
        await Store.PurgeAsync(new(null, goes.Id));
        Assert.That(await EventsAsync(stays), Has.Count.EqualTo(2));
        Assert.That(await MessagesAsync(stays), Has.Count.EqualTo(1));
        Assert.That(await Store.FindDocumentAsync("default", "update", "u"), Is.Not.Null);
        Assert.That(await Store.FindDocumentAsync("default", "note", "n"), Is.Not.Null, "it belongs to no run");
    }

    [Test]
    public async Task P2_The_id_of_a_purged_run_is_free_whatever_the_gate()
    {
        var run = await ClosedAsync(await OpenLaneAsync(), "order-1");
        Assert.That((await DeliverStartAsync(Make.Start(Make.Run("order-1"), StartGate.Never))).Started, Is.False);
        await Store.PurgeAsync(new(null, run.Id));
        Assert.That((await DeliverStartAsync(Make.Start(Make.Run("order-1"), StartGate.Never))).Started, Is.True);
    }

    [Test]
    public async Task P2_Purging_an_earlier_run_of_an_id_leaves_the_later_ones_their_ordinal()
    {
        var lane = await OpenLaneAsync();
        var first = await ClosedAsync(lane, "order-1");
        await ClosedAsync(lane, "order-1");
        await Store.PurgeAsync(new(null, first.Id));
        Assert.That((await ReadRunAsync(await StartedAsync("order-1"))).Ordinal, Is.EqualTo(3));
    }

    [Test]
    public async Task P2_Without_run_and_age_no_run_is_purged()
    {
        await ClosedAsync(await OpenLaneAsync(), "order-1");
        Assert.That(await Store.PurgeAsync(new(null, null, LogBefore: (await NowAsync()).AddYears(1))), Is.Zero);
        Assert.That(await Store.CountRunsAsync(Make.Query()), Is.EqualTo(1));
    }

    [Test]
    public async Task X2_A_dead_lane_that_owns_nothing_goes_and_its_numbers_begin_again()
    {
        var lane = await OpenLaneAsync("host-a");
        for (var i = 0; i < 3; i++) await lane.Batch().CommitAsync();
        await lane.CloseAsync();
        await (await OpenLaneAsync("host-b")).ReapAsync();
        await Harness.AdvanceAsync(TimeSpan.FromDays(1));
        await Store.PurgeAsync(new(null, null, LogBefore: (await NowAsync()).AddHours(-1)));
        Assert.That((await OpenLaneAsync("host-a")).Opened.CommitSeq, Is.Zero);
    }

    [Test]
    public async Task P2_A_purge_of_the_log_leaves_each_lane_its_number()
    {
        var lane = await OpenLaneAsync("host-a");
        for (var i = 0; i < 3; i++) await lane.Batch().CommitAsync();
        await PurgeLogAsync();
        Assert.That((await Store.ReadLanesAsync()).Single().CommitSeq, Is.EqualTo(3));
        await lane.Batch().CommitAsync();
        await PurgeLogAsync();
        Assert.That((await lane.ReadBackAsync())!.CommitSeq, Is.EqualTo(4));

        // Under another holder too, whether a reaper has seen it dead or not.
        await lane.Batch().CommitAsync();
        await lane.CloseAsync();
        var again = await OpenLaneAsync("host-a");
        Assert.That(again.Opened.CommitSeq, Is.EqualTo(5));
        await again.Batch().CommitAsync();
        await again.CloseAsync();
        await (await OpenLaneAsync("host-b")).ReapAsync();
        Assert.That((await OpenLaneAsync("host-a")).Opened.CommitSeq, Is.EqualTo(6));

        async Task PurgeLogAsync() => await Store.PurgeAsync(new(null, null, LogBefore: (await NowAsync()).AddYears(1)));
    }

    [Test]
    public async Task X2_A_lane_that_lives_or_owns_runs_stays()
    {
        var (live, dead) = (await OpenLaneAsync("host-a"), await OpenLaneAsync("host-b"));
        await live.Batch().CommitAsync();
        var run = await dead.StartAsync("order-1");
        await dead.CloseAsync();
        await Harness.AdvanceAsync(TimeSpan.FromDays(1));
        await Store.PurgeAsync(new(null, null, LogBefore: (await NowAsync()).AddHours(-1)));
        await live.Batch().CommitAsync();
        Assert.That((await OpenLaneAsync("host-b")).Opened.Owned.Select(owned => owned.RunId), Is.EqualTo(new[] { run.Id }));
    }
}
