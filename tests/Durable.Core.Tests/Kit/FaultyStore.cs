// A store between a host and the real one: it fails on request, records commits, and can be cut off as if the process had died.
using System.Collections.Concurrent;
using System.Data.Common;
using Durable.Storage;

namespace Durable.Core.Tests.Kit;

/// <summary>What shall become of a commit.</summary>
internal enum CommitFault
{
    /// <summary>Nothing special.</summary>
    None,

    /// <summary>It happens, and nobody hears of it.</summary>
    UnknownAfter,

    /// <summary>It does not happen, and nobody hears of it.</summary>
    UnknownBefore,

    /// <summary>It throws before it happens.</summary>
    Throws,

    /// <summary>The store asks for it again.</summary>
    Retry,

    /// <summary>The fence refuses it, although nobody has the lane.</summary>
    Refused,

    /// <summary>The store will never take these rows.</summary>
    Rejected,

    /// <summary>The process dies before it happens.</summary>
    DieBefore,

    /// <summary>The process dies after it happened.</summary>
    DieAfter,
}

/// <summary>A fault-injecting store.</summary>
internal sealed class FaultyStore(IDurableStore inner) : IDurableStore, IGroupedStore, IWakeUps
{
    private static readonly TaskCompletionSource Never = new();
    private readonly TaskCompletionSource died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool cut;
    private int announced;

    /// <summary>How often other hosts were told that something may be due for them. Nobody hears it.</summary>
    public int Announced => Volatile.Read(ref announced);

    /// <summary>Decides what becomes of a commit.</summary>
    public Func<LaneBatch, CommitFault> OnCommit { get; set; } = static _ => CommitFault.None;

    /// <summary>Changes what an open says.</summary>
    public Func<OpenLane, OpenedLane?, OpenedLane?> OnOpen { get; set; } = static (_, opened) => opened;

    /// <summary>Something to throw before a delivery.</summary>
    public Action<Delivery>? OnDeliver { get; set; }

    /// <summary>Something to wait for, or to throw, before a verb of that name.</summary>
    public Func<string, Task>? Before { get; set; }

    /// <summary>Batches that were committed.</summary>
    public ConcurrentQueue<LaneBatch> Commits { get; } = new();

    /// <summary>How often each verb was called.</summary>
    public ConcurrentDictionary<string, int> Calls { get; } = new();

    /// <summary>Completes when a commit has killed the process.</summary>
    public Task Died => died.Task;

    public string Description => inner.Description;

    public IReadOnlyList<ShardGroup> Groups => inner.Groups;

    public void Announce() => Interlocked.Increment(ref announced);

    public IAsyncDisposable Listen(Action onWake) => new Deaf();

    /// <summary>From now on no call reaches the store, and none is answered.</summary>
    public void Cut()
    {
        cut = true;
        died.TrySetResult();
    }

    public async Task<CommitResult> CommitAsync(LaneBatch batch, CancellationToken cancellationToken = default)
    {
        await EnterAsync("Commit");
        switch (OnCommit(batch))
        {
            case CommitFault.UnknownAfter:
                await inner.CommitAsync(batch, cancellationToken);
                return new CommitResult(CommitOutcome.Unknown) { Error = "injected, after" };
            case CommitFault.UnknownBefore:
                return new CommitResult(CommitOutcome.Unknown) { Error = "injected, before" };
            case CommitFault.Throws:
                throw new IOException("injected");
            case CommitFault.Retry:
                return new CommitResult(CommitOutcome.Retry) { Error = "injected" };
            case CommitFault.Refused:
                return new CommitResult(CommitOutcome.Refused) { Error = "injected" };
            case CommitFault.Rejected:
                return new CommitResult(CommitOutcome.Rejected) { Error = "injected" };
            case CommitFault.DieBefore:
                Cut();
                await Never.Task;
                break;
            case CommitFault.DieAfter:
                await inner.CommitAsync(batch, cancellationToken);
                Cut();
                await Never.Task;
                break;
        }

        var result = await inner.CommitAsync(batch, cancellationToken);
        if (result.Outcome == CommitOutcome.Committed) Commits.Enqueue(batch);
        return await AnswerAsync(result);
    }

    public Task<OpenedLane?> OpenLaneAsync(OpenLane request, CancellationToken cancellationToken = default) => Call("OpenLane", async () => OnOpen(request, await inner.OpenLaneAsync(request, cancellationToken)));

    public Task<bool> HeartbeatAsync(LaneKey lane, long epoch, TimeSpan lease, CancellationToken cancellationToken = default) => Call("Heartbeat", () => inner.HeartbeatAsync(lane, epoch, lease, cancellationToken));

    public Task<LookResult> LookAsync(LookRequest request, CancellationToken cancellationToken = default) => Call("Look", () => inner.LookAsync(request, cancellationToken));

    public Task<IReadOnlyList<LoadedRun>> LoadAsync(LoadRequest request, CancellationToken cancellationToken = default) => Call("Load", () => inner.LoadAsync(request, cancellationToken));

    public Task<DeliverResult> DeliverAsync(Delivery delivery, DbTransaction? transaction = null, CancellationToken cancellationToken = default) => Call("Deliver", () =>
    {
        OnDeliver?.Invoke(delivery);
        return inner.DeliverAsync(delivery, transaction, cancellationToken);
    });

    public Task<ReapResult> ReapAsync(ReapRequest request, CancellationToken cancellationToken = default) => Call("Reap", () => inner.ReapAsync(request, cancellationToken));

    public Task CloseLaneAsync(LaneKey lane, long epoch, CancellationToken cancellationToken = default) => Call("CloseLane", async () =>
    {
        await inner.CloseLaneAsync(lane, epoch, cancellationToken);
        return true;
    });

    public Task<TaskClaimResult> ClaimTasksAsync(TaskClaim request, CancellationToken cancellationToken = default) => Call("ClaimTasks", () => inner.ClaimTasksAsync(request, cancellationToken));

    public Task<IReadOnlyList<TaskState>> HeartbeatTasksAsync(IReadOnlyList<TaskBeat> beats, CancellationToken cancellationToken = default) => Call("HeartbeatTasks", () => inner.HeartbeatTasksAsync(beats, cancellationToken));

    public Task<IReadOnlyList<bool>> CompleteTasksAsync(IReadOnlyList<TaskEnd> ends, DbTransaction? transaction = null, CancellationToken cancellationToken = default) =>
        Call("CompleteTasks", () => inner.CompleteTasksAsync(ends, transaction, cancellationToken));

    public Task<IReadOnlyList<Guid>> ExpireTasksAsync(int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken = default) => Call("ExpireTasks", () => inner.ExpireTasksAsync(limit, failure, cancellationToken));

    public Task<int> TakeSlotsAsync(SlotRequest request, CancellationToken cancellationToken = default) => Call("TakeSlots", () => inner.TakeSlotsAsync(request, cancellationToken));

    public Task<RunRecord?> FindRunAsync(string ns, string? workflowId, Guid? runId, CancellationToken cancellationToken = default) => Call("FindRun", () => inner.FindRunAsync(ns, workflowId, runId, cancellationToken));

    public Task<IReadOnlyList<RunStatusRow>> ReadStatusesAsync(IReadOnlyList<Guid> runIds, CancellationToken cancellationToken = default) => Call("ReadStatuses", () => inner.ReadStatusesAsync(runIds, cancellationToken));

    public Task<IReadOnlyList<RunRecord>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => Call("ListRuns", () => inner.ListRunsAsync(query, cancellationToken));

    public Task<long> CountRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => Call("CountRuns", () => inner.CountRunsAsync(query, cancellationToken));

    public Task<IReadOnlyList<EventRecord>> ReadEventsAsync(Guid runId, int fromGen, int fromSeq, int limit, CancellationToken cancellationToken = default) =>
        Call("ReadEvents", () => inner.ReadEventsAsync(runId, fromGen, fromSeq, limit, cancellationToken));

    public Task<RunPlacement> ReadPlacementAsync(Guid runId, CancellationToken cancellationToken = default) => Call("ReadPlacement", () => inner.ReadPlacementAsync(runId, cancellationToken));

    public Task<DocumentRecord?> FindDocumentAsync(string ns, string kind, string key, CancellationToken cancellationToken = default) => Call("FindDocument", () => inner.FindDocumentAsync(ns, kind, key, cancellationToken));

    public Task<bool> PutDocumentAsync(DocumentRecord document, CancellationToken cancellationToken = default) => Call("PutDocument", () => inner.PutDocumentAsync(document, cancellationToken));

    public Task<StartResult> ImportRunAsync(StartRecord start, int gen, int firstGen, CloseRecord? close, IReadOnlyList<EventRecord> events, CancellationToken cancellationToken = default) =>
        Call("ImportRun", () => inner.ImportRunAsync(start, gen, firstGen, close, events, cancellationToken));

    public Task<int> PurgeAsync(PurgeRequest request, CancellationToken cancellationToken = default) => Call("Purge", () => inner.PurgeAsync(request, cancellationToken));

    public Task<IReadOnlyList<LaneRow>> ReadLanesAsync(CancellationToken cancellationToken = default) => Call("ReadLanes", () => inner.ReadLanesAsync(cancellationToken));

    public Task<long?> TryLeaseAsync(string name, Guid holder, TimeSpan length, CancellationToken cancellationToken = default) => Call("TryLease", () => inner.TryLeaseAsync(name, holder, length, cancellationToken));

    public Task<ReadyDepth> ReadReadyDepthAsync(CancellationToken cancellationToken = default) => Call("ReadReadyDepth", () => inner.ReadReadyDepthAsync(cancellationToken));

    public Task<IReadOnlyList<OutgoingRow>> ReadOutgoingAsync(OutgoingQuery query, CancellationToken cancellationToken = default) => Call("ReadOutgoing", () => Grouped.ReadOutgoingAsync(query, cancellationToken));

    public Task RemoveOutgoingAsync(IReadOnlyList<OutgoingKey> keys, CancellationToken cancellationToken = default) => Call("RemoveOutgoing", async () =>
    {
        await Grouped.RemoveOutgoingAsync(keys, cancellationToken);
        return true;
    });

    public Task<IReadOnlyList<LaneRow>> ReadLanesAsync(ShardGroup group, CancellationToken cancellationToken = default) => Call("ReadLanes", () => Grouped.ReadLanesAsync(group, cancellationToken));

    public Task<IReadOnlyList<Guid>> ExpireTasksAsync(ShardGroup group, int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken = default) =>
        Call("ExpireTasks", () => Grouped.ExpireTasksAsync(group, limit, failure, cancellationToken));

    public Task<IReadOnlyList<GroupFault>> ReadFaultsAsync(CancellationToken cancellationToken = default) => Call("ReadFaults", () => Grouped.ReadFaultsAsync(cancellationToken));

    public Task<StoreInfo> InitializeAsync(CancellationToken cancellationToken = default) => Call("Initialize", () => inner.InitializeAsync(cancellationToken));

    public Task AcceptPlaceAsync(RestoredStorePolicy policy, CancellationToken cancellationToken = default) => inner.AcceptPlaceAsync(policy, cancellationToken);

    /// <summary>Nothing: the world owns the real store.</summary>
    public ValueTask DisposeAsync()
    {
        Calls.TryAdd("Dispose", 1);
        return ValueTask.CompletedTask;
    }

    private IGroupedStore Grouped => (IGroupedStore)inner;

    private async Task<T> Call<T>(string verb, Func<Task<T>> call)
    {
        await EnterAsync(verb);
        return await AnswerAsync(await call());
    }

    private async Task EnterAsync(string verb)
    {
        Calls.AddOrUpdate(verb, 1, static (_, count) => count + 1);
        if (cut) await Never.Task;
        if (Before?.Invoke(verb) is { } wait) await wait;
        if (cut) await Never.Task;
    }

    private async Task<T> AnswerAsync<T>(T answer)
    {
        if (cut) await Never.Task;
        return answer;
    }

    private sealed class Deaf : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
