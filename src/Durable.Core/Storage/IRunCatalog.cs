namespace Durable.Storage;

/// <summary>Reading and administration: nothing here is on the path of a turn.</summary>
public interface IRunCatalog
{
    /// <summary>Finds a run: by its id, or the newest run of a workflow id.</summary>
    /// <param name="ns">The tenant.</param>
    /// <param name="workflowId">The user's key, or null to find by <paramref name="runId"/> alone.</param>
    /// <param name="runId">The run, or null for the newest.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<RunRecord?> FindRunAsync(string ns, string? workflowId, Guid? runId, CancellationToken cancellationToken = default);

    /// <summary>Statuses of runs, for those who wait for an end (F2). Unknown runs are left out.</summary>
    /// <param name="runIds">The runs.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<IReadOnlyList<RunStatusRow>> ReadStatusesAsync(IReadOnlyList<Guid> runIds, CancellationToken cancellationToken = default);

    /// <summary>A page of runs, newest first.</summary>
    /// <param name="query">Which runs.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<IReadOnlyList<RunRecord>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken = default);

    /// <summary>Counts runs; <see cref="RunQuery.After"/> and <see cref="RunQuery.Limit"/> are ignored.</summary>
    /// <param name="query">Which runs.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<long> CountRunsAsync(RunQuery query, CancellationToken cancellationToken = default);

    /// <summary>A page of events in order of (gen, seq).</summary>
    /// <param name="runId">The run.</param>
    /// <param name="fromGen">First generation.</param>
    /// <param name="fromSeq">First seq in it.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<IReadOnlyList<EventRecord>> ReadEventsAsync(Guid runId, int fromGen, int fromSeq, int limit, CancellationToken cancellationToken = default);

    /// <summary>Where a run is and what it waits for: wake row, or owner, tasks, number of waiting messages.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<RunPlacement> ReadPlacementAsync(Guid runId, CancellationToken cancellationToken = default);

    /// <summary>Reads a document.</summary>
    /// <param name="ns">The tenant.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="key">Its key within the kind.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<DocumentRecord?> FindDocumentAsync(string ns, string kind, string key, CancellationToken cancellationToken = default);

    /// <summary>Writes a document if its stored version is one less (or it is new and the version is 1).</summary>
    /// <param name="document">The document.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>False: somebody else wrote it first.</returns>
    Task<bool> PutDocumentAsync(DocumentRecord document, CancellationToken cancellationToken = default);

    /// <summary>Inserts a whole run with its history, held as paused (import).</summary>
    /// <param name="start">The run; its gate decides whether the id is free.</param>
    /// <param name="gen">Its current generation.</param>
    /// <param name="firstGen">The first generation among <paramref name="events"/>.</param>
    /// <param name="close">Its end, if it was closed when it was exported.</param>
    /// <param name="events">Its events.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<StartResult> ImportRunAsync(StartRecord start, int gen, int firstGen, CloseRecord? close, IReadOnlyList<EventRecord> events, CancellationToken cancellationToken = default);

    /// <summary>Deletes closed runs with all that belongs to them, in pages by key (PROTOCOL §4.10 P2); log rows and dead lanes too.</summary>
    /// <param name="request">Which.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Runs deleted; less than the limit means that none is left.</returns>
    Task<int> PurgeAsync(PurgeRequest request, CancellationToken cancellationToken = default);

    /// <summary>All lanes that have a holder.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<IReadOnlyList<LaneRow>> ReadLanesAsync(CancellationToken cancellationToken = default);

    /// <summary>Takes or renews a named lease by compare-and-set (P3).</summary>
    /// <param name="name">The lease, for example <c>purge</c>.</param>
    /// <param name="holder">Who asks.</param>
    /// <param name="length">How long, from now, by the store's clock.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The lease's epoch, or null: somebody else holds it.</returns>
    Task<long?> TryLeaseAsync(string name, Guid holder, TimeSpan length, CancellationToken cancellationToken = default);

    /// <summary>Depth and oldest age of the wake rows and notices that are due, for metrics.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<ReadyDepth> ReadReadyDepthAsync(CancellationToken cancellationToken = default);
}

/// <summary>Status of a run.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Status">Its status.</param>
public readonly record struct RunStatusRow(Guid RunId, RunStatus Status);

/// <summary>Which runs to list.</summary>
/// <param name="Namespace">The tenant.</param>
/// <param name="Type">Stored name of the workflow class, or null.</param>
/// <param name="Statuses">Statuses, or empty for all.</param>
/// <param name="StartedFrom">Started at or after, or null.</param>
/// <param name="StartedBefore">Started before, or null.</param>
/// <param name="IdPrefix">Beginning of the workflow id, or null; compared literally.</param>
/// <param name="WaitingFor">Text that the wait reason's kind or target must equal, or null.</param>
/// <param name="After">The last run of the page before, or null.</param>
/// <param name="Limit">At most so many.</param>
public sealed record RunQuery(string Namespace, string? Type, IReadOnlyList<RunStatus> Statuses, DateTimeOffset? StartedFrom, DateTimeOffset? StartedBefore, string? IdPrefix, string? WaitingFor, Guid? After, int Limit);

/// <summary>Where a run is.</summary>
/// <param name="Wake">Its wake row, or null when it is owned or closed.</param>
/// <param name="WakeAttempt">Claims without progress before it was released (A2); 0 without a wake row.</param>
/// <param name="Owner">Identity of the lane that owns it, or null.</param>
/// <param name="OwnerAlive">True when that lane has a holder and an unexpired lease.</param>
/// <param name="Attempt">Claims without progress of the <c>owned</c> row.</param>
/// <param name="Messages">Messages that wait, at most 10,000 counted.</param>
/// <param name="Tasks">Its task rows, without payload.</param>
public sealed record RunPlacement(ParkRecord? Wake, int WakeAttempt, string? Owner, bool OwnerAlive, int Attempt, int Messages, IReadOnlyList<TaskRecord> Tasks);

/// <summary>Which closed runs to delete.</summary>
/// <param name="ClosedBefore">Closed before, or null with <paramref name="RunId"/>.</param>
/// <param name="RunId">One run, or null.</param>
/// <param name="Limit">At most so many runs.</param>
/// <param name="LogBefore">Rows of <c>commit_log</c> and of dead lanes older than this go too, or null.</param>
public sealed record PurgeRequest(DateTimeOffset? ClosedBefore, Guid? RunId, int Limit = 1_000, DateTimeOffset? LogBefore = null);

/// <summary>A lane that has a holder.</summary>
/// <param name="LaneId">The lane.</param>
/// <param name="Identity">Its name.</param>
/// <param name="Build">Its host's build.</param>
/// <param name="Serves">What it can run, as <c>type@version</c>; and <c>lease=</c> with the length, if that is unusual.</param>
/// <param name="ExpiresAt">Its lease.</param>
/// <param name="Alive">False: the lease is over.</param>
/// <param name="Owned">How many runs it owns.</param>
public sealed record LaneRow(long LaneId, string Identity, string Build, IReadOnlyList<string> Serves, DateTimeOffset ExpiresAt, bool Alive, int Owned)
{
    /// <summary>Number of its last batch that is durable: its holder finds out by it that the database went back in time (a failover to a standby that lagged).</summary>
    public long CommitSeq { get; init; }
}

/// <summary>How much is due.</summary>
/// <param name="Count">Due rows, at most 10,000 counted.</param>
/// <param name="OldestAge">Age of the oldest, zero if none.</param>
public readonly record struct ReadyDepth(int Count, TimeSpan OldestAge);
