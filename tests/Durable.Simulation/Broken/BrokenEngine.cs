// The harness tests itself: the real engine with one rule turned off, by a database that does not keep it. Each must be caught (docs/broken-engines.md).
namespace Durable.Simulation;

/// <summary>One broken engine.</summary>
/// <param name="Name">Its name, where there is one that of the flag in the protocol's model.</param>
/// <param name="Rule">The rule that it breaks.</param>
/// <param name="How">How it is broken.</param>
/// <param name="Make">Makes the database that breaks it.</param>
internal sealed record BrokenEngine(string Name, string Rule, string How, Func<SimDatabase> Make)
{
    public override string ToString() => Name;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<BrokenEngine> All { get; } =
    [
        new("NoFence", "C1", "every batch is given the lane's present epoch and number", static () => new NoFence()),
        new("FenceByCount", "G6, C1", "the fence's update counts 0 rows and the statements behind it run all the same", static () => new FenceByCount()),
        new("NoSeqCheck", "C1, O3", "the fence compares the epoch and not the number", static () => new NoSeqCheck()),
        new("FailoverUnseen", "O3", "nobody says that the store went back in time until the lane commits", static () => new FailoverUnseen()),
        new("CacheKept", "O3", "a lane that was refused and belongs to another one keeps its runs", static () => new CacheKept()),
        new("NoEpoch", "C1", "the fence compares the number and not the epoch", static () => new NoEpoch()),
        new("ReadBackNoBump", "O2, I5", "a read-back leaves the epoch as it is", static () => new ReadBackNoBump()),
        new("BurnSeq", "O3", "a read-back raises commit_seq", static () => new BurnSeq()),
        new("StaleReadBack", "G8, O3", "a read-back is answered by a standby that is one commit behind", static () => new StaleReadBack()),
        new("StealBack", "O4", "every open takes over", static () => new StealBack()),
        new("NoOwnedList", "O3", "a read-back names the runs that the lane had before it was fenced", static () => new NoOwnedList()),
        new("AdoptUncounted", "O2, A1", "a new incarnation adopts runs without counting", static () => new AdoptUncounted()),
        new("TornBatch", "C1–C7 are one transaction", "what a batch sends is lost now and then", static () => new TornBatch()),
        new("TornEvents", "C1–C7 are one transaction", "the last event of a batch is lost now and then", static () => new TornEvents()),
        new("EffectBeforeCommit", "C7", "a commit is acknowledged before it is durable", static () => new EffectBeforeCommit()),
        new("CloseKeepsTasks", "C4", "closing a run leaves its task rows", static () => new CloseKeepsTasks()),
        new("CloseDropsMail", "C4, S2", "closing a run deletes its unread mail", static () => new CloseDropsMail()),
        new("TrimTooFar", "DECISIONS 10", "trimming takes the present generation too", static () => new TrimTooFar()),
        new("AnswerLost", "DECISIONS 16", "the documents that answer updates are not written", static () => new AnswerLost()),
        new("ParkForgetsAsap", "C3", "parking never says that work is known (the model's ParkIgnoresKnown)", static () => new ParkForgetsAsap()),
        new("ParkForgetsTimer", "C3", "parking forgets the next timer", static () => new ParkForgetsTimer()),
        new("InboxByRun", "S1", "continue-as-new deletes the mail of the generation before", static () => new InboxByRun()),
        new("ClaimNoCas", "L2", "a claim takes the run also where its wake row is gone", static () => new ClaimNoCas()),
        new("ClaimUnfenced", "L4", "the claims of a refused batch happen", static () => new ClaimUnfenced()),
        new("AttemptAfter", "A1", "claims are not counted before the code runs", static () => new AttemptAfter()),
        new("LoadByNotice", "L3", "a load reads only mail that still has a notice", static () => new LoadByNotice()),
        new("LoadFromReplica", "G8, L3", "a load is answered by a standby that misses the last row", static () => new LoadFromReplica()),
        new("NotifyOnly", "L1", "looks see only what came in the last 400 ms, as notifications would", static () => new NotifyOnly()),
        new("NoSweep", "L1, S5", "looks never go below their low-water mark", static () => new NoSweep()),
        new("AsapByClock", "S5", "rows that are due at once are due by the store's clock", static () => new AsapByClock()),
        new("NoNotice", "D1", "deliveries insert no notice", static () => new NoNotice()),
        new("NoticeOnlyIfUnowned", "D2", "deliveries insert a notice only if nobody owns the run", static () => new NoticeOnlyIfUnowned()),
        new("NoticeEarly", "C2", "a look that shows mail deletes its notices", static () => new NoticeEarly()),
        new("UnorderedRead", "D4", "mail is read in any order, some of it", static () => new UnorderedRead()),
        new("NoDedupe", "D5", "a loaded run does not know which messages it has consumed", static () => new NoDedupe()),
        new("SweepTwoReads", "D8", "the sweep looks for an owner and for a wake row at two moments", static () => new SweepTwoReads()),
        new("SweepAll", "D8", "the sweep takes every old notice", static () => new SweepAll()),
        new("ControlNeedsType", "T3, S4", "control messages are ordinary ones", static () => new ControlNeedsType()),
        new("ReapOneStatement", "R1, R2", "the release sees the owned rows of a moment before the fence", static () => new ReapOneStatement()),
        new("ReleaseNoLaneLock", "R2", "the release reads what a dead lane owns, and acts on it later", static () => new ReleaseNoLaneLock()),
        new("ReleaseNotAsap", "R3", "a released run is due when its timers say", static () => new ReleaseNotAsap()),
        new("ReleaseByExpiry", "R4", "runs are released when the lease is over, without a fence", static () => new ReleaseByExpiry()),
        new("ClockBackNoReap", "R5", "leases that lie too far ahead are never reaped", static () => new ClockBackNoReap()),
        new("NoReap", "R1", "nobody reaps", static () => new NoReap()),
        new("TimerByHostClock", "T1", "the lane's clock is its host's", static () => new TimerByHostClock()),
        new("OrdinalFree", "N2", "a start asks only whether a run is open, not what its policy says", static () => new OrdinalFree()),
        new("NoStartKey", "N2", "a start asks nothing", static () => new NoStartKey()),
        new("RefusedUntold", "N3", "the parent of a refused child is not told", static () => new RefusedUntold()),
        new("StartNotStored", "D1, P1", "a start is acknowledged and lost now and then", static () => new StartNotStored()),
        new("TaskNoToken", "K2", "any attempt ends the task", static () => new TaskNoToken()),
        new("TaskNoRow", "K2", "the end of an attempt does not need the row", static () => new TaskNoRow()),
        new("TaskUncounted", "K1, A1", "a task's claim does not count its attempt", static () => new TaskUncounted()),
        new("NoExpire", "K2", "tasks whose deadline has passed are never ended", static () => new NoExpire()),
        new("NoSlotLimit", "decision 3", "a queue has more slots than its limit", static () => new NoSlotLimit()),
        new("PurgeWithoutFence", "P2", "the purge takes an open run now and then", static () => new PurgeWithoutFence()),
        new("PurgeKeepsMail", "P2", "the purge leaves the messages of closed runs", static () => new PurgeKeepsMail()),
        new("OutgoingLost", "M2", "the rows for other groups of a batch are lost now and then", static () => new OutgoingLost()),
        new("LoadWithoutOutgoing", "M2", "a loaded run does not have what it sent to other groups and nobody has carried", static () => new LoadWithoutOutgoing()),
        new("OutgoingFromTheMiddle", "M2", "the sweep reads the rows of a sender without the first", static () => new OutgoingFromTheMiddle()),
        new("RemovedBySender", "M2", "who removes a row removes all rows of its sender", static () => new RemovedBySender()),
    ];
}
