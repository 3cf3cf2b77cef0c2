// The one database of a world: the in-memory store behind the judge. Broken rules are subclasses that change what a verb does.
using Durable.Storage;

namespace Durable.Simulation;

/// <summary>Verbs in one piece, as transactions make them: each is applied at one moment of virtual time, and judged.</summary>
internal class SimDatabase
{
    private InMemoryStore store = null!;

    public World World { get; private set; } = null!;

    public StoreClock Clock { get; private set; } = null!;

    public Judge Judge { get; private set; } = null!;

    public InMemoryStore Store => store;

    public MemoryTables Tables => store.Tables;

    /// <summary>Workflow ids whose rows the store refuses for good: a definite error of one run (C8).</summary>
    public HashSet<string> Poisoned { get; } = [];

    /// <summary>All that were ever refused.</summary>
    public HashSet<string> EverPoisoned { get; } = [];

    /// <summary>Whose the holders are.</summary>
    public Dictionary<Guid, SimProcess> Holders { get; } = [];

    /// <summary>Binds it to a world.</summary>
    public void Attach(World world)
    {
        World = world;
        Clock = new StoreClock(world);
        store = new InMemoryStore(Clock);
        Judge = new Judge(world, this);
    }

    public OpenedLane? Open(SimProcess who, OpenLane request)
    {
        Holders[request.Lane.Holder] = who;
        var holder = Tables.Lanes.GetValueOrDefault(request.Lane.LaneId)?.Holder;
        var opened = ApplyOpen(request);
        Judge.Opened(request, holder, opened);
        return opened;
    }

    public virtual bool Heartbeat(SimProcess who, LaneKey lane, long epoch, TimeSpan lease) => Done(store.HeartbeatAsync(lane, epoch, lease));

    public virtual LookResult Look(SimProcess who, LookRequest request) => Done(store.LookAsync(request));

    /// <summary>Commits a batch, and has it judged by what the tables said before and after.</summary>
    public virtual CommitResult Commit(SimProcess who, LaneBatch batch)
    {
        if (Poison(batch) is { } refused) return refused;
        var strangers = Judge.Strangers(batch);
        var result = Apply(batch);
        if (World.IsTracing) World.Note($"  store: {batch.Lane.Identity} #{batch.CommitSeq} e{batch.Epoch} -> {result.Outcome} {result.Error} {Judge.Describe(batch, result)}");
        World.Mix((ulong)result.Outcome << 32 ^ (ulong)batch.CommitSeq);
        if (result.Outcome == CommitOutcome.Committed) Judge.Committed(batch, result, strangers);
        else if (result.Outcome == CommitOutcome.Rejected) World.Violate($"a batch of {batch.Lane.Identity} was rejected: {result.Error}");
        return result;
    }

    public virtual IReadOnlyList<LoadedRun> Load(SimProcess who, LoadRequest request) => Done(store.LoadAsync(request));

    public virtual DeliverResult Deliver(SimProcess who, Delivery delivery, long sentAt)
    {
        var result = ApplyDelivery(delivery);
        Judge.Delivered(delivery, result, sentAt);
        return result;
    }

    public virtual ReapResult Reap(SimProcess who, ReapRequest request)
    {
        var reaped = Done(store.ReapAsync(request));
        if (reaped.Fenced + reaped.Released + reaped.Swept > 0) World.Note($"  store: {request.Lane.Identity} reaps: fenced {reaped.Fenced} released {reaped.Released} swept {reaped.Swept}");
        World.Tally("lanes reaped", reaped.Fenced);
        return reaped;
    }

    public virtual void CloseLane(LaneKey lane, long epoch) => store.CloseLaneAsync(lane, epoch).GetAwaiter().GetResult();

    public virtual int TakeSlots(SlotRequest request) => Done(store.TakeSlotsAsync(request));

    public virtual TaskClaimResult ClaimTasks(SimProcess who, TaskClaim request) => Done(store.ClaimTasksAsync(request));

    public virtual IReadOnlyList<TaskState> HeartbeatTasks(IReadOnlyList<TaskBeat> beats) => Done(store.HeartbeatTasksAsync(beats));

    public virtual IReadOnlyList<bool> CompleteTasks(IReadOnlyList<TaskEnd> ends)
    {
        var current = ends.Select(end => Tables.FindTask(end.Task) is { } task && task.Token == end.Token).ToList();
        var accepted = ApplyEnds(ends);
        Judge.TasksEnded(ends, accepted, current);
        return accepted;
    }

    public virtual IReadOnlyList<Guid> ExpireTasks(int limit, Func<TaskRecord, MessageRecord> failure) => Done(store.ExpireTasksAsync(limit, failure));

    public virtual int Purge(PurgeRequest request) => Done(store.PurgeAsync(request));

    /// <summary>The transaction itself; what broken engines replace.</summary>
    protected virtual CommitResult Apply(LaneBatch batch) => Done(store.CommitAsync(batch));

    /// <summary>The transaction that opens a lane.</summary>
    protected virtual OpenedLane? ApplyOpen(OpenLane request) => Done(store.OpenLaneAsync(request));

    /// <summary>The transaction that delivers.</summary>
    protected virtual DeliverResult ApplyDelivery(Delivery delivery) => Done(store.DeliverAsync(delivery));

    /// <summary>True for a database that acknowledges before it has written.</summary>
    public virtual bool AcknowledgesEarly(LaneBatch batch) => false;

    /// <summary>The transaction that ends tasks.</summary>
    protected virtual IReadOnlyList<bool> ApplyEnds(IReadOnlyList<TaskEnd> ends) => Done(store.CompleteTasksAsync(ends));

    /// <summary>The result of a call that has ended: nothing of this store waits.</summary>
    protected static T Done<T>(Task<T> call) => call.IsCompleted ? call.GetAwaiter().GetResult() : throw new InvalidOperationException("The in-memory store waited.");

    // The store refuses what one run wrote, for as long as the fault lasts.
    private CommitResult? Poison(LaneBatch batch)
    {
        if (Poisoned.Count == 0) return null;
        foreach (var row in batch.Events)
        {
            if (!Tables.Runs.TryGetValue(row.RunId, out var run) || !Poisoned.Contains(run.Start.WorkflowId)) continue;
            World.Bit("definite error of one run");
            return new CommitResult(CommitOutcome.Rejected) { Error = "22021: invalid byte sequence (simulated)" };
        }

        return null;
    }
}
