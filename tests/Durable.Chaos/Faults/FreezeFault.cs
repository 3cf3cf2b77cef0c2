// SIGSTOP until the others have taken the worker's lane from it, then SIGCONT: it comes back as a zombie and does not know it.
using System.Collections.Concurrent;
using System.Diagnostics;
using Durable.Chaos.Workers;

namespace Durable.Chaos.Faults;

/// <summary>
/// Freezes for 1.5 to 3 leases, and longer while the lane still has its holder: on a busy machine, or when those who would reap are being killed or cut off
/// themselves, no fixed time is long enough. One bites if the worker's next write was refused because its lane had gone.
/// </summary>
internal sealed class FreezeFault(Fleet fleet, Lanes lanes, Func<string, bool> wasAtWork, double lease) : Fault("freeze")
{
    private static readonly TimeSpan Notice = TimeSpan.FromSeconds(60);     // for a worker that was thawed, to find out
    private readonly double longest = Math.Max(30_000, lease * 15_000);     // then nobody takes the lane: this one is in vain
    private readonly ConcurrentBag<Task> watches = [];
    private int fenced;

    public override string Details => $"lanes taken meanwhile {fenced}, stale batches refused {fleet.Log.Count(IsStale)}; a freeze bites if its worker then found its lane lost";

    /// <summary>Two at a time: half of the workers are left to find out.</summary>
    public override Task RunAsync(Random random, CancellationToken stop) => Task.WhenAll(LoopAsync(new Random(random.Next()), stop), LoopAsync(new Random(random.Next()), stop));

    public override Task SettleAsync() => Task.WhenAll(watches);

    private static bool IsStale(LogLine line) => line.Id == 201 && line.Text.Contains("(Refused:", StringComparison.Ordinal);

    private async Task LoopAsync(Random random, CancellationToken stop)
    {
        while (await PauseAsync(random.Next(200, 1_200), stop))
        {
            if (fleet.PickReady(random, wasAtWork) is not { } victim) continue;
            var from = Moment.Now;
            if (!victim.TryFreeze()) continue;
            Tried();
            await FrozenAsync(victim, lease * 1_000 * (1.5 + (random.NextDouble() * 1.5)));
            victim.Thaw();
            var injury = new Injury(Kind, victim.Launch, from, Moment.Now);
            Injuries.Enqueue(injury);
            watches.Add(WatchAsync(victim, injury));
        }
    }

    // Not cut short when the faults end: a freeze that is shorter than a lease proves nothing.
    private async Task FrozenAsync(WorkerProcess victim, double least)
    {
        var since = Stopwatch.GetTimestamp();
        HashSet<long>? held = null;
        for (double passed; (passed = Stopwatch.GetElapsedTime(since).TotalMilliseconds) < longest && !victim.Ended.IsCompleted; await Task.Delay(100))
        {
            held ??= await lanes.OfAsync(victim.Identity);
            if (held is null && passed > 3 * least) return;               // it has no lane, or the store has been away all the time
            if (held is null || passed < least || await lanes.AllAsync() is not { } now || now.Overlaps(held)) continue;
            Interlocked.Increment(ref fenced);
            return;
        }
    }

    // It is told that its lane is lost when its next write is refused.
    private async Task WatchAsync(WorkerProcess victim, Injury injury)
    {
        var since = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(since) < Notice && !victim.Ended.IsCompleted)
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
