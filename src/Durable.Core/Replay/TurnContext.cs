// The SynchronizationContext of one queued callback (M2), which also sees blocking waits (M6).
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Durable.Engine.Replay;

/// <summary>
/// A fresh object for each callback: the BCL runs a continuation inline when the captured context is the current object and stack is
/// left, so one shared object would let the thread's stack size decide the order (M2).
/// </summary>
internal sealed class TurnContext : SynchronizationContext
{
    private const string Frames = "A frame that was trimmed away only makes the message poorer, and the wait on a task is then refused like one on a lock.";

    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(2);
    private readonly WorkflowExecution execution;

    public TurnContext(WorkflowExecution execution)
    {
        this.execution = execution;
        SetWaitNotificationRequired();
    }

    public override void Post(SendOrPostCallback d, object? state) => execution.Post(d, state);

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (WorkflowExecution.OnTurn != execution)
            throw new InvalidOperationException("Workflow code was entered from outside its turn. Only the engine runs workflow code.");
        d(state);
    }

    public override SynchronizationContext CreateCopy() => this;

    // A blocking wait inside a turn can only deadlock: what it waits for is delivered by this very thread.
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = Frames)]
    public override int Wait(IntPtr[] waitHandles, bool waitAll, int millisecondsTimeout)
    {
        var stack = new StackTrace(1, fNeedFileInfo: true);
        var onTask = stack.GetFrames().Any(frame => frame.GetMethod() is { Name: "InternalWait" or "InternalWaitCore" or "SpinThenBlockingWait" or "WaitAllBlockingCore" } method && method.DeclaringType == typeof(Task));
        if (onTask) throw Refuse(stack);
        var limit = (int)(execution.Limits.LockPatience ?? LockPatience).TotalMilliseconds;
        var patience = millisecondsTimeout < 0 ? limit : Math.Min(millisecondsTimeout, limit);
        var signalled = WaitHelper(waitHandles, waitAll, patience);
        if (signalled == WaitHandle.WaitTimeout && patience != millisecondsTimeout) throw Refuse(stack);
        return signalled;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = Frames)]
    private InvalidOperationException Refuse(StackTrace stack)
    {
        var line = stack.GetFrames().FirstOrDefault(frame => frame.GetMethod()?.DeclaringType?.Namespace is { } ns && !ns.StartsWith("System", StringComparison.Ordinal) && !ns.StartsWith("Durable.Engine", StringComparison.Ordinal));
        var where = line is null ? "" : $" at {line.GetMethod()?.DeclaringType?.Name}.{line.GetMethod()?.Name}{(line.GetFileName() is { } file ? $" ({Path.GetFileName(file)}:{line.GetFileLineNumber()})" : "")}";
        var message = $"Workflow code blocked its thread{where} (.Result, .Wait(), a lock or a handle). It would wait for ever: await instead.";
        execution.Hold(new Verdict(DurableErrorCodes.NotDurable, message));
        return new InvalidOperationException(message);
    }
}
