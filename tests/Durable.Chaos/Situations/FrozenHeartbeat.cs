// The process of an activity that sends heartbeats stands still: another attempt begins elsewhere when the limit is over, long before the lease is.
using System.Diagnostics;
using Durable.Chaos.Ledgers;
using Durable.Chaos.Workload;

namespace Durable.Chaos.Situations;

/// <summary>Freezes the worker of a heartbeating activity with a limit of 5 s under a lease of 20 s.</summary>
internal sealed class FrozenHeartbeat(bool full) : Situation(full)
{
    private const double Limit = 5;

    public override async Task<Verdict> RunAsync(Stage stage)
    {
        var rounds = Full ? 10 : 1;
        var (client, _) = await stage.ClientAsync();
        var fleet = stage.Fleet(lease: 20, workers: 2);
        var (violations, found, bit) = (new List<string>(), new List<double>(), 0);
        for (var round = 0; round < rounds; round++)
        {
            await fleet.NewcomersAsync(TimeSpan.FromSeconds(90));
            var id = $"beat-{round}";
            var plan = new Plan([new Op(OpKind.Beat, "b", 1, Full ? 12_000 : 8_000)], 0, 0);
            var run = await client.StartAsync((ChainWorkflow w) => w.RunAsync(plan, ChainState.Begin), StartOptions.Once(id));
            if (!await UntilAsync(() => Task.FromResult(Of(stage, id).Count > 0), Bound(60))) return new Verdict(rounds, bit, [.. violations, "the activity did not begin"], "");
            await Task.Delay(1_500);                                     // some heartbeats are to be there
            var victim = fleet.Find(Of(stage, id)[0].Launch)!;
            if (!victim.TryFreeze()) continue;
            var since = Stopwatch.GetTimestamp();
            var again = await UntilAsync(() => Task.FromResult(Of(stage, id).Any(execution => execution.Launch != victim.Launch)), Bound(30));
            found.Add(Stopwatch.GetElapsedTime(since).TotalSeconds);
            victim.Thaw();
            if (again) bit++;
            if (!again || found[^1] > Bound(Limit + 1)) violations.Add(Say($"{id}: {(again ? "another attempt" : "no other attempt")} after {found[^1]:0.0} s"));
            if ((await run.OutcomeAsync(TimeSpan.FromSeconds(Bound(60)))) is not { Status: RunStatus.Completed }) violations.Add($"{id} did not complete");
        }

        return new Verdict(rounds, bit, violations, Say($"limit {Limit:0} s, until another attempt began: {Spread(found)}"));
    }

    private static IReadOnlyList<Execution> Of(Stage stage, string id) => [.. stage.Ledger().Where(execution => execution.Workflow == id).OrderBy(execution => execution.Begun)];
}
