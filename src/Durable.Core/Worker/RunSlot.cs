// One run in a lane's memory.
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Where a run is in its lane.</summary>
internal enum SlotState
{
    /// <summary>Claimed; its history is being read.</summary>
    Loading,

    /// <summary>Its first batch is not durable yet: it may contribute nothing else (DECISIONS 6).</summary>
    Starting,

    /// <summary>It takes arrivals.</summary>
    Active,

    /// <summary>Its execution was thrown away; it is read again once its last batch is durable.</summary>
    Reloading,

    /// <summary>A batch that gives it back or ends it is on its way.</summary>
    Leaving,

    /// <summary>Gone from this lane: whatever still refers to it is ignored.</summary>
    Gone,
}

/// <summary>A run that this lane owns. Touched by the lane's loop only.</summary>
internal sealed class RunSlot(Guid runId)
{
    /// <summary>Longest time for which a consumed message is remembered (D5): the longest client retry.</summary>
    public static readonly TimeSpan SeenFor = TimeSpan.FromMinutes(15);

    private static readonly Queue<Arrival> NoArrivals = new();
    private Queue<Arrival>? waiting;
    private long lastCrossing = long.MinValue;

    public Guid RunId { get; } = runId;

    public SlotState State { get; set; }

    /// <summary>Its row, as last read or made.</summary>
    public RunRecord Run { get; set; } = null!;

    /// <summary>Its status as the next batches will have stored it.</summary>
    public RunStatus Status { get; set; }

    /// <summary>Its generation.</summary>
    public int Gen { get; set; }

    /// <summary>Its class, or null if this host has not got it.</summary>
    public WorkflowDefinition? Definition { get; set; }

    /// <summary>Its code.</summary>
    public WorkflowExecution? Execution { get; set; }

    /// <summary>How many rows its generation has, those in batches included. Its execution may be one further: in a turn that was refused.</summary>
    public int NextSeq { get; set; }

    /// <summary>The arrival whose turn is under way: not lost if the lane has to leave that turn.</summary>
    public Arrival? Taking { get; set; }

    /// <summary>Attempts that ended with a wish for another while the run was being read again.</summary>
    public List<(ActivityAttempt Attempt, AttemptResult Result)>? Ended { get; set; }

    /// <summary>True while a generation's first rows are applied: one that ends in them goes on in a batch of its own, not deeper on the stack.</summary>
    public bool Rolling { get; set; }

    /// <summary>Claims without progress.</summary>
    public int Attempt { get; set; }

    /// <summary>Arrivals that wait until it takes them.</summary>
    public IReadOnlyCollection<Arrival> Waiting => waiting ?? NoArrivals;

    /// <summary>Messages that its history holds, or an open batch: never applied again (D5, D6).</summary>
    public LazyMap<(Guid Sender, long Seq), DateTimeOffset> Seen;

    /// <summary>The highest number taken of each run of another group: what comes from one comes in order, so nothing up to it is new (M2). Kept as long as the run lives.</summary>
    public LazyMap<Guid, (long Seq, DateTimeOffset At)> Crossed;

    /// <summary>Attempts under way in this process, by ordinal.</summary>
    public LazyMap<int, ActivityAttempt> Attempts;

    /// <summary>Ordinals of operations whose attempts are task rows.</summary>
    public LazyMap<int, TaskRecord> Tasks;

    /// <summary>The batch that holds its last rows, or null if all are durable.</summary>
    public PendingBatch? LastBatch { get; set; }

    /// <summary>Effects that wait until its start is durable.</summary>
    public List<Effect>? Deferred { get; set; }

    /// <summary>Timers of it in the lane's queue.</summary>
    public int Timers { get; set; }

    /// <summary>True if the store may hold task rows or notices of it.</summary>
    public bool MayHaveRows { get; set; }

    /// <summary>True once a turn was flagged as foreign: the next flag stalls it.</summary>
    public bool Suspected { get; set; }

    /// <summary>True once the store refused its rows: what comes next is its hold, and nothing after that.</summary>
    public bool HoldRefused { get; set; }

    /// <summary>True if a limit warning was logged.</summary>
    public bool Warned { get; set; }

    /// <summary>Signals, items and cancels for other runs that are being resolved.</summary>
    public int Sending { get; set; }

    /// <summary>Which builds stalled it where, if it was stalled when it was read.</summary>
    public HoldDocument? Hold { get; set; }

    /// <summary>How its code ended, while the end waits for messages to other runs.</summary>
    public RunEnd? Ending { get; set; }

    /// <summary>Attributes as a JSON object, if the run has any.</summary>
    public RunAttributes? Attributes { get; set; }

    /// <summary>Timestamp of the last arrival.</summary>
    public long LastActive { get; set; }

    /// <summary>Starts of children in other groups that have not been answered, by number.</summary>
    public HashSet<long>? StartsAway { get; set; }

    /// <summary>True if an acknowledgement was let go whose message was not sent: the next owner sends it, soon.</summary>
    public bool HasUnsaid { get; set; }

    /// <summary>Messages to other groups that go out with the end of the run or of its generation.</summary>
    public List<MessageRecord>? LastWords { get; set; }

    /// <summary>The number of the next row for another group. It rises with every batch of the run, whoever writes it: it begins with the generation and the length of the history (docs/decisions/0007).</summary>
    /// <param name="closing">True for what goes out with the end of the run or of its generation: behind all that its turns sent.</param>
    public long NextCrossing(bool closing)
    {
        var first = CrossingNumbers.First(Gen, NextSeq, closing);
        return lastCrossing = lastCrossing >= first ? lastCrossing + 1 : first;
    }

    /// <summary>Remembers a message that the history or an open batch holds. False: it is known already (D5).</summary>
    public bool Remember(Guid sender, long seq, DateTimeOffset at)
    {
        if (!CrossingNumbers.Is(seq)) return Seen.TryAdd((sender, seq), at);
        if (Crossed.TryGetValue(sender, out var last) && seq <= last.Seq) return false;
        Crossed[sender] = (seq, at);
        return true;
    }

    /// <summary>Forgets a message again: its turn was not kept.</summary>
    public void Forget(Guid sender, long seq)
    {
        if (!CrossingNumbers.Is(seq)) Seen.Remove((sender, seq));
        else if (Crossed.TryGetValue(sender, out var last) && last.Seq == seq) Crossed[sender] = (seq - 1, last.At);
    }

    /// <summary>Lets an arrival wait.</summary>
    public void Wait(Arrival arrival) => (waiting ??= new()).Enqueue(arrival);

    /// <summary>The arrival that has waited longest, or null.</summary>
    public Arrival? TakeWaiting() => waiting is not null && waiting.TryDequeue(out var first) ? first : null;

    /// <summary>Forgets all that wait.</summary>
    public void ClearWaiting() => waiting = null;

    /// <summary>Keeps an arrival for the next execution, before those that came after it. A message is in the store anyway, and is read again from there, in order.</summary>
    public void PutBack(Arrival? arrival)
    {
        var rest = Waiting.Where(other => other.Message is null).ToList();
        ClearWaiting();
        if (arrival is { Message: null } && EventKinds.IsReply(arrival.Kind)) Wait(arrival);
        foreach (var other in rest) Wait(other);
    }

    /// <summary>Whether it takes what arrives now, or once its start is durable.</summary>
    public bool TakesArrivals => State is SlotState.Active or SlotState.Starting;

    /// <summary>Whether anything in this process is under way for it.</summary>
    public bool IsBusy => !IsIdle || Attempts.Count > 0;

    /// <summary>Whether nothing but attempts is under way for it.</summary>
    public bool IsIdle => State is SlotState.Active && LastBatch is null && Waiting.Count == 0 && Sending == 0 && StartsAway is not { Count: > 0 };
}
