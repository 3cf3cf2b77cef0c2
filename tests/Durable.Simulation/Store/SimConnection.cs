// One process's way to the database: calls are delayed, lost, answered late or not at all, and processes die around them.
using System.Data.Common;
using Durable.Storage;

namespace Durable.Simulation;

/// <summary>The store as a process sees it.</summary>
internal class SimConnection(SimProcess process, SimDatabase database, Profile profile, Action<SimProcess>? onCrash) : IDurableStore, IGroupedStore
{
    private World World => process.World;

    public string Description => "simulated";

    public IReadOnlyList<ShardGroup> Groups => database.Store.Groups;

    public Task<StoreInfo> InitializeAsync(CancellationToken cancellationToken = default) => database.Store.InitializeAsync(cancellationToken);

    public Task AcceptPlaceAsync(RestoredStorePolicy policy, CancellationToken cancellationToken = default) => database.Store.AcceptPlaceAsync(policy, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public Task<OpenedLane?> OpenLaneAsync(OpenLane request, CancellationToken cancellationToken = default) => Call("open", profile.Commits, Mask(request.Lane.Group), () => database.Write(() => database.Open(process, request)));

    public Task<bool> HeartbeatAsync(LaneKey lane, long epoch, TimeSpan lease, CancellationToken cancellationToken = default) => Call("heartbeat", profile.Reads, Mask(lane.Group), () => database.Write(() => database.Heartbeat(process, lane, epoch, lease)));

    public Task<LookResult> LookAsync(LookRequest request, CancellationToken cancellationToken = default) => Call("look", profile.Reads, Mask(request.Lane.Group), () => database.Look(process, request));

    public Task<CommitResult> CommitAsync(LaneBatch batch, CancellationToken cancellationToken = default)
    {
        var sent = Batches.Copy(batch);      // the caller sends the same object again under other numbers
        if (database.AcknowledgesEarly(sent) && !process.IsDead)
        {
            process.Schedule(World.Random.Millis(0, 40), () => Commit(sent));
            return Task.FromResult(new CommitResult(CommitOutcome.Committed) { Now = database.Clock.GetUtcNow() });
        }

        if (!process.IsDead) database.Counter.Sent(sent);
        return Call("commit", profile.Commits, Mask(sent.Lane.Group), () => Commit(sent), fault => fault switch
        {
            CallFault.Retry => Again(new CommitResult(CommitOutcome.Retry) { Error = "40001 (simulated)" }),
            CallFault.Away when World.Random.Chance(0.3) => new CommitResult(CommitOutcome.Refused) { Error = "refused (simulated)" },
            _ => new CommitResult(CommitOutcome.Unknown) { Error = $"{fault} (simulated)" },
        });
    }

    public Task<IReadOnlyList<LoadedRun>> LoadAsync(LoadRequest request, CancellationToken cancellationToken = default)
    {
        var copy = request with { RunIds = [.. request.RunIds] };
        return Call("load", profile.Reads, Mask(copy.RunIds.Select(Shards.Of)), () => database.Load(process, copy));
    }

    public Task<DeliverResult> DeliverAsync(Delivery delivery, DbTransaction? transaction = null, CancellationToken cancellationToken = default)
    {
        var sentAt = World.NextOrder();
        var mask = Mask(delivery.Messages.Select(message => message.Shard).Concat(delivery.Starts.Select(start => start.Shard)));
        return Call("deliver", profile.Deliveries, mask, () =>
        {
            var result = database.Write(() => database.Deliver(process, delivery, sentAt));
            if (!World.Random.Chance(profile.DuplicateDelivery)) return result;
            World.Bit("delivery sent twice");
            var life = database.LifeOf(mask);
            World.Schedule(null, World.Random.Millis(0, 3_000), () =>
            {
                if (database.LifeOf(mask) == life && !database.IsAway(mask)) Again(() => database.Write(() => database.Deliver(process, delivery, sentAt)));
            });
            return result;
        });
    }

    public Task<ReapResult> ReapAsync(ReapRequest request, CancellationToken cancellationToken = default) => Call("reap", profile.Reads, Mask(request.Lane.Group), () => database.Write(() => database.Reap(process, request)));

    /// <summary>The last thing that a stopping host says: its process ends with it, whether or not it is heard.</summary>
    public Task CloseLaneAsync(LaneKey lane, long epoch, CancellationToken cancellationToken = default)
    {
        if (process.IsDead) return new TaskCompletionSource().Task;
        process.OpenLanes.Remove(lane.Group.Number);
        if (database.IsAway(Mask(lane.Group))) World.Bit("close lane: away");
        else if (World.IsHealed || !World.Random.Chance(0.1)) database.Write(() => database.CloseLane(lane, epoch));
        else World.Bit("close lane: lost");
        if (process.OpenLanes.Count > 0) return Task.CompletedTask;
        process.End();
        return new TaskCompletionSource().Task;
    }

    public Task<TaskClaimResult> ClaimTasksAsync(TaskClaim request, CancellationToken cancellationToken = default) => Call("claim tasks", profile.Tasks, Mask(request.Group), () => database.Write(() => database.ClaimTasks(process, request), claimed => claimed.Tasks.Count > 0, Repair));

    public Task<IReadOnlyList<TaskState>> HeartbeatTasksAsync(IReadOnlyList<TaskBeat> beats, CancellationToken cancellationToken = default) => Call("task heartbeat", profile.Tasks, Mask(beats.Select(beat => beat.Task.Shard)), () => database.Write(() => database.HeartbeatTasks(beats)));

    public Task<IReadOnlyList<bool>> CompleteTasksAsync(IReadOnlyList<TaskEnd> ends, DbTransaction? transaction = null, CancellationToken cancellationToken = default) => Call("complete tasks", profile.Tasks, Mask(ends.Select(end => end.Task.Shard)), () => database.Write(() => database.CompleteTasks(ends)));

    public Task<IReadOnlyList<Guid>> ExpireTasksAsync(int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken = default) => Call("expire tasks", profile.Tasks, Everywhere, () => database.Write(() => database.ExpireTasks(limit, failure), ended => ended.Count > 0));

    public Task<int> TakeSlotsAsync(SlotRequest request, CancellationToken cancellationToken = default) => Call("take slots", profile.Tasks, database.MaskOf(0), () => database.TakeSlots(request));

    public Task<RunRecord?> FindRunAsync(string ns, string? workflowId, Guid? runId, CancellationToken cancellationToken = default) => Read(runId is { } id ? MaskOf(id) : database.MaskOf(Shards.Of(ns, workflowId!)), () => database.Store.FindRunAsync(ns, workflowId, runId, CancellationToken.None));

    public Task<IReadOnlyList<RunStatusRow>> ReadStatusesAsync(IReadOnlyList<Guid> runIds, CancellationToken cancellationToken = default) => Read(Mask(runIds.Select(Shards.Of)), () => database.Store.ReadStatusesAsync(runIds, CancellationToken.None));

    public Task<IReadOnlyList<RunRecord>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => Read(Everywhere, () => database.Store.ListRunsAsync(query, CancellationToken.None));

    public Task<long> CountRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => Read(Everywhere, () => database.Store.CountRunsAsync(query, CancellationToken.None));

    public Task<IReadOnlyList<EventRecord>> ReadEventsAsync(Guid runId, int fromGen, int fromSeq, int limit, CancellationToken cancellationToken = default) => Read(MaskOf(runId), () => database.Store.ReadEventsAsync(runId, fromGen, fromSeq, limit, CancellationToken.None));

    public Task<RunPlacement> ReadPlacementAsync(Guid runId, CancellationToken cancellationToken = default) => Read(MaskOf(runId), () => database.Store.ReadPlacementAsync(runId, CancellationToken.None));

    public Task<DocumentRecord?> FindDocumentAsync(string ns, string kind, string key, CancellationToken cancellationToken = default) => Read(key.Length >= 32 && Guid.TryParseExact(key.AsSpan(0, 32), "N", out var run) ? MaskOf(run) : 0, () => database.Store.FindDocumentAsync(ns, kind, key, CancellationToken.None));

    public Task<bool> PutDocumentAsync(DocumentRecord document, CancellationToken cancellationToken = default) => Read(database.MaskOf(document.Shard), () => database.Write(() => database.Store.PutDocumentAsync(document, CancellationToken.None)));

    public Task<StartResult> ImportRunAsync(StartRecord start, int gen, int firstGen, CloseRecord? close, IReadOnlyList<EventRecord> events, CancellationToken cancellationToken = default) => Read(database.MaskOf(start.Shard), () => database.Store.ImportRunAsync(start, gen, firstGen, close, events, CancellationToken.None));

    public Task<int> PurgeAsync(PurgeRequest request, CancellationToken cancellationToken = default) => Call("purge", profile.Reads, Everywhere, () => database.Write(() => database.Purge(request)));

    public Task<IReadOnlyList<LaneRow>> ReadLanesAsync(CancellationToken cancellationToken = default) => Call("read", profile.Reads, 0, database.ReadLanes);

    public Task<long?> TryLeaseAsync(string name, Guid holder, TimeSpan length, CancellationToken cancellationToken = default) => Read(database.MaskOf(0), () => database.Write(() => Lease(name, holder, length)));

    public Task<ReadyDepth> ReadReadyDepthAsync(CancellationToken cancellationToken = default) => Read(0, () => database.Store.ReadReadyDepthAsync(CancellationToken.None));

    public Task<IReadOnlyList<OutgoingRow>> ReadOutgoingAsync(OutgoingQuery query, CancellationToken cancellationToken = default) => Call("read outgoing", profile.Reads, Mask(query.Group), () => database.ReadOutgoing(query));

    public Task RemoveOutgoingAsync(IReadOnlyList<OutgoingKey> keys, CancellationToken cancellationToken = default) =>
        Call("remove outgoing", profile.Deliveries, Mask(keys.Select(key => key.Shard)), () => database.Write(() => database.RemoveOutgoing(keys)));

    public Task<IReadOnlyList<LaneRow>> ReadLanesAsync(ShardGroup group, CancellationToken cancellationToken = default) => Call("read", profile.Reads, Mask(group), () => database.ReadLanes(group));

    public Task<IReadOnlyList<Guid>> ExpireTasksAsync(ShardGroup group, int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken = default) =>
        Call("expire tasks", profile.Tasks, Mask(group), () => database.Write(() => database.ExpireTasks(limit, failure, group), ended => ended.Count > 0));

    public Task<IReadOnlyList<GroupFault>> ReadFaultsAsync(CancellationToken cancellationToken = default) => Read(0, () => ((IGroupedStore)database.Store).ReadFaultsAsync(CancellationToken.None));

    private CommitResult Commit(LaneBatch batch) => database.Write(() => database.Commit(process, batch), static result => result.Outcome == CommitOutcome.Committed);

    private CommitResult Again(CommitResult result)
    {
        World.Exercise(Rule.C8Again);
        return result;
    }

    private Task<long?> Lease(string name, Guid holder, TimeSpan length)
    {
        var lease = database.Store.TryLeaseAsync(name, holder, length, CancellationToken.None);
        World.Exercise(lease.GetAwaiter().GetResult() is null ? Rule.P3Refused : Rule.P3);
        return lease;
    }

    // Claimed a second time by a failover: with the tokens of the first.
    private void Repair(TaskClaimResult claimed)
    {
        foreach (var task in claimed.Tasks)
            if (database.Tables.FindTask(task.Key) is { } row) row.Token = task.Token;
    }

    // The groups that a call needs, as a mask.
    private int Everywhere => (1 << database.GroupCount) - 1;

    private int Mask(ShardGroup group) => 1 << group.Number;

    private int MaskOf(Guid run) => database.MaskOf(Shards.Of(run));

    private int Mask(IEnumerable<short> shards) => shards.Aggregate(0, (mask, shard) => mask | database.MaskOf(shard));

    private Task<T> Read<T>(int mask, Func<Task<T>> read) => Call("read", profile.Reads, mask, () => read().GetAwaiter().GetResult());

    private Task<T> Call<T>(string verb, FaultRates rates, int mask, Func<T> apply, Func<CallFault, T>? failed = null)
    {
        if (process.IsDead) return new TaskCompletionSource<T>().Task;
        if (database.IsAway(mask))
        {
            var none = new TaskCompletionSource<T>();
            process.Schedule(World.Random.Millis(0, 50), () => Fail(none, CallFault.Away, failed));
            return none.Task;
        }

        var life = database.LifeOf(mask);
        var verbAlone = apply;
        apply = () => database.LifeOf(mask) == life ? verbAlone() : throw Doubt("The primary is gone (simulated).");
        var fault = World.IsHealed ? World.Random.Chance(0.3) ? CallFault.Delay : CallFault.None : rates.Pick(World.Random);
        if (database.Aim is { } aim && !World.IsHealed && process.Name.StartsWith("worker", StringComparison.Ordinal)) fault = ++database.Calls == aim.Call ? aim.Fault : CallFault.None;
        if (fault >= CallFault.CrashBefore && onCrash is null) fault = CallFault.Delay;
        if (fault == CallFault.None) return AtOnce(apply);
        if (fault != CallFault.Delay) World.Bit($"{verb}: {fault}");
        var answer = new TaskCompletionSource<T>();
        switch (fault)
        {
            case CallFault.Delay:
                Later(World.Random.Millis(0, 8), World.Random.Millis(0, 8), mask, apply, answer, failed);
                break;
            case CallFault.Slow:
                var longest = profile.Lease.TotalMilliseconds * 1.5;
                Later(World.Random.Millis(0, longest), World.Random.Millis(0, longest), mask, apply, answer, failed);
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

    private void Later<T>(TimeSpan there, TimeSpan back, int mask, Func<T> apply, TaskCompletionSource<T> answer, Func<CallFault, T>? failed) => World.Schedule(null, there, () =>
    {
        var life = database.LifeOf(mask);
        var applied = AtOnce(apply);
        process.Schedule(back, () =>
        {
            if (database.LifeOf(mask) != life || applied.Exception?.InnerException is DurableException { Code: DurableErrorCodes.CommitInDoubt }) Fail(answer, CallFault.LostAfter, failed);
            else if (applied.Exception is { } error) answer.SetException(error.InnerExceptions);
            else answer.SetResult(applied.Result);
        });
    });

    // Nobody hears the answer.
    private static void Applied<T>(Func<T> apply) => _ = AtOnce(apply).Exception;

    private void Fail<T>(TaskCompletionSource<T> answer, CallFault fault, Func<CallFault, T>? failed)
    {
        if (failed is not null) answer.SetResult(failed(fault));
        else answer.SetException(fault is CallFault.Away or CallFault.Retry ? Broken($"{fault} (simulated).") : Doubt($"{fault} (simulated)."));
    }

    // With several groups a host looks at what is inside, to tell a server that is away from one that is wrong.
    private DurableException Broken(string message) => database.GroupCount == 1 ? new(DurableErrorCodes.StoreUnavailable, message) : new(DurableErrorCodes.StoreUnavailable, message, SimDbException.Broken);

    private DurableException Doubt(string message) => database.GroupCount == 1 ? new(DurableErrorCodes.CommitInDoubt, message) : new(DurableErrorCodes.CommitInDoubt, message, SimDbException.Broken);

    // A second time, and whatever comes of it.
    private static void Again(Action deliver)
    {
        try
        {
            deliver();
        }
        catch (DurableException)
        {
            return;                                      // refused by its target: the first was not
        }
    }
}
