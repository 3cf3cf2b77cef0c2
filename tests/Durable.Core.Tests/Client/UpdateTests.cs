// Updates: one message for each id, and a document with the answer.
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Replay;

namespace Durable.Core.Tests.Client;

[TestFixture]
public sealed class UpdateTests : ClientFixture
{
    private RunHandle<OrderFlow, string> handle = null!;
    private HandWorker worker = null!;

    [SetUp]
    public async Task Begin()
    {
        handle = await StartAsync("order-1");
        worker = await WorkerAsync();
        await worker.BeginAsync(handle.RunId!.Value);
    }

    [Test]
    public async Task An_update_gives_its_answer()
    {
        var update = handle.UpdateAsync(w => w.AddAsync(new Line("tea", 2)), new() { Id = "u-1" });
        var message = (await MailAsync(handle)).Single();
        var request = JsonSerializer.Deserialize(message.Payload, HistoryJson.Default.UpdateRequest)!;
        Assert.That((message.Target, message.SenderSeq, request.Id, request.Arguments.GetRawText()), Is.EqualTo(("Add", 0, "u-1", """[{"sku":"tea","quantity":2}]""")));
        await worker.DocumentAsync("u-1", new UpdateAnswer { State = "accepted" });
        await worker.DocumentAsync("u-1", new UpdateAnswer { State = "answered", Answer = JsonText.Element("7"u8) });
        Assert.That(await update, Is.EqualTo(7));
    }

    [Test]
    public async Task An_update_with_a_known_id_is_not_sent_again()
    {
        await worker.DocumentAsync("u-1", new UpdateAnswer { State = "answered", Answer = JsonText.Element("7"u8) });
        Assert.That(await handle.UpdateAsync(w => w.AddAsync(new Line("tea", 2)), new() { Id = "u-1" }), Is.EqualTo(7));
        Assert.That(await MailAsync(handle), Is.Empty);
        await worker.CloseAsync(RunStatus.Completed);
        Assert.That(await handle.UpdateAsync(w => w.AddAsync(new Line("tea", 2)), new() { Id = "u-1" }), Is.EqualTo(7));
    }

    [Test]
    public async Task Two_updates_with_one_id_are_one_message_and_have_one_answer()
    {
        var one = handle.UpdateAsync(w => w.AddAsync(new Line("tea", 2)), new() { Id = "u-1" });
        var two = handle.UpdateAsync(w => w.AddAsync(new Line("tea", 2)), new() { Id = "u-1" });
        Assert.That(await MailAsync(handle), Has.Count.EqualTo(1));
        await worker.DocumentAsync("u-1", new UpdateAnswer { State = "answered", Answer = JsonText.Element("7"u8) });
        Assert.That((await one, await two), Is.EqualTo((7, 7)));
    }

    [Test]
    public async Task An_update_without_an_answer_ends_when_it_is_answered()
    {
        var update = handle.UpdateAsync(w => w.ClearAsync(), new() { Id = "u-1" });
        Assert.That(update.IsCompleted, Is.False);
        await worker.DocumentAsync("u-1", new UpdateAnswer { State = "answered" });
        await update;
        Assert.That(update.IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public async Task A_rejected_update_has_the_validators_failure()
    {
        await worker.DocumentAsync("u-1", new UpdateAnswer { State = "rejected", Failure = new Failure("System.ArgumentException", "Quantity must be positive.") });
        var error = await ThrownAsync<UpdateRejectedException>(() => handle.UpdateAsync(w => w.AddAsync(new Line("tea", 0)), new() { Id = "u-1" }));
        Assert.That((error.Code, error.Failure.Message), Is.EqualTo((DurableErrorCodes.UpdateRejected, "Quantity must be positive.")));
    }

    [Test]
    public async Task A_failed_update_has_a_code_of_its_own()
    {
        await worker.DocumentAsync("u-1", new UpdateAnswer { State = "failed", Failure = new Failure("System.TimeoutException", "too slow") });
        var error = await ThrownAsync<UpdateRejectedException>(() => handle.UpdateAsync(w => w.AddAsync(new Line("tea", 0)), new() { Id = "u-1" }));
        Assert.That((error.Code, error.Failure.Is<TimeoutException>(), error.Message), Is.EqualTo((DurableErrorCodes.UpdateFailed, true, "DUR2011: The update was accepted and failed: System.TimeoutException: too slow")));
    }

    [Test]
    public async Task A_run_that_closes_without_an_answer_ends_the_wait()
    {
        var update = handle.UpdateAsync(w => w.AddAsync(new Line("tea", 2)));
        await worker.CloseAsync(RunStatus.Failed);
        await RefusedAsync(() => update, DurableErrorCodes.RunClosed);
    }

    [Test]
    public async Task An_answer_given_with_the_close_is_still_an_answer()
    {
        var update = handle.UpdateAsync(w => w.AddAsync(new Line("tea", 2)), new() { Id = "u-1" });
        await worker.DocumentAsync("u-1", new UpdateAnswer { State = "answered", Answer = JsonText.Element("7"u8) });
        await worker.CloseAsync(RunStatus.Completed);
        Assert.That(await update, Is.EqualTo(7));
    }

    [Test]
    public async Task Cancelling_the_call_ends_the_wait_and_leaves_the_update()
    {
        using var stop = new CancellationTokenSource();
        var update = handle.UpdateAsync(w => w.AddAsync(new Line("tea", 2)), cancellationToken: stop.Token);
        await stop.CancelAsync();
        await ThrownAsync<OperationCanceledException>(() => update);
        Assert.That(await MailAsync(handle), Has.Count.EqualTo(1));
    }
}
