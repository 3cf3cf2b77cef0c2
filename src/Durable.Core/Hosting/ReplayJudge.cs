// Replays histories against registered classes and collects what does not fit. Shared by the deploy gate and the test kit.
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Hosting;

/// <summary>Judges histories. Safe from several threads.</summary>
internal sealed class ReplayJudge(PayloadSerializer serializer, int maxPending, Func<Type, WorkflowDefinition?> definitions)
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<(string Workflow, int Version), (int Runs, long Events, int Incompatible)> seen = [];
    private readonly List<IncompatibleRun> incompatible = [];
    private readonly SortedDictionary<string, int> notHere = new(StringComparer.Ordinal);

    /// <summary>What was found so far.</summary>
    public ReplayReport Report()
    {
        lock (gate)
            return new ReplayReport([.. seen.Select(one => new ReplayedWorkflow(one.Key.Workflow, one.Key.Version, one.Value.Runs, one.Value.Events, one.Value.Incompatible))],
                [.. incompatible.OrderBy(run => run.Workflow, StringComparer.Ordinal).ThenBy(run => run.WorkflowId, StringComparer.Ordinal)], notHere.ToDictionary());
    }

    /// <summary>There is no class for these runs.</summary>
    public void Missing(string workflow, int version, int runs)
    {
        lock (gate)
        {
            var key = WorkflowDefinition.KeyOf(workflow, version);
            notHere[key] = notHere.GetValueOrDefault(key) + runs;
        }
    }

    /// <summary>Replays a run, each kept generation by itself.</summary>
    public void Judge(WorkflowDefinition definition, RunRecord run, IReadOnlyList<EventRecord> rows)
    {
        var (events, found) = (0L, (IncompatibleRun?)null);
        foreach (var generation in rows.Count > 0 && rows[0].Gen == rows[^1].Gen ? [rows] : rows.GroupBy(row => row.Gen).Select(group => (IReadOnlyList<EventRecord>)[.. group]))
        {
            found = Check(definition, run, generation, out var count);
            events += count;
            if (found is not null) break;
        }

        lock (gate)
        {
            var key = (run.Type, run.Version);
            var (runs, all, bad) = seen.GetValueOrDefault(key);
            seen[key] = (runs + 1, all + events, bad + (found is null ? 0 : 1));
            if (found is not null) incompatible.Add(found);
        }
    }

    private IncompatibleRun? Check(WorkflowDefinition definition, RunRecord run, IReadOnlyList<EventRecord> rows, out int events)
    {
        var gen = rows[0].Gen;
        events = 0;
        if (HistoryCheck.Fault(rows, gen) is { } broken) return Bad(run, gen, new Verdict(DurableErrorCodes.HistoryBroken, broken) { Row = 0 });
        var info = new WorkflowInfo(run.WorkflowId, run.RunId, run.Type, run.Version) { Namespace = run.Namespace, Generation = gen };
        WorkflowExecution? last = null;
        WorkflowExecution Make(Action<WorkflowExecution, CommandKind, int>? told) =>
            last = new WorkflowExecution(definition, info, run.Secret, serializer, new ExecutionLimits(maxPending), NullLogSink.Instance, definitions) { OnCommand = told };

        var verdict = SourceLine.Check(Make, rows);
        if (verdict is { Foreign: true }) verdict = SourceLine.Check(Make, rows);      // a thread that a library started for itself is seen once
        events = last!.EventCount;
        return verdict is null ? null : Bad(run, gen, verdict);
    }

    private static IncompatibleRun Bad(RunRecord run, int gen, Verdict verdict) =>
        new(run.WorkflowId, run.RunId, run.Type, run.Version, verdict.Code, $"{gen}:{Math.Max(0, verdict.Row)}", verdict.Recorded, verdict.Attempted, verdict.Source, verdict.Message);
}
