// The clock of the host's client. Time limits that a test gives are virtual; the pauses between two looks at the store are real, or they would never end.
using System.Collections.Concurrent;

namespace Durable.Testing;

/// <summary>Virtual time for time limits, real time for polls.</summary>
internal sealed class ClientClock(VirtualClock clock) : TimeProvider
{
    private readonly ConcurrentDictionary<Limit, DateTimeOffset> limits = new();
    private readonly ConcurrentDictionary<Poll, bool> polls = new();

    /// <summary>When the first time limit of a waiting caller is over, or null.</summary>
    public DateTimeOffset? NextLimit
    {
        get
        {
            DateTimeOffset? next = null;
            foreach (var (_, due) in limits)
                if (next is null || due < next) next = due;
            return next;
        }
    }

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        // A token source is somebody's time limit; anything else is a pause of the client's own.
        return state is CancellationTokenSource ? new Limit(this, callback, state, dueTime, period) : new Poll(this, callback, state, dueTime, period);
    }

    /// <summary>Ends all pauses: something has happened that somebody may be waiting for.</summary>
    public void Hurry()
    {
        foreach (var (poll, _) in polls) poll.Hurry();
    }

    private sealed class Limit : ITimer
    {
        private readonly ClientClock owner;
        private readonly ITimer inner;

        public Limit(ClientClock owner, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            this.owner = owner;
            inner = owner.Virtual.CreateTimer(told =>
            {
                owner.limits.TryRemove(this, out _);
                callback(told);
            }, state, dueTime, period);
            Note(dueTime);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Note(dueTime);
            return inner.Change(dueTime, period);
        }

        public void Dispose()
        {
            owner.limits.TryRemove(this, out _);
            inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Note(TimeSpan dueTime)
        {
            if (dueTime == Timeout.InfiniteTimeSpan) owner.limits.TryRemove(this, out _);
            else owner.limits[this] = owner.GetUtcNow() + dueTime;
        }
    }

    private sealed class Poll : ITimer
    {
        private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);      // longer ones are reminders, not looks
        private readonly ClientClock owner;
        private readonly ITimer inner;

        public Poll(ClientClock owner, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            this.owner = owner;
            inner = System.CreateTimer(told =>
            {
                owner.polls.TryRemove(this, out _);
                callback(told);
            }, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            if (dueTime <= Longest) owner.polls[this] = true;
            inner.Change(dueTime, period);
        }

        public void Hurry()
        {
            if (owner.polls.TryRemove(this, out _)) inner.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(dueTime, period);

        public void Dispose()
        {
            owner.polls.TryRemove(this, out _);
            inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private VirtualClock Virtual => clock;
}
