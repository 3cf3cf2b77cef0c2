// Histories: whole, replayable by the code that wrote them, with one result for each command and each message once.
using Durable.Engine.History;
using Durable.Engine.Hosting;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Chaos.Checking;

/// <summary>Checks each history by itself.</summary>
internal sealed class HistoryAudit(EngineServices engine, Findings findings)
{
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(5);

    /// <summary>Generations that were replayed.</summary>
    public int Replayed { get; private set; }

    public void Check(StoredRun stored)
    {
        var name = $"{stored.Run.WorkflowId} ({stored.Run.RunId})";
        var generations = stored.Events.GroupBy(row => row.Gen).OrderBy(rows => rows.Key).ToList();
        if (!generations.Select(rows => rows.Key).SequenceEqual(Enumerable.Range(0, stored.Run.Gen + 1)) && (stored.IsClosed || stored.Events.Count > 0))
            findings.AddDivergent($"{name}: generations {string.Join(',', generations.Select(rows => rows.Key))} of 0 to {stored.Run.Gen}");
        foreach (var rows in generations) Check(stored, name, [.. rows]);
        Times(stored, name);
        foreach (var twice in stored.Events.Where(row => row.Sender != Guid.Empty && row.Kind != (short)EventKind.MessageCarried).GroupBy(row => (row.Sender, row.SenderSeq)).Where(group => group.Count() > 1))
            findings.AddDoubled($"{name}: message {twice.Key} was consumed {twice.Count()} times");
    }

    private void Check(StoredRun stored, string name, List<EventRecord> rows)
    {
        var gen = rows[0].Gen;
        if (HistoryCheck.Fault(rows, gen) is { } fault) findings.AddDivergent($"{name} generation {gen}: {fault}");
        foreach (var twice in rows.Where(row => EventKinds.IsReply((EventKind)row.Kind)).GroupBy(row => (row.Ordinal, Class((EventKind)row.Kind))).Where(group => group.Count() > 1))
            findings.AddDoubled($"{name} generation {gen}: command {twice.Key.Ordinal} has {twice.Count()} results ({string.Join(", ", twice.Select(row => (EventKind)row.Kind))})");
        if (Replay(stored.Run, gen, rows) is { } verdict) findings.AddDivergent($"{name} generation {gen}: {verdict}");
        Replayed++;
    }

    // All processes of a campaign and its server are on one machine, so a time that is far from this one's was taken from a worker's wrong clock; and time never goes back in a run.
    private void Times(StoredRun stored, string name)
    {
        var (earliest, latest) = (stored.Run.CreatedAt - Slack, TimeProvider.System.GetUtcNow() + Slack);
        foreach (var row in stored.Events.Where(row => row.At < earliest || row.At > latest).Take(1))
            findings.AddDivergent($"{name} {row.Gen}:{row.Seq} happened at {row.At:O}, and the run was made at {stored.Run.CreatedAt:O}");
        var back = stored.Events.Zip(stored.Events.Skip(1)).FirstOrDefault(pair => pair.Second.At < pair.First.At);
        if (back.Second is { } early) findings.AddDivergent($"{name} {early.Gen}:{early.Seq} happened at {early.At:O}, before what stands before it");
    }

    private string? Replay(RunRecord run, int gen, List<EventRecord> rows)
    {
        if (engine.Registry.Find(run.Type, run.Version) is not { } definition) return $"no class for {run.Type}";
        var info = new WorkflowInfo(run.WorkflowId, run.RunId, run.Type, run.Version) { Namespace = run.Namespace, Generation = gen };
        var execution = new WorkflowExecution(definition, info, run.Secret, engine.Serializer, new ExecutionLimits(engine.Options.MaxPendingCommands), NullLogSink.Instance, engine.Registry.Find);
        if (execution.Replay(rows) is { } verdict) return $"{verdict.Code} {verdict.Message}";
        var ended = execution.End is not null || EventKinds.IsAdministrative(rows[^1].Kind);
        var should = gen < run.Gen || run.Status >= RunStatus.Completed;
        return ended == should ? null : $"the code {(ended ? "has ended" : "has not ended")}, and the run is {run.Status} in generation {run.Gen}";
    }

    private static string Class(EventKind kind) => kind switch
    {
        EventKind.ChildStarted or EventKind.ChildStartFailed => "child start",
        EventKind.ChildCompleted or EventKind.ChildFailed => "child",
        _ => "result",
    };
}
