// Activities that wait too long for a place go to other hosts, and results of attempts that others have replaced are dropped and counted.
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Durable.Core.Tests.Kit;
using Durable.Storage;

namespace Durable.Core.Tests.Worker;

public sealed class OverflowTests : Situation
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    [Test]
    public async Task What_waits_too_long_for_a_place_on_the_owner_is_run_by_another_host_as_a_first_attempt()
    {
        Make(manual: true);
        var owner = await StartAsync("a", o => o.MaxConcurrentActivities = 2);
        var gates = new[] { Bench.Block("x-0"), Bench.Block("x-1") };
        await StartAsync("b");
        var run = await owner.Client.StartAsync((Fan w) => w.RunAsync("x", null, 20));

        await World.UntilAsync(() => Bench.Ledger.Count == 20, "all have begun", Step);
        foreach (var gate in gates) gate.SetResult("done");
        Assert.That(await Result(run.ResultAsync()), Is.EqualTo(20));
        Assert.That(Bench.Ledger.Count(attempt => attempt.Node == "b"), Is.EqualTo(18));
        Assert.That(Bench.Ledger.Select(attempt => attempt.Attempt), Has.All.EqualTo(1));
        Assert.That(Bench.Ledger.Select(attempt => attempt.Key), Is.Unique);
    }

    [Test]
    public async Task A_host_without_peers_keeps_its_line_and_writes_no_rows()
    {
        Make(manual: true);
        var rows = 0;
        var owner = await StartAsync("a", o => o.MaxConcurrentActivities = 1);
        owner.Store.OnCommit = batch =>
        {
            Interlocked.Add(ref rows, batch.Tasks.Count);
            return CommitFault.None;
        };
        var gate = Bench.Block("x-0");
        var run = await owner.Client.StartAsync((Fan w) => w.RunAsync("x", null, 5));
        await World.UntilAsync(() => Bench.Ledger.Count == 1, "the first has begun", Step);
        var until = World.Clock.GetUtcNow().AddSeconds(60);
        await World.UntilAsync(() => World.Clock.GetUtcNow() > until, "a minute has passed", Step);
        gate.SetResult("done");
        Assert.That(await Result(run.ResultAsync()), Is.EqualTo(5));
        Assert.That(rows, Is.Zero);
    }

    [Test]
    public async Task A_claimed_task_that_does_not_get_a_place_in_time_goes_to_another_host_and_counts_no_attempt()
    {
        Make(manual: true);
        var asked = new TaskCompletionSource();
        var hold = new TaskCompletionSource();
        var owner = await StartAsync("owner");
        var full = await World.StartAsync(Configure, "full", o =>
        {
            o.MaxConcurrentActivities = 1;
            o.ServedQueues.Add("mail");
        }, faults: store => store.Before = verb =>
        {
            if (verb != "ClaimTasks") return Task.CompletedTask;
            asked.TrySetResult();
            return hold.Task;
        });
        await World.UntilAsync(() => asked.Task.IsCompleted, "it is about to claim, with a place", Step);
        var gate = Bench.Block("y-0");
        var other = await full.Client.StartAsync((Fan w) => w.RunAsync("y", null, 1));
        await World.UntilAsync(() => Bench.Count("y-0") == 1, "the place is taken", Step);
        var run = await owner.Client.StartAsync((Fan w) => w.RunAsync("x", "mail", 1));
        await World.UntilAsync(async () => (await World.Store.ReadPlacementAsync(run.RunId ?? Guid.Empty)).Tasks.Count == 1, "the task waits", Step);
        hold.SetResult();
        await World.UntilAsync(async () => (await World.Store.ReadPlacementAsync(run.RunId ?? Guid.Empty)).Tasks.Single().Token is not null, "it is claimed", Step);
        Assert.That(Bench.Count("x-0"), Is.Zero);

        await World.StartAsync(Configure, "free", o => o.ServedQueues.Add("mail"));
        Assert.That(await Result(run.ResultAsync()), Is.EqualTo(1));
        Assert.That(Bench.Ledger.Where(attempt => attempt.Name == "x-0").Select(attempt => (attempt.Node, attempt.Attempt)), Is.EqualTo(new[] { ("free", 1) }));
        gate.SetResult("done");
        Assert.That(await Result(other.ResultAsync()), Is.EqualTo(1));
    }

    [Test]
    [NonParallelizable]
    public async Task The_late_result_of_an_older_attempt_is_dropped_and_counted()
    {
        Make(manual: true);
        var late = new ConcurrentQueue<long>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (instrument.Name == "durable.results.late") self.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => late.Enqueue(value));
        listener.Start();
        var owner = await StartAsync("owner");
        await World.StartAsync(Configure, "slow", o => o.ServedQueues.Add("mail"), faults: store => store.Before = verb => verb == "HeartbeatTasks" ? new TaskCompletionSource().Task : Task.CompletedTask);
        var gate = new TaskCompletionSource<string>();
        var given = new ConcurrentQueue<string>();
        Bench["x-0"] = async context =>
        {
            var result = context.Attempt == 1 ? await gate.Task : "second";
            given.Enqueue(result);
            return result;
        };
        var run = await owner.Client.StartAsync((One w) => w.RunAsync("x-0", "mail"));
        await World.UntilAsync(() => Bench.Count("x-0") == 1, "the first attempt is under way", Step);
        await World.StartAsync(Configure, "quick", o => o.ServedQueues.Add("mail"));
        Assert.That(await Result(run.ResultAsync()), Is.EqualTo("second"));

        gate.SetResult("first");
        await World.UntilAsync(() => late.Sum() == 1, "the late result is counted", Step);
        Assert.That(given, Is.EqualTo(new[] { "second", "first" }));
        Assert.That((await World.Store.ReadPlacementAsync((await World.Store.FindRunAsync("default", run.WorkflowId, null))!.RunId)).Messages, Is.Zero, "nothing of it is stored");
    }

    private static void Configure(DurableBuilder durable) => durable.AddWorkflow<Fan>().AddWorkflow<One>();

    private Task<Node> StartAsync(string name, Action<DurableOptions>? options = null) => World.StartAsync(Configure, name, options);

    public sealed class Fan(WorkflowContext workflow, IWork work)
    {
        [Run]
        public async Task<int> RunAsync(string name, string? queue, int count)
        {
            var activities = queue is null ? work : workflow.With(work, new() { Queue = queue });
            return (await Task.WhenAll(Enumerable.Range(0, count).Select(i => activities.DoAsync($"{name}-{i}")))).Length;
        }
    }

    public sealed class One(WorkflowContext workflow, IWork work)
    {
        [Run]
        public Task<string> RunAsync(string name, string queue) => workflow.With(work, new() { Queue = queue }).DoAsync(name);
    }
}
