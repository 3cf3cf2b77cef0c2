// The JSON documents of our own that histories and messages hold. Members may be added; none may be removed or change meaning.
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Durable.Engine.History;

/// <summary>Payload of <see cref="EventKind.RunStarted"/>.</summary>
internal sealed record StartDocument
{
    /// <summary>Seeds everything derived: ids, random numbers.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The arguments of the run method, as a JSON array.</summary>
    public required JsonElement Input { get; init; }

    /// <summary>The command of the parent that started it, or null.</summary>
    public ParentLink? Parent { get; init; }

    /// <summary>When the run was started, in generations after the first; null in the first, whose first row says it.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The schedule's instant, or null.</summary>
    public DateTimeOffset? ScheduledFor { get; init; }

    /// <summary>Attributes when it was started, as a JSON object.</summary>
    public JsonElement? Attributes { get; init; }

    /// <summary>Keys of messages that earlier generations consumed (D5), newest last.</summary>
    public IReadOnlyList<SeenMessage>? Seen { get; init; }

    /// <summary>Rows after which continue-as-new is suggested: recorded, so that a changed option changes no replay.</summary>
    public int RollOverSteps { get; init; } = 50;

    /// <summary>Stored bytes after which continue-as-new is suggested.</summary>
    public long RollOverBytes { get; init; } = 1024 * 1024;

    /// <summary>Most pending operations: recorded, because one more throws into the code, and a changed option must not change that in replay. Null: the host's.</summary>
    public int? MaxPending { get; init; }
}

/// <summary>A parent's command.</summary>
/// <param name="RunId">The parent run.</param>
/// <param name="Gen">Its generation.</param>
/// <param name="Ordinal">The command.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Shard">Its shard.</param>
/// <param name="WorkflowId">Its workflow id.</param>
internal sealed record ParentLink(Guid RunId, int Gen, int Ordinal, string Namespace, short Shard, string WorkflowId);

/// <summary>A message that was consumed.</summary>
/// <param name="Sender">Its sender.</param>
/// <param name="Seq">Its number.</param>
/// <param name="At">When it was applied.</param>
internal sealed record SeenMessage(Guid Sender, long Seq, DateTimeOffset At);

/// <summary>Payload of the failed kinds.</summary>
internal sealed record OperationFailure
{
    /// <summary>Stable error code, for example DUR3101.</summary>
    public required string Code { get; init; }

    /// <summary>The last failure.</summary>
    public required Failure Failure { get; init; }

    /// <summary>Attempts made.</summary>
    public int Attempts { get; init; }

    /// <summary>Status of a child run that ended.</summary>
    public RunStatus? Status { get; init; }

    /// <summary>Earlier attempts' failures, at most 10.</summary>
    public IReadOnlyList<AttemptFailure>? History { get; init; }
}

/// <summary>One attempt that failed.</summary>
/// <param name="Attempt">Its number, from 1.</param>
/// <param name="At">When it ended.</param>
/// <param name="Failure">What it threw.</param>
internal sealed record AttemptFailure(int Attempt, DateTimeOffset At, Failure Failure);

/// <summary>Payload of an update message.</summary>
/// <param name="Id">The update's id.</param>
/// <param name="Arguments">Its arguments, as a JSON array.</param>
internal sealed record UpdateRequest(string Id, JsonElement Arguments);

/// <summary>An update's answer, as its document stores it.</summary>
internal sealed record UpdateAnswer
{
    /// <summary>accepted, answered, failed or rejected.</summary>
    public required string State { get; init; }

    /// <summary>The answer, when answered.</summary>
    public JsonElement? Answer { get; init; }

    /// <summary>The failure, when failed or rejected.</summary>
    public Failure? Failure { get; init; }
}

/// <summary>A document that went through the host's codec.</summary>
/// <param name="Encoded">The codec's output with its header.</param>
internal sealed record EncodedDocument(byte[] Encoded);

/// <summary>Why somebody did something.</summary>
/// <param name="Reason">In the caller's words.</param>
internal sealed record ReasonDocument(string? Reason);

/// <summary>What a parked run waits for, as its wake row stores it.</summary>
/// <param name="Kind">timer, activity, signal, mailbox, condition, child, promise, hold …</param>
/// <param name="Target">Name of what it waits for.</param>
/// <param name="Since">Since when.</param>
/// <param name="Until">Until when at the latest, or null.</param>
/// <param name="Detail">More, for people.</param>
internal sealed record WaitDocument(string Kind, string Target, DateTimeOffset Since, DateTimeOffset? Until = null, string? Detail = null);

/// <summary>Which builds stalled a run at one place of its history: only another build may try again (DECISIONS 14).</summary>
/// <param name="Gen">The generation.</param>
/// <param name="NextSeq">How long the history was.</param>
/// <param name="Builds">The last 8 builds.</param>
/// <param name="Reason">The hold: a bit of <see cref="Storage.HoldReasons"/>; 0 when it was ended.</param>
/// <param name="Message">Why, for people.</param>
internal sealed record HoldDocument(int Gen, int NextSeq, IReadOnlyList<string> Builds, short Reason = Storage.HoldReasons.Stalled, string? Message = null)
{
    /// <summary>Kind of the document that keeps it.</summary>
    public const string Kind = "hold";
}

/// <summary>Payload of a task row.</summary>
internal sealed record TaskDocument
{
    /// <summary>The arguments, as a JSON array.</summary>
    public required JsonElement Arguments { get; init; }

    /// <summary>The options of the call.</summary>
    public required CallOptions Options { get; init; }

    /// <summary>The calling workflow.</summary>
    public required TaskWorkflow Workflow { get; init; }
}

/// <summary>The calling workflow of a task.</summary>
/// <param name="WorkflowId">The user's key.</param>
/// <param name="Workflow">Stored name of the class.</param>
/// <param name="Version">Its version.</param>
/// <param name="StartedAt">When it was started.</param>
/// <param name="Trace">W3C trace context of its start, or null.</param>
internal sealed record TaskWorkflow(string WorkflowId, string Workflow, int Version, DateTimeOffset StartedAt, string? Trace = null);

/// <summary>Options of an activity or step, resolved: what the command records when they differ from the defaults.</summary>
internal sealed record CallOptions
{
    /// <summary>What nobody said otherwise.</summary>
    public static CallOptions Default { get; } = new();

    /// <summary>Longest time of one attempt.</summary>
    public TimeSpan StartToClose { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest time of all attempts together, or null.</summary>
    public TimeSpan? ScheduleToClose { get; init; }

    /// <summary>Longest time between two heartbeats, or null.</summary>
    public TimeSpan? Heartbeat { get; init; }

    /// <summary>Most attempts; 0 for no limit.</summary>
    public int MaxAttempts { get; init; }

    /// <summary>Delay before the second attempt.</summary>
    public TimeSpan InitialDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Factor from one delay to the next.</summary>
    public double BackoffFactor { get; init; } = 2;

    /// <summary>Longest delay.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Full names of exceptions that are not retried.</summary>
    public IReadOnlyList<string>? NonRetryable { get; init; }

    /// <summary>Queue; empty for the owner itself.</summary>
    public string Queue { get; init; } = "";

    /// <summary>Higher first.</summary>
    public int Priority { get; init; }

    /// <summary>Longest result in bytes, or null for the host's limit.</summary>
    public int? MaxResultBytes { get; init; }

    /// <summary>Never run again after an attempt whose end nobody knows.</summary>
    public bool AtMostOnce { get; init; }
}

/// <summary>Source-generated metadata of the documents above.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(StartDocument))]
[JsonSerializable(typeof(OperationFailure))]
[JsonSerializable(typeof(UpdateRequest))]
[JsonSerializable(typeof(UpdateAnswer))]
[JsonSerializable(typeof(ReasonDocument))]
[JsonSerializable(typeof(IReadOnlyList<WaitDocument>))]
[JsonSerializable(typeof(TaskDocument))]
[JsonSerializable(typeof(EncodedDocument))]
[JsonSerializable(typeof(HoldDocument))]
[JsonSerializable(typeof(CallOptions))]
[JsonSerializable(typeof(Failure))]
[JsonSerializable(typeof(IReadOnlyList<AttemptFailure>))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
[JsonSerializable(typeof(Guid))]
[JsonSerializable(typeof(string))]
internal sealed partial class HistoryJson : JsonSerializerContext;
