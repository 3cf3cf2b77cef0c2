// All rows of the in-memory store and their indexes, with the primitive changes that keep the two in step. No rule of the protocol stands here but I1:
// an open run has either a wake row or an owner. Not thread-safe: InMemoryStore holds its lock around every call.
namespace Durable.Storage;

/// <summary>Place of a row of <c>ready</c> in an index; a wake row has the sender zero.</summary>
internal readonly record struct ReadyKey(DateTimeOffset Due, Guid RunId, Guid Sender, long Seq) : IComparable<ReadyKey>
{
    public static ReadyKey After(DateTimeOffset due) => new(due, new Guid(-1, -1, -1, 255, 255, 255, 255, 255, 255, 255, 255), Guid.AllBitsSet, long.MaxValue);

    public static ReadyKey Before(DateTimeOffset due) => new(due, Guid.Empty, Guid.Empty, long.MinValue);

    public int CompareTo(ReadyKey other) => (Due, RunId, Sender, Seq).CompareTo((other.Due, other.RunId, other.Sender, other.Seq));
}

/// <summary>Place of a task in an index by visible time or by deadline.</summary>
internal readonly record struct TaskPlace(DateTimeOffset At, Guid RunId, int Gen, int No) : IComparable<TaskPlace>
{
    public int CompareTo(TaskPlace other) => (At, RunId, Gen, No).CompareTo((other.At, other.RunId, other.Gen, other.No));
}

/// <summary>Rows and indexes.</summary>
internal sealed class MemoryTables(TimeProvider clock)
{
    public SortedDictionary<long, MemoryLane> Lanes { get; } = [];
    public Dictionary<Guid, MemoryRun> Runs { get; } = [];
    public Dictionary<Guid, MemoryInbox> Inboxes { get; } = [];
    public Dictionary<string, MemoryLease> Leases { get; } = new(StringComparer.Ordinal);
    public Dictionary<(string Namespace, string Kind, string Key), DocumentRecord> Documents { get; } = [];
    public Dictionary<Guid, HashSet<(string Namespace, string Kind, string Key)>> DocumentsOfRun { get; } = [];

    /// <summary>Rows for other groups, those of a sender in order of their number.</summary>
    public SortedDictionary<(Guid Sender, long Seq), (OutgoingRecord Record, DateTimeOffset At)> Outgoing { get; } = [];

    /// <summary>Runs of a workflow id in order of ordinal.</summary>
    public Dictionary<(string Namespace, string WorkflowId), List<MemoryRun>> ByWorkflowId { get; } = [];

    /// <summary>Run ids of a namespace; their order is that of their making.</summary>
    public Dictionary<string, SortedSet<Guid>> ByNamespace { get; } = new(StringComparer.Ordinal);

    /// <summary>Closed runs, the first closed first.</summary>
    public SortedSet<(DateTimeOffset At, Guid RunId)> Closed { get; } = [];

    public SortedSet<ReadyKey> Notices { get; } = [];

    /// <summary>Wake rows without a hold that are <c>asap</c>.</summary>
    public SortedSet<ReadyKey> AsapWakes { get; } = [];

    /// <summary>Wake rows without a hold that wait for their due time.</summary>
    public SortedSet<ReadyKey> TimedWakes { get; } = [];

    /// <summary>Wake rows held as stalled and nothing else: another build may claim them. All other held rows are in no index: only a control notice leads to them.</summary>
    public SortedSet<ReadyKey> StalledWakes { get; } = [];

    /// <summary>All runs with a held wake row.</summary>
    public SortedSet<Guid> Held { get; } = [];

    public Dictionary<string, SortedSet<TaskPlace>> TasksByQueue { get; } = new(StringComparer.Ordinal);
    public SortedSet<TaskPlace> TaskDeadlines { get; } = [];

    public DateTimeOffset Now => MemoryTime.Cut(clock.GetUtcNow());

    // ── messages ──

    public bool InsertMessage(MessageRecord message, DateTimeOffset now)
    {
        if (!Inboxes.TryGetValue(message.RunId, out var inbox))
            Inboxes[message.RunId] = inbox = new();
        var key = (message.Sender, message.SenderSeq);
        if (!inbox.Messages.TryAdd(key, Accepted(message, now)))
            return false;
        if (message.Notice)
        {
            inbox.Notices[key] = now;
            Notices.Add(new(now, message.RunId, message.Sender, message.SenderSeq));
        }
        return true;
    }

    public void DeleteMessage(Guid runId, Guid sender, long seq)
    {
        DeleteNotice(runId, sender, seq);
        if (Inboxes.TryGetValue(runId, out var inbox) && inbox.Messages.Remove((sender, seq)) && inbox.Messages.Count == 0)
            Inboxes.Remove(runId);
    }

    public void DeleteNotice(Guid runId, Guid sender, long seq)
    {
        if (Inboxes.TryGetValue(runId, out var inbox) && inbox.Notices.Remove((sender, seq), out var due))
            Notices.Remove(new(due, runId, sender, seq));
    }

    public void DeleteNotices(Guid runId)
    {
        if (!Inboxes.TryGetValue(runId, out var inbox))
            return;
        foreach (var ((sender, seq), due) in inbox.Notices)
            Notices.Remove(new(due, runId, sender, seq));
        inbox.Notices.Clear();
    }

    // ── runs ──

    public MemoryRun? Newest(string ns, string workflowId) => ByWorkflowId.TryGetValue((ns, workflowId), out var runs) ? runs[^1] : null;

    /// <summary>Inserts the run row alone; the caller gives it its token.</summary>
    public MemoryRun InsertRun(StartRecord start, DateTimeOffset now)
    {
        var id = (start.Namespace, start.WorkflowId);
        if (!ByWorkflowId.TryGetValue(id, out var runs))
            ByWorkflowId[id] = runs = [];
        var run = new MemoryRun(start, runs.Count == 0 ? 1 : runs[^1].Ordinal + 1, now);
        runs.Add(run);
        Runs.Add(run.Id, run);
        if (!ByNamespace.TryGetValue(start.Namespace, out var ids))
            ByNamespace[start.Namespace] = ids = [];
        ids.Add(run.Id);
        return run;
    }

    public void CloseRun(MemoryRun run, CloseRecord close, DateTimeOffset now)
    {
        (run.Status, run.Outcome, run.Encoding, run.ClosedAt) = (close.Status, close.Outcome, close.Encoding, now);
        run.Attributes = close.Attributes ?? run.Attributes;
        Closed.Add((now, run.Id));
    }

    /// <summary>Removes a closed run with all that belongs to it (P2).</summary>
    public void RemoveRun(MemoryRun run)
    {
        Closed.Remove((run.ClosedAt!.Value, run.Id));
        DeleteNotices(run.Id);
        Inboxes.Remove(run.Id);
        DeleteTasks(run);
        foreach (var key in DocumentsOfRun.GetValueOrDefault(run.Id) ?? [])
            Documents.Remove(key);
        DocumentsOfRun.Remove(run.Id);
        Runs.Remove(run.Id);
        ByNamespace[run.Start.Namespace].Remove(run.Id);
        var id = (run.Start.Namespace, run.Start.WorkflowId);
        ByWorkflowId[id].Remove(run);
        if (ByWorkflowId[id].Count == 0)
            ByWorkflowId.Remove(id);
    }

    // ── the token of a run (I1) ──

    /// <summary>Gives a run without a token its wake row.</summary>
    public void PutWake(MemoryRun run, ParkRecord park, int attempt, DateTimeOffset now)
    {
        var due = park.Asap ? now : MemoryTime.Cut(park.DueAt) ?? DateTimeOffset.MaxValue;
        run.Wake = new(Copy(park, due), attempt, due);
        IndexOf(run.Wake)?.Add(new(due, run.Id, Guid.Empty, 0));
        if (park.Hold != 0)
            Held.Add(run.Id);
    }

    public MemoryWake TakeWake(MemoryRun run)
    {
        var wake = run.Wake!;
        IndexOf(wake)?.Remove(new(wake.Due, run.Id, Guid.Empty, 0));
        run.Wake = null;
        Held.Remove(run.Id);
        return wake;
    }

    public void SetOwner(MemoryRun run, MemoryOwner owner)
    {
        run.Owner = owner;
        owner.Lane.Owned.Add(run.Id);
    }

    public void ClearOwner(MemoryRun run)
    {
        run.Owner!.Lane.Owned.Remove(run.Id);
        run.Owner = null;
    }

    // ── tasks ──

    public MemoryTask? FindTask(TaskKey key) => Runs.TryGetValue(key.RunId, out var run) ? run.Tasks.GetValueOrDefault((key.Gen, key.TaskNo)) : null;

    public void InsertTask(MemoryRun run, TaskRecord row)
    {
        var task = new MemoryTask(row);
        run.Tasks.Add((row.Gen, row.TaskNo), task);
        Queue(row.Queue).Add(Place(task, task.VisibleAt));
        if (task.DeadlineAt is { } deadline)
            TaskDeadlines.Add(Place(task, deadline));
    }

    public void HideTask(MemoryTask task, DateTimeOffset visibleAt)
    {
        Queue(task.Row.Queue).Remove(Place(task, task.VisibleAt));
        task.VisibleAt = visibleAt;
        Queue(task.Row.Queue).Add(Place(task, visibleAt));
    }

    public void DeleteTask(MemoryTask task)
    {
        Queue(task.Row.Queue).Remove(Place(task, task.VisibleAt));
        if (task.DeadlineAt is { } deadline)
            TaskDeadlines.Remove(Place(task, deadline));
        Runs[task.Row.RunId].Tasks.Remove((task.Row.Gen, task.Row.TaskNo));
    }

    public void DeleteTasks(MemoryRun run)
    {
        foreach (var task in run.Tasks.Values.ToList())
            DeleteTask(task);
    }

    // ── documents ──

    public void PutDocument(DocumentRecord document)
    {
        var key = (document.Namespace, document.Kind, document.Key);
        Documents[key] = document;
        if (document.RunId is not { } runId)
            return;
        if (!DocumentsOfRun.TryGetValue(runId, out var keys))
            DocumentsOfRun[runId] = keys = [];
        keys.Add(key);
    }

    private SortedSet<ReadyKey>? IndexOf(MemoryWake wake) => wake.Row.Hold switch
    {
        0 => wake.Row.Asap ? AsapWakes : TimedWakes,
        HoldReasons.Stalled => StalledWakes,
        _ => null,
    };

    private SortedSet<TaskPlace> Queue(string name)
    {
        if (!TasksByQueue.TryGetValue(name, out var places))
            TasksByQueue[name] = places = [];
        return places;
    }

    private static TaskPlace Place(MemoryTask task, DateTimeOffset at) => new(at, task.Row.RunId, task.Row.Gen, task.Row.TaskNo);

    private static ParkRecord Copy(ParkRecord park, DateTimeOffset due) => new()
    {
        RunId = park.RunId,
        Shard = park.Shard,
        Namespace = park.Namespace,
        DueAt = due == DateTimeOffset.MaxValue ? null : due,
        Asap = park.Asap,
        Type = park.Type,
        Version = park.Version,
        Queue = park.Queue,
        Priority = park.Priority,
        Hold = park.Hold,
        HoldBuilds = park.HoldBuilds is null ? null : [.. park.HoldBuilds],
        WaitReason = park.WaitReason,
        Gen = park.Gen,
        NextSeq = park.NextSeq,
    };

    private static MessageRecord Accepted(MessageRecord message, DateTimeOffset now) => new()
    {
        RunId = message.RunId,
        Sender = message.Sender,
        SenderSeq = message.SenderSeq,
        Kind = message.Kind,
        Control = message.Control,
        Notice = message.Notice,
        Target = message.Target,
        Payload = message.Payload,
        Encoding = message.Encoding,
        AcceptedAt = message.AcceptedAt == default ? now : MemoryTime.Cut(message.AcceptedAt),
        ReplyGen = message.ReplyGen,
        ReplyOrdinal = message.ReplyOrdinal,
        Actor = message.Actor,
        Correlation = message.Correlation,
        Causation = message.Causation,
        Trace = message.Trace,
        Namespace = message.Namespace,
        Shard = message.Shard,
    };
}
