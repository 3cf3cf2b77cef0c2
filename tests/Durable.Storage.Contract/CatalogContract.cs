// Obligations S67 to S72 (protocol F2) of docs/storage-provider.md: find, list, count, events, placement.
namespace Durable.Storage.Contract;

/// <summary>Reading runs.</summary>
public abstract class CatalogContract : StoreContract
{
    [Test]
    public async Task A_run_is_found_by_its_id_or_as_the_newest_of_its_workflow_id()
    {
        var lane = await OpenLaneAsync();
        var first = await ClosedAsync(lane, "order-1");
        var second = await StartedAsync("order-1");
        Assert.That((await Store.FindRunAsync("default", "order-1", null))!.RunId, Is.EqualTo(second.Id));
        Assert.That((await Store.FindRunAsync("default", "order-1", first.Id))!.RunId, Is.EqualTo(first.Id));
        Assert.That((await Store.FindRunAsync("default", null, first.Id))!.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(await Store.FindRunAsync("default", "order-2", first.Id), Is.Null);
        Assert.That(await Store.FindRunAsync("default", "order-2", null), Is.Null);
        Assert.That(await Store.FindRunAsync("default", null, Make.Run("order-1").Id), Is.Null);
        Assert.That(await Store.FindRunAsync("default", "ORDER-1", null), Is.Null, "ids are compared exactly");
    }

    [Test]
    public async Task F2_Statuses_are_read_for_many_runs_at_once_and_unknown_ones_left_out()
    {
        var lane = await OpenLaneAsync();
        var (open, closed) = (await lane.StartAsync("order-1"), await ClosedAsync(lane, "order-2", RunStatus.TimedOut));
        var rows = await Store.ReadStatusesAsync([open.Id, Make.Run("order-3").Id, closed.Id]);
        Assert.That(rows, Is.EquivalentTo(new[] { new RunStatusRow(open.Id, RunStatus.Running), new RunStatusRow(closed.Id, RunStatus.TimedOut) }));
        Assert.That(await Store.ReadStatusesAsync([]), Is.Empty);
    }

    [Test]
    public async Task A_list_is_newest_first_and_pages_have_no_gaps_and_no_repeats()
    {
        var runs = new List<Guid>();
        foreach (var i in Enumerable.Range(0, 10))
            runs.Add((await StartedAsync($"order-{i}")).Id);
        var pages = new List<Guid>();
        Guid? after = null;
        for (var more = true; more;)
        {
            var page = await Store.ListRunsAsync(Make.Query(after: after, limit: 3));
            pages.AddRange(page.Select(run => run.RunId));
            (after, more) = (pages[^1], page.Count == 3);
        }
        Assert.That(pages, Is.EqualTo(runs.AsEnumerable().Reverse()));
    }

    [Test]
    public async Task Pages_stay_stable_while_runs_start_and_go()
    {
        var lane = await OpenLaneAsync();
        var runs = new List<TestRun>();
        foreach (var i in Enumerable.Range(0, 6))
            runs.Add(await ClosedAsync(lane, $"order-{i}"));
        var first = await Store.ListRunsAsync(Make.Query(limit: 3));
        await StartedAsync("order-new");
        await Store.PurgeAsync(new(null, first[^1].RunId));
        var second = await Store.ListRunsAsync(Make.Query(after: first[^1].RunId, limit: 3));
        Assert.That(second.Select(run => run.RunId), Is.EqualTo(new[] { runs[2].Id, runs[1].Id, runs[0].Id }));
    }

    [Test]
    public async Task A_list_filters_by_type_and_status_before_it_counts_to_the_limit()
    {
        var lane = await OpenLaneAsync();
        var orders = new List<Guid>();
        foreach (var i in Enumerable.Range(0, 3))
            orders.Add((await ClosedAsync(lane, $"order-{i}", i == 0 ? RunStatus.Failed : RunStatus.Completed)).Id);
        foreach (var i in Enumerable.Range(0, 4))
            await StartedAsync($"invoice-{i}", type: "Invoice");

        Assert.That(await IdsAsync(Make.Query(type: "Order", limit: 2)), Is.EqualTo(new[] { orders[2], orders[1] }));
        Assert.That(await IdsAsync(Make.Query(statuses: [RunStatus.Failed])), Is.EqualTo(new[] { orders[0] }));
        Assert.That(await IdsAsync(Make.Query(statuses: [RunStatus.Failed, RunStatus.Completed])), Has.Count.EqualTo(3));
        Assert.That(await IdsAsync(Make.Query(type: "Invoice", statuses: [RunStatus.Completed])), Is.Empty);
    }

    [Test]
    public async Task A_list_filters_by_time_of_start_from_inclusive_to_exclusive()
    {
        var run = await StartedAsync("order-1");
        var at = (await ReadRunAsync(run)).CreatedAt;
        Assert.That(await IdsAsync(Make.Query(from: at)), Has.Count.EqualTo(1));
        Assert.That(await IdsAsync(Make.Query(from: at.AddMicroseconds(1))), Is.Empty);
        Assert.That(await IdsAsync(Make.Query(before: at)), Is.Empty);
        Assert.That(await IdsAsync(Make.Query(before: at.AddMicroseconds(1))), Has.Count.EqualTo(1));
    }

    [TestCase("100%", "100%-off")]
    [TestCase("a_b", "a_b_c")]
    [TestCase("[x", "[x]-1")]
    [TestCase("back\\", "back\\slash")]
    [TestCase("it's", "it's-1")]
    [TestCase("ÄÖ", "ÄÖÜ")]
    [TestCase("*", "*-star")]
    public async Task A_prefix_is_compared_literally(string prefix, string workflowId)
    {
        var run = await StartedAsync(workflowId);
        foreach (var other in new[] { "100x-off", "axb_c", "x]-1", "backslash", "its-1", "äöü", "star", "" })
            await StartedAsync(other);
        Assert.That(await IdsAsync(Make.Query(prefix: prefix)), Is.EqualTo(new[] { run.Id }));
    }

    [Test]
    public async Task A_prefix_minds_case_and_may_be_the_whole_id()
    {
        var run = await StartedAsync("Order-1");
        await StartedAsync("order-1");
        Assert.That(await IdsAsync(Make.Query(prefix: "Order-1")), Is.EqualTo(new[] { run.Id }));
        Assert.That(await IdsAsync(Make.Query(prefix: "Order-12")), Is.Empty);
        Assert.That(await IdsAsync(Make.Query(prefix: "")), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_list_finds_runs_by_kind_or_target_of_what_they_wait_for()
    {
        var lane = await OpenLaneAsync();
        var (timer, mail, several, plain) = (await lane.StartAsync("timer"), await lane.StartAsync("mail"), await lane.StartAsync("several"), await lane.StartAsync("plain"));
        await lane.Batch()
            .Park(Make.Park(timer, reason: """{"kind":"timer","until":"2031-01-01"}"""))
            .Park(Make.Park(mail, reason: """{"kind":"mailbox","target":"approvals"}"""))
            .Park(Make.Park(several, reason: """[{"kind":"activity","target":"charge"},{"kind":"mailbox","target":"approvals"}]"""))
            .Park(plain).CommitAsync();
        Assert.That(await IdsAsync(Make.Query(waitingFor: "timer")), Is.EqualTo(new[] { timer.Id }));
        Assert.That(await IdsAsync(Make.Query(waitingFor: "approvals")), Is.EquivalentTo(new[] { mail.Id, several.Id }));
        Assert.That(await IdsAsync(Make.Query(waitingFor: "charge")), Is.EqualTo(new[] { several.Id }));
        Assert.That(await IdsAsync(Make.Query(waitingFor: "2031-01-01")), Is.Empty);
        Assert.That(await IdsAsync(Make.Query(waitingFor: "approval")), Is.Empty);
    }

    [Test]
    public async Task A_count_is_that_of_the_list_without_its_page()
    {
        foreach (var i in Enumerable.Range(0, 5))
            await StartedAsync($"order-{i}");
        await StartedAsync("invoice-1", type: "Invoice");
        var page = await Store.ListRunsAsync(Make.Query(limit: 2));
        Assert.That(await Store.CountRunsAsync(Make.Query(limit: 2, after: page[^1].RunId)), Is.EqualTo(6));
        Assert.That(await Store.CountRunsAsync(Make.Query(type: "Order", prefix: "order-")), Is.EqualTo(5));
        Assert.That(await Store.CountRunsAsync(Make.Query(ns: "nobody")), Is.Zero);
    }

    [Test]
    public async Task Events_are_read_in_pages_across_generations()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Event(run, 1).Event(run, 2).Update(run, gen: 1).Event(run, 0, gen: 1).Event(run, 1, gen: 1).CommitAsync();
        async Task<List<(int, int)>> Page(int gen, int seq, int limit) => [.. (await Store.ReadEventsAsync(run.Id, gen, seq, limit)).Select(row => (row.Gen, row.Seq))];

        Assert.That(await Page(0, 0, 2), Is.EqualTo(new[] { (0, 0), (0, 1) }));
        Assert.That(await Page(0, 2, 2), Is.EqualTo(new[] { (0, 2), (1, 0) }));
        Assert.That(await Page(0, 3, 9), Is.EqualTo(new[] { (1, 0), (1, 1) }));
        Assert.That(await Page(1, 2, 9), Is.Empty);
        Assert.That(await Store.ReadEventsAsync(Make.Run("order-2").Id, 0, 0, 9), Is.Empty);
    }

    [Test]
    public async Task An_event_carries_all_its_columns()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var at = new DateTimeOffset(2031, 5, 6, 7, 8, 9, TimeSpan.Zero).AddMicroseconds(999_999);
        await lane.Batch().Event(new EventRecord
        {
            RunId = run.Id, Gen = 0, Seq = 1, Kind = 11, At = at, Ordinal = 4, Target = "approve", Payload = [0, 255], Commands = [9, 0], Encoding = 1, Schema = 2, Crc = -559_038_737,
            Sender = Make.Sender(5), SenderSeq = 77, Actor = "ann", Correlation = "tx", Causation = "x/1/2", Trace = "00-aa", Namespace = run.Namespace, Shard = run.Shard,
        }).CommitAsync();
        var stored = (await Store.ReadEventsAsync(run.Id, 0, 1, 1)).Single();
        Assert.That((stored.RunId, stored.Kind, stored.At, stored.Ordinal, stored.Target, stored.Encoding, stored.Schema, stored.Crc), Is.EqualTo((run.Id, (short)11, at, 4, "approve", (short)1, (short)2, -559_038_737)));
        Assert.That((stored.Sender, stored.SenderSeq, stored.Actor, stored.Correlation, stored.Causation, stored.Trace, stored.Namespace, stored.Shard),
            Is.EqualTo((Make.Sender(5), 77L, "ann", "tx", "x/1/2", "00-aa", run.Namespace, run.Shard)));
        Assert.That((stored.Payload, stored.Commands), Is.EqualTo((new byte[] { 0, 255 }, new byte[] { 9, 0 })));
        Assert.That((await LoadAsync(run)).Events[1].Crc, Is.EqualTo(-559_038_737));
    }

    [Test]
    public async Task A_placement_tells_whether_the_owner_lives()
    {
        var lane = await OpenLaneAsync("host-a");
        var run = await lane.StartAsync("order-1");
        Assert.That((await PlaceAsync(run)).OwnerAlive, Is.True);
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(1));
        var late = await PlaceAsync(run);
        Assert.That((late.Owner, late.OwnerAlive), Is.EqualTo(("host-a", false)));
        await lane.CloseAsync();
        var dead = await PlaceAsync(run);
        Assert.That((dead.Owner, dead.OwnerAlive), Is.EqualTo(("host-a", false)));
    }

    [Test]
    public async Task A_placement_shows_tasks_without_payload_and_counts_messages()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Task(Make.Task(run, 3, await NowAsync(), queue: "gpu")).CommitAsync();
        await SendAsync(Make.Message(run, 1, 1), Make.Message(run, 1, 2, notice: false));
        var place = await PlaceAsync(run);
        var task = place.Tasks.Single();
        Assert.That((task.TaskNo, task.Queue, task.Activity, task.Payload), Is.EqualTo((3, "gpu", "Charge", (byte[]?)null)));
        Assert.That(place.Messages, Is.EqualTo(2));
    }

    [Test]
    public async Task A_placement_of_an_unknown_run_is_empty()
    {
        var place = await PlaceAsync(Make.Run("order-1"));
        Assert.That((place.Wake, place.Owner, place.OwnerAlive, place.Attempt, place.Messages, place.Tasks.Count), Is.EqualTo(((ParkRecord?)null, (string?)null, false, 0, 0, 0)));
    }

    private async Task<List<Guid>> IdsAsync(RunQuery query) => [.. (await Store.ListRunsAsync(query)).Select(run => run.RunId)];
}
