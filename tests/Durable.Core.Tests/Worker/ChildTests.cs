// Children and messages to other runs.
using Durable.Core.Tests.Kit;

namespace Durable.Core.Tests.Worker;

[TestFixture(1)]
[TestFixture(8)]
public sealed class ChildTests(int groups) : Situation
{
    private protected override int Groups => groups;

    private static void Register(DurableBuilder durable) => durable.AddWorkflow<Parent>().AddWorkflow<Child>().AddWorkflow<Shouter>();

    [Test]
    public async Task A_parent_gets_the_results_of_its_children()
    {
        var node = await World.StartAsync(Register);

        var run = await node.Client.StartAsync((Parent w) => w.RunAsync("fan", 5));

        Assert.That(await run.ResultAsync(), Is.EqualTo("0! 1! 2! 3! 4!"));
    }

    [Test]
    public async Task A_failure_of_a_child_is_an_exception_in_the_parent_with_its_cause()
    {
        var node = await World.StartAsync(Register);

        var run = await node.Client.StartAsync((Parent w) => w.RunAsync("failing", 0));

        Assert.That(await run.ResultAsync(), Is.EqualTo("DUR3001 Failed: the child is broken"));
    }

    [Test]
    public async Task A_child_with_an_id_that_is_open_is_refused_whether_awaited_or_only_started()
    {
        var node = await World.StartAsync(Register);
        await node.Client.StartAsync((Child w) => w.RunAsync("wait"), new() { Id = "taken" });

        var awaited = await node.Client.StartAsync((Parent w) => w.RunAsync("taken awaited", 0));
        var started = await node.Client.StartAsync((Parent w) => w.RunAsync("taken started", 0));

        Assert.That(await awaited.ResultAsync(), Is.EqualTo("DUR2002"));
        Assert.That(await started.ResultAsync(), Is.EqualTo("DUR2002"));
    }

    [Test]
    public async Task A_child_with_an_id_of_its_own_is_found_by_it()
    {
        var node = await World.StartAsync(Register);

        var run = await node.Client.StartAsync((Parent w) => w.RunAsync("named", 0), new() { Id = "p" });
        await Reaches(node.Client.GetRun("my-child"), RunStatus.Running);
        await node.Client.GetRun<Child>("my-child").SignalAsync(w => w.Go());

        Assert.That(await run.ResultAsync(), Is.EqualTo("wait!"));
    }

    [TestCase("Cancel", RunStatus.Cancelled)]
    [TestCase("Terminate", RunStatus.Terminated)]
    [TestCase("Abandon", RunStatus.Running)]
    public async Task When_a_parent_closes_its_children_are_treated_as_their_policy_says(string policy, RunStatus status)
    {
        var node = await World.StartAsync(Register);

        var run = await node.Client.StartAsync((Parent w) => w.RunAsync("start " + policy, 0), new() { Id = "p" });
        Assert.That(await run.ResultAsync(), Is.EqualTo("started"));

        await Reaches(node.Client.GetRun("left"), status);
    }

    [TestCase("Cancel", RunStatus.Cancelled)]
    [TestCase("Terminate", RunStatus.Terminated)]
    [TestCase("Abandon", RunStatus.Running)]
    public async Task When_a_parked_parent_is_terminated_its_children_are_treated_as_their_policy_says(string policy, RunStatus status)
    {
        var node = await World.StartAsync(Register, options: o => o.ParkAfter = TimeSpan.Zero);
        var run = await node.Client.StartAsync((Parent w) => w.RunAsync("stay " + policy, 0), new() { Id = "p" });
        await Reaches(node.Client.GetRun("left"), RunStatus.Running);
        await Parks(run);

        await run.TerminateAsync("enough");

        await Reaches(run, RunStatus.Terminated);
        await Reaches(node.Client.GetRun("left"), status);
    }

    [Test]
    public async Task A_cancel_of_the_parent_goes_down_to_the_child()
    {
        var node = await World.StartAsync(Register);
        var run = await node.Client.StartAsync((Parent w) => w.RunAsync("named", 0));
        await Reaches(node.Client.GetRun("my-child"), RunStatus.Running);

        await run.CancelAsync();

        await Reaches(run, RunStatus.Cancelled);
        await Reaches(node.Client.GetRun("my-child"), RunStatus.Cancelled);
    }

    [Test]
    public async Task A_parked_child_that_is_terminated_tells_its_parent()
    {
        var node = await World.StartAsync(Register, options: o => o.ParkAfter = TimeSpan.Zero);
        var run = await node.Client.StartAsync((Parent w) => w.RunAsync("catching", 0));
        await Reaches(node.Client.GetRun("my-child"), RunStatus.Running);
        await Parks(node.Client.GetRun("my-child"));

        await node.Client.GetRun("my-child").TerminateAsync("enough");

        Assert.That(await run.ResultAsync(), Is.EqualTo("DUR3003 Terminated"));
    }

    [Test]
    public async Task A_child_that_no_host_knows_any_more_can_be_terminated_and_tells_its_parent()
    {
        var node = await World.StartAsync(Register);
        var run = await node.Client.StartAsync((Parent w) => w.RunAsync("catching", 0), new() { Id = "p" });
        await Reaches(node.Client.GetRun("my-child"), RunStatus.Running);
        await node.StopAsync();

        var second = await World.StartAsync(d => d.AddWorkflow<Parent>().AddWorkflow<Shouter>());
        await second.Client.GetRun("my-child").TerminateAsync("enough");

        Assert.That(await second.Client.GetRun<Parent, string>("p").ResultAsync(), Is.EqualTo("DUR3003 Terminated"));
    }

    [Test]
    public async Task A_child_that_runs_out_of_time_tells_its_parent()
    {
        Make(manual: true);
        var node = await World.StartAsync(Register);

        var run = await node.Client.StartAsync((Parent w) => w.RunAsync("short", 0));

        Assert.That(await Result(run.ResultAsync(), 200), Is.EqualTo("DUR3004 TimedOut"));
    }

    [Test]
    public async Task A_run_signals_and_cancels_another_and_is_told_if_there_is_none()
    {
        var node = await World.StartAsync(Register);
        var other = await node.Client.StartAsync((Child w) => w.RunAsync("wait"), new() { Id = "other" });
        var third = await node.Client.StartAsync((Child w) => w.RunAsync("wait"), new() { Id = "third" });

        var signal = await node.Client.StartAsync((Shouter w) => w.RunAsync("signal", "other"));
        var cancel = await node.Client.StartAsync((Shouter w) => w.RunAsync("cancel", "third"));
        var nobody = await node.Client.StartAsync((Shouter w) => w.RunAsync("signal", "nobody"));

        Assert.That(await signal.ResultAsync(), Is.EqualTo("sent"));
        Assert.That(await other.ResultAsync(), Is.EqualTo("wait!"));
        Assert.That(await cancel.ResultAsync(), Is.EqualTo("sent"));
        await Reaches(third, RunStatus.Cancelled);
        Assert.That(await nobody.ResultAsync(), Is.EqualTo("DUR2001"));
        var closed = await node.Client.StartAsync((Shouter w) => w.RunAsync("signal", "other"));
        Assert.That(await closed.ResultAsync(), Is.EqualTo("DUR2010"));
    }

    [Test]
    public async Task Messages_that_nobody_awaits_before_the_end_arrive_all_the_same()
    {
        var node = await World.StartAsync(Register);
        var others = new List<RunHandle<Child, string>>();
        for (var i = 0; i < 5; i++) others.Add(await node.Client.StartAsync((Child w) => w.RunAsync("wait"), new() { Id = $"o{i}" }));

        var run = await node.Client.StartAsync((Shouter w) => w.RunAsync("forget", "o"));

        Assert.That(await run.ResultAsync(), Is.EqualTo("forgotten"));
        foreach (var other in others) Assert.That(await other.ResultAsync(), Is.EqualTo("wait!"));
    }

    [Test]
    public async Task Messages_that_nobody_awaits_before_continue_as_new_arrive_all_the_same()
    {
        var node = await World.StartAsync(Register);
        var others = new List<RunHandle<Child, string>>();
        for (var i = 0; i < 5; i++) others.Add(await node.Client.StartAsync((Child w) => w.RunAsync("wait"), new() { Id = $"o{i}" }));

        var run = await node.Client.StartAsync((Shouter w) => w.RunAsync("forget and continue", "o"));

        Assert.That(await run.ResultAsync(), Is.EqualTo("continued"));
        foreach (var other in others) Assert.That(await other.ResultAsync(), Is.EqualTo("wait!"));
    }

    [Test]
    public async Task Children_of_a_first_turn_are_started_although_the_host_dies_right_after_the_start()
    {
        var node = await World.StartAsync(Register, faults: store => store.OnCommit = batch => batch.Starts.Count > 0 ? CommitFault.DieAfter : CommitFault.None);
        _ = node.Client.StartAsync((Parent w) => w.RunAsync("fan", 3), new() { Id = "p" });
        await node.Store.Died;
        await node.KillAsync();

        var second = await World.StartAsync(Register);

        Assert.That(await second.Client.GetRun<Parent, string>("p").ResultAsync(), Is.EqualTo("0! 1! 2!"));
    }

    public sealed class Parent(WorkflowContext workflow)
    {
        [Run]
        public async Task<string> RunAsync(string how, int count)
        {
            if (how == "fan") return string.Join(' ', await Task.WhenAll(Enumerable.Range(0, count).Select(i => workflow.RunChildAsync((Child w) => w.RunAsync($"{i}")))));
            if (how == "named") return await workflow.RunChildAsync((Child w) => w.RunAsync("wait"), new() { Id = "my-child" });
            if (how.StartsWith("start ", StringComparison.Ordinal) || how.StartsWith("stay ", StringComparison.Ordinal))
            {
                await workflow.StartChildAsync((Child w) => w.RunAsync("wait"), new() { Id = "left", ParentClose = Enum.Parse<ParentClosePolicy>(how.Split(' ')[1]) });
                if (how.StartsWith("stay", StringComparison.Ordinal)) await workflow.WaitUntilAsync(() => false);
                return "started";
            }

            try
            {
                return how switch
                {
                    "failing" => await workflow.RunChildAsync((Child w) => w.RunAsync("fail")),
                    "catching" => await workflow.RunChildAsync((Child w) => w.RunAsync("wait"), new() { Id = "my-child" }),
                    "short" => await workflow.RunChildAsync((Child w) => w.RunAsync("wait"), new() { Timeout = TimeSpan.FromSeconds(30) }),
                    "taken awaited" => await workflow.RunChildAsync((Child w) => w.RunAsync("x"), new() { Id = "taken" }),
                    _ => (await workflow.StartChildAsync((Child w) => w.RunAsync("x"), new() { Id = "taken" })).WorkflowId,
                };
            }
            catch (RunFailedException error)
            {
                return $"{error.Code} {error.Status}" + (error.Status == RunStatus.Failed ? $": {error.Failure!.Message}" : "");
            }
            catch (RunConflictException error)
            {
                return error.Code;
            }
        }
    }

    public sealed class Child(WorkflowContext workflow)
    {
        private bool go;

        [Run]
        public async Task<string> RunAsync(string what)
        {
            if (what == "fail") throw new InvalidOperationException("the child is broken");
            if (what == "wait") await workflow.WaitUntilAsync(() => go);
            return what + "!";
        }

        [Signal]
        public void Go() => go = true;
    }

    public sealed class Shouter(WorkflowContext workflow)
    {
        [Run]
        public async Task<string> RunAsync(string how, string whom)
        {
            if (how == "continued") return how;
            if (how.StartsWith("forget", StringComparison.Ordinal))
            {
                for (var i = 0; i < 5; i++) _ = workflow.GetRun<Child>($"{whom}{i}").SignalAsync(w => w.Go());
                return how == "forget" ? "forgotten" : workflow.ContinueAsNew(() => RunAsync("continued", whom));
            }

            try
            {
                if (how == "signal") await workflow.GetRun<Child>(whom).SignalAsync(w => w.Go());
                else await workflow.GetRun<Child>(whom).CancelAsync("not needed");
                return "sent";
            }
            catch (DurableException error)
            {
                return error.Code;
            }
        }
    }
}
