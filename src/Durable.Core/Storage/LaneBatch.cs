namespace Durable.Storage;

/// <summary>
/// All that a lane writes in one transaction, behind its fence. Every row belongs to <see cref="Lane"/>'s shard group. The lists are
/// applied in the order of PROTOCOL §4.2: fence, consume, park, rollovers and updates, close, tasks, claim, start, append, send.
/// </summary>
/// <remarks>Lists are reused between batches by the engine; a provider must not keep them after it has answered.</remarks>
public sealed class LaneBatch
{
    /// <summary>The lane.</summary>
    public required LaneKey Lane { get; init; }

    /// <summary>The epoch that the lane was given when it was opened.</summary>
    public required long Epoch { get; set; }

    /// <summary>This batch's number: the store's <c>commit_seq</c> must be one less (C1).</summary>
    public required long CommitSeq { get; set; }

    /// <summary>How long the lease shall last from now, by the store's clock.</summary>
    public required TimeSpan Lease { get; init; }

    /// <summary>Runs started by this lane: run row, <c>owned</c> row and first event, or none of them if the id is taken (N1, N3).</summary>
    public List<StartRecord> Starts { get; } = [];

    /// <summary>Events of owned runs (C6), those of one run in order of seq.</summary>
    public List<EventRecord> Events { get; } = [];

    /// <summary>Messages whose event is among <see cref="Events"/>, or that were dropped: deleted with their notices (C2).</summary>
    public List<MessageKey> Consumed { get; } = [];

    /// <summary>Runs given back: <c>owned</c> row to wake row (C3).</summary>
    public List<ParkRecord> Parks { get; } = [];

    /// <summary>Runs that end (C4).</summary>
    public List<CloseRecord> Closes { get; } = [];

    /// <summary>Changes of a run's row that are not its end: status, attributes, next generation (C5).</summary>
    public List<RunUpdate> Updates { get; } = [];

    /// <summary>Messages to other runs of the same group, or to this run's own next generation (C7, D1).</summary>
    public List<MessageRecord> Sends { get; } = [];

    /// <summary>Children started with a wake row or an <c>owned</c> row; a refused one becomes its <see cref="StartRecord.IfRefused"/> message in the same transaction (N3).</summary>
    public List<StartRecord> Children { get; } = [];

    /// <summary>Rows for other groups: inserted beside their sender, kept if they are there already, and forwarded once the batch is durable (M2). Empty while there is one group.</summary>
    public List<OutgoingRecord> Outgoing { get; } = [];

    /// <summary>Outgoing rows whose fate this batch records. Those that are gone are passed over.</summary>
    public List<OutgoingKey> Forwarded { get; } = [];

    /// <summary>Task rows to insert (K1).</summary>
    public List<TaskRecord> Tasks { get; } = [];

    /// <summary>Task rows to delete: cancelled by the run, or of a generation that ended.</summary>
    public List<TaskKey> TaskDeletes { get; } = [];

    /// <summary>Wake rows to take (L2). Fewer taken than asked for is normal.</summary>
    public List<Guid> Claims { get; } = [];

    /// <summary>Documents to write: inserted or replaced.</summary>
    public List<DocumentRecord> Documents { get; } = [];

    /// <summary>Old generations to delete, at most 1,000 rows each (DECISIONS 10).</summary>
    public List<TrimRecord> Trims { get; } = [];

    /// <summary>Empties all lists.</summary>
    internal void Clear()
    {
        Starts.Clear();
        Events.Clear();
        Consumed.Clear();
        Parks.Clear();
        Closes.Clear();
        Updates.Clear();
        Sends.Clear();
        Outgoing.Clear();
        Forwarded.Clear();
        Children.Clear();
        Tasks.Clear();
        TaskDeletes.Clear();
        Claims.Clear();
        Documents.Clear();
        Trims.Clear();
    }

    /// <summary>True when the batch holds nothing.</summary>
    public bool IsEmpty => Starts.Count + Events.Count + Consumed.Count + Parks.Count + Closes.Count + Updates.Count + Sends.Count + Outgoing.Count + Forwarded.Count + Children.Count
        + Tasks.Count + TaskDeletes.Count + Claims.Count + Documents.Count + Trims.Count == 0;

    /// <summary>True when the batch holds claims and nothing else: it may be written without waiting for the disk (L4).</summary>
    public bool IsClaimsOnly => Claims.Count > 0 && Starts.Count + Events.Count + Consumed.Count + Parks.Count + Closes.Count + Updates.Count
        + Sends.Count + Outgoing.Count + Forwarded.Count + Children.Count + Tasks.Count + TaskDeletes.Count + Documents.Count + Trims.Count == 0;
}

/// <summary>How a batch ended.</summary>
public enum CommitOutcome
{
    /// <summary>Durable.</summary>
    Committed,

    /// <summary>The fence refused it: nothing happened, and the epoch or the number is another one. Not yet a lost lane (O3).</summary>
    Refused,

    /// <summary>Nothing happened; the same batch may be sent again as it is (serialization failure, deadlock, file busy).</summary>
    Retry,

    /// <summary>Nothing happened and nothing will with these rows: split by run (C8).</summary>
    Rejected,

    /// <summary>Nobody knows: the lane must be opened again before anything else is said about it (I5).</summary>
    Unknown,
}

/// <summary>What became of a batch.</summary>
/// <param name="Outcome">How it ended. The other members mean something only for <see cref="CommitOutcome.Committed"/>, and <see cref="Error"/> otherwise.</param>
public sealed record CommitResult(CommitOutcome Outcome)
{
    /// <summary>The store's clock inside the transaction.</summary>
    public DateTimeOffset Now { get; init; }

    /// <summary>Those of <see cref="LaneBatch.Starts"/> and <see cref="LaneBatch.Children"/> that were refused.</summary>
    public IReadOnlyList<Guid> Refused { get; init; } = [];

    /// <summary>Wake rows that were taken.</summary>
    public IReadOnlyList<OwnedRun> Claimed { get; init; } = [];

    /// <summary>What went wrong, without payloads; for a committed batch, a count that does not fit (an alarm), else null.</summary>
    public string? Error { get; init; }
}
