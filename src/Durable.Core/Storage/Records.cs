namespace Durable.Storage;

/// <summary>One row of <c>event</c>: an arrival and the commands it caused. Never changed once written.</summary>
public sealed class EventRecord
{
    /// <summary>The run.</summary>
    public required Guid RunId { get; init; }

    /// <summary>Generation: +1 at each continue-as-new.</summary>
    public required int Gen { get; init; }

    /// <summary>Position in the generation, from 0, without gaps.</summary>
    public required int Seq { get; init; }

    /// <summary>What arrived; the numbers are those of <c>docs/history-format.md</c>.</summary>
    public required short Kind { get; init; }

    /// <summary>When, in microseconds; never before the row before it.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The command that it answers, or 0.</summary>
    public int Ordinal { get; init; }

    /// <summary>Name of the signal, mailbox, update, … that it is for, or null.</summary>
    public string? Target { get; init; }

    /// <summary>JSON, or the output of a codec (see <see cref="Encoding"/>).</summary>
    public byte[]? Payload { get; init; }

    /// <summary>The commands of its turn (docs/history-format.md), or null for none.</summary>
    public byte[]? Commands { get; set; }

    /// <summary>0: plain. 1: payload, and the bodies of commands, are a codec's.</summary>
    public short Encoding { get; init; }

    /// <summary>Version of the row's own format.</summary>
    public short Schema { get; init; }

    /// <summary>CRC-32C of kind, ordinal, target, payload, commands and the row before.</summary>
    public int Crc { get; set; }

    /// <summary>Sender of the message that it consumed, or all zero.</summary>
    public Guid Sender { get; init; }

    /// <summary>Number of that message with its sender.</summary>
    public long SenderSeq { get; init; }

    /// <summary>Who asked for it, if known.</summary>
    public string? Actor { get; init; }

    /// <summary>Id of the business transaction that it belongs to, if known.</summary>
    public string? Correlation { get; init; }

    /// <summary>What caused it, if known: <c>run/gen/seq</c> or an id of the caller.</summary>
    public string? Causation { get; init; }

    /// <summary>W3C trace context, if any.</summary>
    public string? Trace { get; init; }

    /// <summary>The run's namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The run's shard.</summary>
    public required short Shard { get; init; }
}

/// <summary>Key of a message.</summary>
/// <param name="RunId">The run it waits for.</param>
/// <param name="Sender">Run id, client instance id, task, or hash of an idempotency key.</param>
/// <param name="SenderSeq">The sender's number for it (D4).</param>
/// <param name="Shard">The run's shard.</param>
public readonly record struct MessageKey(Guid RunId, Guid Sender, long SenderSeq, short Shard);

/// <summary>A durable arrival that is not yet in a history.</summary>
public sealed class MessageRecord
{
    /// <summary>The run it waits for.</summary>
    public required Guid RunId { get; init; }

    /// <summary>Run id, client instance id, task, or hash of an idempotency key.</summary>
    public required Guid Sender { get; init; }

    /// <summary>The sender's number for it (D4).</summary>
    public required long SenderSeq { get; init; }

    /// <summary>What it is; the numbers are those of <c>docs/history-format.md</c>.</summary>
    public required short Kind { get; init; }

    /// <summary>True: any lane may take the run's wake row for it, held runs included (T3).</summary>
    public bool Control { get; init; }

    /// <summary>False: inserted without a notice, as a dead letter of a closed run.</summary>
    public bool Notice { get; init; } = true;

    /// <summary>Name of the signal, mailbox or update, or null.</summary>
    public string? Target { get; init; }

    /// <summary>JSON, or the output of a codec.</summary>
    public byte[]? Payload { get; init; }

    /// <summary>0: plain. 1: a codec's.</summary>
    public short Encoding { get; init; }

    /// <summary>When the store took it, by the store's clock. Set by the store where it is default.</summary>
    public DateTimeOffset AcceptedAt { get; init; }

    /// <summary>Generation of the command that it answers (C5), or -1.</summary>
    public int ReplyGen { get; init; } = -1;

    /// <summary>The command that it answers, or 0.</summary>
    public int ReplyOrdinal { get; init; }

    /// <summary>Who asked for it, if known.</summary>
    public string? Actor { get; init; }

    /// <summary>Id of the business transaction that it belongs to, if known.</summary>
    public string? Correlation { get; init; }

    /// <summary>What caused it, if known.</summary>
    public string? Causation { get; init; }

    /// <summary>W3C trace context, if any.</summary>
    public string? Trace { get; init; }

    /// <summary>The run's namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The run's shard.</summary>
    public required short Shard { get; init; }

    /// <summary>Its key.</summary>
    public MessageKey Key => new(RunId, Sender, SenderSeq, Shard);
}

/// <summary>Which closed run of the same id lets a new one start (N1). An open run never does.</summary>
public enum StartGate : short
{
    /// <summary>Any closed one.</summary>
    AnyClosed = 0,

    /// <summary>One that failed, was cancelled, was terminated or timed out.</summary>
    OnlyFailed = 1,

    /// <summary>None: the id is used once.</summary>
    Never = 2,
}

/// <summary>A run to start (N1).</summary>
public sealed class StartRecord
{
    /// <summary>UUIDv7 whose last 7 bits are the shard.</summary>
    public required Guid RunId { get; init; }

    /// <summary>The tenant.</summary>
    public required string Namespace { get; init; }

    /// <summary>The user's key.</summary>
    public required string WorkflowId { get; init; }

    /// <summary>The shard of the workflow id's root.</summary>
    public required short Shard { get; init; }

    /// <summary>Stored name of the workflow class.</summary>
    public required string Type { get; init; }

    /// <summary>Its version.</summary>
    public required int Version { get; init; }

    /// <summary>Build of the host that starts it.</summary>
    public required string Build { get; init; }

    /// <summary>Queue of hosts that may run it; empty for the default one.</summary>
    public string Queue { get; init; } = "";

    /// <summary>Higher first; 0 by default.</summary>
    public int Priority { get; init; }

    /// <summary>Start document (arguments and what else the first event needs) for the first owner, or null when <see cref="FirstEvent"/> holds it.</summary>
    public byte[]? Input { get; init; }

    /// <summary>0: plain. 1: a codec's.</summary>
    public short Encoding { get; init; }

    /// <summary>32 random bytes that sign the run's tokens; never shown.</summary>
    public required byte[] Secret { get; init; }

    /// <summary>Attributes as a JSON object, or null.</summary>
    public string? Attributes { get; init; }

    /// <summary>The parent run, or null.</summary>
    public Guid? Parent { get; init; }

    /// <summary>When the run's time is up, or null.</summary>
    public DateTimeOffset? DeadlineAt { get; init; }

    /// <summary>When the run may begin; null: at once.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>Who started it, if known.</summary>
    public string? Actor { get; init; }

    /// <summary>Id of the business transaction that it belongs to, if known.</summary>
    public string? Correlation { get; init; }

    /// <summary>W3C trace context, if any.</summary>
    public string? Trace { get; init; }

    /// <summary>Which closed run of the same id lets this one start.</summary>
    public StartGate Gate { get; init; }

    /// <summary>True: inserted with an <c>owned</c> row of the batch's lane, status Running. False: with a wake row, status Pending.</summary>
    public bool Owned { get; init; }

    /// <summary>Event 0, when the lane has run the first turn already.</summary>
    public EventRecord? FirstEvent { get; init; }

    /// <summary>Message to insert in the same transaction if the start is refused (a child's parent is told).</summary>
    public MessageRecord? IfRefused { get; init; }

    /// <summary>Status to begin with: Running if <see cref="Owned"/>, else Pending; Paused for imported runs.</summary>
    public RunStatus Status { get; init; }

    /// <summary>Hold bits of the wake row (0 = none).</summary>
    public short Hold { get; init; }
}

/// <summary>A run given back to the store (C3): the content of its wake row.</summary>
public sealed class ParkRecord
{
    /// <summary>The run.</summary>
    public required Guid RunId { get; init; }

    /// <summary>The run's shard.</summary>
    public required short Shard { get; init; }

    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Its next timer or deadline, or null for none.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>True: claimable at once, whatever the due time says (S5).</summary>
    public bool Asap { get; init; }

    /// <summary>Stored name of the workflow class.</summary>
    public required string Type { get; init; }

    /// <summary>Its version.</summary>
    public required int Version { get; init; }

    /// <summary>Queue of hosts that may run it.</summary>
    public string Queue { get; init; } = "";

    /// <summary>Higher first.</summary>
    public int Priority { get; init; }

    /// <summary>Why nobody may run it: bits of <see cref="HoldReasons"/>, 0 for none (S4).</summary>
    public short Hold { get; init; }

    /// <summary>The last 8 builds that stalled it here, or null.</summary>
    public IReadOnlyList<string>? HoldBuilds { get; init; }

    /// <summary>What it waits for, as JSON (P8).</summary>
    public string? WaitReason { get; init; }

    /// <summary>Its generation.</summary>
    public required int Gen { get; init; }

    /// <summary>How long its history is.</summary>
    public required int NextSeq { get; init; }
}

/// <summary>Bits of <c>hold</c> (S4).</summary>
public static class HoldReasons
{
    /// <summary>Paused by an operator.</summary>
    public const short Paused = 1;

    /// <summary>Code and history differ, or code threw under <c>UnhandledExceptionPolicy.Hold</c>.</summary>
    public const short Stalled = 2;

    /// <summary>It killed its host too often, or its history is broken.</summary>
    public const short Quarantined = 4;
}

/// <summary>A run that ends (C4).</summary>
public sealed class CloseRecord
{
    /// <summary>The run.</summary>
    public required Guid RunId { get; init; }

    /// <summary>The run's shard.</summary>
    public required short Shard { get; init; }

    /// <summary>How it ended: 10 or more.</summary>
    public required RunStatus Status { get; init; }

    /// <summary>Result or failure as JSON, or the output of a codec.</summary>
    public byte[]? Outcome { get; init; }

    /// <summary>0: plain. 1: a codec's.</summary>
    public short Encoding { get; init; }

    /// <summary>Attributes as a JSON object if they changed since they were last stored, else null.</summary>
    public string? Attributes { get; init; }

    /// <summary>True if the run may have task rows or notices that must go with it; false spares the two statements.</summary>
    public bool MayHaveRows { get; init; }
}

/// <summary>A change of an open run's row; members that are null stay as they are.</summary>
public sealed class RunUpdate
{
    /// <summary>The run.</summary>
    public required Guid RunId { get; init; }

    /// <summary>The run's shard.</summary>
    public required short Shard { get; init; }

    /// <summary>New status.</summary>
    public RunStatus? Status { get; init; }

    /// <summary>New attributes as a JSON object.</summary>
    public string? Attributes { get; init; }

    /// <summary>New generation (continue-as-new), with <see cref="Version"/>; its arguments are in its first event.</summary>
    public int? Gen { get; init; }

    /// <summary>Version of the class that the new generation runs.</summary>
    public int? Version { get; init; }

    /// <summary>First generation that is still stored.</summary>
    public int? FirstGen { get; init; }
}

/// <summary>An old generation whose events go (DECISIONS 10).</summary>
/// <param name="RunId">The run.</param>
/// <param name="Shard">The run's shard.</param>
/// <param name="BelowGen">Events of generations below this one are deleted, at most 1,000 rows.</param>
public readonly record struct TrimRecord(Guid RunId, short Shard, int BelowGen);

/// <summary>A named JSON document: compare-and-set by version.</summary>
/// <param name="Namespace">The tenant.</param>
/// <param name="Kind">What it is, for example <c>update</c>.</param>
/// <param name="Key">Its key within the kind.</param>
/// <param name="Shard">Shard of the run it belongs to.</param>
/// <param name="Version">Counts its writes, from 1.</param>
/// <param name="Json">The content.</param>
/// <param name="RunId">The run it goes away with, or null.</param>
public sealed record DocumentRecord(string Namespace, string Kind, string Key, short Shard, int Version, string Json, Guid? RunId = null);

/// <summary>A row of <c>run</c>.</summary>
public sealed class RunRecord
{
    /// <summary>The run.</summary>
    public required Guid RunId { get; init; }

    /// <summary>The tenant.</summary>
    public required string Namespace { get; init; }

    /// <summary>The user's key.</summary>
    public required string WorkflowId { get; init; }

    /// <summary>1 for the id's first run, and so on.</summary>
    public required int Ordinal { get; init; }

    /// <summary>The shard of the workflow id's root.</summary>
    public required short Shard { get; init; }

    /// <summary>Stored name of the workflow class.</summary>
    public required string Type { get; init; }

    /// <summary>Its version.</summary>
    public required int Version { get; init; }

    /// <summary>Build of the host that started it.</summary>
    public string Build { get; init; } = "";

    /// <summary>Its status.</summary>
    public required RunStatus Status { get; init; }

    /// <summary>Its generation.</summary>
    public required int Gen { get; init; }

    /// <summary>First generation that is still stored.</summary>
    public int FirstGen { get; init; }

    /// <summary>When it was started.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ended, or null.</summary>
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>When its time is up, or null.</summary>
    public DateTimeOffset? DeadlineAt { get; init; }

    /// <summary>Start document for the first owner, or null.</summary>
    public byte[]? Input { get; init; }

    /// <summary>Result or failure, or null.</summary>
    public byte[]? Outcome { get; init; }

    /// <summary>Encoding of <see cref="Input"/> before the run began, of <see cref="Outcome"/> after it ended.</summary>
    public short Encoding { get; init; }

    /// <summary>Signs the run's tokens; never shown.</summary>
    public byte[] Secret { get; init; } = [];

    /// <summary>Attributes as a JSON object, or null.</summary>
    public string? Attributes { get; init; }

    /// <summary>Queue of hosts that may run it.</summary>
    public string Queue { get; init; } = "";

    /// <summary>Higher first.</summary>
    public int Priority { get; init; }

    /// <summary>The parent run, or null.</summary>
    public Guid? Parent { get; init; }

    /// <summary>Who started it, if known.</summary>
    public string? Actor { get; init; }

    /// <summary>Id of the business transaction that it belongs to, if known.</summary>
    public string? Correlation { get; init; }

    /// <summary>W3C trace context, if any.</summary>
    public string? Trace { get; init; }
}
