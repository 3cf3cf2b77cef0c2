// The invariants that are checked when everything has come to rest: store against judge, acknowledged requests against histories.
using System.Text;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;
using Microsoft.Extensions.Logging;

namespace Durable.Simulation;

/// <summary>Looks at everything once.</summary>
internal sealed class FinalCheck(World world, SimDatabase database, Profile profile, IReadOnlyList<SimClient> clients)
{
    private readonly Judge judge = database.Judge;

    public void Run()
    {
        foreach (var shadow in judge.Runs.Values)
        {
            if (database.Tables.Runs.TryGetValue(shadow.Id, out var run)) Check(run, shadow);
            else if (!shadow.IsPurged && shadow.Generations[0].Count > 0) world.Violate($"I1: {shadow.Id} has a history and no row");
        }

        foreach (var client in clients)
        {
            foreach (var (workflowId, runId, at) in client.Started)
                if (at >= database.LostAt && !database.Tables.Runs.ContainsKey(runId) && !(judge.Runs.TryGetValue(runId, out var known) && known.IsPurged)) world.Violate($"P1: the start of {workflowId} was acknowledged and is lost");
            foreach (var told in client.Mail.Where(told => told.At >= database.LostAt)) CheckMail(told);
        }

        judge.Crossing.Check(database);
        CheckPurge();
    }

    private void Check(MemoryRun run, ShadowRun shadow)
    {
        var name = run.Start.WorkflowId;
        var rows = run.History.From(0, 0, int.MaxValue);
        foreach (var row in rows)
        {
            if (row.Gen >= shadow.Generations.Count || row.Seq >= shadow.Generations[row.Gen].Count || shadow.Generations[row.Gen][row.Seq].Crc != row.Crc)
                world.Violate($"I1: {name} {row.Gen}.{row.Seq} is not what was accepted");
        }

        var current = rows.Where(row => row.Gen == run.Gen).ToList();
        if (run.Gen != shadow.Generation || current.Count != shadow.Generations[^1].Count) world.Violate($"I1: {name} has {current.Count} rows of generation {run.Gen}; {shadow.Generations[^1].Count} of {shadow.Generation} were accepted");
        if (HistoryCheck.Fault(current, run.Gen) is { } fault) world.Violate($"I1: {name}: {fault}");
        if (run.Status != shadow.Close?.Status) world.Violate($"I3: {name} is {run.Status}, its end was {shadow.Close?.Status}");
        if (run.Owner is not null || run.Wake is not null || run.Tasks.Count > 0) world.Violate($"I10: {name} is {run.Status} and has rows left");
        var answers = database.Tables.DocumentsOfRun.TryGetValue(run.Id, out var documents) ? documents.Count(document => document.Kind == "update") : 0;
        if (answers < shadow.Updates) world.Violate($"DECISIONS 16: {name} took {shadow.Updates} updates and has {answers} answers");
        if (run.Outcome is { } outcome && Encoding.UTF8.GetString(outcome).Contains(nameof(BrokenOrderException), StringComparison.Ordinal)) world.Violate($"I5: {name}: {Encoding.UTF8.GetString(outcome)}");
        if (current.Count > 0) Replay(run, current);
    }

    // I11: today's code still reads what it wrote.
    private void Replay(MemoryRun run, List<EventRecord> rows)
    {
        var verdict = Replay(run, rows, SimWorker.Workflows);
        if (verdict is not null && profile.TwoBuilds) verdict = Replay(run, rows, SimWorker.OtherWorkflows);
        if (verdict is not null) world.Violate($"I11: {run.Start.WorkflowId} does not replay: {verdict.Code} {verdict.Message}");
    }

    private static Verdict? Replay(MemoryRun run, List<EventRecord> rows, WorkflowRegistry workflows)
    {
        var definition = workflows.Find(run.Start.Type, run.Version)!;
        var info = new WorkflowInfo(run.Start.WorkflowId, run.Id, run.Start.Type, run.Version) { Namespace = run.Start.Namespace, Generation = run.Gen };
        var execution = new WorkflowExecution(definition, info, run.Start.Secret, SimWorker.Payloads, new ExecutionLimits(), Silence.Instance, workflows.Find);
        return execution.Replay(rows);
    }

    // I5: what was acknowledged is in the history of a run of the id once, or lies with a closed one; what was refused is nowhere.
    private void CheckMail(Told told)
    {
        var runs = told.RunId is { } id && judge.Runs.ContainsKey(id) ? [id] : judge.ByWorkflowId.GetValueOrDefault(told.WorkflowId) ?? [];
        if (profile.Retention is not null && (told.RunId is null || !database.Tables.Runs.ContainsKey(told.RunId.Value))) return;       // it went with its run
        var recorded = runs.Sum(run => judge.Runs[run].Contents.Count(content => content.Contains(told.Content, StringComparison.Ordinal)));
        if (recorded > 1) world.Violate($"I5: {told.Content} is in the history of {told.WorkflowId} {recorded} times");
        if (told.Accepted == (recorded > 0)) return;
        var left = runs.Any(run => database.Tables.Inboxes.TryGetValue(run, out var inbox) && inbox.Messages.Values.Any(message => message.Payload is { } payload && Encoding.UTF8.GetString(payload).Contains(told.Content, StringComparison.Ordinal)));
        if (told.Accepted && !left) world.Violate($"I5: {told.Content} for {told.WorkflowId} was acknowledged and is lost");
        if (!told.Accepted && !left) world.Violate($"I5: {told.Content} for {told.WorkflowId} was refused and is in its history");
    }

    // I12: purging leaves nothing behind.
    private void CheckPurge()
    {
        var tables = database.Tables;
        world.IsMuted = true;        // what is done to look at the end is not counted
        while (database.Purge(new PurgeRequest(DateTimeOffset.MaxValue, null, 100)) == 100)
        {
        }

        world.IsMuted = false;
        var runless = tables.Inboxes.Count(inbox => judge.Runs.TryGetValue(inbox.Key, out var run) && run.Close is not null);
        if (tables.Runs.Count + tables.Outgoing.Count + runless + tables.DocumentsOfRun.Count + tables.AsapWakes.Count + tables.TimedWakes.Count + tables.StalledWakes.Count + tables.TaskDeadlines.Count + tables.TasksByQueue.Values.Sum(queue => queue.Count) > 0)
            world.Violate($"I12: the purge left {tables.Runs.Count} runs, {runless} inboxes, documents of {tables.DocumentsOfRun.Count} runs, wake rows, tasks or {tables.Outgoing.Count} rows for other groups");
    }

    private sealed class Silence : ILogSink
    {
        public static Silence Instance { get; } = new();

        public bool IsEnabled(string category, LogLevel level) => false;

        public void Add(WorkflowExecution execution, string category, LogLevel level, EventId id, string message, IReadOnlyList<KeyValuePair<string, object?>> values, Exception? error)
        {
        }
    }
}
