// All workers start while nobody answers at the database's address: connection refused at start.
using System.Collections.Concurrent;
using Durable.Chaos.Workers;

namespace Durable.Chaos.Faults;

/// <summary>Takes the server away and kills the workers meanwhile. A start against the dead server bites if that worker was at work later.</summary>
internal sealed class RefusedFault(Fleet fleet, StorePlace store, Func<string, bool> wasAtWork) : Fault("refused")
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly ConcurrentDictionary<string, bool> starts = new();

    public override string Details => $"workers started against a dead server {starts.Count}, of these at work later {starts.Keys.Count(wasAtWork)}";

    public override async Task RunAsync(Random random, CancellationToken stop)
    {
        while (await PauseAsync(random.Next(500, 3_000), stop))
        {
            Tried();
            var from = Moment.Now;
            await store.AwayAsync(async () =>
            {
                foreach (var victim in fleet.KillAll()) Injuries.Enqueue(new Injury("kill", victim.Launch, Moment.Now, long.MaxValue));
                foreach (var launch in await fleet.NewcomersAsync(Patience)) starts[launch] = true;
            });
            Injuries.Enqueue(new Injury(Kind, null, from, Moment.Now));
            // They are given time to prove that they got over it: the next fault may be their end.
            for (var until = Environment.TickCount64 + (long)Patience.TotalMilliseconds; Environment.TickCount64 < until && !starts.Keys.Any(wasAtWork);) await Task.Delay(50, CancellationToken.None);
            Bit(starts.Keys.Count(wasAtWork) - Bites);
        }
    }

    public override Task SettleAsync()
    {
        Bit(starts.Keys.Count(wasAtWork) - Bites);
        return Task.CompletedTask;
    }
}
