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
internal readonly record struct LaneTimer(RunSlot Slot, int Gen, int Ordinal, TimerPurpose Purpose);

/// <summary>A heap of timers. Those that were given up stay in it until their time and are then passed over.</summary>
internal sealed class TimerQueue
{
    private readonly PriorityQueue<LaneTimer, (DateTimeOffset Due, long Order)> heap = new();
    private long order;

    /// <summary>Due time of the earliest, or null.</summary>
    public DateTimeOffset? Next => heap.TryPeek(out _, out var priority) ? priority.Due : null;

    /// <summary>Adds a timer.</summary>
    public void Add(DateTimeOffset due, LaneTimer timer) => heap.Enqueue(timer, (due, order++));

    /// <summary>Takes the earliest if it is due.</summary>
    public bool TryTake(DateTimeOffset now, out LaneTimer timer)
    {
        timer = default;
        return heap.TryPeek(out _, out var priority) && priority.Due <= now && heap.TryDequeue(out timer, out _);
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => heap.Clear();
}
