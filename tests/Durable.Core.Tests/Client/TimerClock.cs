// A clock whose timers fire when a test moves it.
namespace Durable.Core.Tests.Client;

internal sealed class TimerClock : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<Timer> timers = [];
    private readonly SemaphoreSlim armed = new(0);
    private DateTimeOffset now = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate) return now;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Waits until somebody has armed a timer since the last call.</summary>
    public async Task ArmedAsync() => Assert.That(await armed.WaitAsync(TimeSpan.FromSeconds(90)), Is.True, "a timer is armed");

    public void Advance(TimeSpan by)
    {
        List<Timer> due;
        lock (gate)
        {
            now += by;
            due = [.. timers.Where(timer => timer.DueAt <= now)];
            foreach (var timer in due) timers.Remove(timer);
        }

        foreach (var timer in due) timer.Fire();
    }

    private sealed class Timer(TimerClock clock, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset DueAt { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                if (dueTime < TimeSpan.Zero) return true;
                DueAt = clock.now + dueTime;
                clock.timers.Add(this);
            }

            clock.armed.Release();
            return true;
        }

        public void Fire() => callback(state);

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
