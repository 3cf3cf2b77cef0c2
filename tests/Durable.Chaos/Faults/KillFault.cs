// SIGKILL of a random worker; the fleet starts another after up to 3 s.
using Durable.Chaos.Workers;

namespace Durable.Chaos.Faults;

/// <summary>Kills.</summary>
internal sealed class KillFault(Fleet fleet, Func<string, bool> wasAtWork) : Fault("kill")
{
    private int idle;

    public override string Details => $"{idle} of them before they had run anything";

    public override async Task RunAsync(Random random, CancellationToken stop)
    {
        while (await PauseAsync(random.Next(300, 2_000), stop))
        {
            // Now and then one that is only starting; else the starts take all the time, and nothing is ever hit at work.
            if (fleet.PickReady(random, random.Next(10) == 0 ? null : wasAtWork) is not { } victim || !victim.TryKill()) continue;
            Tried();
            Injuries.Enqueue(new Injury(Kind, victim.Launch, Moment.Now, long.MaxValue));
            if (wasAtWork(victim.Launch)) Bit();
            else idle++;
        }
    }
}
