// Records for tests, with everything filled in that a test does not care about.
using System.Security.Cryptography;
using System.Text;

namespace Durable.Storage.Contract;

/// <summary>A run that a test talks about.</summary>
public sealed record TestRun(Guid Id, string Namespace, string WorkflowId, short Shard, string Type, int Version);

/// <summary>Makes ids and records.</summary>
public static class Make
{
    private static long lastTime = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>A UUIDv7 that is greater than all made before, with the shard in its last 7 bits.</summary>
    public static Guid RunId(short shard)
    {
        var id = Guid.CreateVersion7(DateTimeOffset.FromUnixTimeMilliseconds(Interlocked.Increment(ref lastTime))).ToByteArray(bigEndian: true);
        id[15] = (byte)((id[15] & 0x80) | (byte)shard);
        return new(id, bigEndian: true);
    }

    public static short Shard(string ns, string workflowId)
    {
        var root = workflowId.Split("//")[0];
        return (short)(SHA256.HashData(Encoding.UTF8.GetBytes($"{ns}\0{root}"))[0] & 127);
    }

    public static TestRun Run(string workflowId, string ns = "default", string type = "Order", int version = 1)
    {
        var shard = Shard(ns, workflowId);
        return new(RunId(shard), ns, workflowId, shard, type, version);
    }

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static StartRecord Start(TestRun run, StartGate gate = StartGate.AnyClosed, DateTimeOffset? dueAt = null, short hold = 0, string queue = "", int priority = 0,
        MessageRecord? ifRefused = null, RunStatus status = RunStatus.Pending, DateTimeOffset? deadlineAt = null) => new()
    {
        RunId = run.Id,
        Namespace = run.Namespace,
        WorkflowId = run.WorkflowId,
        Shard = run.Shard,
        Type = run.Type,
        Version = run.Version,
        Build = "build-1",
        Queue = queue,
        Priority = priority,
        Input = Bytes("""{"args":[1]}"""),
        Secret = new byte[32],
        DueAt = dueAt,
        DeadlineAt = deadlineAt,
        Gate = gate,
        IfRefused = ifRefused,
        Status = status,
        Hold = hold,
    };

    /// <summary>A start by a lane that runs it at once: an <c>owned</c> row, and event 0 in the same batch.</summary>
    public static StartRecord OwnedStart(TestRun run, StartGate gate = StartGate.AnyClosed, bool withEvent = true, MessageRecord? ifRefused = null) => new()
    {
        RunId = run.Id,
        Namespace = run.Namespace,
        WorkflowId = run.WorkflowId,
        Shard = run.Shard,
        Type = run.Type,
        Version = run.Version,
        Build = "build-1",
        Secret = new byte[32],
        Gate = gate,
        IfRefused = ifRefused,
        Owned = true,
        Status = RunStatus.Running,
        FirstEvent = withEvent ? Event(run, 0) : null,
    };

    public static EventRecord Event(TestRun run, int seq, int gen = 0, string payload = "{}", MessageRecord? consumes = null) => new()
    {
        RunId = run.Id,
        Gen = gen,
        Seq = seq,
        Kind = 7,
        At = DateTimeOffset.UnixEpoch.AddDays(20_000).AddSeconds(seq),
        Payload = Bytes(payload),
        Sender = consumes?.Sender ?? Guid.Empty,
        SenderSeq = consumes?.SenderSeq ?? 0,
        Namespace = run.Namespace,
        Shard = run.Shard,
    };

    /// <summary>A message from a sender that tests name by a number.</summary>
    public static MessageRecord Message(TestRun run, int sender, long seq, bool control = false, bool notice = true, string payload = "{}") => new()
    {
        RunId = run.Id,
        Sender = Sender(sender),
        SenderSeq = seq,
        Kind = 3,
        Control = control,
        Notice = notice,
        Target = "signal",
        Payload = Bytes(payload),
        Namespace = run.Namespace,
        Shard = run.Shard,
    };

    public static Guid Sender(int number) => new(number, 0, 0, new byte[8]);

    public static ParkRecord Park(TestRun run, int nextSeq = 1, DateTimeOffset? dueAt = null, bool asap = false, short hold = 0, string[]? holdBuilds = null, string? reason = null,
        int gen = 0, string queue = "", int priority = 0) => new()
    {
        RunId = run.Id,
        Shard = run.Shard,
        Namespace = run.Namespace,
        DueAt = dueAt,
        Asap = asap,
        Type = run.Type,
        Version = run.Version,
        Queue = queue,
        Priority = priority,
        Hold = hold,
        HoldBuilds = holdBuilds,
        WaitReason = reason,
        Gen = gen,
        NextSeq = nextSeq,
    };

    public static CloseRecord Close(TestRun run, RunStatus status = RunStatus.Completed, string? outcome = null) => new()
    {
        RunId = run.Id,
        Shard = run.Shard,
        Status = status,
        Outcome = outcome is null ? null : Bytes(outcome),
        MayHaveRows = true,
    };

    public static TaskRecord Task(TestRun run, int no, DateTimeOffset visibleAt, string queue = "", string activity = "Charge", DateTimeOffset? deadlineAt = null, int priority = 0,
        TimeSpan? visibility = null, bool cancel = false, int gen = 0) => new()
    {
        RunId = run.Id,
        Gen = gen,
        TaskNo = no,
        Shard = run.Shard,
        Namespace = run.Namespace,
        Activity = activity,
        Queue = queue,
        Priority = priority,
        VisibleAt = visibleAt,
        DeadlineAt = deadlineAt,
        Visibility = visibility ?? TimeSpan.FromMinutes(1),
        Cancel = cancel,
        Payload = Bytes("""{"args":[]}"""),
    };

    public static LookRequest Look(LaneKey lane, DateTimeOffset? from = null, int limit = 100, string[]? serves = null, string build = "build-1", string[]? namespaces = null,
        string[]? queues = null) => new(lane, from, limit, serves ?? ["Order@1"], build, namespaces, queues);

    public static RunQuery Query(string ns = "default", string? type = null, RunStatus[]? statuses = null, DateTimeOffset? from = null, DateTimeOffset? before = null, string? prefix = null,
        string? waitingFor = null, Guid? after = null, int limit = 100) => new(ns, type, statuses ?? [], from, before, prefix, waitingFor, after, limit);
}
