// Wakes one waiting loop; sets before a wait are not lost, several sets are one.
using System.Threading.Tasks.Sources;
using Durable.Engine.Hosting;

namespace Durable.Engine.Worker;

/// <summary>An auto-reset event for one waiter, without allocation.</summary>
internal sealed class AsyncSignal : IValueTaskSource
{
    private const int Idle = 0;
    private const int Signalled = 1;
    private const int Waiting = 2;
    private readonly Machine machine;
    private readonly Action resume;
    private ManualResetValueTaskSourceCore<bool> core;
    private int state;

    public AsyncSignal(Machine machine)
    {
        this.machine = machine;
        resume = () => core.SetResult(true);
    }

    /// <summary>Wakes the waiter, or the next one.</summary>
    public void Set()
    {
        if (Interlocked.Exchange(ref state, Signalled) == Waiting) machine.Queue(resume, soonest: true);
    }

    /// <summary>Waits for a set. One waiter at a time.</summary>
    public ValueTask WaitAsync()
    {
        core.Reset();
        if (Interlocked.CompareExchange(ref state, Waiting, Idle) == Idle) return new ValueTask(this, core.Version);
        Volatile.Write(ref state, Idle);
        return ValueTask.CompletedTask;
    }

    void IValueTaskSource.GetResult(short token)
    {
        core.GetResult(token);
        Interlocked.CompareExchange(ref state, Idle, Signalled);      // what was set meanwhile is seen by the loop, which looks at everything after it wakes
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? argument, short token, ValueTaskSourceOnCompletedFlags flags) =>
        core.OnCompleted(continuation, argument, token, flags);
}
