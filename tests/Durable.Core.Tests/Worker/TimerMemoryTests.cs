// The lane's timers: those that nobody waits for any more leave memory before their time.
using Durable.Core.Tests.Kit;
using Durable.Engine.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Durable.Core.Tests.Worker;

public sealed class TimerMemoryTests : Situation
{
    [Test]
    public void Timers_of_runs_that_left_go_before_their_time_and_the_others_keep_their_order()
    {
        var queue = new TimerQueue();
        var slots = Enumerable.Range(0, 1_000).Select(_ => new RunSlot(Guid.NewGuid()) { State = SlotState.Active }).ToList();
        for (var i = 0; i < slots.Count; i++) queue.Add(DateTimeOffset.UnixEpoch.AddHours(i), new LaneTimer(slots[i], 0, i, TimerPurpose.Deadline));

        for (var i = 0; i < slots.Count; i++)
        {
            if (i % 10 == 0) continue;
            slots[i].State = SlotState.Gone;
            queue.Died(slots[i].Timers);
        }

        Assert.That(queue.Count, Is.LessThan(300), "of which 100 live");
        var taken = new List<int>();
        while (queue.TryTake(DateTimeOffset.MaxValue, out var timer))
            if (timer.Slot.State == SlotState.Active) taken.Add(timer.Ordinal);
        Assert.That(taken, Is.EqualTo(Enumerable.Range(0, 100).Select(i => i * 10)));
        Assert.That(slots.Where(slot => slot.State == SlotState.Active).Select(slot => slot.Timers), Has.All.Zero);
    }

    [Test]
    public async Task A_run_that_is_parked_with_a_month_to_sleep_leaves_no_timer_behind()
    {
        Make();
        var node = await World.StartAsync(d => d.AddWorkflow<Dozer>(), options: o => o.ParkAfter = TimeSpan.FromMilliseconds(50));
        for (var i = 0; i < 300; i++) await node.Client.StartAsync((Dozer w) => w.RunAsync(), new() { Id = $"d{i}" });

        await World.UntilAsync(() => LaneOf(node).Owned == 0, "all are parked");

        Assert.That(await CountAsync(node), Is.LessThan(150));
    }

    [Test]
    public async Task Timers_that_code_gave_up_do_not_pile_up_in_a_run_that_lives_on()
    {
        Make();
        var node = await World.StartAsync(d => d.AddWorkflow<Impatient>());
        var run = await node.Client.StartAsync((Impatient w) => w.RunAsync(), new() { Id = "i" });

        for (var i = 1; i <= 300; i++) await run.SignalAsync(w => w.Add());
        await World.UntilAsync(async () => await run.QueryAsync(w => w.Rounds) == 300, "it has given up 300 timers");

        Assert.That(await CountAsync(node), Is.LessThan(150));
    }

    private static Lane LaneOf(Node node) => node.Services.GetServices<IHostedService>().OfType<WorkerService>().Single().OpenLane!;

    // On the lane's own loop.
    private static async Task<int> CountAsync(Node node)
    {
        var count = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var lane = LaneOf(node);
        lane.Post(() => count.SetResult(lane.Timers.Count));
        return await count.Task;
    }

    public sealed class Dozer(WorkflowContext workflow)
    {
        [Run]
        public Task RunAsync() => workflow.DelayAsync(TimeSpan.FromDays(30));
    }

    public sealed class Impatient(WorkflowContext workflow)
    {
        private int signals;

        [Query]
        public int Rounds { get; private set; }

        [Run]
        public async Task RunAsync()
        {
            while (await workflow.WaitUntilAsync(() => signals > Rounds, TimeSpan.FromDays(30))) Rounds++;
        }

        [Signal]
        public void Add() => signals++;
    }
}
