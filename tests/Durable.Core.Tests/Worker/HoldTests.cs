// Runs that may not go on: changed code, exceptions that hold, foreign threads, blocked turns, broken histories, killers of hosts.
using Durable.Core.Tests.Kit;
using Durable.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Durable.Core.Tests.Worker;

public sealed class HoldTests : Situation
{
    [Test]
    public async Task Changed_code_stalls_the_run_with_both_sides_and_the_old_code_resumes_it()
    {
        var first = await World.StartAsync(d => d.AddWorkflow<Old>());
        var run = await first.Client.StartAsync((Old w) => w.RunAsync(), new() { Id = "o" });
        await World.UntilAsync(() => Bench.Count("one") == 1, "the first activity is done");
        await first.StopAsync();

        var changed = await World.StartAsync(d => d.AddWorkflow<Changed>(), "b");
        await changed.Client.GetRun<Old>("o").SignalAsync(w => w.Go());
        await Reaches(run, RunStatus.Stalled);
        var why = (await changed.Client.GetRun("o").ExplainAsync()).Waits.Single(wait => wait.Kind == "hold").Detail;
        Assert.That(why, Does.Contain("Work.Do").And.Contain("'zero'").And.Contain("event 0:0").And.Contain("Old"));
        Assert.That(Bench.Count("zero"), Is.Zero);
        await changed.StopAsync();

        // In one process all hosts have one build, so somebody has to say that it is another one now.
        var mended = await World.StartAsync(d => d.AddWorkflow<Old>(), "c");
        await mended.Client.GetRun("o").ResumeAsync();

        Assert.That(await mended.Client.GetRun<Old, string>("o").ResultAsync(), Is.EqualTo("two!"));
        Assert.That(Bench.Count("one"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_stalled_run_is_not_tried_again_by_the_build_that_stalled_it()
    {
        var first = await World.StartAsync(d => d.AddWorkflow<Old>());
        var run = await first.Client.StartAsync((Old w) => w.RunAsync(), new() { Id = "o" });
        await World.UntilAsync(() => Bench.Count("one") == 1, "the first activity is done");
        await first.StopAsync();
        var changed = await World.StartAsync(d => d.AddWorkflow<Changed>(), "b");
        await changed.Client.GetRun<Old>("o").SignalAsync(w => w.Go());
        await Reaches(run, RunStatus.Stalled);
        var held = World.Logs.Entries.Count(entry => entry.Id == 301);

        await changed.Client.GetRun<Old>("o").SignalAsync(w => w.Go());
        var looks = changed.Store.Calls["Look"];
        await World.UntilAsync(() => changed.Store.Calls["Look"] > looks + 5, "it has looked some more");

        Assert.That(World.Logs.Entries.Count(entry => entry.Id == 301), Is.EqualTo(held));
    }

    [Test]
    public async Task A_stalled_run_can_be_terminated()
    {
        var first = await World.StartAsync(d => d.AddWorkflow<Old>());
        var run = await first.Client.StartAsync((Old w) => w.RunAsync(), new() { Id = "o" });
        await World.UntilAsync(() => Bench.Count("one") == 1, "the first activity is done");
        await first.StopAsync();
        var changed = await World.StartAsync(d => d.AddWorkflow<Changed>(), "b");
        await changed.Client.GetRun<Old>("o").SignalAsync(w => w.Go());
        await Reaches(run, RunStatus.Stalled);

        await changed.Client.GetRun("o").TerminateAsync("given up");

        await Reaches(run, RunStatus.Terminated);
    }

    [Test]
    public async Task Under_the_policy_hold_an_exception_changes_nothing_and_a_resume_tries_again()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Moody>(o => o.OnUnhandledException = UnhandledExceptionPolicy.Hold));
        Bench["mood"] = _ => Task.FromResult("bad");
        var run = await node.Client.StartAsync((Moody w) => w.RunAsync());
        await Reaches(run, RunStatus.Stalled);
        Assert.That((await run.ExplainAsync()).Summary, Does.Contain("bad mood"));
        Assert.That(await KindsOf(run), Does.Not.Contain("RunFailed").And.Not.Contain("ActivityFailed"));

        Moody.Patience = true;
        await run.ResumeAsync();

        Assert.That(await run.ResultAsync(), Is.EqualTo("endured"));
        Assert.That(Bench.Count("mood"), Is.EqualTo(1), "the result that the refused turn had was kept");
    }

    [Test]
    public async Task Code_that_leaves_its_thread_is_replayed_once_and_then_held_with_the_fix()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Runaway>());

        var run = await node.Client.StartAsync((Runaway w) => w.RunAsync());

        await Reaches(run, RunStatus.Stalled);
        Assert.That((await run.ExplainAsync()).Summary, Does.Contain("activity or a step"));
    }

    [Test]
    public async Task A_turn_that_blocks_is_left_with_its_thread_and_all_others_go_on()
    {
        Make(manual: true);
        using var block = new ManualResetEventSlim();
        (Blocker.Gate, Blocker.Entered) = (block, false);
        var node = await World.StartAsync(d => d.AddWorkflow<Blocker>().AddWorkflow<Old>());
        var others = new List<RunHandle<Old, string>>();
        for (var i = 0; i < 5; i++) others.Add(await node.Client.StartAsync((Old w) => w.RunAsync(), new() { Id = $"other-{i}" }));
        await World.UntilAsync(() => Bench.Count("one") == 5, "the others wait");

        var blocked = await node.Client.StartAsync((Blocker w) => w.RunAsync(false));
        await World.UntilAsync(() => Blocker.Entered, "the code blocks");
        foreach (var other in others) await other.SignalAsync(w => w.Go());

        foreach (var other in others) Assert.That(await Result(other.ResultAsync(), 500), Is.EqualTo("two!"));
        await Reaches(blocked, RunStatus.Stalled, TimeSpan.FromMilliseconds(500));
        Assert.That((await blocked.ExplainAsync()).Summary, Does.Contain("activity or a step"));
        block.Set();
        var after = await node.Client.StartAsync((Old w) => w.RunAsync(), new() { Id = "after" });
        await after.SignalAsync(w => w.Go());
        Assert.That(await Result(after.ResultAsync(), 100), Is.EqualTo("two!"));
        Assert.That(Bench.Count("before the block"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_turn_in_which_the_machine_stood_still_is_not_held_for_it()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Spinner>());
        var run = await node.Client.StartAsync((Spinner w) => w.RunAsync());
        await World.UntilAsync(() => Spinner.Entered, "the turn is under way", TimeSpan.FromMilliseconds(10));

        World.Manual!.Jump(TimeSpan.FromSeconds(14));
        var looks = 0;
        await World.UntilAsync(() => ++looks > 50, "the watchdog has looked", TimeSpan.FromMilliseconds(20));
        Spinner.MayGo = true;

        await Reaches(run, RunStatus.Completed, TimeSpan.FromMilliseconds(100));
    }

    [Test]
    public async Task A_child_whose_first_turn_blocks_is_held_and_its_parent_is_not()
    {
        Make(manual: true);
        using var block = new ManualResetEventSlim();
        (Blocker.Gate, Blocker.Entered) = (block, false);
        var node = await World.StartAsync(d => d.AddWorkflow<Blocker>().AddWorkflow<BlockersParent>());

        var run = await node.Client.StartAsync((BlockersParent w) => w.RunAsync());

        Assert.That(await Result(run.ResultAsync(), 500), Is.EqualTo("both started, one!"));
        await Reaches(node.Client.GetRun("blocked"), RunStatus.Stalled, TimeSpan.FromMilliseconds(500));
        block.Set();
    }

    [Test]
    public async Task A_run_that_is_claimed_again_and_again_without_progress_is_quarantined_and_can_be_resumed()
    {
        var client = await World.StartAsync(d => d.AddWorkflow<Moody>().WithoutWorker(), "client");
        var run = await client.Client.StartAsync((Moody w) => w.RunAsync());
        for (var i = 0; i < 3; i++)
        {
            // A host that dies between the claim and the first turn's commit, each time.
            var killer = await World.StartAsync(d => d.AddWorkflow<Moody>(), options: o => o.QuarantineAfter = 3, faults: store => store.OnCommit = batch => batch.Events.Count > 0 ? CommitFault.DieBefore : CommitFault.None);
            await killer.Store.Died;
            await killer.KillAsync();
        }

        var node = await World.StartAsync(d => d.AddWorkflow<Moody>(), options: o => o.QuarantineAfter = 3);
        await Reaches(run, RunStatus.Quarantined);
        await run.ResumeAsync();

        Assert.That(await node.Client.GetRun<Moody, string>(run.WorkflowId).ResultAsync(), Is.EqualTo("cheered by mood!"));
    }

    [Test]
    public async Task A_history_that_was_edited_quarantines_the_run()
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
    }

    [Test]
    public async Task A_stored_argument_that_no_longer_fits_its_type_holds_the_run()
    {
        var client = await World.StartAsync(d => d.AddWorkflow<Loose>().WithoutWorker(), "client");
        var run = await client.Client.StartAsync((Loose w) => w.RunAsync("seven"));

        await World.StartAsync(d => d.AddWorkflow<Strict>());

        await Reaches(run, RunStatus.Stalled);
        Assert.That((await run.ExplainAsync()).Summary, Does.Contain("argument").IgnoreCase.Or.Contain("Start of"));
    }

    [Workflow("Old")]
    public sealed class Old(WorkflowContext workflow, IWork work)
    {
        private bool go;

        [Run]
        public async Task<string> RunAsync()
        {
            await work.DoAsync("one");
            await workflow.WaitUntilAsync(() => go);
            return await work.DoAsync("two");
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

    public sealed class Moody(IWork work)
    {
        public static bool Patience { get; set; }

        [Run]
        public async Task<string> RunAsync()
        {
            var mood = await work.DoAsync("mood");
            if (mood != "bad") return "cheered by " + mood;
            return Patience ? "endured" : throw new InvalidOperationException("bad mood");
        }
    }

    public sealed class Runaway(WorkflowContext workflow)
    {
        [Run]
        public async Task<string> RunAsync()
        {
            await Task.Run(static () => 1);
            await workflow.DelayAsync(TimeSpan.FromMilliseconds(1));
            return "never";
        }
    }

    public sealed class Blocker(IWork work)
    {
        public static ManualResetEventSlim? Gate { get; set; }

        public static bool Entered { get; set; }

        [Run]
        public async Task<string> RunAsync(bool atOnce)
        {
            if (!atOnce) await work.DoAsync("before the block");
            Entered = true;
            Gate!.Wait();
            return "never";
        }
    }

    public sealed class Spinner(IWork work)
    {
        private static volatile bool entered;
        private static volatile bool mayGo;

        public static bool Entered => entered;

        public static bool MayGo { set => mayGo = value; }

        [Run]
        public async Task RunAsync()
        {
            await work.DoAsync("before the wait");
            entered = true;
            SpinWait.SpinUntil(() => mayGo);
        }
    }

    public sealed class BlockersParent(WorkflowContext workflow, IWork work)
    {
        [Run]
        public async Task<string> RunAsync()
        {
            await workflow.DelayAsync(TimeSpan.FromMilliseconds(1));
            var one = work.DoAsync("one");
            var blocked = workflow.StartChildAsync((Blocker w) => w.RunAsync(true), new() { Id = "blocked", ParentClose = ParentClosePolicy.Abandon });
            var second = workflow.StartChildAsync((Moodless w) => w.RunAsync(), new() { ParentClose = ParentClosePolicy.Abandon });
            await blocked;
            await second;
            return "both started, " + await one;
        }
    }

    public sealed class Moodless
    {
        [Run]
        public Task<string> RunAsync() => Task.FromResult("done");
    }

    [Workflow("Typed")]
    public sealed class Loose
    {
        [Run]
        public Task<string> RunAsync(string count) => Task.FromResult(count);
    }

    [Workflow("Typed")]
    public sealed class Strict
    {
        [Run]
        public Task<int> RunAsync(int count) => Task.FromResult(count);
    }
}
