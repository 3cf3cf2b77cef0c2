// Obligations S12 to S25 and S27 (protocol C1 to C8) of docs/storage-provider.md: a batch commits whole, under the epoch and the number it was made under.
namespace Durable.Storage.Contract;

/// <summary>Batches of a lane.</summary>
public abstract class CommitContract : StoreContract
{
    private static readonly (int, int)[] First = [(0, 0)];

    [Test]
    public async Task C1_A_batch_of_another_epoch_changes_nothing()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        lane.Epoch++;
        var result = await lane.Batch().Event(run, 1).Park(run, 2).Start(Make.OwnedStart(Make.Run("order-2"))).TryCommitAsync();

        Assert.That(result.Outcome, Is.EqualTo(CommitOutcome.Refused));
        Assert.That(await EventsAsync(run), Is.EqualTo(First));
        Assert.That((await PlaceAsync(run)).Owner, Is.EqualTo("host-a"));
        Assert.That(await Store.FindRunAsync("default", "order-2", null), Is.Null);
    }

    [TestCase(-1)]
    [TestCase(1)]
    public async Task C1_A_batch_with_another_number_changes_nothing(int off)
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        lane.CommitSeq += off;
        Assert.That((await lane.Batch().Event(run, 1).TryCommitAsync()).Outcome, Is.EqualTo(CommitOutcome.Refused));
        Assert.That(await EventsAsync(run), Is.EqualTo(First));
        Assert.That((await lane.ReadBackAsync())!.CommitSeq, Is.EqualTo(1));
    }

    [Test]
    public async Task C1_A_batch_of_a_lane_that_was_never_opened_is_refused()
    {
        var lane = await OpenLaneAsync();
        var batch = new LaneBatch { Lane = TestLane.NewKey("nobody", Store), Epoch = 1, CommitSeq = 1, Lease = lane.Lease };
        Assert.That((await Store.CommitAsync(batch)).Outcome, Is.EqualTo(CommitOutcome.Refused));
    }

    [Test]
    public async Task C1_The_same_batch_sent_twice_commits_once()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var batch = lane.Batch().Event(run, 1).Rows;
        Assert.That((await Store.CommitAsync(batch)).Outcome, Is.EqualTo(CommitOutcome.Committed));
        Assert.That((await Store.CommitAsync(batch)).Outcome, Is.EqualTo(CommitOutcome.Refused));
    }

    [Test]
    public async Task C1_A_batch_renews_the_lease()
    {
        var lane = await OpenLaneAsync("host-a");
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(15));
        await lane.Batch().CommitAsync();
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(15));
        Assert.That((await (await OpenLaneAsync("host-b")).ReapAsync()).Fenced, Is.Zero);
    }

    [Test]
    public async Task C1_A_lane_whose_lease_is_over_but_was_not_reaped_still_commits()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await Harness.AdvanceAsync(TimeSpan.FromHours(3));
        await lane.Batch().Event(run, 1).CommitAsync();
        Assert.That(await EventsAsync(run), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task C1_A_commit_of_a_reaped_lane_changes_nothing()
    {
        var slow = await OpenLaneAsync("host-a");
        var run = await slow.StartAsync("order-1");
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(21));
        await (await OpenLaneAsync("host-b")).ReapAsync();

        Assert.That((await slow.Batch().Event(run, 1).TryCommitAsync()).Outcome, Is.EqualTo(CommitOutcome.Refused));
        Assert.That(await EventsAsync(run), Is.EqualTo(First));
    }

    [Test]
    public async Task C1_An_answer_carries_the_clock_of_the_store()
    {
        var lane = await OpenLaneAsync();
        var before = await NowAsync();
        var result = await lane.Batch().CommitAsync();
        Assert.That(result.Now, Is.InRange(before, await NowAsync()));
        Assert.That(result.Now.Ticks % TimeSpan.TicksPerMicrosecond, Is.Zero);
    }

    [Test]
    public async Task C2_A_consumed_message_goes_with_its_notice_in_the_commit_of_its_event()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var (first, second) = (Make.Message(run, 1, 1), Make.Message(run, 1, 2));
        await SendAsync(first, second);
        await lane.Batch().Consume(run, first, 1).CommitAsync();

        Assert.That((await MessagesAsync(run)).Select(message => message.SenderSeq), Is.EqualTo(new[] { 2L }));
        Assert.That((await lane.LookAsync()).Mail, Is.EqualTo(new[] { run.Id }), "the other one has its notice still");
        await lane.Batch().Consume(run, second, 2).CommitAsync();
        Assert.That((await lane.LookAsync()).Mail, Is.Empty);
        var stored = await Store.ReadEventsAsync(run.Id, 0, 1, 10);
        Assert.That(stored.Select(row => (row.Sender, row.SenderSeq)), Is.EqualTo(new[] { (first.Sender, 1L), (second.Sender, 2L) }));
    }

    [Test]
    public async Task C2_Consuming_a_message_that_is_gone_is_no_alarm()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Drop(Make.Message(run, 1, 1)).CommitAsync();
    }

    [Test]
    public async Task C3_A_parked_run_has_a_wake_row_and_no_owner()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var due = (await NowAsync()).AddHours(1);
        await lane.Batch().Event(run, 1).Park(Make.Park(run, 2, due, queue: "big", priority: 5, reason: """{"kind":"timer"}""")).CommitAsync();

        var place = await PlaceAsync(run);
        Assert.That((place.Owner, place.Attempt, place.WakeAttempt), Is.EqualTo(((string?)null, 0, 0)));
        var wake = place.Wake!;
        Assert.That((wake.DueAt, wake.Asap, wake.Type, wake.Version, wake.Queue, wake.Priority, wake.Hold, wake.Gen, wake.NextSeq),
            Is.EqualTo(((DateTimeOffset?)due, false, "Order", 1, "big", 5, (short)0, 0, 2)));
        AssertJson(wake.WaitReason, """{"kind":"timer"}""");
        Assert.That((await lane.ReadBackAsync())!.Owned, Is.Empty);
    }

    [Test]
    public async Task C3_A_run_parked_for_ever_has_no_due_time()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Park(run).CommitAsync();
        await Harness.AdvanceAsync(TimeSpan.FromDays(3_650));
        Assert.That((await PlaceAsync(run)).Wake!.DueAt, Is.Null);
        var look = await lane.LookAsync();
        Assert.That((look.Claimable.Count, look.NextDue), Is.EqualTo((0, (DateTimeOffset?)null)));
    }

    [Test]
    public async Task C3_Parking_a_run_of_another_lane_is_an_alarm_and_gives_it_no_second_token()
    {
        var (mine, other) = (await OpenLaneAsync("host-a"), await OpenLaneAsync("host-b"));
        var run = await mine.StartAsync("order-1");
        var result = await other.Batch().Park(run).TryCommitAsync();

        Assert.That((result.Outcome, result.Error), Is.EqualTo((CommitOutcome.Committed, result.Error)));
        Assert.That(result.Error, Is.Not.Null);
        var place = await PlaceAsync(run);
        Assert.That((place.Wake, place.Owner), Is.EqualTo(((ParkRecord?)null, "host-a")));
    }

    [Test]
    public async Task C3_A_park_does_not_look_for_messages_and_loses_none()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await SendAsync(Make.Message(run, 1, 1));
        await lane.Batch().Park(run).CommitAsync();
        Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
    }

    [Test]
    public async Task C4_A_closed_run_keeps_its_outcome_and_has_no_token()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var before = await NowAsync();
        await lane.Batch().Event(run, 1).Close(run, RunStatus.Failed, """{"type":"x"}""").CommitAsync();

        var stored = await ReadRunAsync(run);
        Assert.That((stored.Status, stored.Outcome), Is.EqualTo((RunStatus.Failed, Make.Bytes("""{"type":"x"}"""))));
        Assert.That(stored.ClosedAt, Is.InRange(before, await NowAsync()));
        var place = await PlaceAsync(run);
        Assert.That((place.Wake, place.Owner), Is.EqualTo(((ParkRecord?)null, (string?)null)));
        Assert.That((await lane.ReadBackAsync())!.Owned, Is.Empty);
    }

    [Test]
    public async Task C4_A_close_deletes_tasks_and_notices_and_leaves_messages_as_dead_letters()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await SendAsync(Make.Message(run, 1, 1));
        await lane.Batch().Task(Make.Task(run, 1, await NowAsync())).CommitAsync();
        await lane.Batch().Event(run, 1).Close(run).CommitAsync();

        var place = await PlaceAsync(run);
        Assert.That((place.Messages, place.Tasks.Count), Is.EqualTo((1, 0)));
        Assert.That((await Store.ReadReadyDepthAsync()).Count, Is.Zero);
    }

    [Test]
    public async Task C4_Closing_a_run_of_another_lane_is_an_alarm()
    {
        var (mine, other) = (await OpenLaneAsync("host-a"), await OpenLaneAsync("host-b"));
        var run = await mine.StartAsync("order-1");
        Assert.That((await other.Batch().Close(run).TryCommitAsync()).Error, Is.Not.Null);
        Assert.That((await PlaceAsync(run)).Owner, Is.EqualTo("host-a"));
    }

    [Test]
    public async Task C4_Closing_a_run_that_has_ended_already_leaves_the_notices_of_letters_to_it_for_the_sweep()
    {
        var lane = await OpenLaneAsync();
        var run = await ClosedAsync(lane, "order-1");
        await SendAsync(Make.Message(run, 1, 1));
        Assert.That((await lane.Batch().Close(run, RunStatus.Terminated).TryCommitAsync()).Error, Is.Not.Null);
        Assert.That((await ReadRunAsync(run)).Status, Is.EqualTo(RunStatus.Completed));
        Assert.That((await Store.ReadReadyDepthAsync()).Count, Is.EqualTo(1));
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.That((await lane.ReapAsync()).Swept, Is.EqualTo(1));
    }

    [Test]
    public async Task C4_Attributes_change_with_the_close_only_if_they_are_given()
    {
        var lane = await OpenLaneAsync();
        var (one, two) = (await lane.StartAsync("order-1"), await lane.StartAsync("order-2"));
        await lane.Batch().Update(one, attributes: """{"a":1}""").Update(two, attributes: """{"a":1}""").CommitAsync();
        await lane.Batch().Close(one).Close(new CloseRecord { RunId = two.Id, Shard = two.Shard, Status = RunStatus.Completed, Attributes = """{"b":2}""" }).CommitAsync();
        AssertJson((await ReadRunAsync(one)).Attributes, """{"a":1}""");
        AssertJson((await ReadRunAsync(two)).Attributes, """{"b":2}""");
    }

    [Test]
    public async Task C5_The_next_generation_keeps_owner_and_mail_and_is_loaded_alone()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await SendAsync(Make.Message(run, 1, 1));
        await lane.Batch().Event(run, 1).Update(run, gen: 1, version: 2).Event(run, 0, gen: 1).CommitAsync();

        var loaded = await LoadAsync(run);
        Assert.That((loaded.Run!.Gen, loaded.Run.Version, loaded.Messages.Count), Is.EqualTo((1, 2, 1)));
        Assert.That(loaded.Events.Select(row => (row.Gen, row.Seq)), Is.EqualTo(new[] { (1, 0) }));
        Assert.That((await PlaceAsync(run)).Owner, Is.EqualTo("host-a"));
        Assert.That(await EventsAsync(run), Is.EqualTo(new[] { (0, 0), (0, 1), (1, 0) }));
    }

    [Test]
    public async Task C5_An_update_changes_only_what_it_names()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Update(run, RunStatus.Cancelling, """{"a":1}""").CommitAsync();
        await lane.Batch().Update(run, firstGen: 3).CommitAsync();
        var stored = await ReadRunAsync(run);
        Assert.That((stored.Status, stored.Gen, stored.Version, stored.FirstGen), Is.EqualTo((RunStatus.Cancelling, 0, 1, 3)));
        AssertJson(stored.Attributes, """{"a":1}""");
    }

    [Test]
    public async Task C6_An_event_that_is_stored_already_rejects_the_whole_batch()
    {
        var lane = await OpenLaneAsync();
        var (one, two) = (await lane.StartAsync("order-1"), await lane.StartAsync("order-2"));
        var result = await lane.Batch().Event(one, 1).Park(one, 2).Event(two, 0).Send(Make.Message(two, 9, 1)).TryCommitAsync();

        Assert.That(result.Outcome, Is.EqualTo(CommitOutcome.Rejected));
        Assert.That(result.Error, Is.Not.Null);
        Assert.That(await EventsAsync(one), Is.EqualTo(First));
        Assert.That((await PlaceAsync(one)).Owner, Is.EqualTo("host-a"));
        Assert.That(await MessagesAsync(two), Is.Empty);
    }

    [Test]
    public async Task C8_After_a_rejected_batch_the_same_number_is_free_for_its_parts()
    {
        var lane = await OpenLaneAsync();
        var (one, two) = (await lane.StartAsync("order-1"), await lane.StartAsync("order-2"));
        await lane.Batch().Event(one, 1).Event(two, 0).TryCommitAsync();
        await lane.Batch().Event(one, 1).CommitAsync();
        Assert.That(await EventsAsync(one), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task C7_A_batch_sends_to_other_runs_as_a_client_does()
    {
        var (lane, other) = (await OpenLaneAsync("host-a"), await OpenLaneAsync("host-b"));
        var (mine, theirs) = (await lane.StartAsync("order-1"), await other.StartAsync("order-2"));
        var message = Make.Message(theirs, 5, 1);
        await lane.Batch().Event(mine, 1).Send(message).CommitAsync();
        await lane.Batch().Send(message).CommitAsync();

        Assert.That((await other.LookAsync()).Mail, Is.EqualTo(new[] { theirs.Id }));
        Assert.That(await MessagesAsync(theirs), Has.Count.EqualTo(1), "the same key is sent once");
    }

    [Test]
    public async Task C7_A_batch_may_do_everything_at_once()
    {
        var waiting = await StartedAsync("waiting");
        var lane = await OpenLaneAsync();
        var (parks, closes) = (await lane.StartAsync("parks"), await lane.StartAsync("closes"));
        var mail = Make.Message(parks, 1, 1);
        await SendAsync(mail);
        var (child, born) = (Make.Run("closes//0.1"), Make.Run("born"));

        var result = await lane.Batch().Consume(parks, mail, 1).Park(parks, 2).Event(closes, 1).Close(closes).Claim(waiting).Child(Make.Start(child))
            .Start(Make.OwnedStart(born)).Send(Make.Message(parks, 2, 1)).Document(new DocumentRecord("default", "note", "a", 0, 1, "{}")).CommitAsync();

        Assert.That(result.Claimed, Is.EqualTo(new[] { new OwnedRun(waiting.Id, 1, 0, 0) }));
        Assert.That((await lane.ReadBackAsync())!.Owned.Select(owned => owned.RunId), Is.EquivalentTo(new[] { waiting.Id, born.Id }));
        Assert.That((await lane.LookAsync()).Claimable, Is.EquivalentTo(new[] { parks.Id, child.Id }));
        Assert.That((await ReadRunAsync(closes)).Status, Is.EqualTo(RunStatus.Completed));
    }

    [Test]
    public async Task C7_A_document_of_a_batch_is_inserted_or_replaced()
    {
        var lane = await OpenLaneAsync();
        await lane.Batch().Document(new DocumentRecord("default", "update", "u1", 0, 1, """{"state":"accepted"}""")).CommitAsync();
        await lane.Batch().Document(new DocumentRecord("default", "update", "u1", 0, 2, """{"state":"done"}""")).CommitAsync();
        var stored = await Store.FindDocumentAsync("default", "update", "u1");
        Assert.That(stored!.Version, Is.EqualTo(2));
        AssertJson(stored.Json, """{"state":"done"}""");
    }

    [Test]
    public async Task Trims_delete_old_generations_a_thousand_rows_at_a_time()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var fill = lane.Batch().Update(run, gen: 2).Event(run, 0, gen: 1).Event(run, 0, gen: 2);
        foreach (var seq in Enumerable.Range(1, 1_200))
            fill.Event(run, seq);
        await fill.CommitAsync();

        await lane.Batch().Trim(run, 2).CommitAsync();
        Assert.That(await EventsAsync(run), Has.Count.EqualTo(203));
        await lane.Batch().Trim(run, 2).CommitAsync();
        Assert.That(await EventsAsync(run), Is.EqualTo(new[] { (2, 0) }));
    }

    [Test]
    public async Task The_groups_of_a_store_hold_every_shard_once()
    {
        var info = await Store.InitializeAsync();
        Assert.That(Store.Groups, Is.Not.Empty);
        foreach (var group in Store.Groups)
            Assert.That(group.Shards is null || group.Shards.Contains(group.HomeShard), Is.True, $"group {group.Number} holds its home shard");
        var shards = Store.Groups.SelectMany(group => group.Shards ?? [.. Enumerable.Range(0, info.ShardModulus).Select(shard => (short)shard)]);
        Assert.That(shards, Is.EquivalentTo(Enumerable.Range(0, info.ShardModulus)));
    }
}
