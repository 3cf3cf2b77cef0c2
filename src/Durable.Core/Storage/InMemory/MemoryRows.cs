// The rows of the in-memory store: one small class for each table of PROTOCOL §2. They hold data and answer questions about themselves; MemoryTables keeps their indexes.
namespace Durable.Storage;

/// <summary>A row of <c>lane</c>.</summary>
internal sealed class MemoryLane(long id)
{
    public long Id { get; } = id;
    public string Identity { get; set; } = "";
    public ShardGroup Group { get; set; } = ShardGroup.Whole;
    public string Build { get; set; } = "";
    public IReadOnlyList<string> Serves { get; set; } = [];
    public long Epoch { get; set; }
    public long CommitSeq { get; set; }
    public Guid? Holder { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>The runs whose <c>owned</c> row names this lane.</summary>
    public SortedSet<Guid> Owned { get; } = [];

    public bool IsAlive(DateTimeOffset now) => Holder is not null && ExpiresAt >= now;
}

/// <summary>A row of <c>owned</c>.</summary>
internal sealed record MemoryOwner(MemoryLane Lane, int Attempt, int Gen, int NextSeq);

/// <summary>A wake row.</summary>
internal sealed record MemoryWake(ParkRecord Row, int Attempt, DateTimeOffset Due);

/// <summary>A row of <c>run</c> with its events, its token (wake row or owner, I1) and its tasks.</summary>
internal sealed class MemoryRun(StartRecord start, int ordinal, DateTimeOffset createdAt)
{
    public StartRecord Start { get; } = start;
    public Guid Id => Start.RunId;
    public int Ordinal { get; } = ordinal;
    public DateTimeOffset CreatedAt { get; } = createdAt;
    public RunStatus Status { get; set; } = start.Status;
    public int Version { get; set; } = start.Version;
    public int Gen { get; set; }
    public int FirstGen { get; set; }
    public DateTimeOffset? ClosedAt { get; set; }
    public DateTimeOffset? DeadlineAt { get; } = MemoryTime.Cut(start.DeadlineAt);
    public byte[]? Outcome { get; set; }
    public short Encoding { get; set; } = start.Encoding;
    public string? Attributes { get; set; } = start.Attributes;
    public MemoryHistory History { get; } = new();
    public MemoryWake? Wake { get; set; }
    public MemoryOwner? Owner { get; set; }
    public SortedDictionary<(int Gen, int No), MemoryTask> Tasks { get; } = [];

    public bool IsClosed => Status >= RunStatus.Completed;

    /// <summary>Whether a new run of the same workflow id may start after this one, the newest (N1).</summary>
    public bool Lets(StartGate gate) => IsClosed && gate switch
    {
        StartGate.AnyClosed => true,
        StartGate.OnlyFailed => Status > RunStatus.Completed,
        _ => false,
    };

    /// <summary>Attempts that go on counting: those of a run whose history did not grow since it was claimed (A2).</summary>
    public int CarriedAttempts => Owner is { } owner && owner.Gen == Gen && owner.NextSeq == History.Length(Gen) ? owner.Attempt : 0;

    public RunRecord ToRecord() => new()
    {
        RunId = Id,
        Namespace = Start.Namespace,
        WorkflowId = Start.WorkflowId,
        Ordinal = Ordinal,
        Shard = Start.Shard,
        Type = Start.Type,
        Version = Version,
        Build = Start.Build,
        Status = Status,
        Gen = Gen,
        FirstGen = FirstGen,
        CreatedAt = CreatedAt,
        ClosedAt = ClosedAt,
        DeadlineAt = DeadlineAt,
        Input = Start.Input,
        Outcome = Outcome,
        Encoding = Encoding,
        Secret = Start.Secret,
        Attributes = Attributes,
        Queue = Start.Queue,
        Priority = Start.Priority,
        Parent = Start.Parent,
        Actor = Start.Actor,
        Correlation = Start.Correlation,
        Trace = Start.Trace,
    };
}

/// <summary>The messages of one run id, whether or not the run exists, and which of them have a notice.</summary>
internal sealed class MemoryInbox
{
    public SortedDictionary<(Guid Sender, long Seq), MessageRecord> Messages { get; } = [];

    /// <summary>Notices by message, with their due time: the time of their insertion (S5).</summary>
    public Dictionary<(Guid Sender, long Seq), DateTimeOffset> Notices { get; } = [];
}

/// <summary>A row of <c>task</c>.</summary>
internal sealed class MemoryTask(TaskRecord row)
{
    public TaskRecord Row { get; } = row;
    public DateTimeOffset VisibleAt { get; set; } = MemoryTime.Cut(row.VisibleAt);
    public DateTimeOffset? DeadlineAt { get; } = MemoryTime.Cut(row.DeadlineAt);
    public Guid? Token { get; set; } = row.Token;
    public int Attempt { get; set; } = row.Attempt;
    public int LogicalAttempt { get; set; } = row.LogicalAttempt;
    public byte[]? Details { get; set; } = row.Details;
    public byte[]? Failures { get; set; } = row.Failures;

    public bool IsOver(DateTimeOffset now) => DeadlineAt <= now;

    /// <summary>When it can be taken again if the attempt stays silent from now on; never after its deadline (K1).</summary>
    public DateTimeOffset HiddenUntil(DateTimeOffset now, TimeSpan visibility) =>
        DeadlineAt is { } deadline && deadline < now + visibility ? deadline : MemoryTime.Cut(now + visibility);

    public TaskRecord ToRecord(bool withPayload) => new()
    {
        RunId = Row.RunId,
        Gen = Row.Gen,
        TaskNo = Row.TaskNo,
        Shard = Row.Shard,
        Namespace = Row.Namespace,
        Activity = Row.Activity,
        Queue = Row.Queue,
        Priority = Row.Priority,
        VisibleAt = VisibleAt,
        Token = Token,
        Attempt = Attempt,
        LogicalAttempt = LogicalAttempt,
        DeadlineAt = DeadlineAt,
        Visibility = Row.Visibility,
        Details = Details,
        Failures = Failures,
        Cancel = Row.Cancel,
        Payload = withPayload ? Row.Payload : null,
        Encoding = Row.Encoding,
    };
}

/// <summary>A row of <c>lease</c>.</summary>
internal sealed record MemoryLease(Guid Holder, long Epoch, DateTimeOffset ExpiresAt, int Sequence = 0);

/// <summary>Times as databases keep them: UTC, in whole microseconds.</summary>
internal static class MemoryTime
{
    public static DateTimeOffset Cut(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    public static DateTimeOffset? Cut(DateTimeOffset? time) => time is { } given ? Cut(given) : null;
}
