// The timers of a lane's runs, earliest first.
namespace Durable.Engine.Worker;

/// <summary>What happens when a timer's time has come.</summary>
internal enum TimerPurpose
{
    /// <summary>A timer of the code: an arrival.</summary>
    Code,

    /// <summary>A step's next attempt.</summary>
    StepRetry,

    /// <summary>The run's deadline.</summary>
    Deadline,
}

/// <summary>One timer.</summary>
internal readonly record struct LaneTimer(RunSlot Slot, int Gen, int Ordinal, TimerPurpose Purpose)
{
    /// <summary>True if it will do nothing when its time comes: its run has left the lane, or its code does not wait for it any more.</summary>
    public bool IsDead => Slot.State == SlotState.Gone || (Purpose == TimerPurpose.Code && Slot.Execution is { } execution && (Slot.Gen != Gen || execution.Operations.Find(Ordinal) is null));
}

/// <summary>
/// A heap of timers. A dead one stays in it until its time, or until half of all are dead: what a run that was parked for a month leaves behind must not weigh for a month.
/// </summary>
internal sealed class TimerQueue
{
    private const int FewDead = 64;                      // below it a sweep gains nothing
    private readonly PriorityQueue<LaneTimer, (DateTimeOffset Due, long Order)> heap = new();
    private long order;
    private int dead;

    /// <summary>Timers in memory, dead ones included.</summary>
    public int Count => heap.Count;

    /// <summary>Due time of the earliest, or null.</summary>
    public DateTimeOffset? Next => heap.TryPeek(out _, out var priority) ? priority.Due : null;

    /// <summary>Adds a timer.</summary>
    public void Add(DateTimeOffset due, LaneTimer timer)
    {
        heap.Enqueue(timer, (due, order++));
        timer.Slot.Timers++;
    }

    /// <summary>Takes the earliest if it is due.</summary>
    public bool TryTake(DateTimeOffset now, out LaneTimer timer)
    {
        timer = default;
        if (!heap.TryPeek(out _, out var priority) || priority.Due > now || !heap.TryDequeue(out timer, out _)) return false;
        timer.Slot.Timers--;
        if (dead > 0 && timer.IsDead) dead--;
        return true;
    }

    /// <summary>So many timers have died.</summary>
    public void Died(int count)
    {
        dead += count;
        if (dead < FewDead || dead < heap.Count / 2) return;
        var living = new List<(LaneTimer, (DateTimeOffset, long))>(heap.Count);
        foreach (var (timer, priority) in heap.UnorderedItems)
        {
            if (timer.IsDead) timer.Slot.Timers--;
            else living.Add((timer, priority));
        }

        heap.Clear();
        heap.EnqueueRange(living);
        heap.TrimExcess();
        dead = 0;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        heap.Clear();
        dead = 0;
    }
}
