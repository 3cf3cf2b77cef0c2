// SIGTERM under load: a rolling restart. The worker drains within its grace, ends with code 0, and what it had is free at once.
using System.Diagnostics;
using Durable.Chaos.Workers;

namespace Durable.Chaos.Faults;

/// <summary>Asks workers to stop. One bites if the worker was at work and ended in good order.</summary>
internal sealed class TermFault(Fleet fleet, Lanes lanes, Func<string, bool> wasAtWork) : Fault("term")
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);      // HostOptions.ShutdownTimeout; the workers' own DrainTimeout is 3 s
    private double slowest;

    public override string Details => FormattableString.Invariant($"slowest end {slowest:0.0} s");

    public override async Task RunAsync(Random random, CancellationToken stop)
    {
        while (await PauseAsync(random.Next(500, 2_500), stop))
        {
            if (fleet.PickReady(random, wasAtWork) is not { } victim) continue;
            var from = Moment.Now;
            var since = Stopwatch.GetTimestamp();
            if (!victim.TryTerminate()) continue;
            Tried();
            await Task.WhenAny(victim.Ended, Task.Delay(2 * Grace));
            slowest = Math.Max(slowest, Stopwatch.GetElapsedTime(since).TotalSeconds);
            Injuries.Enqueue(new Injury(Kind, victim.Launch, from, long.MaxValue));     // attempts that outlast the drain are made again by others
            if (!victim.Ended.IsCompleted)
            {
                Violations.Enqueue($"{victim.Launch} did not end within {2 * Grace.TotalSeconds} s of SIGTERM");
                victim.TryKill();
            }
            else if (victim.Ended.Result != 0) Violations.Enqueue($"{victim.Launch} ended with code {victim.Ended.Result} after SIGTERM");
            else if (await lanes.OfAsync(victim.Identity) is not null && fleet.IsNewest(victim)) Violations.Enqueue($"{victim.Launch} has ended and its lane still has a holder");
            else Bit();
        }
    }
}
