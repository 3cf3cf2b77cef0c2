// A worker dies and nobody takes its name: its runs go on with another when its lease is over.
using System.Diagnostics;
using Durable.Chaos.Clients;
using Durable.Chaos.Ledgers;
using Durable.Chaos.Workload;
using Durable.Storage;

namespace Durable.Chaos.Situations;

/// <summary>Measures from the kill until the last of the dead worker's runs is another's, or has ended.</summary>
internal sealed class Failover(bool full) : Situation(full)
{
    public override async Task<Verdict> RunAsync(Stage stage)
    {
        var (lease, rounds, bound) = Full ? (20.0, 10, 30.0) : (2.0, 1, 3.0);
        var (client, engine) = await stage.ClientAsync();
        var fleet = stage.Fleet(lease, workers: 2);
        using var log = new RequestLog(Path.Combine(stage.Folder, "requests.log"));
        var campaigner = new Campaigner(client, log, new Plans(stage.Seed, "mix"));
        using var stop = new CancellationTokenSource();
        using var giveUp = new CancellationTokenSource();
        var drivers = Task.WhenAll(Enumerable.Range(0, 24).Select(_ => Task.Run(() => campaigner.DriveAsync(stop.Token, giveUp.Token))));
        var (violations, taken, bit) = (new List<string>(), new List<double>(), 0);
        for (var round = 0; round < rounds; round++)
        {
            if (await fleet.NewcomersAsync(TimeSpan.FromSeconds(90)) is { Count: < 2 }) violations.Add("two workers did not start");
            var victim = fleet.PickReady(new Random(stage.Seed + round))!;
            IReadOnlyList<Guid> runs = [];
            if (!await UntilAsync(async () => (runs = await OwnedAsync(engine.Store, victim.Identity)).Count > 0, Bound(60)) || !victim.TryKill()) continue;
            var since = Stopwatch.GetTimestamp();
            runs = await OwnedAsync(engine.Store, victim.Identity);
            if (!await UntilAsync(async () => (runs = await StillAsync(engine.Store, runs, victim.Identity)).Count == 0, Bound(3 * lease))) violations.Add($"{runs.Count} runs of {victim.Identity} are nobody's yet");
            taken.Add(Stopwatch.GetElapsedTime(since).TotalSeconds);
            bit++;
            if (taken[^1] > Bound(bound)) violations.Add(Say($"{taken[^1]:0.0} s until the runs of {victim.Identity} went on"));
        }

        await stop.CancelAsync();
        if (!await UntilAsync(() => Task.FromResult(drivers.IsCompleted), Bound(60) + 60)) violations.Add($"{campaigner.Open} runs did not end");
        await giveUp.CancelAsync();
        await drivers;
        violations.AddRange(campaigner.Wrong);
        return new Verdict(rounds, bit, violations, Say($"lease {lease:0} s, until all runs of the dead went on: {Spread(taken)}; runs finished {campaigner.Finished}"));
    }

    private static async Task<IReadOnlyList<Guid>> OwnedAsync(IDurableStore store, string identity)
    {
        var open = await store.ListRunsAsync(new RunQuery("default", null, [RunStatus.Pending, RunStatus.Running], null, null, null, null, null, 200));
        return await StillAsync(store, [.. open.Select(run => run.RunId)], identity);
    }

    private static async Task<IReadOnlyList<Guid>> StillAsync(IDurableStore store, IReadOnlyList<Guid> runs, string identity)
    {
        var still = new List<Guid>();
        foreach (var run in runs)
            if ((await store.ReadPlacementAsync(run)) is { } place && (place.Owner == identity || (place.Owner is null && place.Wake is { Asap: true }))) still.Add(run);
        return still;
    }
}
