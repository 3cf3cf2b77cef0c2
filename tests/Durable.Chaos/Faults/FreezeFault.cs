// SIGSTOP for 1.5 to 3 leases, then SIGCONT: the worker comes back as a zombie and does not know it.
using System.Collections.Concurrent;
using Durable.Chaos.Workers;

namespace Durable.Chaos.Faults;

/// <summary>Freezes. One bites if the worker's lane was fenced meanwhile, so that what it does next is stale.</summary>
internal sealed class FreezeFault(Fleet fleet, Func<string, bool> wasAtWork, double lease) : Fault("freeze")
{
    private static readonly TimeSpan Notice = TimeSpan.FromSeconds(15);
    private readonly ConcurrentBag<Task> watches = [];

    public override string Details => "a freeze bites if its worker then found its lane lost";

    /// <summary>Two at a time: half of the workers are left to find out.</summary>
    public override Task RunAsync(Random random, CancellationToken stop) => Task.WhenAll(LoopAsync(new Random(random.Next()), stop), LoopAsync(new Random(random.Next()), stop));

    public override Task SettleAsync() => Task.WhenAll(watches);

    private async Task LoopAsync(Random random, CancellationToken stop)
    {
        while (await PauseAsync(random.Next(200, 1_200), stop))
        {
            if (fleet.PickReady(random, wasAtWork) is not { } victim) continue;
            var from = Moment.Now;
            if (!victim.TryFreeze()) continue;
            Tried();
            await PauseAsync(lease * 1_000 * (1.5 + (random.NextDouble() * 1.5)), stop);
            victim.Thaw();
            var injury = new Injury(Kind, victim.Launch, from, Moment.Now);
            Injuries.Enqueue(injury);
            watches.Add(WatchAsync(victim, injury));
        }
    }

    // It is told that its lane is lost when its next write is refused.
    private async Task WatchAsync(WorkerProcess victim, Injury injury)
    {
        var until = Environment.TickCount64 + (long)Notice.TotalMilliseconds;
        while (Environment.TickCount64 < until && !victim.Ended.IsCompleted)
        {
            if (fleet.Log.Any(line => line.Id == 202 && line.Launch == victim.Launch && line.At >= injury.From))
            {
                Bit();
                return;
            }

            await Task.Delay(50);
        }
    }
}
