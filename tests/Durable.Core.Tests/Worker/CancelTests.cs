// Cancel, terminate, deadlines.
using Durable.Core.Tests.Kit;

namespace Durable.Core.Tests.Worker;

[TestFixture(1)]
[TestFixture(8)]
public sealed class CancelTests(int groups) : Situation
{
    private protected override int Groups => groups;

    [Test]
    public async Task A_cancel_ends_the_pending_wait_and_the_compensation_runs()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Booking>());
        Bench.Block("wait");
        var run = await node.Client.StartAsync((Booking w) => w.RunAsync());
        await World.UntilAsync(() => Bench.Count("wait") == 1, "it waits");

        await run.CancelAsync("customer left");

        var outcome = await run.OutcomeAsync(TimeSpan.FromSeconds(90));
        Assert.That(outcome!.Status, Is.EqualTo(RunStatus.Cancelled));
        Assert.That(Bench.Ledger.Select(attempt => attempt.Name), Is.EqualTo(new[] { "hotel", "flight", "wait", "undo flight", "undo hotel" }));
    }

    [Test]
    public async Task A_cancel_stops_the_token_of_a_running_activity_and_does_not_wait_for_it()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Booking>());
        var told = new TaskCompletionSource();
        Bench["wait"] = context =>
        {
            context.CancellationToken.Register(() => told.TrySetResult());
            return new TaskCompletionSource<string>().Task;
        };
        var run = await node.Client.StartAsync((Booking w) => w.RunAsync());
        await World.UntilAsync(() => Bench.Count("wait") == 1, "it waits");

        await run.CancelAsync();

        await Reaches(run, RunStatus.Cancelled);
        await World.UntilAsync(() => told.Task.IsCompleted, "the activity was told");
    }

    [Test]
    public async Task A_cancel_that_comes_before_the_first_turn_is_applied_after_it()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Booking>());
        Bench.Block("hotel");
        var run = await node.Client.StartAsync((Booking w) => w.RunAsync(), new() { Delay = TimeSpan.FromHours(1) });
        await run.CancelAsync();

        World.Manual!.Advance(TimeSpan.FromHours(1));

        await Reaches(run, RunStatus.Cancelled, TimeSpan.FromMilliseconds(200));
    }

    [Test]
    public async Task Code_that_returns_after_a_cancel_completes()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Stubborn>());
        var run = await node.Client.StartAsync((Stubborn w) => w.RunAsync());

        await run.CancelAsync();

        Assert.That(await run.ResultAsync(), Is.EqualTo("cleaned up"));
    }

    [Test]
    public async Task A_cancel_of_a_parked_run_on_another_host_arrives()
    {
        var first = await World.StartAsync(d => d.AddWorkflow<Stubborn>(), options: o => o.ParkAfter = TimeSpan.Zero);
        var run = await first.Client.StartAsync((Stubborn w) => w.RunAsync(), new() { Id = "s" });
        await Parks(run);
        await first.StopAsync();
        var second = await World.StartAsync(d => d.AddWorkflow<Stubborn>(), "b");

        await second.Client.GetRun("s").CancelAsync();

        Assert.That(await second.Client.GetRun<Stubborn, string>("s").ResultAsync(), Is.EqualTo("cleaned up"));
    }

    [Test]
    public async Task A_terminated_run_runs_no_more_code_and_its_late_results_are_dropped()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Booking>());
        var gate = new TaskCompletionSource<string>();
        Bench["wait"] = _ => gate.Task;
        var run = await node.Client.StartAsync((Booking w) => w.RunAsync());
        await World.UntilAsync(() => Bench.Count("wait") == 1, "it waits");

        await run.TerminateAsync("fraud");
        await Reaches(run, RunStatus.Terminated);
        gate.SetResult("late");

        var error = await Assert.ThrowsAsync<RunFailedException>(() => run.ResultAsync());
        Assert.That((error!.Code, error.Failure!.Message), Is.EqualTo(("DUR3003", "fraud")));
        Assert.That(Bench.Ledger.Select(attempt => attempt.Name), Does.Not.Contain("undo hotel"));
    }

    [Test]
    public async Task A_run_of_a_type_that_nobody_knows_can_be_terminated()
    {
        var client = await World.StartAsync(d => d.AddWorkflow<Stubborn>().WithoutWorker(), "client");
        var run = await client.Client.StartAsync((Stubborn w) => w.RunAsync());
        await World.StartAsync(d => d.AddWorkflow<Booking>());

        await run.TerminateAsync("nobody serves it");

        await Reaches(run, RunStatus.Terminated);
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_run_that_is_open_longer_than_its_timeout_is_closed_without_code(bool parked)
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Stubborn>(), options: o => o.ParkAfter = parked ? TimeSpan.FromSeconds(1) : TimeSpan.FromDays(1));
        var run = await node.Client.StartAsync((Stubborn w) => w.RunAsync(), new() { Timeout = TimeSpan.FromMinutes(2) });
        if (parked) await Parks(run, TimeSpan.FromMilliseconds(200));

        await Reaches(run, RunStatus.TimedOut, TimeSpan.FromMilliseconds(500));

        Assert.That((await run.OutcomeAsync(TimeSpan.Zero))!.Failure, Is.Not.Null);
        Assert.That((await KindsOf(run))[^1], Is.EqualTo("TimedOut"));
    }

    public sealed class Booking(WorkflowContext workflow, IWork work)
    {
        [Run]
        public async Task<string> RunAsync()
        {
            var saga = workflow.StartSaga();
            await work.DoAsync("hotel");
            saga.OnFailure(() => work.DoAsync("undo hotel"));
            await work.DoAsync("flight");
            saga.OnFailure(() => work.DoAsync("undo flight"));
            return await work.DoAsync("wait");
        }
    }

    public sealed class Stubborn(WorkflowContext workflow)
    {
        [Run]
        public async Task<string> RunAsync()
        {
            try
            {
                await workflow.WaitUntilAsync(() => false);
                return "never";
            }
            catch (OperationCanceledException)
            {
                await workflow.DelayAsync(TimeSpan.FromMilliseconds(1));
                return "cleaned up";
            }
        }
    }
}
