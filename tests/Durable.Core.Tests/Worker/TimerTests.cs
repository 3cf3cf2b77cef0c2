// Durable time: never early, across parks and restarts.
using Durable.Core.Tests.Kit;

namespace Durable.Core.Tests.Worker;

public sealed class TimerTests : Situation
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(200);

    [Test]
    public async Task A_timer_is_never_early_and_the_code_sees_its_time()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Sleeper>());

        var run = await node.Client.StartAsync((Sleeper w) => w.RunAsync(TimeSpan.FromSeconds(3)));

        Assert.That(await Result(run.ResultAsync(), 20), Is.InRange(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4)));
    }

    // Found by chaos: between the look at the timers and the row of the event an answer that had taken long set the lane's clock back.
    [Test]
    public async Task Code_never_sees_a_time_before_its_timer_was_due_though_the_lanes_clock_goes_back()
    {
        Make(manual: true);
        World.Manual!.Jitter = TimeSpan.FromSeconds(2);
        var node = await World.StartAsync(d => d.AddWorkflow<Sleeper>());
        var runs = new List<Task<TimeSpan>>();
        for (var i = 0; i < 40; i++) runs.Add((await node.Client.StartAsync((Sleeper w) => w.RunAsync(TimeSpan.FromSeconds(3)))).ResultAsync());

        foreach (var run in runs) Assert.That(await Result(run, 20), Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(3)));
    }

    [Test]
    public async Task A_run_that_sleeps_long_is_parked_and_wakes()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Sleeper>());
        var run = await node.Client.StartAsync((Sleeper w) => w.RunAsync(TimeSpan.FromDays(400)));
        await Parks(run, Step);
        Assert.That((await run.ExplainAsync()).Waits.Select(wait => wait.Kind), Is.EqualTo(new[] { "timer" }));

        World.Manual!.Advance(TimeSpan.FromDays(399));
        Assert.That((await run.DescribeAsync()).Status, Is.EqualTo(RunStatus.Running));
        World.Manual.Advance(TimeSpan.FromDays(1));

        Assert.That(await Result(run.ResultAsync(), 200), Is.GreaterThanOrEqualTo(TimeSpan.FromDays(400)));
    }

    [Test]
    public async Task A_timer_that_was_due_while_no_host_lived_fires_when_one_comes()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Sleeper>());
        var run = await node.Client.StartAsync((Sleeper w) => w.RunAsync(TimeSpan.FromHours(1)), new() { Id = "s" });
        await node.KillAsync();
        World.Manual!.Advance(TimeSpan.FromHours(5));

        var second = await World.StartAsync(d => d.AddWorkflow<Sleeper>());

        Assert.That(await Result(second.Client.GetRun<Sleeper, TimeSpan>("s").ResultAsync(), 100), Is.GreaterThanOrEqualTo(TimeSpan.FromHours(5)));
    }

    [Test]
    public async Task Bcl_waits_on_the_injected_clock_are_durable_timers()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<BclSleeper>());

        var run = await node.Client.StartAsync((BclSleeper w) => w.RunAsync());

        Assert.That(await Result(run.ResultAsync(), 100), Is.EqualTo("delay, timeout, token"));
        Assert.That(await KindsOf(run), Has.Exactly(3).EqualTo("TimerFired"));
    }

    [Test]
    public async Task A_wait_with_a_timeout_gives_false_when_nothing_came()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Waiter>());

        var run = await node.Client.StartAsync((Waiter w) => w.RunAsync(TimeSpan.FromMinutes(3)));

        Assert.That(await Result(run.ResultAsync(), 200), Is.EqualTo("nobody"));
    }

    [Test]
    public async Task A_wait_with_a_timeout_ends_when_its_condition_holds_and_takes_its_timer_along()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Waiter>());
        var run = await node.Client.StartAsync((Waiter w) => w.RunAsync(TimeSpan.FromDays(3)));

        await run.SignalAsync(w => w.Approve("ada"));

        Assert.That(await Result(run.ResultAsync(), 50), Is.EqualTo("ada"));
        Assert.That(await KindsOf(run), Does.Not.Contain("TimerFired"));
    }

    public sealed class Sleeper(WorkflowContext workflow)
    {
        [Run]
        public async Task<TimeSpan> RunAsync(TimeSpan time)
        {
            var began = workflow.UtcNow;
            await workflow.DelayAsync(time);
            return workflow.UtcNow - began;
        }
    }

    public sealed class BclSleeper(TimeProvider time)
    {
        [Run]
        public async Task<string> RunAsync()
        {
            await Task.Delay(TimeSpan.FromSeconds(5), time);
            var said = "delay";
            try
            {
                await new TaskCompletionSource().Task.WaitAsync(TimeSpan.FromSeconds(5), time);
            }
            catch (TimeoutException)
            {
                said += ", timeout";
            }

            using var source = new CancellationTokenSource(TimeSpan.FromSeconds(5), time);
            var told = new TaskCompletionSource();
            using var registration = source.Token.Register(() => told.SetResult());
            await told.Task;
            return said + ", token";
        }
    }

    public sealed class Waiter(WorkflowContext workflow)
    {
        private string? by;

        [Run]
        public async Task<string> RunAsync(TimeSpan atMost) => await workflow.WaitUntilAsync(() => by is not null, atMost) ? by! : "nobody";

        [Signal]
        public void Approve(string name) => by = name;
    }
}
