// Queries are answered by replaying committed history.
namespace Durable.Core.Tests.Client;

[TestFixture]
public sealed class QueryTests : ClientFixture
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
    public async Task A_query_sees_the_last_committed_turn()
    {
        Assert.That(await handle.QueryAsync(w => w.State), Is.EqualTo("waiting"));
        await handle.SignalAsync(w => w.Approve("bob"));
        Assert.That(await handle.QueryAsync(w => w.State), Is.EqualTo("waiting"));
        await worker.TakeMailAsync();
        Assert.That(await handle.QueryAsync(w => w.State), Is.EqualTo("approved"));
        Assert.That(await handle.QueryAsync(w => w.Greet("ada", 2)), Is.EqualTo("hello ada hello ada"));
        Assert.That(await handle.QueryAsync(w => (long)w.Count), Is.EqualTo(1));
        Assert.That(await handle.QueryAsync(w => w.Approvals), Is.EqualTo(["bob"]));
    }

    [Test]
    public async Task A_closed_run_still_answers()
    {
        await handle.SignalAsync(w => w.Approve("bob"));
        await worker.TakeMailAsync();
        await worker.AnswerAsync(2, "\"receipt\"");
        await worker.CloseAsync(RunStatus.Completed, "\"receipt\"");
        Assert.That(await handle.QueryAsync(w => w.Count), Is.EqualTo(1));
    }

    [Test]
    public async Task What_a_query_throws_is_thrown()
    {
        Assert.That((await ThrownAsync<InvalidOperationException>(() => handle.QueryAsync(w => w.Broken()))).Message, Is.EqualTo("no answer"));
        await RefusedAsync(() => handle.QueryAsync(w => w.Greedy()), DurableErrorCodes.NotDurable);
    }

    [Test]
    public async Task A_run_that_has_not_begun_has_no_state()
    {
        var pending = await StartAsync("order-2");
        await RefusedAsync(() => pending.QueryAsync(w => w.State), DurableErrorCodes.RunInWrongState);
    }

    [Test]
    public async Task A_run_of_a_class_that_is_not_here_cannot_be_queried()
    {
        await Client.StartAsync((Elsewhere w) => w.RunAsync(1), new() { Id = "else-1" });
        await RefusedAsync(() => Client.GetRun<Elsewhere>("else-1").QueryAsync(w => w.Number), DurableErrorCodes.WorkflowNotHere);
    }

    [Test]
    public async Task A_query_that_the_runs_class_does_not_have_is_refused() =>
        await RefusedAsync(() => Client.GetRun<Elsewhere>("order-1").QueryAsync(w => w.Number), DurableErrorCodes.RequestInvalid);

    [Test]
    public async Task Code_that_does_not_fit_the_history_answers_nothing()
    {
        var row = worker.Row(Durable.Engine.History.EventKind.TimerFired, null, 0, ordinal: 77);
        row.Crc = Durable.Engine.History.Checksum.Of(row, worker.Execution.Crc);
        await worker.Lane.Batch().Event(row).CommitAsync();
        await RefusedAsync(() => handle.QueryAsync(w => w.State), DurableErrorCodes.Diverged);
    }
}
