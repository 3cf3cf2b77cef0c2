// Obligations S47 to S49 and S57 (protocol D1 to D7) of docs/storage-provider.md: messages with notices, blindly inserted, once per key.
namespace Durable.Storage.Contract;

/// <summary>Deliveries.</summary>
public abstract class DeliverContract : StoreContract
{
    [Test]
    public async Task D1_A_message_is_accepted_once_per_key()
    {
        var run = await StartedAsync("order-1");
        var message = Make.Message(run, 1, 1, payload: """{"n":1}""");
        var first = await Store.DeliverAsync(new([message, Make.Message(run, 1, 2)], []));
        var again = await Store.DeliverAsync(new([Make.Message(run, 1, 1, payload: """{"n":2}"""), Make.Message(run, 1, 3)], []));
        Assert.That(first.Accepted, Is.EqualTo(new[] { true, true }));
        Assert.That(again.Accepted, Is.EqualTo(new[] { false, true }));
        var stored = await MessagesAsync(run);
        Assert.That(stored.Select(row => row.SenderSeq), Is.EqualTo(new[] { 1L, 2, 3 }));
        Assert.That(stored[0].Payload, Is.EqualTo(Make.Bytes("""{"n":1}""")), "the first one stays");
    }

    [Test]
    public async Task D1_The_same_key_twice_in_one_delivery_is_one_message()
    {
        var run = await StartedAsync("order-1");
        var result = await Store.DeliverAsync(new([Make.Message(run, 1, 1), Make.Message(run, 1, 1)], []));
        Assert.That(result.Accepted[0], Is.True);
        Assert.That(await MessagesAsync(run), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task D1_Numbers_of_different_senders_and_runs_are_independent()
    {
        var (one, two) = (await StartedAsync("order-1"), await StartedAsync("order-2"));
        Assert.That(await SendAsync(Make.Message(one, 1, 1), Make.Message(one, 2, 1), Make.Message(two, 1, 1)), Is.True);
    }

    [Test]
    public async Task D1_A_key_is_free_again_when_its_message_is_consumed()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var message = Make.Message(run, 1, 1);
        await SendAsync(message);
        await lane.Batch().Consume(run, message, 1).CommitAsync();
        Assert.That(await SendAsync(message), Is.True, "dropping it is the receiver's work (D5)");
    }

    [Test]
    public async Task D1_A_message_carries_all_its_columns()
    {
        var run = await StartedAsync("order-1");
        await SendAsync(new MessageRecord
        {
            RunId = run.Id, Sender = Make.Sender(4), SenderSeq = long.MaxValue, Kind = 12, Target = "approve", Payload = [0, 1, 255], Encoding = 1, ReplyGen = 3, ReplyOrdinal = 9,
            Actor = "ann", Correlation = "tx-1", Causation = "r/0/1", Trace = "00-ab-cd-01", Namespace = run.Namespace, Shard = run.Shard,
        });
        var stored = (await MessagesAsync(run)).Single();
        Assert.That((stored.RunId, stored.Sender, stored.SenderSeq, stored.Kind, stored.Target, stored.Encoding), Is.EqualTo((run.Id, Make.Sender(4), long.MaxValue, (short)12, "approve", (short)1)));
        Assert.That((stored.ReplyGen, stored.ReplyOrdinal, stored.Actor, stored.Correlation, stored.Causation, stored.Trace, stored.Namespace, stored.Shard),
            Is.EqualTo((3, 9, "ann", "tx-1", "r/0/1", "00-ab-cd-01", run.Namespace, run.Shard)));
        Assert.That(stored.Payload, Is.EqualTo(new byte[] { 0, 1, 255 }));
    }

    [Test]
    public async Task D1_The_store_dates_a_message_that_has_no_date()
    {
        var run = await StartedAsync("order-1");
        var before = await NowAsync();
        await SendAsync(Make.Message(run, 1, 1));
        Assert.That((await MessagesAsync(run)).Single().AcceptedAt, Is.InRange(before, await NowAsync()));
    }

    [Test]
    public async Task D1_A_date_that_is_given_is_kept()
    {
        var run = await StartedAsync("order-1");
        var at = new DateTimeOffset(2031, 5, 6, 7, 8, 9, TimeSpan.Zero).AddMicroseconds(123_457);
        await SendAsync(new MessageRecord { RunId = run.Id, Sender = Make.Sender(1), SenderSeq = 1, Kind = 1, AcceptedAt = at, Namespace = run.Namespace, Shard = run.Shard });
        Assert.That((await MessagesAsync(run)).Single().AcceptedAt, Is.EqualTo(at));
    }

    [Test]
    public async Task D2_A_delivery_leaves_wake_row_and_owner_as_they_are()
    {
        var lane = await OpenLaneAsync();
        var (waiting, owned) = (await StartedAsync("order-1", start: run => Make.Start(run, dueAt: DateTimeOffset.UnixEpoch.AddYears(200))), await lane.StartAsync("order-2"));
        var before = (await PlaceAsync(waiting)).Wake!;
        await SendAsync(Make.Message(waiting, 1, 1), Make.Message(owned, 1, 1));
        var after = (await PlaceAsync(waiting)).Wake!;
        Assert.That((after.DueAt, after.Asap), Is.EqualTo((before.DueAt, before.Asap)));
        Assert.That((await PlaceAsync(owned)).Owner, Is.EqualTo("host-a"));
    }

    [Test]
    public async Task D2_A_park_and_a_delivery_in_either_order_leave_the_run_claimable()
    {
        var lane = await OpenLaneAsync();
        var (one, two) = (await lane.StartAsync("order-1"), await lane.StartAsync("order-2"));
        await SendAsync(Make.Message(one, 1, 1));
        await lane.Batch().Park(one).Park(two).CommitAsync();
        await SendAsync(Make.Message(two, 1, 1));
        Assert.That((await lane.LookAsync()).Claimable, Is.EquivalentTo(new[] { one.Id, two.Id }));
    }

    [Test]
    public async Task D3_A_message_to_a_closed_run_is_accepted_as_a_dead_letter()
    {
        var run = await ClosedAsync(await OpenLaneAsync(), "order-1");
        Assert.That(await SendAsync(Make.Message(run, 1, 1)), Is.True);
        Assert.That((await PlaceAsync(run)).Messages, Is.EqualTo(1));
    }

    [Test]
    public async Task D7_A_hot_run_takes_thousands_of_messages_and_gives_them_in_pages()
    {
        var run = await StartedAsync("order-1");
        foreach (var page in Enumerable.Range(0, 5))
            await SendAsync([.. Enumerable.Range(page * 500, 500).Select(seq => Make.Message(run, 1, seq))]);
        Assert.That((await PlaceAsync(run)).Messages, Is.EqualTo(2_500));
        Assert.That((await MessagesAsync(run, 1_000)).Select(message => message.SenderSeq), Is.EqualTo(Enumerable.Range(0, 1_000).Select(seq => (long)seq)));
    }

    [Test]
    public async Task Starts_and_messages_of_one_delivery_are_stored_together()
    {
        var run = Make.Run("order-1");
        var result = await Store.DeliverAsync(new([Make.Message(run, 1, 1)], [Make.Start(run)]));
        Assert.That((result.Accepted.Single(), result.Starts.Single().Started), Is.EqualTo((true, true)));
        var lane = await OpenLaneAsync();
        await lane.ClaimAsync(run);
        Assert.That((await LoadAsync(run)).Messages, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task An_empty_delivery_does_nothing()
    {
        var result = await Store.DeliverAsync(new([], []));
        Assert.That((result.Accepted.Count, result.Starts.Count), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task A_transaction_that_is_not_on_this_database_is_refused_with_DUR1012()
    {
        var run = await StartedAsync("order-1");
        using var foreign = new ForeignTransaction();
        var refused = await Assert.ThrowsAsync<DurableException>(() => Store.DeliverAsync(new([Make.Message(run, 1, 1)], []), foreign));
        Assert.That(refused!.Code, Is.EqualTo("DUR1012"));
        refused = await Assert.ThrowsAsync<DurableException>(() => Store.CompleteTasksAsync([new(new(run.Id, 0, 1, run.Shard), Guid.NewGuid(), null)], foreign));
        Assert.That(refused!.Code, Is.EqualTo("DUR1012"));
        Assert.That(await MessagesAsync(run), Is.Empty);
    }
}
