// Obligations S73 to S75, S78 and S79 (protocol P3) of docs/storage-provider.md: documents, leases, imports, the place.
namespace Durable.Storage.Contract;

/// <summary>Documents, leases, imports and the acceptance of a restored database.</summary>
public abstract class AdministrationContract : StoreContract
{
    [Test]
    public async Task A_document_is_written_by_compare_and_set()
    {
        Assert.That(await PutAsync(1, """{"n":1}"""), Is.True);
        Assert.That(await PutAsync(1, """{"n":0}"""), Is.False, "it is not new any more");
        Assert.That(await PutAsync(3, """{"n":0}"""), Is.False);
        Assert.That(await PutAsync(2, """{"n":2}"""), Is.True);
        Assert.That(await PutAsync(2, """{"n":0}"""), Is.False);
        var stored = await Store.FindDocumentAsync("default", "note", "a");
        Assert.That((stored!.Namespace, stored.Kind, stored.Key, stored.Version, stored.Shard), Is.EqualTo(("default", "note", "a", 2, (short)7)));
        AssertJson(stored.Json, """{"n":2}""");
    }

    [Test]
    public async Task A_new_document_begins_at_version_1()
    {
        Assert.That(await PutAsync(2, "{}"), Is.False);
        Assert.That(await Store.FindDocumentAsync("default", "note", "a"), Is.Null);
    }

    [Test]
    public async Task Documents_are_apart_by_namespace_kind_and_key()
    {
        await PutAsync(1, "{}");
        Assert.That(await Store.FindDocumentAsync("acme", "note", "a"), Is.Null);
        Assert.That(await Store.FindDocumentAsync("default", "update", "a"), Is.Null);
        Assert.That(await Store.FindDocumentAsync("default", "note", "A"), Is.Null);
        Assert.That(await Store.PutDocumentAsync(new("acme", "note", "a", 7, 1, "{}")), Is.True);
    }

    [Test]
    public async Task Of_many_who_write_a_document_at_once_one_succeeds_per_version()
    {
        for (var version = 1; version <= 5; version++)
        {
            var wins = await Task.WhenAll(Enumerable.Range(0, 6).Select(writer => Task.Run(() => PutAsync(version, $$"""{"writer":{{writer}}}"""))));
            Assert.That(wins.Count(won => won), Is.EqualTo(1));
        }
    }

    [Test]
    public async Task P3_A_lease_is_held_by_one()
    {
        var (a, b) = (Guid.NewGuid(), Guid.NewGuid());
        var minute = TimeSpan.FromMinutes(1);
        var first = await Store.TryLeaseAsync("purge", a, minute);
        Assert.That(first, Is.Not.Null);
        Assert.That(await Store.TryLeaseAsync("purge", b, minute), Is.Null);
        Assert.That(await Store.TryLeaseAsync("purge", a, minute), Is.EqualTo(first), "a renewal keeps the epoch");
        Assert.That(await Store.TryLeaseAsync("other", b, minute), Is.Not.Null);
    }

    [Test]
    public async Task P3_An_expired_lease_passes_to_another_holder_with_a_higher_epoch()
    {
        var (a, b) = (Guid.NewGuid(), Guid.NewGuid());
        var first = await Store.TryLeaseAsync("purge", a, TimeSpan.FromMinutes(1));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(45));
        await Store.TryLeaseAsync("purge", a, TimeSpan.FromMinutes(1));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(45));
        Assert.That(await Store.TryLeaseAsync("purge", b, TimeSpan.FromMinutes(1)), Is.Null, "it was renewed");
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(45));
        Assert.That(await Store.TryLeaseAsync("purge", b, TimeSpan.FromMinutes(1)), Is.GreaterThan(first!.Value));
        Assert.That(await Store.TryLeaseAsync("purge", a, TimeSpan.FromMinutes(1)), Is.Null);
    }

    [Test]
    public async Task An_imported_open_run_is_whole_and_paused()
    {
        var run = Make.Run("order-1");
        var result = await Store.ImportRunAsync(Make.Start(run), 2, 1, null, [Make.Event(run, 0, 1), Make.Event(run, 1, 1), Make.Event(run, 0, 2), Make.Event(run, 1, 2), Make.Event(run, 2, 2)]);
        Assert.That(result.Started, Is.True);
        var stored = await ReadRunAsync(run);
        Assert.That((stored.Status, stored.Gen, stored.FirstGen, stored.Ordinal), Is.EqualTo((RunStatus.Paused, 2, 1, 1)));
        var wake = (await PlaceAsync(run)).Wake!;
        Assert.That((wake.Hold, wake.Gen, wake.NextSeq), Is.EqualTo((HoldReasons.Paused, 2, 3)));
        Assert.That((await LoadAsync(run)).Events.Select(row => (row.Gen, row.Seq)), Is.EqualTo(new[] { (2, 0), (2, 1), (2, 2) }));
        Assert.That(await EventsAsync(run), Has.Count.EqualTo(5));

        var lane = await OpenLaneAsync();
        Assert.That((await lane.LookAsync()).Claimable, Is.Empty);
        await SendAsync(Make.Message(run, 1, 1, control: true));
        Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
    }

    [Test]
    public async Task An_imported_closed_run_is_closed()
    {
        var run = Make.Run("order-1");
        await Store.ImportRunAsync(Make.Start(run), 0, 0, Make.Close(run, RunStatus.Failed, "42"), [Make.Event(run, 0)]);
        var stored = await ReadRunAsync(run);
        Assert.That((stored.Status, stored.Outcome, stored.ClosedAt is null), Is.EqualTo((RunStatus.Failed, Make.Bytes("42"), false)));
        Assert.That((await PlaceAsync(run)).Wake, Is.Null);
        Assert.That((await DeliverStartAsync(Make.Start(Make.Run("order-1"), StartGate.OnlyFailed))).Started, Is.True);
    }

    [Test]
    public async Task An_import_is_refused_where_the_id_is_taken_and_may_be_repeated()
    {
        var open = await StartedAsync("order-1");
        var run = Make.Run("order-1");
        var refused = await Store.ImportRunAsync(Make.Start(run), 0, 0, null, [Make.Event(run, 0)]);
        Assert.That((refused.Started, refused.Existing!.RunId), Is.EqualTo((false, open.Id)));
        Assert.That(await EventsAsync(run), Is.Empty);

        var other = Make.Run("order-2");
        await Store.ImportRunAsync(Make.Start(other), 0, 0, null, [Make.Event(other, 0)]);
        Assert.That((await Store.ImportRunAsync(Make.Start(other), 0, 0, null, [Make.Event(other, 0)])).Started, Is.True);
        Assert.That(await EventsAsync(other), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Initializing_again_says_the_same()
    {
        var (first, second) = (await Store.InitializeAsync(), await Store.InitializeAsync());
        Assert.That(second, Is.EqualTo(first));
        Assert.That((first.PlaceChanged, first.InstallationId == Guid.Empty, first.SchemaVersion > 0), Is.EqualTo((false, false, true)));
        Assert.That(Store.Description, Is.Not.Empty);
    }

    [Test]
    public async Task Accepting_the_place_with_Continue_changes_no_run()
    {
        var lane = await OpenLaneAsync();
        var (owned, waiting) = (await lane.StartAsync("order-1"), await StartedAsync("order-2"));
        await Store.AcceptPlaceAsync(RestoredStorePolicy.Continue);
        Assert.That((await ReadRunAsync(owned)).Status, Is.EqualTo(RunStatus.Running));
        Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { waiting.Id }));
    }

    [Test]
    public async Task Accepting_the_place_with_HoldAllRuns_pauses_every_open_run_and_fences_every_lane()
    {
        var lane = await OpenLaneAsync("host-a");
        var (owned, waiting, closed) = (await lane.StartAsync("order-1"), await StartedAsync("order-2"), await ClosedAsync(lane, "order-3"));
        await Store.AcceptPlaceAsync(RestoredStorePolicy.HoldAllRuns);

        Assert.That((await lane.Batch().Event(owned, 1).TryCommitAsync()).Outcome, Is.EqualTo(CommitOutcome.Refused));
        foreach (var run in new[] { owned, waiting })
        {
            var place = await PlaceAsync(run);
            Assert.That((place.Owner, place.Wake!.Hold, (await ReadRunAsync(run)).Status), Is.EqualTo(((string?)null, HoldReasons.Paused, RunStatus.Paused)), run.WorkflowId);
        }
        Assert.That((await ReadRunAsync(closed)).Status, Is.EqualTo(RunStatus.Completed));
        var next = await OpenLaneAsync("host-b");
        Assert.That((await next.LookAsync()).Claimable, Is.Empty);
        await SendAsync(Make.Message(owned, 1, 1, control: true));
        Assert.That((await next.LookAsync()).Claimable, Is.EqualTo(new[] { owned.Id }));
    }

    [Test]
    public async Task A_second_hold_keeps_the_first_reason()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Event(run, 1).Update(run, RunStatus.Stalled).Park(Make.Park(run, 2, asap: true, hold: HoldReasons.Stalled, holdBuilds: ["build-1"])).CommitAsync();
        await Store.AcceptPlaceAsync(RestoredStorePolicy.HoldAllRuns);
        var wake = (await PlaceAsync(run)).Wake!;
        Assert.That((wake.Hold, (await ReadRunAsync(run)).Status), Is.EqualTo(((short)(HoldReasons.Stalled | HoldReasons.Paused), RunStatus.Stalled)));
        Assert.That(wake.HoldBuilds, Is.EqualTo(new[] { "build-1" }));
    }

    private Task<bool> PutAsync(int version, string json) => Store.PutDocumentAsync(new("default", "note", "a", 7, version, json));
}
