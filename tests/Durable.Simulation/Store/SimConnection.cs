// One process's way to the database: calls are delayed, lost, answered late or not at all, and processes die around them.
using System.Data.Common;
using Durable.Storage;

namespace Durable.Simulation;

/// <summary>The store as a process sees it.</summary>
internal class SimConnection(SimProcess process, SimDatabase database, Profile profile, Action<SimProcess>? onCrash) : IDurableStore
{
    private World World => process.World;

    public string Description => "simulated";

    public IReadOnlyList<ShardGroup> Groups => database.Store.Groups;

    public Task<StoreInfo> InitializeAsync(CancellationToken cancellationToken = default) => database.Store.InitializeAsync(cancellationToken);

    public Task AcceptPlaceAsync(RestoredStorePolicy policy, CancellationToken cancellationToken = default) => database.Store.AcceptPlaceAsync(policy, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public Task<OpenedLane?> OpenLaneAsync(OpenLane request, CancellationToken cancellationToken = default) => Call("open", profile.Commits, () => database.Open(process, request));

    public Task<bool> HeartbeatAsync(LaneKey lane, long epoch, TimeSpan lease, CancellationToken cancellationToken = default) => Call("heartbeat", profile.Reads, () => database.Heartbeat(process, lane, epoch, lease));

    public Task<LookResult> LookAsync(LookRequest request, CancellationToken cancellationToken = default) => Call("look", profile.Reads, () => database.Look(process, request));

    public Task<CommitResult> CommitAsync(LaneBatch batch, CancellationToken cancellationToken = default)
    {
        var sent = Batches.Copy(batch);      // the caller sends the same object again under other numbers
        if (database.AcknowledgesEarly(sent) && !process.IsDead)
        {
            process.Schedule(World.Random.Millis(0, 40), () => database.Commit(process, sent));
            return Task.FromResult(new CommitResult(CommitOutcome.Committed) { Now = database.Clock.GetUtcNow() });
        }

        return Call("commit", profile.Commits, () => database.Commit(process, sent), fault => fault switch
        {
            CallFault.Retry => new CommitResult(CommitOutcome.Retry) { Error = "40001 (simulated)" },
            CallFault.Away when World.Random.Chance(0.3) => new CommitResult(CommitOutcome.Refused) { Error = "refused (simulated)" },
            _ => new CommitResult(CommitOutcome.Unknown) { Error = $"{fault} (simulated)" },
        });
    }

    public Task<IReadOnlyList<LoadedRun>> LoadAsync(LoadRequest request, CancellationToken cancellationToken = default)
    {
        var copy = request with { RunIds = [.. request.RunIds] };
        return Call("load", profile.Reads, () => database.Load(process, copy));
    }

    public Task<DeliverResult> DeliverAsync(Delivery delivery, DbTransaction? transaction = null, CancellationToken cancellationToken = default)
    {
        var sentAt = World.NextOrder();
        return Call("deliver", profile.Deliveries, () =>
        {
            var result = database.Deliver(process, delivery, sentAt);
            if (!World.Random.Chance(profile.DuplicateDelivery)) return result;
            World.Bit("delivery sent twice");
            World.Schedule(null, World.Random.Millis(0, 3_000), () => database.Deliver(process, delivery, sentAt));
            return result;
        });
    }

    public Task<ReapResult> ReapAsync(ReapRequest request, CancellationToken cancellationToken = default) => Call("reap", profile.Reads, () => database.Reap(process, request));

    /// <summary>The last thing that a stopping host says: its process ends with it, whether or not it is heard.</summary>
    public Task CloseLaneAsync(LaneKey lane, long epoch, CancellationToken cancellationToken = default)
    {
        if (process.IsDead) return new TaskCompletionSource().Task;
        if (World.IsHealed || !World.Random.Chance(0.1)) database.CloseLane(lane, epoch);
        else World.Bit("close lane: lost");
        process.End();
        return new TaskCompletionSource().Task;
    }

    public Task<TaskClaimResult> ClaimTasksAsync(TaskClaim request, CancellationToken cancellationToken = default) => Call("claim tasks", profile.Tasks, () => database.ClaimTasks(process, request));

    public Task<IReadOnlyList<TaskState>> HeartbeatTasksAsync(IReadOnlyList<TaskBeat> beats, CancellationToken cancellationToken = default) => Call("task heartbeat", profile.Tasks, () => database.HeartbeatTasks(beats));

    public Task<IReadOnlyList<bool>> CompleteTasksAsync(IReadOnlyList<TaskEnd> ends, DbTransaction? transaction = null, CancellationToken cancellationToken = default) => Call("complete tasks", profile.Tasks, () => database.CompleteTasks(ends));

    public Task<IReadOnlyList<Guid>> ExpireTasksAsync(int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken = default) => Call("expire tasks", profile.Tasks, () => database.ExpireTasks(limit, failure));

    public Task<int> TakeSlotsAsync(SlotRequest request, CancellationToken cancellationToken = default) => Call("take slots", profile.Tasks, () => database.TakeSlots(request));

    public Task<RunRecord?> FindRunAsync(string ns, string? workflowId, Guid? runId, CancellationToken cancellationToken = default) => Read(() => database.Store.FindRunAsync(ns, workflowId, runId, CancellationToken.None));

    public Task<IReadOnlyList<RunStatusRow>> ReadStatusesAsync(IReadOnlyList<Guid> runIds, CancellationToken cancellationToken = default) => Read(() => database.Store.ReadStatusesAsync(runIds, CancellationToken.None));

    public Task<IReadOnlyList<RunRecord>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => Read(() => database.Store.ListRunsAsync(query, CancellationToken.None));

    public Task<long> CountRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => Read(() => database.Store.CountRunsAsync(query, CancellationToken.None));

    public Task<IReadOnlyList<EventRecord>> ReadEventsAsync(Guid runId, int fromGen, int fromSeq, int limit, CancellationToken cancellationToken = default) => Read(() => database.Store.ReadEventsAsync(runId, fromGen, fromSeq, limit, CancellationToken.None));

    public Task<RunPlacement> ReadPlacementAsync(Guid runId, CancellationToken cancellationToken = default) => Read(() => database.Store.ReadPlacementAsync(runId, CancellationToken.None));

    public Task<DocumentRecord?> FindDocumentAsync(string ns, string kind, string key, CancellationToken cancellationToken = default) => Read(() => database.Store.FindDocumentAsync(ns, kind, key, CancellationToken.None));

    public Task<bool> PutDocumentAsync(DocumentRecord document, CancellationToken cancellationToken = default) => Read(() => database.Store.PutDocumentAsync(document, CancellationToken.None));

    public Task<StartResult> ImportRunAsync(StartRecord start, int gen, int firstGen, CloseRecord? close, IReadOnlyList<EventRecord> events, CancellationToken cancellationToken = default) => Read(() => database.Store.ImportRunAsync(start, gen, firstGen, close, events, CancellationToken.None));

    public Task<int> PurgeAsync(PurgeRequest request, CancellationToken cancellationToken = default) => Call("purge", profile.Reads, () => database.Purge(request));

    public Task<IReadOnlyList<LaneRow>> ReadLanesAsync(CancellationToken cancellationToken = default) => Read(() => database.Store.ReadLanesAsync(CancellationToken.None));

    public Task<long?> TryLeaseAsync(string name, Guid holder, TimeSpan length, CancellationToken cancellationToken = default) => Read(() => database.Store.TryLeaseAsync(name, holder, length, CancellationToken.None));

    public Task<ReadyDepth> ReadReadyDepthAsync(CancellationToken cancellationToken = default) => Read(() => database.Store.ReadReadyDepthAsync(CancellationToken.None));

    private Task<T> Read<T>(Func<Task<T>> read) => Call("read", profile.Reads, () => read().GetAwaiter().GetResult());

    private Task<T> Call<T>(string verb, FaultRates rates, Func<T> apply, Func<CallFault, T>? failed = null)
    {
        if (process.IsDead) return new TaskCompletionSource<T>().Task;
        var fault = World.IsHealed ? World.Random.Chance(0.3) ? CallFault.Delay : CallFault.None : rates.Pick(World.Random);
        if (fault >= CallFault.CrashBefore && onCrash is null) fault = CallFault.Delay;
        if (fault == CallFault.None) return AtOnce(apply);
        if (fault != CallFault.Delay) World.Bit($"{verb}: {fault}");
        var answer = new TaskCompletionSource<T>();
        switch (fault)
        {
            case CallFault.Delay:
                Later(World.Random.Millis(0, 8), World.Random.Millis(0, 8), apply, answer);
                break;
            case CallFault.Slow:
                var longest = profile.Lease.TotalMilliseconds * 1.5;
                Later(World.Random.Millis(0, longest), World.Random.Millis(0, longest), apply, answer);
                break;
            case CallFault.LostBefore or CallFault.Retry or CallFault.Away:
                process.Schedule(World.Random.Millis(0, 50), () => Fail(answer, fault, failed));
                break;
            case CallFault.LostAfter:
                World.Schedule(null, World.Random.Millis(0, 20), () => Applied(apply));
                process.Schedule(World.Random.Millis(20, 60), () => Fail(answer, fault, failed));
                break;
            case CallFault.Late:
                World.Schedule(null, World.Random.Millis(20, profile.Lease.TotalMilliseconds * 2.5), () => Applied(apply));
                process.Schedule(World.Random.Millis(5, 100), () => Fail(answer, fault, failed));
                break;
            case CallFault.CrashAfter:
                Applied(apply);
                onCrash!(process);
                break;
            case CallFault.CrashLate:
                World.Schedule(null, World.Random.Millis(0, profile.Lease.TotalMilliseconds * 2), () => Applied(apply));
                onCrash!(process);
                break;
            default:
                onCrash!(process);
                break;
        }

        return answer.Task;
    }

    private static Task<T> AtOnce<T>(Func<T> apply)
    {
        try
        {
            return Task.FromResult(apply());
        }
        catch (Exception error)
        {
            return Task.FromException<T>(error);
        }
    }

    private void Later<T>(TimeSpan there, TimeSpan back, Func<T> apply, TaskCompletionSource<T> answer) => World.Schedule(null, there, () =>
    {
        var applied = AtOnce(apply);
        process.Schedule(back, () =>
        {
            if (applied.Exception is { } error) answer.SetException(error.InnerExceptions);
            else answer.SetResult(applied.Result);
        });
    });

    // Nobody hears the answer.
    private static void Applied<T>(Func<T> apply) => _ = AtOnce(apply).Exception;

    private static void Fail<T>(TaskCompletionSource<T> answer, CallFault fault, Func<CallFault, T>? failed)
    {
        if (failed is not null) answer.SetResult(failed(fault));
        else answer.SetException(new DurableException(fault is CallFault.Away or CallFault.Retry ? DurableErrorCodes.StoreUnavailable : DurableErrorCodes.CommitInDoubt, $"{fault} (simulated)."));
    }
}
