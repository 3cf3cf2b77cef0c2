// The one database of a world: the in-memory store behind the judge. Broken rules are subclasses that change what a verb does.
using Durable.Storage;

namespace Durable.Simulation;

/// <summary>Verbs in one piece, as transactions make them: each is applied at one moment of virtual time, and judged.</summary>
internal class SimDatabase
{
    private readonly List<(TimeSpan Offset, long At, Action Apply)> journal = [];
    private readonly HashSet<(Guid, long)> refused = [];
    private InMemoryStore store = null!;
    private int[] lives = [];
    private bool[] away = [];

    public World World { get; private set; } = null!;

    public StoreClock Clock { get; private set; } = null!;

    public Judge Judge { get; private set; } = null!;

    public Counter Counter { get; private set; } = null!;

    public InMemoryStore Store => store;

    public MemoryTables Tables => store.Tables;

    /// <summary>True: what is written is remembered, so that a failover can lose the end of it.</summary>
    public bool KeepsJournal { get; set; }

    /// <summary>The one call of the workers that fails, by number, or null.</summary>
    public (int Call, CallFault Fault)? Aim { get; init; }

    /// <summary>Calls of the workers so far, while one is to fail.</summary>
    public int Calls { get; set; }

    /// <summary>How the run of a told story ended.</summary>
    public CloseRecord? EndOf { get; set; }

    /// <summary>Goes up with each failover: calls under way before it die with the old primary.</summary>
    public int Life { get; private set; }

    /// <summary>When the last failover that lost something was, in ticks of the world; 0 for never.</summary>
    public long LostAt { get; private set; }

    /// <summary>Workflow ids whose rows the store refuses for good: a definite error of one run (C8).</summary>
    public HashSet<string> Poisoned { get; } = [];

    /// <summary>All that were ever refused.</summary>
    public HashSet<string> EverPoisoned { get; } = [];

    /// <summary>Workflow ids for which their group refuses what comes from another.</summary>
    public HashSet<string> Refusing { get; } = [];

    /// <summary>How many shard groups there are, each on a server of its own.</summary>
    public int GroupCount => lives.Length;

    /// <summary>True while one of the groups in the mask has no server.</summary>
    public bool IsAway(int mask)
    {
        for (var group = 0; group < away.Length; group++)
            if (away[group] && (mask & (1 << group)) != 0) return true;
        return false;
    }

    /// <summary>Changes whenever calls under way to one of the groups in the mask have died.</summary>
    public int LifeOf(int mask)
    {
        var life = Life;
        for (var group = 0; group < lives.Length; group++)
            if ((mask & (1 << group)) != 0) life += lives[group];
        return life;
    }

    /// <summary>The mask of a shard's group.</summary>
    public int MaskOf(short shard) => 1 << (shard % lives.Length);

    /// <summary>The server of a group crashes. What it has acknowledged it keeps.</summary>
    public void Leave(int group)
    {
        World.Note($"group {group} is away");
        away[group] = true;
        lives[group]++;
    }

    /// <summary>It is back.</summary>
    public void Return(int group)
    {
        World.Note($"group {group} is back");
        away[group] = false;
    }

    /// <summary>Whose the holders are.</summary>
    public Dictionary<Guid, SimProcess> Holders { get; } = [];

    /// <summary>Binds it to a world.</summary>
    public void Attach(World world, int groups)
    {
        World = world;
        Clock = new StoreClock(world);
        store = new InMemoryStore(Clock, groups);
        (lives, away) = (new int[groups], new bool[groups]);
        Judge = new Judge(world, this, []);
        Counter = new Counter(world, this);
    }

    /// <summary>Applies something that writes.</summary>
    public T Write<T>(Func<T> apply, Func<T, bool>? changed = null, Action<T>? repair = null)
    {
        var result = apply();
        if (KeepsJournal && changed?.Invoke(result) != false) journal.Add((Clock.Offset, World.Now, Again));
        return result;

        void Again()
        {
            apply();
            repair?.Invoke(result);
        }
    }

    /// <summary>A standby takes over that misses the last writes: the database is what it was before them.</summary>
    public void FailOver(int lost)
    {
        Life++;
        lost = Math.Min(lost, journal.Count);
        if (lost == 0) return;
        LostAt = World.Now;
        journal.RemoveRange(journal.Count - lost, lost);
        store = new InMemoryStore(Clock, lives.Length);
        Judge = new Judge(World, this, Judge.EverKnown());
        var (offset, muted) = (Clock.Offset, World.IsMuted);
        World.IsMuted = true;
        foreach (var write in journal)
        {
            (Clock.Offset, Clock.Pinned) = (write.Offset, write.At);
            write.Apply();
        }

        (Clock.Offset, Clock.Pinned, World.IsMuted) = (offset, null, muted);
    }

    public OpenedLane? Open(SimProcess who, OpenLane request)
    {
        Holders[request.Lane.Holder] = who;
        who.OpenLanes.Add(request.Lane.Group.Number);
        var lane = Tables.Lanes.GetValueOrDefault(request.Lane.LaneId);
        var holder = lane?.Holder;
        var opened = ApplyOpen(request);
        Judge.Opened(request, holder, opened);
        Counter.Opened(request, lane, holder, opened);
        return opened;
    }

    public virtual bool Heartbeat(SimProcess who, LaneKey lane, long epoch, TimeSpan lease)
    {
        var renewed = Done(store.HeartbeatAsync(lane, epoch, lease));
        World.Exercise(renewed ? Rule.R7 : Rule.R7Refused);
        return renewed;
    }

    public virtual LookResult Look(SimProcess who, LookRequest request)
    {
        var found = Done(store.LookAsync(request));
        Counter.Looked(found);
        return found;
    }

    /// <summary>Commits a batch, and has it judged by what the tables said before and after.</summary>
    public virtual CommitResult Commit(SimProcess who, LaneBatch batch)
    {
        if (Poison(batch) is { } refused) return refused;
        var strangers = Judge.Strangers(batch);
        Counter.Committing(batch);
        var result = Apply(batch);
        if (World.IsTracing) World.Note($"  store: {batch.Lane.Identity} #{batch.CommitSeq} e{batch.Epoch} -> {result.Outcome} {result.Error} {Judge.Describe(batch, result)}");
        World.Mix((ulong)result.Outcome << 32 ^ (ulong)batch.CommitSeq);
        Counter.Committed(batch, result);
        if (GroupCount > 1) Counter.Crossed(batch, result);
        if (result.Outcome == CommitOutcome.Committed) Judge.Committed(batch, result, strangers);
        else if (result.Outcome == CommitOutcome.Rejected) World.Violate($"a batch of {batch.Lane.Identity} was rejected: {result.Error}");
        return result;
    }

    public virtual IReadOnlyList<LoadedRun> Load(SimProcess who, LoadRequest request)
    {
        var loaded = Done(store.LoadAsync(request));
        Counter.Loaded(loaded);
        return loaded;
    }

    public virtual DeliverResult Deliver(SimProcess who, Delivery delivery, long sentAt)
    {
        if (Refusing.Count > 0) Refuse(delivery);
        var result = ApplyDelivery(delivery);
        Judge.Delivered(delivery, result, sentAt);
        Counter.Delivered(delivery, result);
        if (GroupCount > 1) Counter.Arrived(delivery, result, who, refused);
        return result;
    }

    public virtual IReadOnlyList<OutgoingRow> ReadOutgoing(OutgoingQuery query) => Done(((IGroupedStore)store).ReadOutgoingAsync(query));

    public virtual int RemoveOutgoing(IReadOnlyList<OutgoingKey> keys)
    {
        ((IGroupedStore)store).RemoveOutgoingAsync(keys).GetAwaiter().GetResult();
        return keys.Count;
    }

    public IReadOnlyList<LaneRow> ReadLanes(ShardGroup group) => Done(((IGroupedStore)store).ReadLanesAsync(group));

    public virtual ReapResult Reap(SimProcess who, ReapRequest request)
    {
        var owned = Counter.Reaping();
        var reaped = Done(store.ReapAsync(request));
        if (reaped.Fenced + reaped.Released + reaped.Swept > 0) World.Note($"  store: {request.Lane.Identity} reaps: fenced {reaped.Fenced} released {reaped.Released} swept {reaped.Swept}");
        World.Tally("lanes reaped", reaped.Fenced);
        Counter.Reaped(request, owned, reaped);
        return reaped;
    }

    public virtual bool CloseLane(LaneKey lane, long epoch)
    {
        World.Exercise(Rule.X1);
        store.CloseLaneAsync(lane, epoch).GetAwaiter().GetResult();
        return true;
    }

    public virtual int TakeSlots(SlotRequest request) => Done(store.TakeSlotsAsync(request));

    public virtual TaskClaimResult ClaimTasks(SimProcess who, TaskClaim request)
    {
        var claimed = Done(store.ClaimTasksAsync(request));
        Counter.Many(Rule.K1, claimed.Tasks.Count);
        return claimed;
    }

    public virtual IReadOnlyList<TaskState> HeartbeatTasks(IReadOnlyList<TaskBeat> beats)
    {
        var states = Done(store.HeartbeatTasksAsync(beats));
        World.Exercise(Rule.K1Beat, states.Any(state => state.Held));
        return states;
    }

    public virtual IReadOnlyList<bool> CompleteTasks(IReadOnlyList<TaskEnd> ends)
    {
        var current = ends.Select(end => Tables.FindTask(end.Task) is { } task && task.Token == end.Token).ToList();
        var accepted = ApplyEnds(ends);
        Judge.TasksEnded(ends, accepted, current);
        Counter.TasksEnded(ends, accepted);
        return accepted;
    }

    public virtual IReadOnlyList<Guid> ExpireTasks(int limit, Func<TaskRecord, MessageRecord> failure, ShardGroup? group = null)
    {
        var expired = Done(group is null ? store.ExpireTasksAsync(limit, failure) : ((IGroupedStore)store).ExpireTasksAsync(group, limit, failure));
        Counter.Many(Rule.K2Expired, expired.Count);
        return expired;
    }

    public virtual int Purge(PurgeRequest request)
    {
        var lanes = Tables.Lanes.Count;
        var purged = ApplyPurge(request);
        Judge.Purged();
        Counter.Many(Rule.P2, purged);
        World.Exercise(Rule.X2, Tables.Lanes.Count < lanes);
        return purged;
    }

    public virtual IReadOnlyList<LaneRow> ReadLanes() => Done(store.ReadLanesAsync());

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

    /// <summary>The transaction that purges.</summary>
    protected virtual int ApplyPurge(PurgeRequest request) => Done(store.PurgeAsync(request));

    /// <summary>The result of a call that has ended: nothing of this store waits.</summary>
    protected static T Done<T>(Task<T> call) => call.IsCompleted ? call.GetAwaiter().GetResult() : throw new InvalidOperationException("The in-memory store waited.");

    // A constraint of the target's server: the whole call is refused, whatever else is in it.
    private void Refuse(Delivery delivery)
    {
        var rows = delivery.Messages.Where(message => message.SenderSeq < 0 && Refusing.Contains(Judge.Name(message.RunId))).ToList();
        var starts = delivery.Starts.Where(start => start.Parent is not null && Refusing.Contains(start.WorkflowId)).ToList();
        if (rows.Count + starts.Count == 0) return;
        World.Bit("a group refuses a row");
        if (delivery.Messages.Count + delivery.Starts.Count == 1)
        {
            World.Exercise(Rule.M2Refused);
            foreach (var message in rows) refused.Add((message.Sender, message.SenderSeq));
        }

        throw new DurableException(DurableErrorCodes.StoreUnavailable, "A constraint refuses the row (simulated).", SimDbException.Constraint);
    }

    // The store refuses what one run wrote, for as long as the fault lasts.
    private CommitResult? Poison(LaneBatch batch)
    {
        if (Poisoned.Count == 0 || World.IsMuted) return null;
        foreach (var row in batch.Events)
        {
            if (!Tables.Runs.TryGetValue(row.RunId, out var run) || !Poisoned.Contains(run.Start.WorkflowId)) continue;
            World.Bit("definite error of one run");
            World.Exercise(Rule.C8Split);
            return new CommitResult(CommitOutcome.Rejected) { Error = "22021: invalid byte sequence (simulated)" };
        }

        return null;
    }
}
