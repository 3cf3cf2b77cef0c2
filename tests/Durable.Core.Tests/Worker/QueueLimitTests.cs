// Concurrency limits of queues: in one worker, in the whole cluster, and when the holder of a slot dies or cannot renew it.
using Durable.Core.Tests.Kit;
using Durable.Storage;

namespace Durable.Core.Tests.Worker;

public sealed class QueueLimitTests : Situation
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    [Test]
    public async Task One_worker_runs_no_more_of_a_queue_than_its_limit_and_other_queues_go_on()
    {
        var gauge = new Gauge();
        var node = await StartAsync("a", o => Limit(o, perWorker: 2));
        for (var i = 0; i < 12; i++) Bench[$"mail-{i}"] = gauge.RunAsync;
        var stuck = Bench.Block("mail-12");

        var run = await node.Client.StartAsync((Fan w) => w.RunAsync("mail", "mail", 13));
        await World.UntilAsync(() => Bench.Count("mail-12") == 1, "the blocked one has a place");
        var other = await node.Client.StartAsync((Fan w) => w.RunAsync("other", "other", 20));
        Assert.That(await other.ResultAsync(), Is.EqualTo(20));
        stuck.SetResult("done");

        Assert.That(await run.ResultAsync(), Is.EqualTo(13));
        Assert.That(gauge.Most, Is.InRange(1, 2));
    }

    [Test]
    public async Task All_workers_together_run_no_more_of_a_queue_than_the_cluster_may_and_leave_no_slot_behind()
    {
        var gauge = new Gauge();
        var node = await StartAsync("a", o => Limit(o, cluster: 3));
        foreach (var name in new[] { "b", "c", "d" }) await StartAsync(name, o => Limit(o, cluster: 3));
        for (var i = 0; i < 60; i++) Bench[$"mail-{i}"] = gauge.RunAsync;

        var run = await node.Client.StartAsync((Fan w) => w.RunAsync("mail", "mail", 60));
        Assert.That(await run.ResultAsync(), Is.EqualTo(60));
        Assert.That(gauge.Most, Is.InRange(1, 3));
        await World.UntilAsync(async () => await FreeSlotsAsync(3) == 3, "all slots are given back");
    }

    [Test]
    public async Task A_limit_of_both_kinds_holds_in_both_ways()
    {
        var gauge = new Gauge();
        var node = await StartAsync("a", o => Limit(o, perWorker: 1, cluster: 5));
        await StartAsync("b", o => Limit(o, perWorker: 1, cluster: 5));
        for (var i = 0; i < 20; i++) Bench[$"mail-{i}"] = gauge.RunAsync;
        var run = await node.Client.StartAsync((Fan w) => w.RunAsync("mail", "mail", 20));
        Assert.That(await run.ResultAsync(), Is.EqualTo(20));
        Assert.That(gauge.Most, Is.InRange(1, 2));
    }

    [Test]
    public async Task Slots_of_a_dead_worker_are_free_when_their_time_is_over_and_not_before()
    {
        Make(manual: true);
        var dead = await StartAsync("a", o => Limit(o, cluster: 2));
        _ = Bench.Block("mail-0");
        _ = Bench.Block("mail-1");
        var run = await dead.Client.StartAsync((Fan w) => w.RunAsync("mail", "mail", 4));
        await World.UntilAsync(() => Bench.Ledger.Count == 2, "two are under way", Step);
        var killedAt = World.Clock.GetUtcNow();
        await dead.KillAsync();
        foreach (var name in new[] { "mail-0", "mail-1" }) Bench[name] = _ => Task.FromResult("again");

        var node = await StartAsync("b", o => Limit(o, cluster: 2));
        Assert.That(await Result(node.Client.GetRun<Fan, int>(run.WorkflowId).ResultAsync(), 100), Is.EqualTo(4));
        var later = Bench.Ledger.Where(attempt => attempt.Node == "b").ToList();
        Assert.That(later, Has.Count.EqualTo(4));
        Assert.That(later.Min(attempt => attempt.At) - killedAt, Is.GreaterThan(TimeSpan.FromSeconds(12)), "renewed at most a quarter of the lease before the death");
    }

    [Test]
    public async Task A_worker_that_cannot_renew_its_slots_stops_its_attempts_before_others_may_begin_theirs()
    {
        Make(manual: true);
        var (running, most) = (0, 0);
        DateTimeOffset? stopped = null;
        var cut = false;
        var frozen = await World.StartAsync(Configure, "a", o => Limit(o, cluster: 1), faults: store => store.Before = verb => verb == "TakeSlots" && Volatile.Read(ref cut) ? new TaskCompletionSource().Task : Task.CompletedTask);
        Bench["mail-0"] = async context =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            try
            {
                if (context.Attempt == 1) await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
                return "done";
            }
            finally
            {
                Interlocked.Decrement(ref running);
                stopped ??= World.Clock.GetUtcNow();
            }
        };
        var run = await frozen.Client.StartAsync((Fan w) => w.RunAsync("mail", "mail", 1));
        await World.UntilAsync(() => Bench.Ledger.Count == 1, "it is under way", Step);
        Volatile.Write(ref cut, true);
        var cutAt = World.Clock.GetUtcNow();
        await StartAsync("b", o => Limit(o, cluster: 1));

        Assert.That(await Result(run.ResultAsync(), 50), Is.EqualTo(1));
        Assert.That(most, Is.EqualTo(1));
        Assert.That(stopped! - cutAt, Is.LessThanOrEqualTo(TimeSpan.FromSeconds(21)));
        Assert.That(Bench.Ledger.Last().Node, Is.EqualTo("b"));
        Assert.That(Bench.Ledger.Last().At, Is.GreaterThanOrEqualTo(stopped!.Value));
    }

    [Test]
    public async Task A_queue_at_its_limit_is_not_asked_for_again_and_again()
    {
        Make(manual: true);
        var node = await StartAsync("a", o =>
        {
            Limit(o, cluster: 1);
            o.PollInterval = TimeSpan.FromSeconds(1);
        });
        var other = Guid.NewGuid();
        Assert.That(await World.Store.TakeSlotsAsync(new("queue/mail", other, 1, 1, TimeSpan.FromHours(1))), Is.EqualTo(1));
        var run = await node.Client.StartAsync((Fan w) => w.RunAsync("mail", "mail", 5));
        await World.UntilAsync(() => node.Store.Calls.GetValueOrDefault("TakeSlots") > 8, "it has asked for a while", Step);
        var (claims, asked, at) = (node.Store.Calls["ClaimTasks"], node.Store.Calls["TakeSlots"], World.Clock.GetUtcNow());
        await World.UntilAsync(() => World.Clock.GetUtcNow() - at > TimeSpan.FromSeconds(60), "a minute has passed", Step);
        Assert.That(node.Store.Calls["TakeSlots"] - asked, Is.InRange(1, 70));
        Assert.That(node.Store.Calls["ClaimTasks"] - claims, Is.InRange(1, 30));
        Assert.That(Bench.Ledger, Is.Empty);

        await World.Store.TakeSlotsAsync(new("queue/mail", other, 0, 1, TimeSpan.FromHours(1)));
        Assert.That(await Result(run.ResultAsync()), Is.EqualTo(5));
    }

    [Test]
    public async Task A_limit_that_cannot_be_meant_is_refused_at_the_start()
    {
        var error = (await Assert.ThrowsAsync<DurableException>(() => StartAsync("a", o =>
        {
            o.QueueLimits[""] = new() { PerWorker = 1 };
            o.QueueLimits["nothing"] = new();
            o.QueueLimits["none"] = new() { PerWorker = 0 };
            o.QueueLimits["many"] = new() { Cluster = 1_001 };
            o.QueueLimits["less"] = new() { Cluster = -1 };
        })))!;
        Assert.That(error.Code, Is.EqualTo("DUR1002"));
        foreach (var part in new[] { "empty name", "'nothing' limit nothing", "'none': PerWorker is 0", "'many': Cluster is 1001", "'less': Cluster is -1" }) Assert.That(error.Message, Does.Contain(part));
    }

    private static void Configure(DurableBuilder durable) => durable.AddWorkflow<Fan>();

    private static void Limit(DurableOptions options, int? perWorker = null, int? cluster = null)
    {
        options.ServedQueues.Add("mail");
        options.ServedQueues.Add("other");
        options.QueueLimits["mail"] = new() { PerWorker = perWorker, Cluster = cluster };
    }

    private Task<Node> StartAsync(string name, Action<DurableOptions> options) => World.StartAsync(Configure, name, options);

    private async Task<int> FreeSlotsAsync(int of)
    {
        var probe = Guid.NewGuid();
        var free = await World.Store.TakeSlotsAsync(new("queue/mail", probe, of, of, TimeSpan.FromMinutes(1)));
        await World.Store.TakeSlotsAsync(new("queue/mail", probe, 0, of, TimeSpan.FromMinutes(1)));
        return free;
    }

    /// <summary>How many were under way at the same time.</summary>
    private sealed class Gauge
    {
        private int running;
        private int most;

        public int Most => Volatile.Read(ref most);

        public async Task<string> RunAsync(ActivityContext context)
        {
            var now = Interlocked.Increment(ref running);
            for (var seen = Volatile.Read(ref most); now > seen && Interlocked.CompareExchange(ref most, now, seen) != seen;) seen = Volatile.Read(ref most);
            await Task.Yield();
            await Task.Delay(1, context.CancellationToken);
            Interlocked.Decrement(ref running);
            return "done";
        }
    }

    public sealed class Fan(WorkflowContext workflow, IWork work)
    {
        [Run]
        public async Task<int> RunAsync(string name, string queue, int count)
        {
            var queued = workflow.With(work, new() { Queue = queue });
            return (await Task.WhenAll(Enumerable.Range(0, count).Select(i => queued.DoAsync($"{name}-{i}")))).Length;
        }
    }
}
