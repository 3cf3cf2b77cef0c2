// The lane's clock: the store's, as of its last reply, plus our own stopwatch since that reply arrived (T1): never ahead of the store.
using Durable.Engine.Replay;

namespace Durable.Engine.Worker;

/// <summary>Tells the store's time without asking it.</summary>
internal sealed class LaneClock(TimeProvider clock)
{
    private readonly Lock gate = new();
    private DateTimeOffset known;
    private long since;

    /// <summary>The store's time, at the latest.</summary>
    public DateTimeOffset Now
    {
        get
        {
            lock (gate) return Microseconds.Truncate(known + clock.GetElapsedTime(since));
        }
    }

    /// <summary>Takes over what the store said.</summary>
    public void Set(DateTimeOffset now)
    {
        if (now == default) return;
        lock (gate)
        {
            known = now;
            since = clock.GetTimestamp();
        }
    }
}
