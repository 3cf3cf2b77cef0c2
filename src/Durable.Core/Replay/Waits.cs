// WaitUntilAsync: conditions, looked at when the run is quiescent (M12), and the wait with a timeout that mailboxes share.
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Engine.Replay;

/// <summary>A wait that no command stands for, with an optional durable timer beside it.</summary>
internal sealed class TimedWait<T> : TaskCompletionSource<T>, IPendingOperation
{
    private readonly WorkflowExecution execution;
    private readonly Action<TimedWait<T>> forget;
    private Operation? timer;

    /// <summary>Begins a wait.</summary>
    /// <param name="execution">The execution.</param>
    /// <param name="name">What is waited for, for explanations.</param>
    /// <param name="timeout">How long at most, or null.</param>
    /// <param name="onTimeout">What the wait gives then.</param>
    /// <param name="forget">Removes the wait from its owner: a lost waiter consumes nothing.</param>
    /// <param name="token">Ends the wait.</param>
    public TimedWait(WorkflowExecution execution, string name, TimeSpan? timeout, T onTimeout, Action<TimedWait<T>> forget, CancellationToken token)
    {
        this.execution = execution;
        this.forget = forget;
        OnTimeout = onTimeout;
        if (timeout is { } time) timer = execution.Operations.StartTimeout(time, () => End(onTimer: true));       // first: a time that is refused leaves nothing behind
        Operation = new Operation(CommandKind.Timer, execution.Operations.NextOrdinal(), name) { IsSilent = true, IssuedAt = execution.UtcNow };
        execution.Operations.AddSilent(this);
        if (token.CanBeCanceled) execution.Operations.CancelWith(this, token);
    }

    /// <summary>What the wait gives when its time is over.</summary>
    public T OnTimeout { get; }

    public Operation Operation { get; }

    /// <summary>When its time is over, or null.</summary>
    public DateTimeOffset? Until => timer?.DueAt;

    Task IPendingOperation.Task => Task;

    public bool IgnoresCancel => false;

    /// <summary>Ends the wait with a value.</summary>
    public void Complete(T value)
    {
        execution.Operations.Take(Operation.Ordinal);
        DropTimer();
        WorkflowExecution.WithoutContext(static state => state.Wait.TrySetResult(state.Value), (Wait: this, Value: value));
    }

    public void Settle(EventRecord row) => throw new InvalidOperationException("A silent wait has no row.");

    public void Fail(Exception exception)
    {
        forget(this);
        execution.Operations.Take(Operation.Ordinal);
        DropTimer();
        WorkflowExecution.WithoutContext(static state => state.Wait.TrySetException(state.Error), (Wait: this, Error: exception));
    }

    public void Cancel(CancellationToken token)
    {
        forget(this);
        DropTimer();
        WorkflowExecution.WithoutContext(static state => state.Wait.TrySetCanceled(state.Token), (Wait: this, Token: token));
    }

    private void End(bool onTimer)
    {
        if (onTimer) timer = null;
        forget(this);
        Complete(OnTimeout);
    }

    private void DropTimer()
    {
        if (timer is null) return;
        execution.Operations.GiveUp(timer);
        timer = null;
    }
}

/// <summary>The conditions that a run waits for, in order of registration.</summary>
internal sealed class Waits(WorkflowExecution execution)
{
    private readonly List<(Func<bool> Condition, TimedWait<bool> Wait)> waiters = new(1);

    /// <summary>Number of waiting conditions.</summary>
    public int Count => waiters.Count;

    /// <summary>Waits until the condition is true; false if the time is over first.</summary>
    public Task<bool> Until(Func<bool> condition, TimeSpan? timeout, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(condition);
        if (timeout is { } time && time < TimeSpan.Zero && time != Timeout.InfiniteTimeSpan) throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "A timeout must not be negative.");
        if (token.IsCancellationRequested) return Task.FromCanceled<bool>(token);
        if (execution.ReadOnly(condition)) return Task.FromResult(true);
        if (timeout == TimeSpan.Zero) return Task.FromResult(false);
        if (!execution.MayCommand("WaitUntilAsync")) return new TaskCompletionSource<bool>().Task;
        var wait = new TimedWait<bool>(execution, "condition", timeout == Timeout.InfiniteTimeSpan ? null : timeout, false, lost => waiters.RemoveAll(waiter => waiter.Wait == lost), token);
        waiters.Add((condition, wait));
        return wait.Task;
    }

    /// <summary>Completes the first waiter whose condition is true.</summary>
    /// <returns>False if none is.</returns>
    public bool CompleteOne()
    {
        for (var i = 0; i < waiters.Count; i++)
        {
            var (condition, wait) = waiters[i];
            try
            {
                if (!execution.ReadOnly(condition)) continue;
            }
            catch (Exception error)
            {
                wait.Fail(error);
                return true;
            }

            waiters.RemoveAt(i);
            wait.Complete(true);
            return true;
        }

        return false;
    }
}
