// Obligations S81 to S87 of docs/storage-provider.md: what goes in comes out, and tenants do not see each other.
namespace Durable.Storage.Contract;

/// <summary>Texts, payloads, times and namespaces.</summary>
public abstract class FidelityContract : StoreContract
{
    private static readonly string[] Texts =
    [
        "plain", "with space", " leading and trailing ", "quote ' double \" back \\ tick `", "semi;--comment/*x*/", "new\nline\r\ntab\t", "{json:[1,2]}", "%_like[^a]*?", "$1 :name @p ?",
        "Zürich", "日本語テキスト", "🎉👩‍👩‍👧", "e\u0301 is not \u00e9", "\u200b\ufeff", "\u0001\u001f", "null", "",
    ];

    [TestCaseSource(nameof(Texts))]
    public async Task Texts_come_back_as_they_were_given(string text)
    {
        var run = Make.Run("id " + text, "ns " + text, "type " + text);
        await DeliverStartAsync(new StartRecord
        {
            RunId = run.Id, Namespace = run.Namespace, WorkflowId = run.WorkflowId, Shard = run.Shard, Type = run.Type, Version = 1, Build = text, Queue = text, Secret = new byte[32], Actor = text, Correlation = text, Trace = text,
        });
        var stored = await Store.FindRunAsync(run.Namespace, run.WorkflowId, null);
        Assert.That((stored!.RunId, stored.WorkflowId, stored.Namespace, stored.Type, stored.Build, stored.Queue, stored.Actor), Is.EqualTo((run.Id, run.WorkflowId, run.Namespace, run.Type, text, text, text)));
        var lane = await OpenLaneAsync();
        Assert.That((await lane.LookAsync(serves: [$"{run.Type}@1"], namespaces: [run.Namespace], queues: [text])).Claimable, Is.EqualTo(new[] { run.Id }));
        Assert.That(await Store.PutDocumentAsync(new(run.Namespace, "note", text, 0, 1, "{}")), Is.True);
        Assert.That((await Store.FindDocumentAsync(run.Namespace, "note", text))!.Key, Is.EqualTo(text));
    }

    [Test]
    public async Task Texts_that_look_alike_are_different_ids()
    {
        foreach (var id in new[] { "a", "A", "a ", "á", "a\u0301", "ａ" })
            await StartedAsync(id);
        Assert.That(await Store.CountRunsAsync(Make.Query()), Is.EqualTo(6));
    }

    [Test]
    public async Task An_absent_payload_and_an_empty_one_are_kept_apart()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        EventRecord Row(int seq, byte[]? bytes) => new() { RunId = run.Id, Gen = 0, Seq = seq, Kind = 1, At = DateTimeOffset.UnixEpoch, Payload = bytes, Commands = bytes, Namespace = run.Namespace, Shard = run.Shard };
        MessageRecord Mail(int seq, byte[]? bytes) => new() { RunId = run.Id, Sender = Make.Sender(1), SenderSeq = seq, Kind = 1, Payload = bytes, Namespace = run.Namespace, Shard = run.Shard };
        await lane.Batch().Event(Row(1, null)).Event(Row(2, [])).Send(Mail(1, null), Mail(2, [])).CommitAsync();

        var events = await Store.ReadEventsAsync(run.Id, 0, 1, 2);
        Assert.That(events.Select(row => (row.Payload?.Length, row.Commands?.Length)), Is.EqualTo(new (int?, int?)[] { (null, null), (0, 0) }));
        Assert.That((await MessagesAsync(run)).Select(message => message.Payload?.Length), Is.EqualTo(new int?[] { null, 0 }));
    }

    [Test]
    public async Task Optional_texts_that_are_absent_come_back_absent()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var (stored, row) = (await ReadRunAsync(run), (await Store.ReadEventsAsync(run.Id, 0, 0, 1)).Single());
        Assert.That((stored.Actor, stored.Correlation, stored.Trace, stored.Attributes, stored.Parent, stored.Input, stored.Outcome), Is.EqualTo(((string?)null, (string?)null, (string?)null, (string?)null, (Guid?)null, (byte[]?)null, (byte[]?)null)));
        Assert.That((row.Actor, row.Correlation, row.Causation, row.Trace, row.Target, row.Sender, row.SenderSeq), Is.EqualTo(((string?)null, (string?)null, (string?)null, (string?)null, (string?)null, Guid.Empty, 0L)));
    }

    [Test]
    public async Task Payloads_of_a_megabyte_come_back_byte_for_byte()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var bytes = new byte[1 << 20];
        new Random(5).NextBytes(bytes);
        var message = new MessageRecord { RunId = run.Id, Sender = Make.Sender(1), SenderSeq = 1, Kind = 1, Payload = bytes, Namespace = run.Namespace, Shard = run.Shard };
        await SendAsync(message);
        await lane.Batch().Event(new EventRecord { RunId = run.Id, Gen = 0, Seq = 1, Kind = 1, At = DateTimeOffset.UnixEpoch, Payload = bytes, Namespace = run.Namespace, Shard = run.Shard }).CommitAsync();
        var loaded = await LoadAsync(run);
        Assert.That(loaded.Messages.Single().Payload!.SequenceEqual(bytes), Is.True);
        Assert.That(loaded.Events[1].Payload!.SequenceEqual(bytes), Is.True);
        await lane.Batch().Close(new CloseRecord { RunId = run.Id, Shard = run.Shard, Status = RunStatus.Completed, Outcome = bytes, Encoding = 1, MayHaveRows = true }).CommitAsync();
        var stored = await ReadRunAsync(run);
        Assert.That(stored.Outcome!.SequenceEqual(bytes), Is.True);
        Assert.That(stored.Encoding, Is.EqualTo(1));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(999_999)]
    [TestCase(500_000)]
    public async Task Times_are_kept_to_the_microsecond_and_come_back_in_UTC(int microseconds)
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var time = new DateTimeOffset(2034, 2, 28, 23, 59, 59, TimeSpan.FromHours(5)).AddMicroseconds(microseconds);
        await lane.Batch().Event(new EventRecord { RunId = run.Id, Gen = 0, Seq = 1, Kind = 1, At = time, Namespace = run.Namespace, Shard = run.Shard }).Park(Make.Park(run, 2, time)).CommitAsync();
        var row = (await Store.ReadEventsAsync(run.Id, 0, 1, 1)).Single();
        Assert.That((row.At, row.At.Offset), Is.EqualTo((time, TimeSpan.Zero)));
        Assert.That((await PlaceAsync(run)).Wake!.DueAt, Is.EqualTo(time));
    }

    [Test]
    public async Task Times_long_past_and_far_ahead_are_kept()
    {
        var lane = await OpenLaneAsync();
        var times = new[] { new DateTimeOffset(1970, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMicroseconds(1), new DateTimeOffset(1901, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMicroseconds(7), new DateTimeOffset(2999, 12, 31, 0, 0, 0, TimeSpan.Zero).AddMicroseconds(3) };
        var run = await lane.StartAsync("order-1");
        var batch = lane.Batch();
        foreach (var (time, i) in times.Select((time, i) => (time, i)))
            batch.Event(new EventRecord { RunId = run.Id, Gen = 0, Seq = i + 1, Kind = 1, At = time, Namespace = run.Namespace, Shard = run.Shard });
        await batch.CommitAsync();
        Assert.That((await Store.ReadEventsAsync(run.Id, 0, 1, 9)).Select(row => row.At), Is.EqualTo(times));
    }

    [Test]
    public async Task Ids_are_ordered_by_their_bytes()
    {
        var run = await StartedAsync("order-1");
        var senders = new[] { "00000000-0000-0000-0000-0000000000ff", "00000000-0000-0000-8000-000000000000", "01000000-0000-0000-0000-000000000000", "7fffffff-0000-0000-0000-000000000000", "80000000-0000-0000-0000-000000000000", "ff000000-0000-0000-0000-000000000001" }.Select(Guid.Parse).ToList();
        foreach (var sender in senders.AsEnumerable().Reverse())
            await SendAsync(new MessageRecord { RunId = run.Id, Sender = sender, SenderSeq = 1, Kind = 1, Namespace = run.Namespace, Shard = run.Shard });
        Assert.That((await MessagesAsync(run)).Select(message => message.Sender), Is.EqualTo(senders));
    }

    [Test]
    public async Task Namespaces_have_ids_of_their_own()
    {
        var (acme, globex) = (await StartedAsync("order-1", "acme"), await StartedAsync("order-1", "globex"));
        Assert.That((await Store.FindRunAsync("acme", "order-1", null))!.RunId, Is.EqualTo(acme.Id));
        Assert.That((await Store.FindRunAsync("globex", "order-1", null))!.RunId, Is.EqualTo(globex.Id));
        Assert.That((await ReadRunAsync(globex)).Ordinal, Is.EqualTo(1));
        Assert.That(await Store.FindRunAsync("acme", null, globex.Id), Is.Null, "a run id of another tenant finds nothing");
    }

    [Test]
    public async Task Lists_and_counts_stay_inside_a_namespace()
    {
        var acme = await StartedAsync("order-1", "acme");
        await StartedAsync("order-2", "globex");
        Assert.That((await Store.ListRunsAsync(Make.Query("acme"))).Select(run => run.RunId), Is.EqualTo(new[] { acme.Id }));
        Assert.That(await Store.CountRunsAsync(Make.Query("acme")), Is.EqualTo(1));
        Assert.That(await Store.CountRunsAsync(Make.Query("ACME")), Is.Zero);
    }

    [Test]
    public async Task Tasks_are_taken_only_for_served_namespaces()
    {
        var lane = await OpenLaneAsync();
        var (acme, globex) = (await lane.StartAsync(Make.Run("order-1", "acme")), await lane.StartAsync(Make.Run("order-1", "globex")));
        var now = await NowAsync();
        await lane.Batch().Task(Make.Task(acme, 1, now), Make.Task(globex, 1, now)).CommitAsync();
        var taken = await Store.ClaimTasksAsync(new(Store.Groups[0], [""], ["Charge"], 9, ["globex"]));
        Assert.That(taken.Tasks.Select(task => task.RunId), Is.EqualTo(new[] { globex.Id }));
    }

    [Test]
    public async Task Another_store_on_the_same_database_sees_the_same_rows()
    {
        var run = await StartedAsync("order-1");
        await using var again = await Harness.OpenAgainAsync();
        var other = again ?? Store;
        await other.InitializeAsync();
        var lane = await TestLane.OpenAsync(other, "host-z");
        Assert.That(await lane.ClaimAsync(run), Has.Count.EqualTo(1));
        Assert.That((await PlaceAsync(run)).Owner, Is.EqualTo("host-z"));
    }
}
