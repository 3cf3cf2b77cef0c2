// The checker: joins ledger, client log and database when everything has come to rest.
using Durable.Chaos.Faults;
using Durable.Chaos.Ledgers;
using Durable.Chaos.Workers;
using Durable.Chaos.Workload;
using Durable.Engine.Hosting;

namespace Durable.Chaos.Checking;

/// <summary>Everything that a campaign left behind.</summary>
internal sealed class Audit(EngineServices engine, RequestLog requests, Plans plans, string folder, IReadOnlyList<Injury> injuries, IEnumerable<LogLine> log)
{
    public Findings Findings { get; } = new();

    /// <summary>Runs in the database.</summary>
    public int Runs { get; private set; }

    /// <summary>One line for people.</summary>
    public string Summary { get; private set; } = "";

    /// <summary>The same about what went from group to group; null with one group.</summary>
    public string? Crossings { get; private set; }

    public async Task RunAsync()
    {
        // A lane that was lost is an injury too: whoever has its runs now does again what was under way.
        var own = injuries.Concat(log.Where(line => line.Id == 202).Select(line => new Injury("lane lost", line.Launch, line.At, line.At)))
            .Concat(log.Where(line => line.Id == Pulse.Id).Select(line => (line.Launch, Span: Pulse.Read(line.Text))).Select(gap => new Injury("starved", gap.Launch, gap.Span.From, gap.Span.To))).Where(injury => injury.Launch is not null).ToLookup(injury => injury.Launch!);
        var everybody = injuries.Where(injury => injury.Launch is null).ToList();
        var ledger = Ledger.Read(folder);
        var histories = new HistoryAudit(engine, Findings);
        var effects = new EffectAudit(ledger, own, everybody, Findings);
        var messages = new MessageAudit(requests, Findings);
        var all = await StoredRun.ReadAllAsync(engine);
        Runs = all.Count;
        foreach (var stored in all)
        {
            Rest(stored);
            histories.Check(stored);
            effects.Add(stored);
            messages.Check(stored);
        }

        effects.Check();
        Starts(all);
        if (!engine.Groups.IsOne)
        {
            var crossings = new CrossingAudit(engine, plans, Findings);
            await crossings.CheckAsync(all);
            Crossings = crossings.Summary;
        }

        if (Findings.Any) foreach (var stored in all) Dump.Write(folder, stored);
        Summary = $"starts acked {requests.Starts.Count}, runs {all.Count} ({all.Count(run => run.IsClosed)} closed), generations replayed {histories.Replayed}, events {all.Sum(run => run.Events.Count)}; "
            + $"effects recorded {effects.Recorded}, executions {ledger.Count}, repeated {effects.Repeated}; messages acked {messages.Acked}, consumed {messages.Consumed}";
    }

    // I4, I10: what is open has a way forward, what is closed holds nothing.
    private void Rest(StoredRun stored)
    {
        var (run, placement) = (stored.Run, stored.Placement);
        var name = $"{run.WorkflowId} ({run.RunId})";
        if (!stored.IsClosed)
            Findings.AddStuck($"{name} is {run.Status} in generation {run.Gen} with {stored.Events.Count} events; owner {placement.Owner ?? "none"} ({(placement.OwnerAlive ? "alive" : "dead")}), "
                + $"wake row {(placement.Wake is { } wake ? $"due {wake.DueAt:O} asap {wake.Asap} hold {wake.Hold} {wake.WaitReason}" : "none")}, messages {placement.Messages}, tasks {placement.Tasks.Count}");
        else if (placement.Owner is not null || placement.Wake is not null || placement.Tasks.Count > 0)
            Findings.AddStuck($"{name} is {run.Status} and still has owner {placement.Owner ?? "none"}, wake row {placement.Wake is not null}, tasks {placement.Tasks.Count}");
    }

    private void Starts(IReadOnlyList<StoredRun> all)
    {
        var byId = all.ToLookup(run => run.Run.WorkflowId);
        foreach (var (id, run) in requests.Starts)
        {
            if (!byId[id].Any(stored => stored.Run.RunId == run)) Findings.AddLost($"{id}: the start of {run} was acknowledged, and there is no such run");
        }

        foreach (var twice in byId.Where(runs => runs.Count() > 1)) Findings.AddDoubled($"{twice.Key} was started {twice.Count()} times");
    }
}
