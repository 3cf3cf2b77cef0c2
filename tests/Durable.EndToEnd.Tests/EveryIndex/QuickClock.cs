// Real time, ten times as fast: pauses of workflows and of the engine's loops cost a tenth.
namespace Durable.EndToEnd.Tests;

internal sealed class QuickClock : TimeProvider
{
    private const int Factor = 10;
    private readonly DateTimeOffset begin = System.GetUtcNow();
    private readonly long since = System.GetTimestamp();

    public override long TimestampFrequency => System.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => begin + System.GetElapsedTime(since) * Factor;

    public override long GetTimestamp() => since + (System.GetTimestamp() - since) * Factor;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new QuickTimer(System.CreateTimer(callback, state, Quick(dueTime), Quick(period)));

    // Never early: a timer that fires a tick too soon would be armed again.
    private static TimeSpan Quick(TimeSpan time) => time <= TimeSpan.Zero ? time : TimeSpan.FromTicks(time.Ticks / Factor + 1);

    private sealed class QuickTimer(ITimer inner) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(Quick(dueTime), Quick(period));

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
