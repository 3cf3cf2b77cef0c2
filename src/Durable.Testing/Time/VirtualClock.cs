// The clock of a test host: it stands still until it is moved, and its timers fire when it is.
namespace Durable.Testing;

/// <summary>Virtual time.</summary>
internal sealed class VirtualClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly PriorityQueue<(Timer Timer, int Version), (long Due, long Order)> timers = new();
    private long ticks = start.UtcTicks;
    private long order;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    public override long GetTimestamp() => Interlocked.Read(ref ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves time on, never back, and fires what is due then: each timer once, whatever its period.</summary>
    public void JumpTo(DateTimeOffset time)
    {
        var due = new List<Timer>();
        lock (gate)
        {
            if (time.UtcTicks > ticks) Interlocked.Exchange(ref ticks, time.UtcTicks);
            while (timers.TryPeek(out var next, out var at) && at.Due <= ticks)
            {
                timers.Dequeue();
                if (next.Timer.Take(next.Version)) due.Add(next.Timer);
            }
        }

        foreach (var timer in due) timer.Fire();
    }

    private sealed class Timer(VirtualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan period = Timeout.InfiniteTimeSpan;
        private int version;

        /// <summary>True if this is still what the timer waits for. Under the clock's lock.</summary>
        public bool Take(int wanted) => version == wanted;

        public void Fire()
        {
            if (period > TimeSpan.Zero) Change(period, period);
            ThreadPool.UnsafeQueueUserWorkItem(static self => self.Call(), this, preferLocal: false);
        }

        public bool Change(TimeSpan dueTime, TimeSpan every)
        {
            lock (clock.gate)
            {
                version++;
                period = every;
                if (dueTime != Timeout.InfiniteTimeSpan) clock.timers.Enqueue((this, version), (clock.ticks + dueTime.Ticks, clock.order++));
            }

            if (dueTime == TimeSpan.Zero) clock.JumpTo(clock.GetUtcNow());
            return true;
        }

        public void Dispose()
        {
            lock (clock.gate) version++;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Call() => callback(state);
    }
}
