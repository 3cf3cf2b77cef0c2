// Hosts that join: a host with more than its share gives idle runs back and lets others claim first, and nothing waits for a host that does not want it.
using Durable.Core.Tests.Kit;
using Durable.Storage;

namespace Durable.Core.Tests.Worker;

public sealed class RebalanceTests : Situation
{
    private const int Runs = 60;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    [Test]
    public async Task A_host_that_joins_gets_its_share_of_the_runs_that_another_has()
    {
        Make(manual: true);
        var first = await StartAsync("a");
        var runs = await TickersAsync(first, 1_000_000);
        Assert.That((await OwnedAsync())["a"], Is.EqualTo(Runs));

        await StartAsync("b");
        await World.UntilAsync(async () => await OwnedAsync() is var owned && owned["a"] <= 40 && owned["b"] >= 20, "b has its share", Step);
        foreach (var run in runs) await run.SignalAsync(w => w.Stop());
        foreach (var run in runs) Assert.That(await Result(run.ResultAsync(), 20), Is.LessThan(1_000_000));
        Assert.That(World.Logs.Entries.Select(entry => entry.Text), Has.None.Contains("was lost"));
    }

    [Test]
    public async Task Hosts_that_have_about_the_same_leave_each_other_alone()
    {
        Make(manual: true);
        var first = await StartAsync("a");
        var second = await StartAsync("b");
        await TickersAsync(first, 1_000, 8);
        await TickersAsync(second, 1_000, 2);
        var parked = 0;
        first.Store.OnCommit = batch =>
        {
            Interlocked.Add(ref parked, batch.Parks.Count);
            return CommitFault.None;
        };
        await PassAsync(TimeSpan.FromSeconds(60));
        Assert.That((await OwnedAsync())["a"], Is.EqualTo(8));
        Assert.That(parked, Is.Zero);
    }

    [Test]
    public async Task A_host_keeps_the_runs_that_no_other_can_run()
    {
        Make(manual: true);
        var first = await StartAsync("a");
        await TickersAsync(first, 1_000);
        await World.StartAsync(d => d.AddWorkflow<Other>(), "b", Options);
        await PassAsync(TimeSpan.FromSeconds(30));
        Assert.That((await OwnedAsync())["a"], Is.EqualTo(Runs));
    }

    [Test]
    public async Task Runs_that_nobody_else_takes_go_on_where_they_were()
    {
        Make(manual: true);
        var first = await StartAsync("a", o => o.ServedQueues.Add("gpu"));
        var runs = await TickersAsync(first, 60, queue: "gpu");
        await StartAsync("b");
        var started = World.Clock.GetUtcNow();
        foreach (var run in runs) Assert.That(await Result(run.ResultAsync(), 100), Is.EqualTo(60));
        Assert.That(World.Clock.GetUtcNow() - started, Is.LessThan(TimeSpan.FromMinutes(10)), "60 s of timers, and some patience while nobody took them");
        Assert.That((await OwnedAsync())["b"], Is.Zero);
    }

    [Test]
    public async Task A_graceful_stop_hands_runs_over_without_any_lease_coming_to_its_end()
    {
        Make(manual: true);
        var first = await StartAsync("a", o => o.Lease = TimeSpan.FromHours(1));
        await StartAsync("b", o => o.Lease = TimeSpan.FromHours(1));
        await TickersAsync(first, 1_000, 8);
        var before = World.Clock.GetUtcNow();
        var stopping = first.StopAsync();
        await World.UntilAsync(() => stopping.IsCompleted, "a has stopped", Step);
        await World.UntilAsync(async () => (await OwnedAsync())["b"] == 8, "b has them", Step);
        Assert.That(World.Clock.GetUtcNow() - before, Is.LessThan(TimeSpan.FromMinutes(5)));
        Assert.That(World.Logs.Entries.Select(entry => entry.Text), Has.None.Contains("Fenced"));
    }

    private static void Options(DurableOptions options)
    {
        options.ParkAfter = TimeSpan.FromHours(1);       // nothing is parked but to be given away
        options.Retention = null;
    }

    private Task<Node> StartAsync(string name, Action<DurableOptions>? more = null) => World.StartAsync(d => d.AddWorkflow<Ticker>(), name, o =>
    {
        Options(o);
        more?.Invoke(o);
    });

    private static async Task<List<RunHandle<Ticker, int>>> TickersAsync(Node node, int ticks, int count = Runs, string? queue = null)
    {
        var runs = new List<RunHandle<Ticker, int>>();
        for (var i = 0; i < count; i++) runs.Add(await node.Client.StartAsync((Ticker w) => w.RunAsync(ticks), new() { Queue = queue }));
        return runs;
    }

    private async Task<Dictionary<string, int>> OwnedAsync() => (await World.Store.ReadLanesAsync()).ToDictionary(lane => lane.Identity, lane => lane.Owned);

    private async Task PassAsync(TimeSpan time)
    {
        var until = World.Clock.GetUtcNow() + time;
        await World.UntilAsync(() => World.Clock.GetUtcNow() >= until, "the time has passed", Step);
    }

    public sealed class Ticker(WorkflowContext workflow)
    {
        private bool stopped;

        [Run]
        public async Task<int> RunAsync(int ticks)
        {
            var i = 0;
            for (; i < ticks && !stopped; i++) await workflow.DelayAsync(TimeSpan.FromSeconds(1));
            return i;
        }

        [Signal]
        public void Stop() => stopped = true;
    }

    public sealed class Other
    {
        [Run]
        public Task RunAsync() => Task.CompletedTask;
    }
}
