// Obligations S50 to S55 (protocol N1 to N3) of docs/storage-provider.md: one open run per workflow id, and the gates that let another one follow.
namespace Durable.Storage.Contract;

/// <summary>Starting runs.</summary>
public abstract class StartContract : StoreContract
{
    private static readonly RunStatus[] Ends = [RunStatus.Completed, RunStatus.Failed, RunStatus.Cancelled, RunStatus.Terminated, RunStatus.TimedOut];

    [Test]
    public async Task N1_A_started_run_is_stored_as_it_was_given()
    {
        var run = Make.Run("order-1");
        var deadline = (await NowAsync()).AddDays(2);
        var before = await NowAsync();
        var parent = Make.RunId(3);
        var secret = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray();
        await DeliverStartAsync(new StartRecord
        {
            RunId = run.Id, Namespace = run.Namespace, WorkflowId = run.WorkflowId, Shard = run.Shard, Type = "Order", Version = 7, Build = "build-9", Queue = "big", Priority = 3,
            Input = [1, 0, 2], Encoding = 1, Secret = secret, Attributes = """{"customer":"acme"}""", Parent = parent, DeadlineAt = deadline, Actor = "ann", Correlation = "tx", Trace = "00-aa",
        });

        var stored = await ReadRunAsync(run);
        Assert.That((stored.RunId, stored.Namespace, stored.WorkflowId, stored.Ordinal, stored.Shard, stored.Type, stored.Version), Is.EqualTo((run.Id, "default", "order-1", 1, run.Shard, "Order", 7)));
        Assert.That((stored.Build, stored.Queue, stored.Priority, stored.Encoding, stored.Parent, stored.DeadlineAt), Is.EqualTo(("build-9", "big", 3, (short)1, (Guid?)parent, (DateTimeOffset?)deadline)));
        Assert.That((stored.Actor, stored.Correlation, stored.Trace, stored.Status, stored.Gen, stored.FirstGen), Is.EqualTo(("ann", "tx", "00-aa", RunStatus.Pending, 0, 0)));
        Assert.That((stored.Input, stored.Secret, stored.Outcome, stored.ClosedAt), Is.EqualTo((new byte[] { 1, 0, 2 }, secret, (byte[]?)null, (DateTimeOffset?)null)));
        Assert.That(stored.CreatedAt, Is.InRange(before, await NowAsync()));
        AssertJson(stored.Attributes, """{"customer":"acme"}""");
    }

    [Test]
    public async Task N1_A_run_started_by_a_client_waits_to_be_claimed_at_once()
    {
        var run = await StartedAsync("order-1");
        var place = await PlaceAsync(run);
        Assert.That((place.Wake!.Asap, place.WakeAttempt, place.Wake.Gen, place.Wake.NextSeq, place.Owner), Is.EqualTo((true, 0, 0, 0, (string?)null)));
        Assert.That(await EventsAsync(run), Is.Empty);
    }

    [TestCase(StartGate.AnyClosed)]
    [TestCase(StartGate.OnlyFailed)]
    [TestCase(StartGate.Never)]
    public async Task N1_No_gate_starts_an_id_whose_run_is_open(StartGate gate)
    {
        var first = await StartedAsync("order-1");
        var second = Make.Run("order-1");
        var refused = await DeliverStartAsync(Make.Start(second, gate));
        Assert.That((refused.Started, refused.Existing!.RunId, refused.Existing.Status), Is.EqualTo((false, first.Id, RunStatus.Pending)));
        Assert.That(await Store.FindRunAsync("default", null, second.Id), Is.Null);
        Assert.That((await PlaceAsync(second)).Wake, Is.Null);
    }

    [Test]
    public async Task N1_Each_gate_lets_through_what_it_says(
        [Values] StartGate gate, [Values(RunStatus.Completed, RunStatus.Failed, RunStatus.Cancelled, RunStatus.Terminated, RunStatus.TimedOut)] RunStatus end)
    {
        var first = await ClosedAsync(await OpenLaneAsync(), "order-1", end);
        var second = Make.Run("order-1");
        var result = await DeliverStartAsync(Make.Start(second, gate));
        var expected = gate switch { StartGate.AnyClosed => true, StartGate.OnlyFailed => end != RunStatus.Completed, _ => false };
        Assert.That(result.Started, Is.EqualTo(expected));
        Assert.That(result.Existing?.RunId, Is.EqualTo(expected ? null : (Guid?)first.Id));
        Assert.That((await Store.FindRunAsync("default", "order-1", null))!.RunId, Is.EqualTo(expected ? second.Id : first.Id));
    }

    [Test]
    public async Task N1_A_gate_looks_at_the_newest_run_alone()
    {
        var lane = await OpenLaneAsync();
        await ClosedAsync(lane, "order-1", RunStatus.Failed);
        await ClosedAsync(lane, "order-1", RunStatus.Completed);
        Assert.That((await DeliverStartAsync(Make.Start(Make.Run("order-1"), StartGate.OnlyFailed))).Started, Is.False);
        await ClosedAsync(lane, "order-1", RunStatus.Failed);
        Assert.That((await DeliverStartAsync(Make.Start(Make.Run("order-1"), StartGate.OnlyFailed))).Started, Is.True);
    }

    [Test]
    public async Task N1_A_repeated_start_is_started_and_changes_nothing()
    {
        var run = await StartedAsync("order-1");
        var lane = await OpenLaneAsync();
        await lane.ClaimAsync(run);
        Assert.That((await DeliverStartAsync(Make.Start(run))).Started, Is.True);
        Assert.That((await PlaceAsync(run)).Wake, Is.Null, "no second token");
        Assert.That((await ReadRunAsync(run)).Ordinal, Is.EqualTo(1));
    }

    [Test]
    public async Task N1_A_start_that_is_repeated_after_the_run_has_closed_is_started_and_stays_closed()
    {
        var run = await ClosedAsync(await OpenLaneAsync(), "order-1");
        Assert.That((await DeliverStartAsync(Make.Start(run))).Started, Is.True);
        var place = await PlaceAsync(run);
        Assert.That((place.Wake, (await ReadRunAsync(run)).Status), Is.EqualTo(((ParkRecord?)null, RunStatus.Completed)));
    }

    [Test]
    public async Task N2_Ordinals_count_the_runs_of_an_id()
    {
        var lane = await OpenLaneAsync();
        var ordinals = new List<int>();
        foreach (var end in Ends)
            ordinals.Add((await ReadRunAsync(await ClosedAsync(lane, "order-1", end))).Ordinal);
        Assert.That(ordinals, Is.EqualTo(new[] { 1, 2, 3, 4, 5 }));
    }

    [Test]
    public async Task N1_Several_starts_of_one_delivery_answer_each_for_itself()
    {
        await StartedAsync("order-1");
        var result = await Store.DeliverAsync(new([], [Make.Start(Make.Run("order-0")), Make.Start(Make.Run("order-1")), Make.Start(Make.Run("order-2"))]));
        Assert.That(result.Starts.Select(start => start.Started), Is.EqualTo(new[] { true, false, true }));
    }

    [Test]
    public async Task N1_The_same_id_twice_in_one_delivery_is_started_once()
    {
        var result = await Store.DeliverAsync(new([], [Make.Start(Make.Run("order-1")), Make.Start(Make.Run("order-1"))]));
        Assert.That(result.Starts.Count(start => start.Started), Is.EqualTo(1));
        Assert.That(await Store.CountRunsAsync(Make.Query()), Is.EqualTo(1));
    }

    [Test]
    public async Task N3_A_run_that_its_lane_starts_is_owned_and_has_its_first_event()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        Assert.That((await ReadRunAsync(run)).Status, Is.EqualTo(RunStatus.Running));
        Assert.That(await EventsAsync(run), Is.EqualTo(new[] { (0, 0) }));
        Assert.That((await lane.ReadBackAsync())!.Owned, Is.EqualTo(new[] { new OwnedRun(run.Id, 1, 0, 1) }));
        Assert.That((await lane.LookAsync()).Claimable, Is.Empty);
    }

    [Test]
    public async Task N3_A_refused_start_of_a_batch_is_an_outcome_and_leaves_no_row()
    {
        var lane = await OpenLaneAsync();
        await StartedAsync("taken");
        var (refused, fine) = (Make.Run("taken"), Make.Run("free"));
        var result = await lane.Batch().Start(Make.OwnedStart(refused), Make.OwnedStart(fine)).CommitAsync();
        Assert.That(result.Refused, Is.EqualTo(new[] { refused.Id }));
        Assert.That(await EventsAsync(refused), Is.Empty);
        Assert.That((await lane.ReadBackAsync())!.Owned.Select(owned => owned.RunId), Is.EqualTo(new[] { fine.Id }));
    }

    [Test]
    public async Task N3_A_refused_child_becomes_a_message_to_its_parent_in_the_same_commit()
    {
        var lane = await OpenLaneAsync();
        var parent = await lane.StartAsync("order-1");
        await StartedAsync("order-1//child");
        var (taken, fine) = (Make.Run("order-1//child"), Make.Run("order-1//other"));
        var result = await lane.Batch().Event(parent, 1).Child(Make.Start(taken, ifRefused: Make.Message(parent, 8, 1)), Make.Start(fine, ifRefused: Make.Message(parent, 8, 2))).CommitAsync();

        Assert.That(result.Refused, Is.EqualTo(new[] { taken.Id }));
        Assert.That((await MessagesAsync(parent)).Select(message => message.SenderSeq), Is.EqualTo(new[] { 1L }));
        Assert.That((await lane.LookAsync()).Mail, Is.EqualTo(new[] { parent.Id }));
        Assert.That((await PlaceAsync(fine)).Wake!.Asap, Is.True);
    }

    [Test]
    public async Task N3_Of_two_starts_of_one_id_in_a_batch_one_is_refused()
    {
        var lane = await OpenLaneAsync();
        var result = await lane.Batch().Start(Make.OwnedStart(Make.Run("order-1")), Make.OwnedStart(Make.Run("order-1"))).CommitAsync();
        Assert.That(result.Refused, Has.Count.EqualTo(1));
        Assert.That((await lane.ReadBackAsync())!.Owned, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task N3_A_batch_may_close_a_run_and_start_the_next_of_its_id()
    {
        var lane = await OpenLaneAsync();
        var first = await lane.StartAsync("order-1");
        var second = Make.Run("order-1");
        var result = await lane.Batch().Event(first, 1).Close(first).Start(Make.OwnedStart(second)).CommitAsync();
        Assert.That(result.Refused, Is.Empty);
        Assert.That((await Store.FindRunAsync("default", "order-1", null))!.RunId, Is.EqualTo(second.Id));
    }

    [Test]
    public async Task N3_An_owned_start_without_an_event_is_claimed_at_length_0()
    {
        var lane = await OpenLaneAsync();
        var run = Make.Run("order-1");
        await lane.Batch().Start(Make.OwnedStart(run, withEvent: false)).CommitAsync();
        Assert.That((await lane.ReadBackAsync())!.Owned, Is.EqualTo(new[] { new OwnedRun(run.Id, 1, 0, 0) }));
    }

    [Test]
    public async Task N3_A_refused_start_of_a_delivery_sends_its_message_too()
    {
        var parent = await StartedAsync("parent");
        await StartedAsync("taken");
        await DeliverStartAsync(Make.Start(Make.Run("taken"), ifRefused: Make.Message(parent, 8, 1)));
        Assert.That(await MessagesAsync(parent), Has.Count.EqualTo(1));
    }
}
