// Hosts that die, stop, come back; work that moves from one to another.
using Durable.Core.Tests.Kit;

namespace Durable.Core.Tests.Worker;

[TestFixture(1)]
[TestFixture(8)]
public sealed class CrashTests(int groups) : Situation
{
    private protected override int Groups => groups;

    [TestCase(StoreKind.Memory)]
    [TestCase(StoreKind.Sqlite)]
    public async Task A_host_that_comes_back_under_its_name_adopts_its_runs_at_once_and_repeats_nothing(StoreKind kind)
    {
        Make(kind);
        var first = await World.StartAsync(d => d.AddWorkflow<Pipeline>());
        var gate = Bench.Block("2");
        var run = await first.Client.StartAsync((Pipeline w) => w.RunAsync(4), new() { Id = "p" });
        await World.UntilAsync(() => Bench.Count("2") == 1, "the second activity runs");
        await first.KillAsync();
        gate.SetResult("2!");

        var second = await World.StartAsync(d => d.AddWorkflow<Pipeline>());

        Assert.That(await second.Client.GetRun<Pipeline, string>("p").ResultAsync(), Is.EqualTo("1! 2! 3! 4!"));
        Assert.That(Bench.Count("1"), Is.EqualTo(1));
        Assert.That(Bench.Ledger.Where(attempt => attempt.Name == "2").Select(attempt => attempt.Attempt), Is.EqualTo(new[] { 1, 2 }));
        Assert.That(Bench.Ledger.Where(attempt => attempt.Name == "2").Select(attempt => attempt.Key).Distinct().Count(), Is.EqualTo(1));
        Assert.That(run.RunId, Is.Not.Null);
    }

    [Test]
    public async Task An_at_most_once_activity_that_was_under_way_in_a_crash_fails_instead_of_running_again()
    {
        var first = await World.StartAsync(d => d.AddWorkflow<Once>());
        Bench.Block("charge");
        await first.Client.StartAsync((Once w) => w.RunAsync(null), new() { Id = "o" });
        await World.UntilAsync(() => Bench.Count("charge") == 1, "the charge is under way");
        await first.KillAsync();

        var second = await World.StartAsync(d => d.AddWorkflow<Once>());

        Assert.That(await second.Client.GetRun<Once, string>("o").ResultAsync(), Is.EqualTo("DUR3103"));
        Assert.That(Bench.Count("charge"), Is.EqualTo(1));
    }

    [Test]
    public async Task An_at_most_once_activity_of_a_queue_that_was_under_way_in_a_crash_fails_too()
    {
        Make(manual: true);
        var first = await World.StartAsync(d => d.AddWorkflow<Once>(), options: o => o.ServedQueues.Add("q"));
        Bench.Block("charge");
        await first.Client.StartAsync((Once w) => w.RunAsync("q"), new() { Id = "o" });
        await World.UntilAsync(() => Bench.Count("charge") == 1, "the charge is under way", TimeSpan.FromMilliseconds(50));
        await first.KillAsync();

        var second = await World.StartAsync(d => d.AddWorkflow<Once>(), options: o => o.ServedQueues.Add("q"));

        Assert.That(await Result(second.Client.GetRun<Once, string>("o").ResultAsync(), 200), Is.EqualTo("DUR3103"));
        Assert.That(Bench.Count("charge"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_host_that_stops_gives_its_runs_back_and_another_goes_on_at_once()
    {
        var first = await World.StartAsync(d => d.AddWorkflow<Pipeline>(), "a");
        var second = await World.StartAsync(d => d.AddWorkflow<Pipeline>(), "b");
        var gate = new TaskCompletionSource<string>();
        Bench["2"] = _ => gate.Task;
        await first.Client.StartAsync((Pipeline w) => w.RunAsync(4), new() { Id = "p" });
        await World.UntilAsync(() => Bench.Count("2") == 1, "the second activity runs");

        var stopping = first.StopAsync();
        gate.SetResult("2!");
        await stopping;

        Assert.That(await second.Client.GetRun<Pipeline, string>("p").ResultAsync(), Is.EqualTo("1! 2! 3! 4!"));
        Assert.That(Bench.Ledger.Select(attempt => $"{attempt.Name}{attempt.Node}"), Is.EqualTo(new[] { "1a", "2a", "3b", "4b" }));
    }

    [Test]
    public async Task An_activity_that_does_not_end_in_the_drain_time_is_told_and_runs_again_elsewhere()
    {
        var first = await World.StartAsync(d => d.AddWorkflow<Pipeline>(), "a", o => o.DrainTimeout = TimeSpan.FromMilliseconds(50));
        Bench["2"] = async context =>
        {
            if (context.Attempt == 1) await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
            return "2!";
        };
        await first.Client.StartAsync((Pipeline w) => w.RunAsync(2), new() { Id = "p" });
        await World.UntilAsync(() => Bench.Count("2") == 1, "the second activity runs");

        await first.StopAsync();
        var second = await World.StartAsync(d => d.AddWorkflow<Pipeline>(), "b");

        Assert.That(await second.Client.GetRun<Pipeline, string>("p").ResultAsync(), Is.EqualTo("1! 2!"));
    }

    [Test]
    public async Task A_queued_activity_is_done_by_the_host_that_serves_the_queue()
    {
        var owner = await World.StartAsync(d => d.AddWorkflow<Queued>(), "owner");
        await World.StartAsync(d => d.AddWorkflow<Pipeline>(), "server", o => o.ServedQueues.Add("heavy"));

        var run = await owner.Client.StartAsync((Queued w) => w.RunAsync());

        Assert.That(await run.ResultAsync(), Is.EqualTo("heavy!"));
        Assert.That(Bench.Ledger.Single().Node, Is.EqualTo("server"));
    }

    [Test]
    public async Task A_queued_activity_that_is_under_way_when_its_host_stops_is_given_back_at_once()
    {
        var owner = await World.StartAsync(d => d.AddWorkflow<Queued>(), "owner");
        var first = await World.StartAsync(d => d.AddWorkflow<Pipeline>(), "s1", o =>
        {
            o.ServedQueues.Add("heavy");
            o.DrainTimeout = TimeSpan.FromMilliseconds(50);
        });
        Bench["heavy"] = async context =>
        {
            if (context.Attempt == 1) await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
            return "heavy!";
        };
        var run = await owner.Client.StartAsync((Queued w) => w.RunAsync());
        await World.UntilAsync(() => Bench.Count("heavy") == 1, "it is under way");

        await first.StopAsync();
        await World.StartAsync(d => d.AddWorkflow<Pipeline>(), "s2", o => o.ServedQueues.Add("heavy"));

        Assert.That(await run.ResultAsync(), Is.EqualTo("heavy!"));
    }

    [Test]
    public async Task A_dead_host_that_never_comes_back_is_replaced_when_its_lease_is_over()
    {
        Make(manual: true);
        var first = await World.StartAsync(d => d.AddWorkflow<Pipeline>(), "a");
        Bench.Block("2");
        await first.Client.StartAsync((Pipeline w) => w.RunAsync(3), new() { Id = "p" });
        await World.UntilAsync(() => Bench.Count("2") == 1, "the second activity runs");
        await first.KillAsync();
        Bench["2"] = _ => Task.FromResult("2!");
        var died = World.Clock.GetUtcNow();

        var second = await World.StartAsync(d => d.AddWorkflow<Pipeline>(), "b");

        Assert.That(await Result(second.Client.GetRun<Pipeline, string>("p").ResultAsync(), 500), Is.EqualTo("1! 2! 3!"));
        Assert.That((World.Clock.GetUtcNow() - died).TotalSeconds, Is.GreaterThanOrEqualTo(15));      // how much more, the speed of this machine says: the manual clock does not wait for it
    }

    [TestCase(StoreKind.Memory)]
    [TestCase(StoreKind.Sqlite)]
    public async Task A_host_works_on_more_runs_than_it_may_keep_in_memory(StoreKind kind)
    {
        Make(kind);
        var node = await World.StartAsync(d => d.AddWorkflow<Patient>(), options: o => o.MaxCachedRuns = 10);
        var runs = new List<RunHandle<Patient, int>>();
        for (var i = 0; i < 60; i++) runs.Add(await node.Client.StartAsync((Patient w) => w.RunAsync(), new() { Id = $"p{i}" }));

        for (var i = 1; i <= 2; i++)
            foreach (var run in runs) await run.SignalAsync(w => w.Add(i));

        foreach (var run in runs) Assert.That(await run.ResultAsync(), Is.EqualTo(3));
    }

    [TestCase(StoreKind.Memory)]
    [TestCase(StoreKind.Sqlite)]
    public async Task Every_way_of_dying_at_every_commit_ends_in_the_same_result(StoreKind kind)
    {
        foreach (var fault in new[] { CommitFault.DieBefore, CommitFault.DieAfter })
        {
            for (var at = 1; ; at++)
            {
                await using var world = new World(kind, groups: Groups);
                var commits = 0;
                void Register(DurableBuilder durable) => durable.AddWorkflow<Mixed>().AddWorkflow<Pipeline>();
                var first = await world.StartAsync(Register, faults: store => store.OnCommit = _ => ++commits == at ? fault : CommitFault.None);
                var start = first.Client.StartAsync((Mixed w) => w.RunAsync(), new() { Id = "m" });
                await world.UntilAsync(async () => first.Store.Died.IsCompleted || (await world.Store.FindRunAsync("default", "m", null))?.Status >= RunStatus.Completed, "it died or ended");
                var survived = !first.Store.Died.IsCompleted;
                await first.KillAsync();
                if (survived) break;

                var second = await world.StartAsync(Register);
                if (await world.Store.FindRunAsync("default", "m", null) is null) _ = await second.Client.StartAsync((Mixed w) => w.RunAsync(), StartOptions.Once("m"));
                Assert.That(await second.Client.GetRun<Mixed, string>("m").ResultAsync(), Is.EqualTo("a! b! c! 1! 2!"), $"{fault} at commit {at}");
                Assert.That(start.IsCompletedSuccessfully || !start.IsFaulted, Is.True);
            }
        }
    }

    public sealed class Pipeline(IWork work)
    {
        [Run]
        public async Task<string> RunAsync(int count)
        {
            var all = new List<string>();
            for (var i = 1; i <= count; i++) all.Add(await work.DoAsync($"{i}"));
            return string.Join(' ', all);
        }
    }

    public sealed class Once(WorkflowContext workflow, IWork work)
    {
        [Run]
        public async Task<string> RunAsync(string? queue)
        {
            try
            {
                return await workflow.With(work, new() { AtMostOnce = true, Queue = queue }).DoAsync("charge");
            }
            catch (ActivityFailedException error)
            {
                return error.Code;
            }
        }
    }

    public sealed class Queued(WorkflowContext workflow, IWork work)
    {
        [Run]
        public Task<string> RunAsync() => workflow.With(work, new() { Queue = "heavy" }).DoAsync("heavy");
    }

    public sealed class Patient(WorkflowContext workflow)
    {
        private readonly List<int> got = [];

        [Run]
        public async Task<int> RunAsync()
        {
            await workflow.WaitUntilAsync(() => got.Count == 2);
            return got.Sum();
        }

        [Signal]
        public void Add(int item) => got.Add(item);
    }

    public sealed class Mixed(WorkflowContext workflow, IWork work)
    {
        [Run]
        public async Task<string> RunAsync()
        {
            var both = await Task.WhenAll(work.DoAsync("a"), workflow.StepAsync("b", (IWork inner) => inner.DoAsync("b")));
            await workflow.DelayAsync(TimeSpan.FromMilliseconds(2));
            var third = await workflow.With(work, new() { Heartbeat = TimeSpan.FromMilliseconds(400) }).DoAsync("c");
            return $"{both[0]} {both[1]} {third} {await workflow.RunChildAsync((Pipeline w) => w.RunAsync(2))}";
        }
    }
}
