namespace Durable.Storage;

/// <summary>Names one lane: one owner of runs inside one process.</summary>
/// <param name="LaneId">First 8 bytes of the SHA-256 of identity, engine name, group and lane number; or random.</param>
/// <param name="Group">The shard group that all its runs belong to.</param>
/// <param name="Holder">Random for each start of the process and each lane.</param>
/// <param name="Identity">The configured identity, for people.</param>
public sealed record LaneKey(long LaneId, ShardGroup Group, Guid Holder, string Identity);

/// <summary>Asks for a lane (O1).</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Lease">How long the lease shall last from now, by the store's clock.</param>
/// <param name="Takeover">True once per process start: a live holder of the same name is pushed aside (O4), and its runs are adopted with their attempt counted (A1, A2).</param>
/// <param name="Build">Version of the host's entry assembly, for people and for holds.</param>
/// <param name="Serves">Workflow types that the lane can run, as <c>type@version</c>, for people and for explanations; and <c>lease=</c> with the length, if that is unusual (decision 25).</param>
public sealed record OpenLane(LaneKey Lane, TimeSpan Lease, bool Takeover, string Build, IReadOnlyList<string> Serves);

/// <summary>An open lane: only what this says is the truth after a doubt (I5).</summary>
/// <param name="Epoch">The fence: every batch must name it.</param>
/// <param name="CommitSeq">Number of the last batch that is durable.</param>
/// <param name="Now">The store's clock when it answered.</param>
/// <param name="Owned">All runs of the lane.</param>
public sealed record OpenedLane(long Epoch, long CommitSeq, DateTimeOffset Now, IReadOnlyList<OwnedRun> Owned);

/// <summary>A run's <c>owned</c> row.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Attempt">Claims without progress so far, this one included (A1).</param>
/// <param name="Gen">The generation when it was claimed.</param>
/// <param name="NextSeq">How long the history was when it was claimed (A2).</param>
public readonly record struct OwnedRun(Guid RunId, int Attempt, int Gen, int NextSeq);

/// <summary>What a lane looks for (L1).</summary>
/// <param name="Lane">Who looks.</param>
/// <param name="From">Low-water mark for due times; null looks at everything due, and at <c>asap</c> rows whatever the clock says (a full sweep).</param>
/// <param name="Limit">At most so many runs of each kind.</param>
/// <param name="Serves">Types that it can run, as <c>type@version</c>.</param>
/// <param name="Build">Its build: a stalled run is claimable by builds that have not stalled it.</param>
/// <param name="Namespaces">Namespaces that it serves; null for all.</param>
/// <param name="Queues">Queues that it serves, the default one (empty text) included; null for all.</param>
public sealed record LookRequest(LaneKey Lane, DateTimeOffset? From, int Limit, IReadOnlyList<string> Serves, string Build, IReadOnlyList<string>? Namespaces = null, IReadOnlyList<string>? Queues = null)
{
    /// <summary>Runs that have begun (<c>next_seq</c> above zero) and are not held are claimable so long before they are due: the lane keeps their timers. All others wait for their time. Default: not at all.</summary>
    public TimeSpan Ahead { get; init; }
}

/// <summary>What a look found.</summary>
/// <param name="Now">The store's clock.</param>
/// <param name="Claimable">Runs whose wake row is due or almost (<see cref="LookRequest.Ahead"/>), or that have a notice and a wake row this lane may take.</param>
/// <param name="Mail">Own runs that have a notice.</param>
/// <param name="NextDue">When the earliest of the other wake rows that this lane could claim becomes claimable by the clock: its due time, or at most <see cref="LookRequest.Ahead"/> before it. Null: there is none.</param>
public sealed record LookResult(DateTimeOffset Now, IReadOnlyList<Guid> Claimable, IReadOnlyList<Guid> Mail, DateTimeOffset? NextDue);

/// <summary>Which runs to read.</summary>
/// <param name="RunIds">The runs.</param>
/// <param name="MessagesOnly">True reads nothing but the messages of each run (D6).</param>
/// <param name="MessageLimit">At most so many messages per run, a prefix per sender (D4).</param>
public sealed record LoadRequest(IReadOnlyList<Guid> RunIds, bool MessagesOnly = false, int MessageLimit = 1_000);

/// <summary>A run as stored.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Run">Its row, or null if only messages were asked for.</param>
/// <param name="Events">Its current generation in order of seq; empty if only messages were asked for.</param>
/// <param name="Messages">Its waiting messages, ordered by (sender, sender_seq).</param>
/// <param name="Tasks">Its task rows; empty if only messages were asked for.</param>
public sealed record LoadedRun(Guid RunId, RunRecord? Run, IReadOnlyList<EventRecord> Events, IReadOnlyList<MessageRecord> Messages, IReadOnlyList<TaskRecord> Tasks)
{
    /// <summary>What it has sent to other groups and nobody has removed yet, in order of number; empty if only messages were asked for, and while there is one group.</summary>
    public IReadOnlyList<OutgoingRecord> Outgoing { get; init; } = [];
}

/// <summary>Asks for one round of reaping.</summary>
/// <param name="Lane">The reaping lane: never reaped by itself.</param>
/// <param name="Lease">The lease length: leases further ahead than twice this cannot be (R5), unless their lane says that they are longer.</param>
/// <param name="Fence">False: release and sweep only (R6: the reaper itself was cut off a moment ago).</param>
/// <param name="Unchanged">Lanes with an impossible lease that the caller has seen unchanged for a whole lease, its own and the lane's, by its own stopwatch (R5).</param>
/// <param name="Limit">At most so many runs are released for each dead lane, and notices swept.</param>
public sealed record ReapRequest(LaneKey Lane, TimeSpan Lease, bool Fence, IReadOnlyList<LaneSeen> Unchanged, int Limit = 1_000);

/// <summary>A lane row as a reaper saw it.</summary>
/// <param name="LaneId">The lane.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="ExpiresAt">Its lease.</param>
public readonly record struct LaneSeen(long LaneId, long Epoch, DateTimeOffset ExpiresAt);

/// <summary>What a round of reaping did.</summary>
/// <param name="Fenced">Lanes fenced.</param>
/// <param name="Released">Runs given a wake row.</param>
/// <param name="Swept">Orphaned notices removed.</param>
/// <param name="Impossible">Lanes whose lease lies further ahead than it can (R5).</param>
public sealed record ReapResult(int Fenced, int Released, int Swept, IReadOnlyList<LaneSeen> Impossible)
{
    /// <summary>Held runs whose deadline is over, at most as many as the request's limit: no lane keeps a timer for them, so whoever reaps sends them the control message (S4, T3).</summary>
    public IReadOnlyList<OverdueRun> Overdue { get; init; } = [];
}

/// <summary>A held run whose deadline is over.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Shard">Its shard.</param>
public readonly record struct OverdueRun(Guid RunId, string Namespace, short Shard);
