// Connections that swallow everything without an error: a firewall that forgot them, a switch that died. Only deadlines help.
namespace Durable.Chaos.Faults;

/// <summary>Makes connections silent. One bites if its client gave it up.</summary>
internal sealed class BlackholeFault(CutProxy proxy) : Fault("blackhole")
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);       // machines may be slow
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);       // of a call
    private int silenced;

    public override string Details => $"connections silenced {silenced}, given up by their clients {proxy.Abandoned}";

    public override async Task RunAsync(Random random, CancellationToken stop)
    {
        while (await PauseAsync(random.Next(1_000, 4_000), stop))
        {
            Tried();
            Interlocked.Add(ref silenced, proxy.Silence(40, random));
            Injuries.Enqueue(new Injury(Kind, null, Moment.Now, Moment.Now + (long)Deadline.TotalMilliseconds));      // heartbeats of tasks may go into a silent connection
            Count();
        }
    }

    public override async Task SettleAsync()
    {
        var until = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (proxy.Abandoned < silenced && Environment.TickCount64 < until) await Task.Delay(100);
        Count();
        if (proxy.Abandoned < silenced) Violations.Enqueue($"{silenced - proxy.Abandoned} silent connections were never given up");
    }

    private void Count() => Bit(proxy.Abandoned - Bites);
}
