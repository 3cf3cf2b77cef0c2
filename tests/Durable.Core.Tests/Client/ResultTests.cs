// Results, outcomes, and waiting for them.
using System.Text.Json;
using Durable.Engine.Client;
using Durable.Engine.History;
using Durable.Engine.Hosting;
using Durable.Storage;
using Durable.Storage.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace Durable.Core.Tests.Client;

[TestFixture]
public sealed class ResultTests : ClientFixture
{
    private static readonly string Failed = JsonSerializer.Serialize(new Failure("System.TimeoutException", "too slow"), HistoryJson.Default.Failure);

    [Test]
    public async Task A_completed_run_gives_its_result()
    {
        var closed = await ClosedAsync("order-1", RunStatus.Completed, "\"done\"");
        Assert.That(await closed.ResultAsync(), Is.EqualTo("done"));
        Assert.That(await closed.OutcomeAsync(TimeSpan.Zero), Is.EqualTo(new RunOutcome<string>(RunStatus.Completed, "done", null)));
        Assert.That(await closed.WaitAsync(TimeSpan.Zero), Is.EqualTo(new RunOutcome(RunStatus.Completed, null)));
        await closed.CompletionAsync();
        await RefusedAsync(() => Client.GetRun<OrderFlow, int>("order-1").ResultAsync(), DurableErrorCodes.PayloadUnreadable);
    }

    [Test]
    public async Task A_result_is_decoded_by_the_codec()
    {
        Create(new ReverseCodec(), new DurableOptions());
        Assert.That(await (await ClosedAsync("order-1", RunStatus.Completed, "\"done\"")).ResultAsync(), Is.EqualTo("done"));
    }

    [TestCase(RunStatus.Failed, DurableErrorCodes.RunFailed)]
    [TestCase(RunStatus.Cancelled, DurableErrorCodes.RunCancelled)]
    [TestCase(RunStatus.Terminated, DurableErrorCodes.RunTerminated)]
    [TestCase(RunStatus.TimedOut, DurableErrorCodes.RunTimedOut)]
    public async Task A_run_that_did_not_complete_throws_where_a_result_is_asked_for(RunStatus status, string code)
    {
        var closed = await ClosedAsync("order-1", status, Failed);
        var error = await ThrownAsync<RunFailedException>(() => closed.ResultAsync());
        Assert.That((error.Code, error.Status, error.Failure!.Is<TimeoutException>()), Is.EqualTo((code, status, true)));
        Assert.That((await ThrownAsync<RunFailedException>(() => closed.CompletionAsync())).Code, Is.EqualTo(code));
        Assert.That(await closed.WaitAsync(TimeSpan.Zero), Is.EqualTo(new RunOutcome(status, error.Failure)));
        Assert.That(await closed.OutcomeAsync(TimeSpan.FromSeconds(1)), Is.EqualTo(new RunOutcome<string>(status, null, error.Failure)));
    }

    [TestCase(null, null, DurableErrorCodes.RunTerminated)]
    [TestCase("""{"reason":"enough"}""", "enough", DurableErrorCodes.RunTerminated)]
    [TestCase("\"enough\"", "enough", DurableErrorCodes.RunTerminated)]
    [TestCase("""{"type":"Durable.DurableException","message":"DUR3005: too long"}""", "DUR3005: too long", DurableErrorCodes.HistoryLimit)]
    [TestCase("""{"code":"DUR3005","failure":{"type":"X","message":"too long"}}""", "too long", DurableErrorCodes.HistoryLimit)]
    public async Task Outcomes_of_all_shapes_are_read(string? outcome, string? message, string code)
    {
        var closed = await ClosedAsync("order-1", RunStatus.Terminated, outcome);
        var error = await ThrownAsync<RunFailedException>(() => closed.CompletionAsync());
        Assert.That((error.Failure?.Message, error.Code), Is.EqualTo((message, code)));
    }

    [Test]
    public async Task A_wait_ends_with_the_run()
    {
        var handle = await StartAsync("order-1");
        var worker = await WorkerAsync();
        await worker.BeginAsync(handle.RunId!.Value);
        var result = handle.ResultAsync();
        var outcome = handle.OutcomeAsync(Timeout.InfiniteTimeSpan);
        Assert.That(result.IsCompleted, Is.False);
        await worker.CloseAsync(RunStatus.Completed, "\"done\"");
        Assert.That((await result, (await outcome)!.Result), Is.EqualTo(("done", "done")));
    }

    [Test]
    public async Task A_wait_that_is_over_says_that_the_run_is_open()
    {
        var handle = await StartAsync("order-1");
        Assert.That(await handle.WaitAsync(TimeSpan.Zero), Is.Null);
        Assert.That(await handle.OutcomeAsync(TimeSpan.FromMilliseconds(1)), Is.Null);
        await ThrownAsync<ArgumentOutOfRangeException>(() => handle.WaitAsync(TimeSpan.FromSeconds(-5)));
    }

    [Test]
    public async Task Cancelling_the_call_ends_the_wait()
    {
        var handle = await StartAsync("order-1");
        using var stop = new CancellationTokenSource();
        var waits = new Task[] { handle.ResultAsync(stop.Token), handle.WaitAsync(TimeSpan.FromDays(100), stop.Token) };
        await stop.CancelAsync();
        foreach (var wait in waits) await ThrownAsync<OperationCanceledException>(() => wait);
    }

    [Test]
    public async Task A_run_that_is_purged_ends_the_wait()
    {
        var watch = new NoLocalWorker(Services, NullLogger.Instance);
        await RefusedAsync(() => watch.WaitClosedAsync(Guid.NewGuid(), CancellationToken.None), DurableErrorCodes.RunNotFound);
    }

    [Test]
    public async Task Many_waits_are_looked_up_together()
    {
        var worker = await WorkerAsync();
        var runs = new List<TestRun>();
        for (var i = 0; i < 20; i++) runs.Add(await worker.Lane.StartAsync($"run-{i}"));
        var watch = new NoLocalWorker(Services, NullLogger.Instance);
        var waits = runs.Select(run => watch.WaitClosedAsync(run.Id, CancellationToken.None)).ToList();
        foreach (var run in runs) await worker.Lane.Batch().Close(run).CommitAsync();
        watch.Hint(runs[0].Id);
        Assert.That(await Task.WhenAll(waits), Is.All.EqualTo(RunStatus.Completed));
    }

    [Test]
    public async Task Only_closed_runs_are_purged()
    {
        var open = await StartAsync("order-1");
        await NothingStoredAsync(() => open.PurgeAsync(), DurableErrorCodes.RunInWrongState);
        var closed = await ClosedAsync("order-2", RunStatus.Failed);
        await closed.PurgeAsync();
        await RefusedAsync(() => closed.DescribeAsync(), DurableErrorCodes.RunNotFound);
        Assert.That(await Client.CountAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_restored_database_is_read_and_not_written_until_it_is_accepted()
    {
        var handle = await StartAsync("order-1");
        Services.Refresh();
        Store.PlaceChanged = true;
        Assert.That((await handle.DescribeAsync()).Status, Is.EqualTo(RunStatus.Pending));
        Assert.That(await Client.CountAsync(), Is.EqualTo(1));
        await NothingStoredAsync(() => StartAsync("order-2"), DurableErrorCodes.StoreRestored);
        await NothingStoredAsync(() => handle.SignalAsync(w => w.Approve("bob")), DurableErrorCodes.StoreRestored);
        await NothingStoredAsync(() => handle.UpdateAsync(w => w.ClearAsync()), DurableErrorCodes.StoreRestored);
        await NothingStoredAsync(() => handle.ResumeAsync(), DurableErrorCodes.StoreRestored);
        await NothingStoredAsync(() => handle.PurgeAsync(), DurableErrorCodes.StoreRestored);
        await NothingStoredAsync(() => Client.CompleteAsync("x", 1), DurableErrorCodes.StoreRestored);
        await NothingStoredAsync(() => Client.SignalWithStartAsync((OrderFlow w) => w.RunAsync("a", 1), w => w.Approve("b"), new() { Id = "x" }), DurableErrorCodes.StoreRestored);
        await Client.AcceptRestoredStoreAsync(RestoredStorePolicy.HoldAllRuns);
        Assert.That(Store.Accepted, Is.EqualTo(RestoredStorePolicy.HoldAllRuns));
        await handle.ResumeAsync();
        await StartAsync("order-2");
    }

    [Test]
    public async Task Runs_are_listed_page_by_page_and_counted()
    {
        for (var i = 0; i < 450; i++)
        {
            Clock.Advance(TimeSpan.FromMilliseconds(1));
            await StartAsync($"order-{i:000}");
        }

        await ClosedAsync("other", RunStatus.Failed);
        Assert.That(await Client.ListAsync(new() { IdPrefix = "order-" }).Select(run => run.WorkflowId).ToListAsync(), Is.EqualTo(Enumerable.Range(0, 450).Reverse().Select(i => $"order-{i:000}")));
        Assert.That(await Client.CountAsync(new() { Status = [RunStatus.Failed] }), Is.EqualTo(1));
        Assert.That(await Client.CountAsync(new() { Workflow = "Order" }), Is.EqualTo(451));
        Assert.That(await Client.CountAsync(new() { Workflow = "Nothing" }), Is.Zero);
    }

    [Test]
    public async Task A_list_by_what_runs_wait_for_says_it()
    {
        var handle = await StartAsync("order-1");
        await StartAsync("order-2");
        var worker = await WorkerAsync();
        await worker.BeginAsync(handle.RunId!.Value);
        await worker.ParkAsync(waits: new WaitDocument("activity", "Shop.Charge", Clock.GetUtcNow()));
        var found = await Client.ListAsync(new() { WaitingFor = "Shop.Charge" }).ToListAsync();
        Assert.That(found.Select(run => (run.WorkflowId, run.WaitReason!.Target)), Is.EqualTo([("order-1", "Shop.Charge")]));
        Assert.That((await handle.DescribeAsync()).WaitReason, Is.EqualTo(new WaitReason("activity", "Shop.Charge", Clock.GetUtcNow(), null, null)));
    }
}
