// Reading and administration of the in-memory store: nothing here is on the path of a turn.
using System.Text.Json;

namespace Durable.Storage;

/// <summary>The verbs of <see cref="IRunCatalog"/> that are about runs.</summary>
internal sealed class MemoryCatalog(MemoryTables tables, MemoryLanes lanes, MemoryCommit commit)
{
    public MemoryRun? Find(string ns, string? workflowId, Guid? runId)
    {
        var run = runId is { } id ? tables.Runs.GetValueOrDefault(id) : workflowId is null ? null : tables.Newest(ns, workflowId);
        return run is not null && run.Start.Namespace == ns && (workflowId is null || run.Start.WorkflowId == workflowId) ? run : null;
    }

    /// <summary>Runs that match, newest first; its <see cref="RunQuery.Limit"/> is for the caller to keep.</summary>
    public IEnumerable<MemoryRun> List(RunQuery query, bool paged)
    {
        if (!tables.ByNamespace.TryGetValue(query.Namespace, out var ids))
            return [];
        var range = paged && query.After is { } after ? ids.GetViewBetween(Guid.Empty, after).Reverse().SkipWhile(id => id == after) : ids.Reverse();
        return range.Select(id => tables.Runs[id]).Where(run => Matches(query, run));
    }

    public RunPlacement Place(Guid runId)
    {
        const int most = 10_000;
        var messages = tables.Inboxes.TryGetValue(runId, out var inbox) ? Math.Min(most, inbox.Messages.Count) : 0;
        if (!tables.Runs.TryGetValue(runId, out var run))
            return new(null, 0, null, false, 0, messages, []);
        var owner = run.Owner;
        return new(run.Wake?.Row, run.Wake?.Attempt ?? 0, owner?.Lane.Identity, owner?.Lane.IsAlive(tables.Now) == true, owner?.Attempt ?? 0, messages,
            [.. run.Tasks.Values.Select(task => task.ToRecord(false))]);
    }

    public bool PutDocument(DocumentRecord document)
    {
        var stored = tables.Documents.GetValueOrDefault((document.Namespace, document.Kind, document.Key));
        if ((stored?.Version ?? 0) != document.Version - 1)
            return false;
        tables.PutDocument(document);
        return true;
    }

    public StartResult Import(StartRecord start, int gen, int firstGen, CloseRecord? close, IReadOnlyList<EventRecord> events)
    {
        if (commit.Find(start) is { } found)
            return found;
        var now = tables.Now;
        var run = tables.InsertRun(start, now);
        (run.Gen, run.FirstGen) = (gen, firstGen);
        foreach (var row in events)
            run.History.Add(row);
        if (close is not null)
        {
            tables.CloseRun(run, close, now);
            return new(true, null);
        }
        run.Status = RunStatus.Paused;
        tables.PutWake(run, MemoryWakes.Released(run), 0, now);
        return new(true, null);
    }

    public int Purge(PurgeRequest request)
    {
        var runs = Purgeable(request).Take(request.Limit).ToList();
        runs.ForEach(tables.RemoveRun);
        if (request.LogBefore is { } before)
            lanes.DeleteDead(before);
        return runs.Count;
    }

    public long? Lease(string name, Guid holder, TimeSpan length)
    {
        var now = tables.Now;
        var lease = tables.Leases.GetValueOrDefault(name);
        if (lease is not null && lease.Holder != holder && lease.ExpiresAt > now)
            return null;
        var epoch = lease is null ? 1 : lease.Holder == holder ? lease.Epoch : lease.Epoch + 1;
        tables.Leases[name] = new(holder, epoch, MemoryTime.Cut(now + length));
        return epoch;
    }

    public int TakeSlots(SlotRequest request)
    {
        var now = tables.Now;
        var names = Enumerable.Range(0, request.Limit).Select(request.LeaseOf).ToList();
        var mine = names.Where(name => tables.Leases.TryGetValue(name, out var lease) && lease.Holder == request.Holder).ToList();
        foreach (var given in mine.Skip(request.Units)) tables.Leases.Remove(given);
        var free = names.Where(name => !tables.Leases.TryGetValue(name, out var lease) || (lease.Holder != request.Holder && lease.ExpiresAt <= now));
        var kept = mine.Take(request.Units).ToList();
        kept.AddRange(free.Take(Math.Max(0, request.Units - mine.Count)).ToList());
        foreach (var name in kept) Lease(name, request.Holder, request.Length);
        return kept.Count;
    }

    /// <summary>Pauses every open run, owned ones too: their owners are not here.</summary>
    public void HoldAll()
    {
        lanes.DropAll();
        foreach (var run in tables.Runs.Values.Where(run => !run.IsClosed))
        {
            var wake = tables.TakeWake(run);
            tables.DeleteTasks(run);              // no host may run them; a resumed run makes them anew
            tables.PutWake(run, MemoryWakes.Held(wake.Row, HoldReasons.Paused), wake.Attempt, tables.Now);
            run.Status = run.Status is RunStatus.Pending or RunStatus.Running ? RunStatus.Paused : run.Status;
        }
    }

    private IEnumerable<MemoryRun> Purgeable(PurgeRequest request)
    {
        if (request.RunId is { } id)
            return tables.Runs.TryGetValue(id, out var run) && run.IsClosed && !(run.ClosedAt >= request.ClosedBefore) ? [run] : [];
        return tables.Closed.TakeWhile(run => run.At < request.ClosedBefore).Select(run => tables.Runs[run.RunId]);
    }

    private static bool Matches(RunQuery query, MemoryRun run) =>
        (query.Type is null || run.Start.Type == query.Type)
        && (query.Statuses.Count == 0 || query.Statuses.Contains(run.Status))
        && !(run.CreatedAt < query.StartedFrom) && !(run.CreatedAt >= query.StartedBefore)
        && (query.IdPrefix is null || run.Start.WorkflowId.StartsWith(query.IdPrefix, StringComparison.Ordinal))
        && (query.WaitingFor is null || WaitsFor(run.Wake?.Row.WaitReason, query.WaitingFor));

    /// <summary>A wait reason is one object with <c>kind</c> and <c>target</c>, or a list of such objects.</summary>
    private static bool WaitsFor(string? reason, string text)
    {
        if (reason is null)
            return false;
        using var json = JsonDocument.Parse(reason);
        return json.RootElement.ValueKind == JsonValueKind.Array ? json.RootElement.EnumerateArray().Any(Names) : Names(json.RootElement);

        bool Names(JsonElement wait) => wait.ValueKind == JsonValueKind.Object && (Is(wait, "kind") || Is(wait, "target"));

        bool Is(JsonElement wait, string member) => wait.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() == text;
    }
}
