// Rows as Dapper fills them: integers, texts and blobs as the file has them, turned into records here.
namespace Durable.Storage.Sqlite;

/// <summary>A row of <c>durable_run</c>.</summary>
internal sealed class RunRow
{
    public byte[] RunId { get; set; } = [];
    public string Namespace { get; set; } = "";
    public string WorkflowId { get; set; } = "";
    public int Ordinal { get; set; }
    public short Shard { get; set; }
    public string Type { get; set; } = "";
    public int Version { get; set; }
    public string Build { get; set; } = "";
    public short Status { get; set; }
    public int Gen { get; set; }
    public int FirstGen { get; set; }
    public long CreatedAt { get; set; }
    public long? ClosedAt { get; set; }
    public long? DeadlineAt { get; set; }
    public short Encoding { get; set; }
    public string Queue { get; set; } = "";
    public int Priority { get; set; }
    public byte[] Secret { get; set; } = [];
    public byte[]? Input { get; set; }
    public byte[]? Outcome { get; set; }
    public string? Attributes { get; set; }
    public byte[]? Parent { get; set; }
    public string? Actor { get; set; }
    public string? Correlation { get; set; }
    public string? Trace { get; set; }

    public RunRecord ToRecord() => new()
    {
        RunId = new(RunId, bigEndian: true),
        Namespace = Namespace,
        WorkflowId = WorkflowId,
        Ordinal = Ordinal,
        Shard = Shard,
        Type = Type,
        Version = Version,
        Build = Build,
        Status = (RunStatus)Status,
        Gen = Gen,
        FirstGen = FirstGen,
        CreatedAt = Micros.ToTime(CreatedAt),
        ClosedAt = ClosedAt is { } closed ? Micros.ToTime(closed) : null,
        DeadlineAt = DeadlineAt is { } deadline ? Micros.ToTime(deadline) : null,
        Encoding = Encoding,
        Queue = Queue,
        Priority = Priority,
        Secret = Secret,
        Input = Input,
        Outcome = Outcome,
        Attributes = Attributes,
        Parent = Parent is null ? null : new Guid(Parent, bigEndian: true),
        Actor = Actor,
        Correlation = Correlation,
        Trace = Trace,
    };
}

/// <summary>A wake row.</summary>
internal sealed class WakeRow
{
    public const string Select = """
        select due_at as DueAt, asap as Asap, shard as Shard, namespace as Namespace, type as Type, version as Version, queue as Queue, priority as Priority, hold as Hold,
            hold_builds as HoldBuilds, wait_reason as WaitReason, attempt as Attempt, gen as Gen, next_seq as NextSeq
        from durable_ready where run_id = @id and sender = x'00000000000000000000000000000000' and sender_seq = 0
        """;

    public long DueAt { get; set; }
    public long Asap { get; set; }
    public short Shard { get; set; }
    public string Namespace { get; set; } = "";
    public string Type { get; set; } = "";
    public int Version { get; set; }
    public string Queue { get; set; } = "";
    public int Priority { get; set; }
    public short Hold { get; set; }
    public string? HoldBuilds { get; set; }
    public string? WaitReason { get; set; }
    public int Attempt { get; set; }
    public int Gen { get; set; }
    public int NextSeq { get; set; }

    public ParkRecord ToRecord(Guid runId) => new()
    {
        RunId = runId,
        Shard = Shard,
        Namespace = Namespace,
        DueAt = DueAt == Micros.Never ? null : Micros.ToTime(DueAt),
        Asap = Asap != 0,
        Type = Type,
        Version = Version,
        Queue = Queue,
        Priority = Priority,
        Hold = Hold,
        HoldBuilds = HoldBuilds is null ? null : JsonTexts.Read(HoldBuilds),
        WaitReason = WaitReason,
        Gen = Gen,
        NextSeq = NextSeq,
    };
}

/// <summary>Who owns a run.</summary>
internal sealed class OwnerRow
{
    public const string Select = """
        select o.attempt as Attempt, l.identity as Identity, l.expires_at as ExpiresAt, l.holder is not null as Held
        from durable_owned o left join durable_lane l on l.lane_id = o.lane_id where o.run_id = @id
        """;

    public int Attempt { get; set; }
    public string? Identity { get; set; }
    public long? ExpiresAt { get; set; }
    public long Held { get; set; }

    public bool IsAlive(long now) => Held != 0 && ExpiresAt >= now;
}

/// <summary>A row of <c>durable_document</c>.</summary>
internal sealed class DocumentRow
{
    public const string Select = "select version as Version, json as Json, run_id as RunId, shard as Shard from durable_document where kind = @kind and key = @key and namespace = @ns";

    public int Version { get; set; }
    public string Json { get; set; } = "";
    public byte[]? RunId { get; set; }
    public short Shard { get; set; }

    public DocumentRecord ToRecord(string ns, string kind, string key) => new(ns, kind, key, Shard, Version, Json, RunId is null ? null : new Guid(RunId, bigEndian: true));
}

/// <summary>A lane that has a holder, with the number of its runs.</summary>
internal sealed class LaneState
{
    public const string Select = """
        select l.lane_id as LaneId, l.identity as Identity, l.build as Build, l.serves as Serves, l.expires_at as ExpiresAt, coalesce(c.owned, 0) as Owned, l.commit_seq as CommitSeq
        from durable_lane l left join (select lane_id, count(*) as owned from durable_owned group by lane_id) c on c.lane_id = l.lane_id
        where l.holder is not null order by l.lane_id
        """;

    public long LaneId { get; set; }
    public string Identity { get; set; } = "";
    public string Build { get; set; } = "";
    public string Serves { get; set; } = "[]";
    public long ExpiresAt { get; set; }
    public int Owned { get; set; }
    public long CommitSeq { get; set; }

    public LaneRow ToRow(long now) => new(LaneId, Identity, Build, JsonTexts.Read(Serves), Micros.ToTime(ExpiresAt), ExpiresAt >= now, Owned) { CommitSeq = CommitSeq };
}
