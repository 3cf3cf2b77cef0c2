// Durable time: the injected TimeProvider, whose timers are commands (Task.Delay(t, time), WaitAsync(t, time), new CancellationTokenSource(t, time)).
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Engine.Replay;

/// <summary>The clock of one run: its time is that of the latest arrival that was applied.</summary>
internal sealed class DurableTime(WorkflowExecution execution) : TimeProvider
{
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => execution.UtcNow;

    public override long GetTimestamp() => execution.UtcNow.UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new DurableTimer(execution, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}

/// <summary>A timer that the BCL or the user made on <see cref="DurableTime"/>.</summary>
/// <remarks>
/// Off-turn calls are ignored: an exception there would end the process (M7). A change is recorded as well; a disposal is not, because a
/// PeriodicTimer that nobody disposed does it from its finalizer.
/// </remarks>
internal sealed class DurableTimer(WorkflowExecution execution, TimerCallback callback, object? state) : ITimer, IPendingOperation
{
    private Operation? armed;
    private TimeSpan period = Timeout.InfiniteTimeSpan;
    private bool disposed;

    public Operation Operation => armed!;

    public Task Task => Task.CompletedTask;

    public bool IgnoresCancel => true;

    public bool Change(TimeSpan dueTime, TimeSpan newPeriod)
    {
        if (!execution.IsOnTurn("a timer of the injected TimeProvider")) return false;
        if (disposed) return false;
        Disarm();
        period = newPeriod;
        if (dueTime != Timeout.InfiniteTimeSpan) Arm(dueTime);
        return true;
    }

    public void Dispose()
    {
        if (disposed || WorkflowExecution.OnTurn != execution) return;
        disposed = true;
        Disarm();
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    public void Settle(EventRecord row)
    {
        armed = null;
        if (disposed) return;
        if (period != Timeout.InfiniteTimeSpan && period > TimeSpan.Zero) Arm(period);
        // A Task completes with no context, so that awaits are queued in order (M1); anything else may run user code and gets our context (M11, M3).
        if (state is Task) WorkflowExecution.WithoutContext(static timer => timer.Call(), this);
        else execution.EnqueueEntry(Call);
    }

    public void Fail(Exception exception) => disposed = true;

    public void Cancel(CancellationToken token) => disposed = true;

    private void Call()
    {
        if (!disposed) callback(state);
    }

    private void Arm(TimeSpan delay) => armed = execution.Operations.StartTimer(this, delay);

    private void Disarm()
    {
        if (armed is null) return;
        execution.Operations.GiveUp(armed);
        armed = null;
    }
}
