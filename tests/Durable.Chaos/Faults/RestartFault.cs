// The database server crashes, is away for a moment, and recovers.
using Durable.Chaos.Workers;

namespace Durable.Chaos.Faults;

/// <summary>Crashes and starts the server.</summary>
internal sealed class RestartFault(StorePlace store, double lease) : Fault("restart")
{
    private long away;

    public override string Details => $"away for {(Tries == 0 ? 0 : away / Tries)} ms on average";

    public override async Task RunAsync(Random random, CancellationToken stop)
    {
        while (await PauseAsync(random.Next(2_000, 6_000), stop))
        {
            Tried();
            var from = Moment.Now;
            await store.CrashAsync(TimeSpan.FromMilliseconds(random.Next(3) == 0 ? random.Next(0, (int)(lease * 1_500)) : 0));
            var to = Moment.Now;
            Interlocked.Add(ref away, to - from);
            // Nobody can renew a lease or a task's visibility meanwhile, so all may be taken for dead.
            Injuries.Enqueue(new Injury(Kind, null, from, to));
            Bit();
        }
    }
}
