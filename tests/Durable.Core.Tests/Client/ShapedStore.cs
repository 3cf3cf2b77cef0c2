// The in-memory store with the situations that it does not have by itself: a copied database, a broken connection, transactions of users.
using System.Collections.Concurrent;
using System.Data;
using System.Data.Common;
using Durable.Storage;

namespace Durable.Core.Tests.Client;

/// <summary>Hands everything on, but what a test changes.</summary>
internal sealed class ShapedStore(InMemoryStore inner) : IDurableStore
{
    /// <summary>The database was copied from elsewhere.</summary>
    public bool PlaceChanged { get; set; }

    /// <summary>So many deliveries are stored and then answered as in doubt.</summary>
    public int Doubts { get; set; }

    /// <summary>Called once before the next delivery: what somebody else does in between.</summary>
    public Func<Task>? Before { get; set; }

    /// <summary>Called once after the next delivery.</summary>
    public Func<Task>? After { get; set; }

    /// <summary>Called before each delivery; it may wait, or throw what the store would.</summary>
    public Func<Delivery, Task>? Each { get; set; }

    /// <summary>What was asked for, call by call.</summary>
    public ConcurrentQueue<Delivery> Sent { get; } = new();

    public int Deliveries => Sent.Count;

    public RestoredStorePolicy? Accepted { get; private set; }

    public string Description => inner.Description;

    public IReadOnlyList<ShardGroup> Groups => inner.Groups;

    public async Task<StoreInfo> InitializeAsync(CancellationToken cancellationToken = default) => await inner.InitializeAsync(cancellationToken) with { PlaceChanged = PlaceChanged };

    public Task AcceptPlaceAsync(RestoredStorePolicy policy, CancellationToken cancellationToken = default)
    {
        Accepted = policy;
        PlaceChanged = false;
        return inner.AcceptPlaceAsync(policy, cancellationToken);
    }

    public async Task<DeliverResult> DeliverAsync(Delivery delivery, DbTransaction? transaction = null, CancellationToken cancellationToken = default)
    {
        var before = Before;
        Before = null;
        if (before is not null) await before();
        Sent.Enqueue(delivery);
        if (Each is not null) await Each(delivery);
        var result = await inner.DeliverAsync(delivery, transaction is FakeTransaction ? null : transaction, cancellationToken);
        var after = After;
        After = null;
        if (after is not null) await after();
        return Doubts-- > 0 ? throw new DurableException(DurableErrorCodes.CommitInDoubt, "The connection broke.") : result;
    }

    public Task<OpenedLane?> OpenLaneAsync(OpenLane request, CancellationToken cancellationToken = default) => inner.OpenLaneAsync(request, cancellationToken);

    public Task<bool> HeartbeatAsync(LaneKey lane, long epoch, TimeSpan lease, CancellationToken cancellationToken = default) => inner.HeartbeatAsync(lane, epoch, lease, cancellationToken);

    public Task<LookResult> LookAsync(LookRequest request, CancellationToken cancellationToken = default) => inner.LookAsync(request, cancellationToken);

    public Task<CommitResult> CommitAsync(LaneBatch batch, CancellationToken cancellationToken = default) => inner.CommitAsync(batch, cancellationToken);

    public Task<IReadOnlyList<LoadedRun>> LoadAsync(LoadRequest request, CancellationToken cancellationToken = default) => inner.LoadAsync(request, cancellationToken);

    public Task<ReapResult> ReapAsync(ReapRequest request, CancellationToken cancellationToken = default) => inner.ReapAsync(request, cancellationToken);

    public Task CloseLaneAsync(LaneKey lane, long epoch, CancellationToken cancellationToken = default) => inner.CloseLaneAsync(lane, epoch, cancellationToken);

    public Task<TaskClaimResult> ClaimTasksAsync(TaskClaim request, CancellationToken cancellationToken = default) => inner.ClaimTasksAsync(request, cancellationToken);

    public Task<IReadOnlyList<TaskState>> HeartbeatTasksAsync(IReadOnlyList<TaskBeat> beats, CancellationToken cancellationToken = default) => inner.HeartbeatTasksAsync(beats, cancellationToken);

    public Task<IReadOnlyList<bool>> CompleteTasksAsync(IReadOnlyList<TaskEnd> ends, DbTransaction? transaction = null, CancellationToken cancellationToken = default) =>
        inner.CompleteTasksAsync(ends, transaction, cancellationToken);

    public Task<IReadOnlyList<Guid>> ExpireTasksAsync(int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken = default) => inner.ExpireTasksAsync(limit, failure, cancellationToken);

    public Task<RunRecord?> FindRunAsync(string ns, string? workflowId, Guid? runId, CancellationToken cancellationToken = default) => inner.FindRunAsync(ns, workflowId, runId, cancellationToken);

    public Task<IReadOnlyList<RunStatusRow>> ReadStatusesAsync(IReadOnlyList<Guid> runIds, CancellationToken cancellationToken = default) => inner.ReadStatusesAsync(runIds, cancellationToken);

    public Task<IReadOnlyList<RunRecord>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => inner.ListRunsAsync(query, cancellationToken);

    public Task<long> CountRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => inner.CountRunsAsync(query, cancellationToken);

    public Task<IReadOnlyList<EventRecord>> ReadEventsAsync(Guid runId, int fromGen, int fromSeq, int limit, CancellationToken cancellationToken = default) =>
        inner.ReadEventsAsync(runId, fromGen, fromSeq, limit, cancellationToken);

    public Task<RunPlacement> ReadPlacementAsync(Guid runId, CancellationToken cancellationToken = default) => inner.ReadPlacementAsync(runId, cancellationToken);

    public Task<DocumentRecord?> FindDocumentAsync(string ns, string kind, string key, CancellationToken cancellationToken = default) => inner.FindDocumentAsync(ns, kind, key, cancellationToken);

    public Task<bool> PutDocumentAsync(DocumentRecord document, CancellationToken cancellationToken = default) => inner.PutDocumentAsync(document, cancellationToken);

    public Task<StartResult> ImportRunAsync(StartRecord start, int gen, int firstGen, CloseRecord? close, IReadOnlyList<EventRecord> events, CancellationToken cancellationToken = default) =>
        inner.ImportRunAsync(start, gen, firstGen, close, events, cancellationToken);

    public Task<int> PurgeAsync(PurgeRequest request, CancellationToken cancellationToken = default) => inner.PurgeAsync(request, cancellationToken);

    public Task<IReadOnlyList<LaneRow>> ReadLanesAsync(CancellationToken cancellationToken = default) => inner.ReadLanesAsync(cancellationToken);

    public Task<int> TakeSlotsAsync(SlotRequest request, CancellationToken cancellationToken = default) => inner.TakeSlotsAsync(request, cancellationToken);

    public Task<long?> TryLeaseAsync(string name, Guid holder, TimeSpan length, CancellationToken cancellationToken = default) => inner.TryLeaseAsync(name, holder, length, cancellationToken);

    public Task<ReadyDepth> ReadReadyDepthAsync(CancellationToken cancellationToken = default) => inner.ReadReadyDepthAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>A transaction that only says whether it is open.</summary>
internal sealed class FakeTransaction(DbConnection? connection) : DbTransaction
{
    public override IsolationLevel IsolationLevel => IsolationLevel.ReadCommitted;

    protected override DbConnection? DbConnection { get; } = connection;

    public override void Commit() => throw new NotSupportedException();

    public override void Rollback() => throw new NotSupportedException();
}
