// A clock with timers that stands still until a test moves it: delays, leases and polls of the engine all hang on it.
namespace Durable.Core.Tests.Kit;

/// <summary>A manual clock whose timers fire, in order of due time, when it is advanced.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<Timer> timers = [];
    private long ticks = new DateTimeOffset(2031, 2, 3, 4, 5, 6, TimeSpan.Zero).UtcTicks;

    private int readings;

    /// <summary>Every second reading of the stopwatch is so far ahead: what is measured goes back now and then, as a lane's clock does when an answer took long.</summary>
    public TimeSpan Jitter { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    public override long GetTimestamp() => Ticks + (Jitter > TimeSpan.Zero && (Interlocked.Increment(ref readings) & 1) == 0 ? Jitter.Ticks : 0);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private long Ticks => Interlocked.Read(ref ticks);

    /// <summary>Moves time on; timers see the time at which they are due.</summary>
    public void Advance(TimeSpan by)
    {
        var until = Ticks + by.Ticks;
        while (Next(until) is { } timer) timer.Fire();
        Interlocked.Exchange(ref ticks, until);
    }

    /// <summary>Moves time on while nobody looks, as for a process that stood still: timers fire late, with the next advance.</summary>
    public void Jump(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);

    private Timer? Next(long until)
    {
        lock (gate)
        {
            var next = timers.Where(timer => timer.Due <= until).MinBy(timer => timer.Due);
            if (next is null) return null;
            timers.Remove(next);
            Interlocked.Exchange(ref ticks, Math.Max(next.Due, ticks));
            return next;
        }
    }

    private sealed class Timer(ManualTime clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan period = Timeout.InfiniteTimeSpan;

        public long Due { get; private set; }

        public void Fire()
        {
            if (period > TimeSpan.Zero) Change(period, period);
            ThreadPool.UnsafeQueueUserWorkItem(_ => callback(state), null);
        }

        public bool Change(TimeSpan dueTime, TimeSpan every)
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                period = every;
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Due = clock.Ticks + dueTime.Ticks;
                clock.timers.Add(this);
                return true;
            }
        }

        public void Dispose()
        {
            lock (clock.gate) clock.timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
