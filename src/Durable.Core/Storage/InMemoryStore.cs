using System.Data.Common;

namespace Durable.Storage;

/// <summary>
/// A store in the memory of this process: for tests, demonstrations, and as the reference that other providers are compared with.
/// It keeps every rule of <c>docs/storage-provider.md</c>, and nothing outlives the object.
/// </summary>
/// <remarks>
/// One lock, plain collections. Each verb runs in one piece under the lock, which is what transactions give to the other providers; the
/// classes under <c>InMemory/</c> hold the rows (<see cref="MemoryTables"/>) and the verbs in groups as in PROTOCOL §4. Byte arrays are
/// kept as they are given, so neither side may change them. There is no log of commits: nothing outside the database follows it.
/// </remarks>
public sealed class InMemoryStore : IDurableStore, IGroupedStore
{
    private readonly Lock gate = new();
    private readonly Guid installation = Guid.NewGuid();
    private readonly MemoryTables tables;
    private readonly MemoryLanes lanes;
    private readonly MemoryCommit commit;
    private readonly MemoryLook look;
    private readonly MemoryTasks tasks;
    private readonly MemoryCatalog catalog;
    private readonly MemoryGroups groups;

    /// <summary>An empty store.</summary>
    /// <param name="clock">Its clock; read in whole microseconds, as databases keep them.</param>
    public InMemoryStore(TimeProvider clock)
        : this(clock, 1)
    {
    }

    /// <summary>A store in several shard groups, for tests of what crosses them: a batch that mixes two is refused.</summary>
    internal InMemoryStore(TimeProvider clock, int groupCount)
    {
        ArgumentNullException.ThrowIfNull(clock);
        Groups = MemoryGroups.Make(groupCount);
        tables = new(clock);
        groups = new(tables);
        lanes = new(tables);
        commit = new(tables);
        look = new(tables, groups);
        tasks = new(tables);
        catalog = new(tables, lanes, commit);
    }

    /// <summary>Its rows, for checks that look at all of them at once.</summary>
    internal MemoryTables Tables => tables;

    /// <summary>Reads rows under the lock.</summary>
    internal T Read<T>(Func<MemoryTables, T> read)
    {
        lock (gate) return read(tables);
    }

    /// <inheritdoc/>
    public string Description => "in memory";

    /// <inheritdoc/>
    public IReadOnlyList<ShardGroup> Groups { get; }

    /// <inheritdoc/>
    public Task<StoreInfo> InitializeAsync(CancellationToken cancellationToken = default) => Task.FromResult(new StoreInfo(1, installation, false, 128));

    /// <inheritdoc/>
    public Task AcceptPlaceAsync(RestoredStorePolicy policy, CancellationToken cancellationToken = default) =>
        policy == RestoredStorePolicy.HoldAllRuns ? Locked(catalog.HoldAll, cancellationToken) : Task.CompletedTask;

    /// <summary>Does nothing: the rows go with the object.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // ── IWorkflowStore ──

    /// <inheritdoc/>
    public Task<OpenedLane?> OpenLaneAsync(OpenLane request, CancellationToken cancellationToken = default) => Locked(() => lanes.Open(request), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> HeartbeatAsync(LaneKey lane, long epoch, TimeSpan lease, CancellationToken cancellationToken = default) =>
        Locked(() => lanes.Heartbeat(lane, epoch, lease), cancellationToken);

    /// <inheritdoc/>
    public Task<LookResult> LookAsync(LookRequest request, CancellationToken cancellationToken = default) => Locked(() => look.Look(request), cancellationToken);

    /// <inheritdoc/>
    public Task<CommitResult> CommitAsync(LaneBatch batch, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? Task.FromResult(new CommitResult(CommitOutcome.Unknown) { Error = "The caller stopped waiting." })
            : Locked(() => commit.Commit(batch), CancellationToken.None);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LoadedRun>> LoadAsync(LoadRequest request, CancellationToken cancellationToken = default) =>
        Locked<IReadOnlyList<LoadedRun>>(() => look.Load(request), cancellationToken);

    /// <inheritdoc/>
    public Task<DeliverResult> DeliverAsync(Delivery delivery, DbTransaction? transaction = null, CancellationToken cancellationToken = default) =>
        transaction is null ? Locked(() => commit.Deliver(delivery), cancellationToken) : Task.FromException<DeliverResult>(NoTransactions());

    /// <inheritdoc/>
    public Task<ReapResult> ReapAsync(ReapRequest request, CancellationToken cancellationToken = default) => Locked(() => lanes.Reap(request), cancellationToken);

    /// <inheritdoc/>
    public Task CloseLaneAsync(LaneKey lane, long epoch, CancellationToken cancellationToken = default) => Locked(() => lanes.Close(lane, epoch), cancellationToken);

    // ── ITaskStore ──

    /// <inheritdoc/>
    public Task<TaskClaimResult> ClaimTasksAsync(TaskClaim request, CancellationToken cancellationToken = default) => Locked(() => tasks.Claim(request), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<TaskState>> HeartbeatTasksAsync(IReadOnlyList<TaskBeat> beats, CancellationToken cancellationToken = default) =>
        Locked<IReadOnlyList<TaskState>>(() => tasks.Heartbeat(beats), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<bool>> CompleteTasksAsync(IReadOnlyList<TaskEnd> ends, DbTransaction? transaction = null, CancellationToken cancellationToken = default) =>
        transaction is null ? Locked<IReadOnlyList<bool>>(() => tasks.Complete(ends), cancellationToken) : Task.FromException<IReadOnlyList<bool>>(NoTransactions());

    /// <inheritdoc/>
    public Task<IReadOnlyList<Guid>> ExpireTasksAsync(int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken = default) =>
        Locked<IReadOnlyList<Guid>>(() => tasks.Expire(limit, failure, null), cancellationToken);

    /// <inheritdoc/>
    public Task<int> TakeSlotsAsync(SlotRequest request, CancellationToken cancellationToken = default) => Locked(() => catalog.TakeSlots(request), cancellationToken);

    // ── IRunCatalog ──

    /// <inheritdoc/>
    public Task<RunRecord?> FindRunAsync(string ns, string? workflowId, Guid? runId, CancellationToken cancellationToken = default) =>
        Locked(() => catalog.Find(ns, workflowId, runId)?.ToRecord(), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RunStatusRow>> ReadStatusesAsync(IReadOnlyList<Guid> runIds, CancellationToken cancellationToken = default) =>
        Locked<IReadOnlyList<RunStatusRow>>(() => [.. runIds.Distinct().Where(tables.Runs.ContainsKey).Select(id => new RunStatusRow(id, tables.Runs[id].Status))], cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RunRecord>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken = default) =>
        Locked<IReadOnlyList<RunRecord>>(() => [.. catalog.List(query, paged: true).Take(query.Limit).Select(run => run.ToRecord())], cancellationToken);

    /// <inheritdoc/>
    public Task<long> CountRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => Locked(() => catalog.List(query, paged: false).LongCount(), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<EventRecord>> ReadEventsAsync(Guid runId, int fromGen, int fromSeq, int limit, CancellationToken cancellationToken = default) =>
        Locked<IReadOnlyList<EventRecord>>(() => tables.Runs.TryGetValue(runId, out var run) ? run.History.From(fromGen, fromSeq, limit) : [], cancellationToken);

    /// <inheritdoc/>
    public Task<RunPlacement> ReadPlacementAsync(Guid runId, CancellationToken cancellationToken = default) => Locked(() => catalog.Place(runId), cancellationToken);

    /// <inheritdoc/>
    public Task<DocumentRecord?> FindDocumentAsync(string ns, string kind, string key, CancellationToken cancellationToken = default) =>
        Locked(() => tables.Documents.GetValueOrDefault((ns, kind, key)), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> PutDocumentAsync(DocumentRecord document, CancellationToken cancellationToken = default) => Locked(() => catalog.PutDocument(document), cancellationToken);

    /// <inheritdoc/>
    public Task<StartResult> ImportRunAsync(StartRecord start, int gen, int firstGen, CloseRecord? close, IReadOnlyList<EventRecord> events, CancellationToken cancellationToken = default) =>
        Locked(() => catalog.Import(start, gen, firstGen, close, events), cancellationToken);

    /// <inheritdoc/>
    public Task<int> PurgeAsync(PurgeRequest request, CancellationToken cancellationToken = default) => Locked(() => catalog.Purge(request), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LaneRow>> ReadLanesAsync(CancellationToken cancellationToken = default) => Locked<IReadOnlyList<LaneRow>>(() => lanes.Read(null), cancellationToken);

    /// <inheritdoc/>
    public Task<long?> TryLeaseAsync(string name, Guid holder, TimeSpan length, CancellationToken cancellationToken = default) =>
        Locked(() => catalog.Lease(name, holder, length), cancellationToken);

    /// <inheritdoc/>
    public Task<ReadyDepth> ReadReadyDepthAsync(CancellationToken cancellationToken = default) => Locked(look.Depth, cancellationToken);

    // ── IGroupedStore ──

    /// <inheritdoc/>
    Task<IReadOnlyList<OutgoingRow>> IGroupedStore.ReadOutgoingAsync(OutgoingQuery query, CancellationToken cancellationToken) => Locked<IReadOnlyList<OutgoingRow>>(() => groups.Read(query), cancellationToken);

    /// <inheritdoc/>
    Task IGroupedStore.RemoveOutgoingAsync(IReadOnlyList<OutgoingKey> keys, CancellationToken cancellationToken) => Locked(() => groups.Remove(keys), cancellationToken);

    /// <inheritdoc/>
    Task<IReadOnlyList<LaneRow>> IGroupedStore.ReadLanesAsync(ShardGroup group, CancellationToken cancellationToken) => Locked<IReadOnlyList<LaneRow>>(() => lanes.Read(group), cancellationToken);

    /// <inheritdoc/>
    Task<IReadOnlyList<Guid>> IGroupedStore.ExpireTasksAsync(ShardGroup group, int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken) =>
        Locked<IReadOnlyList<Guid>>(() => tasks.Expire(limit, failure, group), cancellationToken);

    /// <inheritdoc/>
    Task<IReadOnlyList<GroupFault>> IGroupedStore.ReadFaultsAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<GroupFault>>([]);

    private static DurableException NoTransactions() =>
        new(DurableErrorCodes.TransactionForeign, "The in-memory store has no transactions of users. Use the SQLite or PostgreSQL store to write with the engine in one transaction.");

    /// <summary>Runs one verb under the lock; what it throws becomes the task's exception, as with a real database.</summary>
    private Task<T> Locked<T>(Func<T> verb, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled<T>(cancellationToken);
        try
        {
            lock (gate)
                return Task.FromResult(verb());
        }
        catch (Exception e)
        {
            return Task.FromException<T>(e);
        }
    }

    private Task Locked(Action verb, CancellationToken cancellationToken) => Locked(() =>
    {
        verb();
        return true;
    }, cancellationToken);
}
