// What may still happen to a held run (DECISIONS 14): a cancel is recorded at once and runs when the hold ends, and its deadline ends it without code.
using Durable.Core.Tests.Kit;
using Durable.Storage;

namespace Durable.Core.Tests.Worker;

public sealed class HeldRunTests : Situation
{
    [Test]
    public async Task A_cancel_of_a_stalled_run_shows_at_once_and_is_carried_out_when_the_hold_ends()
    {
        var (changed, run) = await StalledAsync();

        await changed.Client.GetRun("o").CancelAsync("not wanted");
        await Reaches(run, RunStatus.Cancelling);
        Assert.That((await changed.Client.GetRun("o").ExplainAsync()).Waits.Single(wait => wait.Kind == "hold").Detail, Does.Contain("'zero'"), "why it is held is still told");
        Assert.That((await World.Store.ReadPlacementAsync(run.RunId!.Value)).Wake!.Hold, Is.EqualTo(HoldReasons.Stalled));
        Assert.That(World.Logs.Entries.Count(entry => entry.Id == 301), Is.EqualTo(1), "nobody tried it again");
        await changed.StopAsync();
        var mended = await World.StartAsync(d => d.AddWorkflow<Old>(), "c");
        await mended.Client.GetRun("o").ResumeAsync();

        await Reaches(run, RunStatus.Cancelled);
        Assert.That(await KindsOf(run), Does.Contain("CancelRequested"));
    }

    [Test]
    public async Task A_second_cancel_of_a_held_run_changes_nothing_and_it_stays_held()
    {
        var (changed, run) = await StalledAsync();
        await changed.Client.GetRun("o").CancelAsync();
        await Reaches(run, RunStatus.Cancelling);

        await changed.Client.GetRun("o").CancelAsync();
        await World.UntilAsync(async () => await ControlOf(run) == 0, "the second message was taken");

        Assert.That((await World.Store.FindRunAsync("default", "o", null))!.Status, Is.EqualTo(RunStatus.Cancelling));
        await Parks(run);
        Assert.That((await World.Store.ReadPlacementAsync(run.RunId!.Value)).Wake!.Hold, Is.EqualTo(HoldReasons.Stalled));
        Assert.That(Bench.Count("zero"), Is.Zero);
    }

    [Test]
    public async Task A_quarantined_run_that_was_cancelled_stays_held_until_somebody_resumes_it()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Old>());
        var run = await node.Client.StartAsync((Old w) => w.RunAsync(), new() { Id = "o" });
        await World.UntilAsync(async () => (await World.Store.ReadEventsAsync(run.RunId!.Value, 0, 0, 10)).Count == 2, "two rows are there");
        await node.StopAsync();
        var row = (await World.Store.ReadEventsAsync(run.RunId!.Value, 0, 0, 10))[1];
        row.Payload![1] ^= 1;
        var second = await World.StartAsync(d => d.AddWorkflow<Old>());
        await second.Client.GetRun<Old>("o").SignalAsync(w => w.Go());
        await Reaches(run, RunStatus.Quarantined);

        await second.Client.GetRun("o").CancelAsync();
        await Reaches(run, RunStatus.Cancelling);
        await Parks(run);
        Assert.That((await World.Store.ReadPlacementAsync(run.RunId!.Value)).Wake!.Hold, Is.EqualTo(HoldReasons.Quarantined));
        row.Payload![1] ^= 1;
        await second.Client.GetRun("o").ResumeAsync();

        await Reaches(run, RunStatus.Cancelled);
    }

    [Test]
    public async Task A_run_that_was_cancelled_before_it_stalled_shows_that_again_when_it_goes_on()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Careful>());
        var run = await node.Client.StartAsync((Careful w) => w.RunAsync(), new() { Id = "o" });
        await World.UntilAsync(() => Bench.Count("one") == 1, "it waits");
        await run.CancelAsync();
        await World.UntilAsync(() => Bench.Count("undo") == 1, "it undoes its work");
        await node.StopAsync();
        var changed = await World.StartAsync(d => d.AddWorkflow<Changed>(), "b");
        await changed.Client.GetRun<Careful>("o").SignalAsync(w => w.Nudge());
        await Reaches(run, RunStatus.Stalled);
        await changed.StopAsync();

        var mended = await World.StartAsync(d => d.AddWorkflow<Careful>(), "c");
        await mended.Client.GetRun("o").ResumeAsync();
        await Reaches(run, RunStatus.Cancelling);
        await mended.Client.GetRun<Careful>("o").SignalAsync(w => w.Go());

        await Reaches(run, RunStatus.Cancelled);
    }

    [Test]
    public async Task A_cancelled_run_that_was_quarantined_shows_that_again_when_it_is_resumed()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Careful>());
        var run = await node.Client.StartAsync((Careful w) => w.RunAsync(), new() { Id = "o" });
        await World.UntilAsync(() => Bench.Count("one") == 1, "it waits");
        await run.CancelAsync();
        await World.UntilAsync(() => Bench.Count("undo") == 1, "it undoes its work");
        await node.StopAsync();
        var client = await World.StartAsync(d => d.AddWorkflow<Careful>().WithoutWorker(), "client");
        await client.Client.GetRun<Careful>("o").SignalAsync(w => w.Nudge());
        for (var i = 0; i < 3; i++)
        {
            var killer = await World.StartAsync(d => d.AddWorkflow<Careful>(), options: o => o.QuarantineAfter = 3, faults: store => store.OnCommit = batch => batch.Events.Count > 0 ? CommitFault.DieBefore : CommitFault.None);
            await killer.Store.Died;
            await killer.KillAsync();
        }

        var last = await World.StartAsync(d => d.AddWorkflow<Careful>(), options: o => o.QuarantineAfter = 3);
        await Reaches(run, RunStatus.Quarantined);
        await last.Client.GetRun("o").ResumeAsync();

        await Reaches(run, RunStatus.Cancelling);
        await last.Client.GetRun<Careful>("o").SignalAsync(w => w.Go());
        await Reaches(run, RunStatus.Cancelled);
    }

    [TestCase(StoreKind.Memory)]
    [TestCase(StoreKind.Sqlite)]
    public async Task The_deadline_of_a_held_run_ends_it_without_code(StoreKind kind)
    {
        Make(kind, manual: true);
        var step = TimeSpan.FromMilliseconds(500);
        var first = await World.StartAsync(d => d.AddWorkflow<Old>());
        var run = await first.Client.StartAsync((Old w) => w.RunAsync(), new() { Id = "o", Timeout = TimeSpan.FromHours(1) });
        await World.UntilAsync(() => Bench.Count("one") == 1, "the first activity is done", step);
        var stopping = first.StopAsync();
        await World.UntilAsync(() => stopping.IsCompleted, "the first host has stopped", step);
        await stopping;
        var changed = await World.StartAsync(d => d.AddWorkflow<Changed>(), "b");
        await changed.Client.GetRun<Old>("o").SignalAsync(w => w.Go());
        await Reaches(run, RunStatus.Stalled, step);
        // Time flies here, so a second round of the reaper could begin before the end is durable, and leave its word with a run that has ended. It tells once.
        var told = 0;
        changed.Store.Before = verb => verb == "Deliver" && Interlocked.Increment(ref told) > 1 ? throw new DurableException("DUR5001", "away") : Task.CompletedTask;

        await Reaches(run, RunStatus.TimedOut, TimeSpan.FromSeconds(20));

        Assert.That(World.Clock.GetUtcNow(), Is.GreaterThanOrEqualTo((await World.Store.FindRunAsync("default", "o", null))!.DeadlineAt!.Value));
        Assert.That(await KindsOf(run), Does.Contain("TimedOut"));
        Assert.That(Bench.Count("zero"), Is.Zero);
        Assert.That((await World.Store.ReadPlacementAsync(run.RunId!.Value)).Messages, Is.LessThanOrEqualTo(1), "only the signal that nobody could take is left");
    }

    [Test]
    public async Task A_cancel_that_a_host_without_the_type_took_reaches_the_host_that_has_it()
    {
        var first = await World.StartAsync(d => d.AddWorkflow<Old>());
        var run = await first.Client.StartAsync((Old w) => w.RunAsync(), new() { Id = "o" });
        await World.UntilAsync(() => Bench.Count("one") == 1, "the first activity is done");
        await first.StopAsync();
        var other = await World.StartAsync(d => d.AddWorkflow<Unrelated>(), "b");

        await other.Client.GetRun("o").CancelAsync("from afar");
        await Reaches(run, RunStatus.Cancelling);
        await World.UntilAsync(async () => await ControlOf(run) == 0, "it waits as ordinary mail");
        await World.StartAsync(d => d.AddWorkflow<Old>(), "c");

        await Reaches(run, RunStatus.Cancelled);
        Assert.That(await KindsOf(run), Does.Contain("CancelRequested"));
    }

    [Test]
    public async Task A_query_of_a_run_that_was_terminated_before_it_began_is_refused()
    {
        var client = await World.StartAsync(d => d.AddWorkflow<Careful>().WithoutWorker(), "client");
        var run = await client.Client.StartAsync((Careful w) => w.RunAsync(), new() { Id = "o" });
        await World.StartAsync(d => d.AddWorkflow<Unrelated>(), "b");
        await run.TerminateAsync("never mind");
        await Reaches(run, RunStatus.Terminated);

        var refused = await Assert.ThrowsAsync<RunConflictException>(() => run.QueryAsync(w => w.Gone));

        Assert.That(refused!.Code, Is.EqualTo(DurableErrorCodes.RunInWrongState));
        Assert.That(refused.Message, Does.Contain("has not begun").And.Contain("Terminated"));
    }

    private async Task<int> ControlOf(RunHandle run) => (await World.Store.LoadAsync(new LoadRequest([run.RunId!.Value], MessagesOnly: true)))[0].Messages.Count(message => message.Control);

    private async Task<(Node Changed, RunHandle Run)> StalledAsync()
    {
        var first = await World.StartAsync(d => d.AddWorkflow<Old>());
        var run = await first.Client.StartAsync((Old w) => w.RunAsync(), new() { Id = "o" });
        await World.UntilAsync(() => Bench.Count("one") == 1, "the first activity is done");
        await first.StopAsync();
        var changed = await World.StartAsync(d => d.AddWorkflow<Changed>(), "b");
        await changed.Client.GetRun<Old>("o").SignalAsync(w => w.Go());
        await Reaches(run, RunStatus.Stalled);
        return (changed, run);
    }

    [Workflow("Old")]
    public sealed class Old(WorkflowContext workflow, IWork work)
    {
        private bool go;

        [Run]
        public async Task<string> RunAsync()
        {
            await work.DoAsync("one");
            await workflow.WaitUntilAsync(() => go, workflow.CancellationToken);
            return await work.DoAsync("two");
        }

        [Signal]
        public void Go() => go = true;
    }

    [Workflow("Old")]
    public sealed class Careful(WorkflowContext workflow, IWork work)
    {
        private bool go;

        [Run]
        public async Task<string> RunAsync()
        {
            await work.DoAsync("one");
            try
            {
                await workflow.WaitUntilAsync(() => go, workflow.CancellationToken);
                return "never";
            }
            catch (OperationCanceledException)
            {
                await work.DoAsync("undo");
                await workflow.WaitUntilAsync(() => go);
                throw;
            }
        }

        [Query]
        public bool Gone => go;

        [Signal]
        public void Nudge()
        {
        }

        [Signal]
        public void Go() => go = true;
    }

    [Workflow("Old")]
    public sealed class Changed(WorkflowContext workflow, IWork work)
    {
        [Run]
        public async Task<string> RunAsync()
        {
            await workflow.StepAsync("zero", () => work.DoAsync("zero"));
            return await work.DoAsync("one");
        }
    }

    public sealed class Unrelated
    {
        [Run]
        public Task<string> RunAsync() => Task.FromResult("done");
    }
}
