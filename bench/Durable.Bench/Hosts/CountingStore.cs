// Stands between the engine and its store and counts what passes: commits, rows, and how long commits take. It changes nothing.
using System.Data.Common;
using System.Diagnostics;
using Durable.Storage;

namespace Durable.Bench;

/// <summary>A store that counts.</summary>
internal class CountingStore(IDurableStore inner, StoreCounts counts) : IDurableStore
{
    public string Description => inner.Description;

    public IReadOnlyList<ShardGroup> Groups => inner.Groups;

    /// <summary>The same store, with its wake-ups if it has any.</summary>
    public static IDurableStore Around(IDurableStore inner, StoreCounts counts) => inner switch
    {
        IGroupedStore grouped and IWakeUps wakeUps => new WithGroups(inner, counts, wakeUps, grouped),
        IWakeUps wakeUps => new WithWakeUps(inner, counts, wakeUps),
        _ => new CountingStore(inner, counts),
    };

    public Task<CommitResult> CommitAsync(LaneBatch batch, CancellationToken cancellationToken = default)
    {
        counts.Sent(batch);
        return counts.Timed ? TimedAsync(batch, cancellationToken) : inner.CommitAsync(batch, cancellationToken);
    }

    public Task<DeliverResult> DeliverAsync(Delivery delivery, DbTransaction? transaction = null, CancellationToken cancellationToken = default)
    {
        counts.Delivered(delivery);
        return inner.DeliverAsync(delivery, transaction, cancellationToken);
    }

    public Task<RunRecord?> FindRunAsync(string ns, string? workflowId, Guid? runId, CancellationToken cancellationToken = default)
    {
        counts.Read();
        return inner.FindRunAsync(ns, workflowId, runId, cancellationToken);
    }

    public Task<IReadOnlyList<RunStatusRow>> ReadStatusesAsync(IReadOnlyList<Guid> runIds, CancellationToken cancellationToken = default)
    {
        counts.Read();
        return inner.ReadStatusesAsync(runIds, cancellationToken);
    }

    public Task<LookResult> LookAsync(LookRequest request, CancellationToken cancellationToken = default)
    {
        counts.Read();
        return inner.LookAsync(request, cancellationToken);
    }

    public Task<IReadOnlyList<LoadedRun>> LoadAsync(LoadRequest request, CancellationToken cancellationToken = default)
    {
        counts.Read();
        return inner.LoadAsync(request, cancellationToken);
    }

    // ── the rest passes as it is; it is only counted ──

    public Task<StoreInfo> InitializeAsync(CancellationToken cancellationToken = default) => inner.InitializeAsync(cancellationToken);

    public Task AcceptPlaceAsync(RestoredStorePolicy policy, CancellationToken cancellationToken = default) => inner.AcceptPlaceAsync(policy, cancellationToken);

    public Task<OpenedLane?> OpenLaneAsync(OpenLane request, CancellationToken cancellationToken = default) => Other().OpenLaneAsync(request, cancellationToken);

    public Task<bool> HeartbeatAsync(LaneKey lane, long epoch, TimeSpan lease, CancellationToken cancellationToken = default) => Other().HeartbeatAsync(lane, epoch, lease, cancellationToken);

    public Task<ReapResult> ReapAsync(ReapRequest request, CancellationToken cancellationToken = default) => Other().ReapAsync(request, cancellationToken);

    public Task CloseLaneAsync(LaneKey lane, long epoch, CancellationToken cancellationToken = default) => Other().CloseLaneAsync(lane, epoch, cancellationToken);

    public Task<TaskClaimResult> ClaimTasksAsync(TaskClaim request, CancellationToken cancellationToken = default) => Other().ClaimTasksAsync(request, cancellationToken);

    public Task<IReadOnlyList<TaskState>> HeartbeatTasksAsync(IReadOnlyList<TaskBeat> beats, CancellationToken cancellationToken = default) => Other().HeartbeatTasksAsync(beats, cancellationToken);

    public Task<IReadOnlyList<bool>> CompleteTasksAsync(IReadOnlyList<TaskEnd> ends, DbTransaction? transaction = null, CancellationToken cancellationToken = default) =>
        Other().CompleteTasksAsync(ends, transaction, cancellationToken);

    public Task<IReadOnlyList<Guid>> ExpireTasksAsync(int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken = default) =>
        Other().ExpireTasksAsync(limit, failure, cancellationToken);

    public Task<IReadOnlyList<RunRecord>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => Other().ListRunsAsync(query, cancellationToken);

    public Task<long> CountRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => Other().CountRunsAsync(query, cancellationToken);

    public Task<IReadOnlyList<EventRecord>> ReadEventsAsync(Guid runId, int fromGen, int fromSeq, int limit, CancellationToken cancellationToken = default) =>
        Other().ReadEventsAsync(runId, fromGen, fromSeq, limit, cancellationToken);

    public Task<RunPlacement> ReadPlacementAsync(Guid runId, CancellationToken cancellationToken = default) => Other().ReadPlacementAsync(runId, cancellationToken);

    public Task<DocumentRecord?> FindDocumentAsync(string ns, string kind, string key, CancellationToken cancellationToken = default) => Other().FindDocumentAsync(ns, kind, key, cancellationToken);

    public Task<bool> PutDocumentAsync(DocumentRecord document, CancellationToken cancellationToken = default) => Other().PutDocumentAsync(document, cancellationToken);

    public Task<StartResult> ImportRunAsync(StartRecord start, int gen, int firstGen, CloseRecord? close, IReadOnlyList<EventRecord> events, CancellationToken cancellationToken = default) =>
        inner.ImportRunAsync(start, gen, firstGen, close, events, cancellationToken);

    public Task<int> PurgeAsync(PurgeRequest request, CancellationToken cancellationToken = default) => Other().PurgeAsync(request, cancellationToken);

    public Task<IReadOnlyList<LaneRow>> ReadLanesAsync(CancellationToken cancellationToken = default) => Other().ReadLanesAsync(cancellationToken);

    public Task<int> TakeSlotsAsync(SlotRequest request, CancellationToken cancellationToken = default) => Other().TakeSlotsAsync(request, cancellationToken);

    public Task<long?> TryLeaseAsync(string name, Guid holder, TimeSpan length, CancellationToken cancellationToken = default) => Other().TryLeaseAsync(name, holder, length, cancellationToken);

    public Task<ReadyDepth> ReadReadyDepthAsync(CancellationToken cancellationToken = default) => Other().ReadReadyDepthAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    protected IDurableStore Other()
    {
        counts.Other();
        return inner;
    }

    private async Task<CommitResult> TimedAsync(LaneBatch batch, CancellationToken cancellationToken)
    {
        var since = Stopwatch.GetTimestamp();
        var result = await inner.CommitAsync(batch, cancellationToken).ConfigureAwait(false);
        counts.Took(since, Stopwatch.GetTimestamp());
        return result;
    }

    private class WithWakeUps(IDurableStore inner, StoreCounts counts, IWakeUps wakeUps) : CountingStore(inner, counts), IWakeUps
    {
        public void Announce() => wakeUps.Announce();

        public IAsyncDisposable Listen(Action onWake) => wakeUps.Listen(onWake);
    }

    private sealed class WithGroups(IDurableStore inner, StoreCounts counts, IWakeUps wakeUps, IGroupedStore grouped) : WithWakeUps(inner, counts, wakeUps), IGroupedStore
    {
        public Task<IReadOnlyList<OutgoingRow>> ReadOutgoingAsync(OutgoingQuery query, CancellationToken cancellationToken = default) => Counted().ReadOutgoingAsync(query, cancellationToken);

        public Task RemoveOutgoingAsync(IReadOnlyList<OutgoingKey> keys, CancellationToken cancellationToken = default) => Counted().RemoveOutgoingAsync(keys, cancellationToken);

        public Task<IReadOnlyList<LaneRow>> ReadLanesAsync(ShardGroup group, CancellationToken cancellationToken = default) => Counted().ReadLanesAsync(group, cancellationToken);

        public Task<IReadOnlyList<Guid>> ExpireTasksAsync(ShardGroup group, int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken = default) =>
            Counted().ExpireTasksAsync(group, limit, failure, cancellationToken);

        public Task<IReadOnlyList<GroupFault>> ReadFaultsAsync(CancellationToken cancellationToken = default) => Counted().ReadFaultsAsync(cancellationToken);

        private IGroupedStore Counted()
        {
            Other();
            return grouped;
        }
    }
}
