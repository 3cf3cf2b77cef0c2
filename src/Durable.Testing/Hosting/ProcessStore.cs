// What stands between one process of a test host and the store that all of them share: it tells the world what has happened, and can be cut off.
using System.Collections.Concurrent;
using System.Data.Common;
using Durable.Storage;

namespace Durable.Testing;

/// <summary>The store as one process sees it.</summary>
/// <param name="world">Store and listeners.</param>
/// <param name="strict">Checks each batch after its commit; null: nobody does.</param>
internal sealed class ProcessStore(TestWorld world, StrictCheck? strict) : IDurableStore
{
    private readonly TaskCompletionSource never = new();
    private volatile bool cut;

    private InMemoryStore Inner => world.Store;

    /// <summary>Tokens of the tasks that this process has.</summary>
    public ConcurrentDictionary<Guid, bool> Tokens { get; } = new();

    /// <summary>Asked before and after each commit: what shall happen to it.</summary>
    public ICommitFaults? Faults { get; init; }

    public string Description => Inner.Description;

    public IReadOnlyList<ShardGroup> Groups => Inner.Groups;

    /// <summary>From now on no call reaches the store, and none is answered: as after kill -9.</summary>
    public void Cut() => cut = true;

    public async Task<CommitResult> CommitAsync(LaneBatch batch, CancellationToken cancellationToken = default)
    {
        await EnterAsync().ConfigureAwait(false);
        if (Faults is not null && await Faults.BeforeAsync(batch).ConfigureAwait(false) is { } instead) return await AnswerAsync(instead).ConfigureAwait(false);
        await EnterAsync().ConfigureAwait(false);
        var result = await Inner.CommitAsync(batch, cancellationToken).ConfigureAwait(false);
        if (result.Outcome == CommitOutcome.Committed)
        {
            if (strict is not null) await strict.CheckAsync(batch).ConfigureAwait(false);
            await world.CommittedAsync(batch).ConfigureAwait(false);
            if (Faults is not null && await Faults.AfterAsync(batch).ConfigureAwait(false) is { } other) result = other;
        }

        return await AnswerAsync(result).ConfigureAwait(false);
    }

    public Task<OpenedLane?> OpenLaneAsync(OpenLane request, CancellationToken cancellationToken = default) => Call(() => Inner.OpenLaneAsync(request, cancellationToken));

    public Task<bool> HeartbeatAsync(LaneKey lane, long epoch, TimeSpan lease, CancellationToken cancellationToken = default) => Call(() => Inner.HeartbeatAsync(lane, epoch, lease, cancellationToken));

    public Task<LookResult> LookAsync(LookRequest request, CancellationToken cancellationToken = default) => Call(() => Inner.LookAsync(request, cancellationToken));

    public Task<IReadOnlyList<LoadedRun>> LoadAsync(LoadRequest request, CancellationToken cancellationToken = default) => Call(() => Inner.LoadAsync(request, cancellationToken));

    public async Task<DeliverResult> DeliverAsync(Delivery delivery, DbTransaction? transaction = null, CancellationToken cancellationToken = default)
    {
        foreach (var start in delivery.Starts) strict?.Born(start.RunId);
        var delivered = await Call(() => Inner.DeliverAsync(delivery, transaction, cancellationToken)).ConfigureAwait(false);
        world.Delivered(delivery);               // not before: time could pass while the message is on its way
        return delivered;
    }

    public Task<ReapResult> ReapAsync(ReapRequest request, CancellationToken cancellationToken = default) => Call(() => Inner.ReapAsync(request, cancellationToken));

    public Task CloseLaneAsync(LaneKey lane, long epoch, CancellationToken cancellationToken = default) => Call(async () =>
    {
        await Inner.CloseLaneAsync(lane, epoch, cancellationToken).ConfigureAwait(false);
        return true;
    });

    public async Task<TaskClaimResult> ClaimTasksAsync(TaskClaim request, CancellationToken cancellationToken = default)
    {
        var claimed = await Call(() => Inner.ClaimTasksAsync(request, cancellationToken)).ConfigureAwait(false);
        foreach (var task in claimed.Tasks)
            if (task.Token is { } token) Tokens[token] = true;
        return claimed;
    }

    public Task<IReadOnlyList<TaskState>> HeartbeatTasksAsync(IReadOnlyList<TaskBeat> beats, CancellationToken cancellationToken = default) => Call(() => Inner.HeartbeatTasksAsync(beats, cancellationToken));

    public async Task<IReadOnlyList<bool>> CompleteTasksAsync(IReadOnlyList<TaskEnd> ends, DbTransaction? transaction = null, CancellationToken cancellationToken = default)
    {
        var done = await Call(() => Inner.CompleteTasksAsync(ends, transaction, cancellationToken)).ConfigureAwait(false);
        foreach (var end in ends) Tokens.TryRemove(end.Token, out _);
        return done;
    }

    public Task<IReadOnlyList<Guid>> ExpireTasksAsync(int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken = default) => Call(() => Inner.ExpireTasksAsync(limit, failure, cancellationToken));

    public Task<RunRecord?> FindRunAsync(string ns, string? workflowId, Guid? runId, CancellationToken cancellationToken = default) => Call(() => Inner.FindRunAsync(ns, workflowId, runId, cancellationToken));

    public Task<IReadOnlyList<RunStatusRow>> ReadStatusesAsync(IReadOnlyList<Guid> runIds, CancellationToken cancellationToken = default) => Call(() => Inner.ReadStatusesAsync(runIds, cancellationToken));

    public Task<IReadOnlyList<RunRecord>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => Call(() => Inner.ListRunsAsync(query, cancellationToken));

    public Task<long> CountRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => Call(() => Inner.CountRunsAsync(query, cancellationToken));

    public Task<IReadOnlyList<EventRecord>> ReadEventsAsync(Guid runId, int fromGen, int fromSeq, int limit, CancellationToken cancellationToken = default) =>
        Call(() => Inner.ReadEventsAsync(runId, fromGen, fromSeq, limit, cancellationToken));

    public Task<RunPlacement> ReadPlacementAsync(Guid runId, CancellationToken cancellationToken = default) => Call(() => Inner.ReadPlacementAsync(runId, cancellationToken));

    public Task<DocumentRecord?> FindDocumentAsync(string ns, string kind, string key, CancellationToken cancellationToken = default) => Call(() => Inner.FindDocumentAsync(ns, kind, key, cancellationToken));

    public Task<bool> PutDocumentAsync(DocumentRecord document, CancellationToken cancellationToken = default) => Call(() => Inner.PutDocumentAsync(document, cancellationToken));

    public Task<StartResult> ImportRunAsync(StartRecord start, int gen, int firstGen, CloseRecord? close, IReadOnlyList<EventRecord> events, CancellationToken cancellationToken = default) =>
        Call(() => Inner.ImportRunAsync(start, gen, firstGen, close, events, cancellationToken));

    public Task<int> PurgeAsync(PurgeRequest request, CancellationToken cancellationToken = default) => Call(() => Inner.PurgeAsync(request, cancellationToken));

    public Task<IReadOnlyList<LaneRow>> ReadLanesAsync(CancellationToken cancellationToken = default) => Call(() => Inner.ReadLanesAsync(cancellationToken));

    public Task<long?> TryLeaseAsync(string name, Guid holder, TimeSpan length, CancellationToken cancellationToken = default) => Call(() => Inner.TryLeaseAsync(name, holder, length, cancellationToken));

    public Task<ReadyDepth> ReadReadyDepthAsync(CancellationToken cancellationToken = default) => Call(() => Inner.ReadReadyDepthAsync(cancellationToken));

    public Task<StoreInfo> InitializeAsync(CancellationToken cancellationToken = default) => Call(() => Inner.InitializeAsync(cancellationToken));

    public Task AcceptPlaceAsync(RestoredStorePolicy policy, CancellationToken cancellationToken = default) => Inner.AcceptPlaceAsync(policy, cancellationToken);

    /// <summary>Does nothing: the store outlives its processes.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<T> Call<T>(Func<Task<T>> call)
    {
        await EnterAsync().ConfigureAwait(false);
        return await AnswerAsync(await call().ConfigureAwait(false)).ConfigureAwait(false);
    }

    private Task EnterAsync() => cut ? never.Task : Task.CompletedTask;

    private async Task<T> AnswerAsync<T>(T answer)
    {
        if (cut) await never.Task.ConfigureAwait(false);
        return answer;
    }
}

/// <summary>Decides what happens to commits; see CrashEverywhere.</summary>
internal interface ICommitFaults
{
    /// <summary>Before a commit: null lets it through, anything else is its outcome. May never end.</summary>
    Task<CommitResult?> BeforeAsync(LaneBatch batch);

    /// <summary>After a commit that counts: null tells it, anything else is told instead. May never end.</summary>
    Task<CommitResult?> AfterAsync(LaneBatch batch);
}
