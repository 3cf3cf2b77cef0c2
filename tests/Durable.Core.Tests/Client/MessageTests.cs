// Signals, items, cancel, terminate, resume and promises are messages.
using System.Text;
using System.Text.Json;
using Durable.Engine.Client;
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Core.Tests.Client;

[TestFixture]
public sealed class MessageTests : ClientFixture
{
    [Test]
    public async Task Messages_of_this_process_have_one_sender_and_rising_numbers()
    {
        var handle = await StartAsync("order-1");
        await handle.SignalAsync(w => w.Approve("bob"));
        await handle.SendAsync(w => w.Lines, new Line("tea", 2));
        await handle.CancelAsync("too late");
        await handle.TerminateAsync("enough");
        var mail = (await MailAsync(handle)).ToList();
        Assert.That(mail.Select(message => message.Sender).Distinct(), Is.EqualTo([Services.ClientId]));
        Assert.That(mail.Select(message => message.SenderSeq), Is.Ordered.Ascending.And.Unique);
        Assert.That(mail.Select(message => ((EventKind)message.Kind, message.Target, message.Control, Encoding.UTF8.GetString(message.Payload!))), Is.EqualTo(new[]
        {
            (EventKind.SignalReceived, "Approve", false, """["bob"]"""), (EventKind.MailReceived, "Lines", false, """{"sku":"tea","quantity":2}"""),
            (EventKind.CancelRequested, null, true, """{"reason":"too late"}"""), (EventKind.Terminated, (string?)null, true, """{"reason":"enough"}"""),
        }));
    }

    [Test]
    public async Task A_message_whose_answer_was_lost_is_one_message()
    {
        var handle = await StartAsync("order-1");
        Store.Doubts = 1;
        await handle.SignalAsync(w => w.Approve("bob"));
        Assert.That(await MailAsync(handle), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task An_unknown_run_takes_no_messages()
    {
        var missing = Client.GetRun<OrderFlow>("nobody");
        await NothingStoredAsync(() => missing.SignalAsync(w => w.Approve("bob")), DurableErrorCodes.RunNotFound);
        await NothingStoredAsync(() => missing.SendAsync(w => w.Lines, new Line("tea", 1)), DurableErrorCodes.RunNotFound);
        await NothingStoredAsync(() => missing.UpdateAsync(w => w.ClearAsync()), DurableErrorCodes.RunNotFound);
        await NothingStoredAsync(() => missing.CancelAsync(), DurableErrorCodes.RunNotFound);
        await NothingStoredAsync(() => missing.TerminateAsync("x"), DurableErrorCodes.RunNotFound);
        await NothingStoredAsync(() => missing.ResumeAsync(), DurableErrorCodes.RunNotFound);
        await NothingStoredAsync(() => missing.PurgeAsync(), DurableErrorCodes.RunNotFound);
        await NothingStoredAsync(() => missing.ExplainAsync(), DurableErrorCodes.RunNotFound);
        await NothingStoredAsync(() => missing.CompletionAsync(), DurableErrorCodes.RunNotFound);
        await NothingStoredAsync(() => missing.QueryAsync(w => w.State), DurableErrorCodes.RunNotFound);
        await NothingStoredAsync(() => missing.ExportAsync(), DurableErrorCodes.RunNotFound);
        await NothingStoredAsync(async () => await missing.HistoryAsync().ToListAsync(), DurableErrorCodes.RunNotFound);
    }

    [Test]
    public async Task A_closed_run_takes_no_messages()
    {
        var closed = await ClosedAsync("order-1", RunStatus.Completed);
        await NothingStoredAsync(() => closed.SignalAsync(w => w.Approve("bob")), DurableErrorCodes.RunClosed);
        await NothingStoredAsync(() => closed.SendAsync(w => w.Lines, new Line("tea", 1)), DurableErrorCodes.RunClosed);
        await NothingStoredAsync(() => closed.UpdateAsync(w => w.ClearAsync()), DurableErrorCodes.RunClosed);
        await NothingStoredAsync(() => closed.CancelAsync(), DurableErrorCodes.RunClosed);
        await NothingStoredAsync(() => closed.TerminateAsync("x"), DurableErrorCodes.RunClosed);
        await NothingStoredAsync(() => closed.ResumeAsync(), DurableErrorCodes.RunClosed);
    }

    [Test]
    public async Task A_message_that_a_closing_run_did_not_see_is_told_to_its_sender()
    {
        var handle = await StartAsync("order-1");
        var worker = await WorkerAsync();
        await worker.BeginAsync(handle.RunId!.Value);
        Store.After = () => worker.CloseAsync(RunStatus.Completed);
        var error = await ThrownAsync<RunConflictException>(() => handle.SignalAsync(w => w.Approve("bob")));
        Assert.That((error.Code, error.Run!.Status), Is.EqualTo((DurableErrorCodes.RunClosed, RunStatus.Completed)));
    }

    [Test]
    public async Task A_message_that_a_closing_run_did_see_is_a_success()
    {
        var handle = await StartAsync("order-1");
        var worker = await WorkerAsync();
        await worker.BeginAsync(handle.RunId!.Value);
        Store.After = async () =>
        {
            await worker.TakeMailAsync();
            await worker.CloseAsync(RunStatus.Completed);
        };
        await handle.SignalAsync(w => w.Approve("bob"));
        Assert.That((await RowAsync(handle)).Status, Is.EqualTo(RunStatus.Completed));
    }

    [Test]
    public async Task A_run_with_a_full_inbox_is_found_and_remembered()
    {
        var handle = await StartAsync("order-1");
        var run = await RowAsync(handle);
        await Store.DeliverAsync(new Delivery([.. Enumerable.Range(1, InboxProbe.Limit).Select(seq => new MessageRecord
        {
            RunId = run.RunId, Namespace = run.Namespace, Shard = run.Shard, Sender = Guid.Empty, SenderSeq = seq, Kind = (short)EventKind.SignalReceived, Target = "Approve",
        })], []));
        var error = await ThrownAsync<DurableException>(async () =>
        {
            for (var i = 0; i < InboxProbe.Every; i++) await handle.SignalAsync(w => w.Approve("bob"));
        });
        Assert.That(error.Code, Is.EqualTo(DurableErrorCodes.InboxFull));
        await NothingStoredAsync(() => handle.SignalAsync(w => w.Approve("bob")), DurableErrorCodes.InboxFull);
    }

    [TestCase(RunStatus.Paused)]
    [TestCase(RunStatus.Stalled)]
    [TestCase(RunStatus.Quarantined)]
    [TestCase(RunStatus.Cancelling)]
    public async Task A_held_run_is_resumed_by_a_control_message(RunStatus status)
    {
        var handle = await StartAsync("order-1");
        var worker = await WorkerAsync();
        await worker.BeginAsync(handle.RunId!.Value);
        await worker.Lane.Batch().Update(new(handle.RunId!.Value, "default", "order-1", 0, "Order", 1), status).CommitAsync();
        await worker.ParkAsync(HoldReasons.Stalled);
        await handle.ResumeAsync();
        var message = (await MailAsync(handle)).Single();
        Assert.That(((EventKind)message.Kind, message.Control), Is.EqualTo((EventKind.Resumed, true)));
    }

    [Test]
    public async Task A_run_that_is_not_held_is_not_resumed()
    {
        var handle = await StartAsync("order-1");
        await NothingStoredAsync(() => handle.ResumeAsync(), DurableErrorCodes.RunInWrongState);
    }

    [Test]
    public async Task A_token_settles_its_promise_once()
    {
        var (handle, token) = await PromiseAsync();
        await Client.CompleteAsync(token, new Line("tea", 2));
        await Client.CompleteAsync(token, new Line("coffee", 9));
        await Client.ForNamespace("acme").CompleteAsync(token, new Line("coffee", 9));
        var message = (await MailAsync(handle)).Single();
        Assert.That(((EventKind)message.Kind, message.ReplyGen, message.ReplyOrdinal, message.SenderSeq), Is.EqualTo((EventKind.PromiseCompleted, 0, 3, 0)));
        Assert.That(Encoding.UTF8.GetString(message.Payload!), Is.EqualTo("""{"sku":"tea","quantity":2}"""));
    }

    [Test]
    public async Task A_token_fails_its_promise()
    {
        var (handle, token) = await PromiseAsync();
        await Client.FailAsync(token, "nobody came");
        var message = (await MailAsync(handle)).Single();
        var failure = JsonSerializer.Deserialize(message.Payload, HistoryJson.Default.OperationFailure)!;
        Assert.That(((EventKind)message.Kind, failure.Code, failure.Failure.Message), Is.EqualTo((EventKind.PromiseFailed, DurableErrorCodes.ActivityGaveUp, "nobody came")));
    }

    [Test]
    public async Task Forged_tokens_settle_nothing_and_tell_nothing()
    {
        var (handle, token) = await PromiseAsync();
        var forged = Tokens.Create(handle.RunId!.Value, 0, 3, new byte[32]);
        var unknown = Tokens.Create(Guid.NewGuid(), 0, 3, new byte[32]);
        var texts = new HashSet<string>();
        foreach (var wrong in new[] { forged, unknown, "", "no token", token[..^4] + "AAAA", token + "A", "B" + token[1..] })
        {
            await NothingStoredAsync(() => Client.CompleteAsync(wrong, 1), DurableErrorCodes.RunNotFound);
            texts.Add((await RefusedAsync(() => Client.FailAsync(wrong, "x"), DurableErrorCodes.RunNotFound)).Message);
        }

        Assert.That(texts, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task The_token_of_a_closed_run_is_refused_as_closed()
    {
        var closed = await ClosedAsync("order-1", RunStatus.Completed);
        var token = Tokens.Create(closed.RunId!.Value, 0, 3, (await RowAsync(closed)).Secret);
        await NothingStoredAsync(() => Client.CompleteAsync(token, 1), DurableErrorCodes.RunClosed);
    }

    private async Task<(RunHandle Handle, string Token)> PromiseAsync()
    {
        var handle = await StartAsync("order-1");
        await (await WorkerAsync()).BeginAsync(handle.RunId!.Value);
        return (handle, Tokens.Create(handle.RunId!.Value, 0, 3, (await RowAsync(handle)).Secret));
    }
}
