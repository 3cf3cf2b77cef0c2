// Commits that fail, are doubtful, are refused; lanes that are lost; hosts with one name.
using System.Collections.Concurrent;
using Durable.Core.Tests.Kit;
using Durable.Storage;

namespace Durable.Core.Tests.Worker;

public sealed class CommitTests : Situation
{
    [TestCase(CommitFault.UnknownAfter)]
    [TestCase(CommitFault.UnknownBefore)]
    [TestCase(CommitFault.Throws)]
    [TestCase(CommitFault.Retry)]
    [TestCase(CommitFault.Refused)]
    public async Task Every_third_commit_that_fails_changes_nothing_about_the_outcome(object fault)
    {
        var count = 0;
        var node = await World.StartAsync(d => d.AddWorkflow<Steps>().AddWorkflow<Chain>(), faults: store => store.OnCommit = _ => Interlocked.Increment(ref count) % 3 == 0 ? (CommitFault)fault : CommitFault.None);

        var runs = new List<RunHandle<Chain, string>>();
        for (var i = 0; i < 10; i++) runs.Add(await node.Client.StartAsync((Chain w) => w.RunAsync($"c{i}"), new() { Id = $"c{i}" }));

        for (var i = 0; i < 10; i++)
        {
            Assert.That(await runs[i].ResultAsync(), Is.EqualTo($"c{i}-a! c{i}-b! sub c{i}-child! c{i}-c!"));
            foreach (var step in new[] { "a", "b", "c", "child" }) Assert.That(Bench.Count($"c{i}-{step}"), Is.EqualTo(1), $"c{i}-{step}");
        }
    }

    [Test]
    public async Task A_run_whose_rows_the_store_refuses_is_held_alone_and_the_others_of_its_batch_proceed()
    {
        var poison = Guid.Empty;
        var node = await World.StartAsync(d => d.AddWorkflow<Waiting>(), faults: store => store.OnCommit = batch => poison != Guid.Empty && batch.Events.Any(row => row.RunId == poison) ? CommitFault.Rejected : CommitFault.None);
        var runs = new List<RunHandle<Waiting, string>>();
        for (var i = 0; i < 16; i++) runs.Add(await node.Client.StartAsync((Waiting w) => w.RunAsync(), new() { Id = $"w{i}" }));
        poison = runs[7].RunId!.Value;
        var wait = new TaskCompletionSource();
        node.Store.Before = verb => verb == "Commit" ? wait.Task : Task.CompletedTask;

        await Task.WhenAll(runs.Select(run => run.SignalAsync(w => w.Go())));
        wait.SetResult();

        foreach (var run in runs.Where(run => run != runs[7])) Assert.That(await run.ResultAsync(), Is.EqualTo("went"));
        await Reaches(runs[7], RunStatus.Stalled);
        poison = Guid.Empty;
        await runs[7].ResumeAsync();
        Assert.That(await runs[7].ResultAsync(), Is.EqualTo("went"));
    }

    [Test]
    public async Task A_start_that_the_store_refuses_is_told_to_the_caller()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Waiting>(), faults: store => store.OnCommit = batch => batch.Starts.Count > 0 ? CommitFault.Rejected : CommitFault.None);

        Assert.That(async () => await node.Client.StartAsync((Waiting w) => w.RunAsync()), Throws.InstanceOf<DurableException>().With.Property("Code").EqualTo("DUR5001"));
    }

    [Test]
    public async Task A_parent_whose_rows_are_refused_leaves_no_child_behind()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Chain>().AddWorkflow<Steps>(), faults: store => store.OnCommit = batch => batch.Children.Count > 0 ? CommitFault.Rejected : CommitFault.None);

        var run = await node.Client.StartAsync((Chain w) => w.RunAsync("c"), new() { Id = "c" });

        await Reaches(run, RunStatus.Stalled);
        Assert.That(await node.Client.CountAsync(new RunFilter { Workflow = "Steps" }), Is.Zero);
        Assert.That(Bench.Count("c-child"), Is.Zero);
        node.Store.OnCommit = _ => CommitFault.None;
        await run.ResumeAsync();
        Assert.That(await run.ResultAsync(), Is.EqualTo("c-a! c-b! sub c-child! c-c!"));
    }

    [Test]
    public async Task A_worker_that_was_frozen_past_its_lease_writes_nothing_and_goes_on_without_those_runs()
    {
        Make(manual: true);
        var step = TimeSpan.FromMilliseconds(500);
        var frozen = await World.StartAsync(d => d.AddWorkflow<Chain>().AddWorkflow<Steps>(), "a", o => o.Lease = TimeSpan.FromSeconds(10));
        var first = Bench.Block("c-b");
        var run = await frozen.Client.StartAsync((Chain w) => w.RunAsync("c"), new() { Id = "c" });
        await World.UntilAsync(() => Bench.Count("c-b") == 1, "it is in the second activity", step);
        var ice = new TaskCompletionSource();
        frozen.Store.Before = _ => ice.Task;

        var other = await World.StartAsync(d => d.AddWorkflow<Chain>().AddWorkflow<Steps>(), "b", o => o.Lease = TimeSpan.FromSeconds(10));
        await World.UntilAsync(() => Bench.Ledger.Any(attempt => attempt is { Name: "c-b", Node: "b" }), "the other host has the run", step);
        frozen.Store.Before = null;
        ice.SetResult();
        first.SetResult("done twice");

        Assert.That(await Result(other.Client.GetRun<Chain, string>("c").ResultAsync(), 200), Is.EqualTo("c-a! done twice sub c-child! c-c!"));
        Assert.That(Bench.Count("c-a"), Is.EqualTo(1));
        await World.UntilAsync(() => World.Logs.Entries.Any(entry => entry.Id == 202), "the frozen one knows that it lost the lane", step);
        var again = await frozen.Client.StartAsync((Chain w) => w.RunAsync("d"), new() { Id = "again" });
        Assert.That(await Result(again.ResultAsync(), 200), Does.StartWith("d-a!"));
    }

    [Test]
    public async Task An_idle_worker_that_was_fenced_stops_its_activities()
    {
        Make(manual: true);
        var step = TimeSpan.FromMilliseconds(500);
        var told = new TaskCompletionSource();
        Bench["c-b"] = context =>
        {
            context.CancellationToken.Register(() => told.TrySetResult());
            return new TaskCompletionSource<string>().Task;
        };
        var frozen = await World.StartAsync(d => d.AddWorkflow<Chain>().AddWorkflow<Steps>(), "a", o => o.Lease = TimeSpan.FromSeconds(10));
        await frozen.Client.StartAsync((Chain w) => w.RunAsync("c"), new() { Id = "c" });
        await World.UntilAsync(() => Bench.Count("c-b") == 1, "it is in the second activity", step);

        var clash = await World.StartAsync(d => d.AddWorkflow<Chain>().AddWorkflow<Steps>(), "a", o => o.Lease = TimeSpan.FromSeconds(10));

        await World.UntilAsync(() => told.Task.IsCompleted, "the activity of the fenced host was told", step);
        Assert.That(clash.Name, Is.EqualTo("a"));
    }

    [Test]
    public async Task A_lane_whose_row_began_again_goes_on_under_another_name()
    {
        Make(manual: true);
        var step = TimeSpan.FromMilliseconds(500);
        var holders = new ConcurrentQueue<Guid>();
        var node = await World.StartAsync(d => d.AddWorkflow<Waiting>(), "a", o => o.Lease = TimeSpan.FromSeconds(10), faults: store =>
        {
            store.OnCommit = batch =>
            {
                holders.Enqueue(batch.Lane.Holder);
                return holders.Count == 1 ? CommitFault.UnknownBefore : CommitFault.None;
            };

            // A failover has lost the row: this open made it anew, and a batch that is still on its way would carry numbers that fit.
            store.OnOpen = (request, opened) => holders.TryPeek(out var first) && first == request.Lane.Holder ? opened! with { Epoch = 1, CommitSeq = 0, Owned = [] } : opened;
        });

        var run = await Result(node.Client.StartAsync((Waiting w) => w.RunAsync(), new() { Id = "w" }), 500);
        await World.UntilAsync(() => holders.Distinct().Count() == 2, "the lane has another holder", step);
        await run.SignalAsync(w => w.Go());

        Assert.That(await Result(run.ResultAsync(), 500), Is.Not.Null);
        Assert.That(holders.Count(holder => holder == holders.First()), Is.EqualTo(1), "nothing was sent under the old name again");
    }

    [Test]
    public async Task Two_live_hosts_with_one_identity_settle_and_both_work()
    {
        var first = await World.StartAsync(d => d.AddWorkflow<Waiting>(), "same");
        var runs = new List<RunHandle<Waiting, string>>();
        for (var i = 0; i < 10; i++) runs.Add(await first.Client.StartAsync((Waiting w) => w.RunAsync(), new() { Id = $"w{i}" }));

        var second = await World.StartAsync(d => d.AddWorkflow<Waiting>(), "same");
        for (var i = 10; i < 20; i++) runs.Add(await second.Client.StartAsync((Waiting w) => w.RunAsync(), new() { Id = $"w{i}" }));
        for (var i = 20; i < 30; i++) runs.Add(await first.Client.StartAsync((Waiting w) => w.RunAsync(), new() { Id = $"w{i}" }));
        foreach (var run in runs) await run.SignalAsync(w => w.Go());

        foreach (var run in runs) Assert.That(await run.ResultAsync(), Is.EqualTo("went"));
        Assert.That(World.Logs.Entries.Count(entry => entry.Id == 103), Is.EqualTo(1));
    }

    [Test]
    public async Task A_store_that_is_away_for_a_while_loses_nothing()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Chain>().AddWorkflow<Steps>());
        var gate = Bench.Block("c-b");
        var run = await node.Client.StartAsync((Chain w) => w.RunAsync("c"));
        await World.UntilAsync(() => Bench.Count("c-b") == 1, "it is in the second activity");
        var failing = 30;
        node.Store.Before = _ => Interlocked.Decrement(ref failing) >= 0 ? Task.FromException(new IOException("no route")) : Task.CompletedTask;

        gate.SetResult("c-b!");

        Assert.That(await run.ResultAsync(), Is.EqualTo("c-a! c-b! sub c-child! c-c!"));
        Assert.That(Bench.Count("c-b"), Is.EqualTo(1));
    }

    public sealed class Steps(IWork work)
    {
        [Run]
        public async Task<string> RunAsync(string name) => "sub " + await work.DoAsync(name);
    }

    public sealed class Chain(WorkflowContext workflow, IWork work)
    {
        [Run]
        public async Task<string> RunAsync(string name)
        {
            var a = await work.DoAsync(name + "-a");
            await workflow.DelayAsync(TimeSpan.FromMilliseconds(2));
            var b = await workflow.StepAsync("b", (IWork inner) => inner.DoAsync(name + "-b"));
            var sub = await workflow.RunChildAsync((Steps w) => w.RunAsync(name + "-child"));
            return $"{a} {b} {sub} {await work.DoAsync(name + "-c")}";
        }
    }

    public sealed class Waiting(WorkflowContext workflow)
    {
        private bool go;

        [Run]
        public async Task<string> RunAsync()
        {
            await workflow.WaitUntilAsync(() => go);
            return "went";
        }

        [Signal]
        public void Go() => go = true;
    }
}
