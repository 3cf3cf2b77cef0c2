// The clock of one process: its wall clock may be wrong and may step; its stopwatch is the world's time.
namespace Durable.Simulation;

/// <summary>Time of a process.</summary>
internal sealed class SimClock(SimProcess process) : TimeProvider
{
    public static readonly DateTimeOffset Epoch = new(2031, 5, 6, 7, 0, 0, TimeSpan.Zero);

    /// <summary>How far the wall clock is off.</summary>
    public TimeSpan Offset { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Epoch + TimeSpan.FromTicks(process.World.Now) + Offset;

    public override long GetTimestamp() => process.World.Now + 1;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimTimer(process, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimTimer(SimProcess process, TimerCallback callback, object? state) : ITimer
    {
        private int version;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var mine = ++version;
            if (dueTime == Timeout.InfiniteTimeSpan) return true;
            process.Schedule(dueTime, () =>
            {
                if (mine != version) return;
                if (period > TimeSpan.Zero) Change(period, period);
                callback(state);
            });
            return true;
        }

        public void Dispose() => version++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
