// Effects: each that is in a history happened; each that happened is in a history or has a fault to blame; none after its result was recorded.
using System.Text.Json;
using Durable.Chaos.Faults;
using Durable.Chaos.Ledgers;
using Durable.Engine.History;

namespace Durable.Chaos.Checking;

/// <summary>Joins the ledger with the histories.</summary>
internal sealed class EffectAudit(IReadOnlyDictionary<string, Execution> ledger, ILookup<string, Injury> injuries, IReadOnlyList<Injury> everybody, Findings findings)
{
    private const int Settling = 30_000;       // how long a result may have been on its way when the fault came
    private const int Waking = 5_000;          // how long a thawed process may act before it knows
    private readonly Dictionary<string, (string Exec, long At)> recorded = [];

    /// <summary>Effects that a history has a result of.</summary>
    public int Recorded => recorded.Count;

    /// <summary>Executions beside the recorded ones, failures on purpose not counted.</summary>
    public int Repeated { get; private set; }

    /// <summary>Takes the results of a run.</summary>
    public void Add(StoredRun stored)
    {
        foreach (var row in stored.Events.Where(row => row.Kind is (short)EventKind.ActivityCompleted or (short)EventKind.StepCompleted))
        {
            var key = $"{row.RunId:N}/{row.Gen}/{row.Ordinal}";
            using var payload = JsonDocument.Parse(row.Payload);
            var exec = payload.RootElement.GetProperty("exec").GetString()!;
            recorded[key] = (exec, row.At.ToUnixTimeMilliseconds());
            if (!ledger.TryGetValue(exec, out var execution) || execution.Key != key || execution.Ended is null)
                findings.AddDivergent($"{stored.Run.WorkflowId}: the result of {key} is of execution {exec}, which the ledger does not have so");
        }
    }

    /// <summary>Judges all executions.</summary>
    public void Check()
    {
        foreach (var effect in ledger.Values.GroupBy(execution => execution.Key))
        {
            var result = recorded.TryGetValue(effect.Key, out var found) ? found : ((string Exec, long At)?)null;
            foreach (var execution in effect)
                if (execution.Exec != result?.Exec && !execution.Failed) Judge(execution, result);
            foreach (var same in effect.GroupBy(execution => execution.Attempt).Where(group => group.Count() > 1 && group.Count(execution => Blame(execution) is null) > 1))
                findings.AddDoubled($"{Say(same.First())}: attempt {same.Key} was made {same.Count()} times");
        }
    }

    private void Judge(Execution execution, (string Exec, long At)? result)
    {
        Repeated++;
        if (result is null) findings.AddLost($"{Say(execution)} happened, and no history has a result of it");
        else if (Blame(execution) is null) findings.AddDoubled($"{Say(execution)} beside the recorded {result.Value.Exec}, and nothing happened to its worker");
        else if (execution.Begun > result.Value.At + 1_000 && Blame(execution, asLateAs: true) is null)
            findings.AddDoubled($"{Say(execution)} began {execution.Begun - result.Value.At} ms after the result {result.Value.Exec} was recorded");
    }

    // A fault of its worker while it ran or while its result was on its way. A late beginning is excused only by a freeze or a lost lane just before.
    private Injury? Blame(Execution execution, bool asLateAs = false)
    {
        var from = execution.Begun - Waking;
        var to = asLateAs ? execution.Begun : (execution.Ended ?? execution.Begun) + Settling;
        return injuries[execution.Launch].Concat(everybody).FirstOrDefault(injury => injury.From <= to && injury.To >= from && (injury.Kind != "kill" || (!asLateAs && injury.From >= execution.Begun)));
    }

    private static string Say(Execution execution) => $"{execution.Workflow} {execution.What} ({execution.Key}, attempt {execution.Attempt}, execution {execution.Exec}, {(execution.Ended is { } at ? $"{at - execution.Begun} ms" : "unfinished")})";
}
