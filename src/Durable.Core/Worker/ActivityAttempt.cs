// One attempt of an activity or step in this process.
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Why an attempt was told to stop.</summary>
internal enum AttemptEnd
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>The run gave it up, was cancelled or ended.</summary>
    RunAskedToStop,

    /// <summary>The lane was lost or the host stops: an engine attempt, which does not count against the policy.</summary>
    LaneLost,
}

/// <summary>How an attempt ended.</summary>
/// <param name="Kind">Kind of the row it becomes, if it becomes one.</param>
/// <param name="Payload">Its payload.</param>
/// <param name="Encoding">0: plain.</param>
/// <param name="RetryAfter">If not null: it is to be made again after this delay, and becomes no row.</param>
/// <param name="LogicalAttempt">Attempts that count so far.</param>
/// <param name="Failures">Failures so far as JSON.</param>
internal sealed record AttemptResult(EventKind Kind, byte[]? Payload, short Encoding = 0, TimeSpan? RetryAfter = null, int LogicalAttempt = 0, byte[]? Failures = null);

/// <summary>What a call may ask of whoever attempts it. Both are made when they are first asked for: most attempts end without them.</summary>
internal interface IAttempt
{
    /// <summary>Cancelled when the attempt should stop.</summary>
    CancellationTokenSource Cancellation { get; }

    /// <summary>The idempotency key of the call: equal in all attempts (DECISIONS 11).</summary>
    string Key { get; }
}

/// <summary>An attempt that a lane started: its result goes back to the lane's loop.</summary>
internal sealed class ActivityAttempt(Lane lane, RunSlot slot, Operation operation, byte[] body, TaskRecord? task) : IAttempt, IWaiter
{
    private AttemptResult? result;
    private CancellationTokenSource? cancellation;
    private int end;

    public Lane Lane { get; } = lane;

    public RunSlot Slot { get; } = slot;

    public Operation Operation { get; } = operation;

    public int Gen { get; } = slot.Gen;

    public WorkflowInfo Workflow { get; } = slot.Execution!.Info;

    /// <summary>The call as JSON.</summary>
    public byte[] Body { get; } = body;

    /// <summary>The row that counts its attempts, after the first one.</summary>
    public TaskRecord? Task { get; } = task;

    /// <summary>Its number, from 1. A row that it has taken counts it already.</summary>
    public int Number { get; } = task is { Token: not null } ? task.Attempt : (task?.Attempt ?? 0) + 1;

    /// <summary>Attempts that counted before it.</summary>
    public int Counted { get; } = task?.LogicalAttempt ?? 0;

    /// <summary>Why it was told to stop.</summary>
    public AttemptEnd End => (AttemptEnd)Volatile.Read(ref end);

    public string Key => ActivityRunner.KeyOf(Workflow.RunId, Gen, Operation.Ordinal);

    public CancellationTokenSource Cancellation
    {
        get
        {
            if (cancellation is { } made) return made;
            var fresh = new CancellationTokenSource();
            if (Interlocked.CompareExchange(ref cancellation, fresh, null) is { } other)
            {
                fresh.Dispose();
                return other;
            }

            if (End != AttemptEnd.None) fresh.Cancel();
            return fresh;
        }
    }

    /// <summary>Begins; for the pool.</summary>
    public void Run() => _ = Lane.Shared.Activities.RunAsync(this);

    /// <summary>An activity's first attempt has no row that says where it runs, so it may become one that any host takes.</summary>
    public bool MayLeave => Task is null && Operation.Kind == CommandKind.Activity && Lane.Shared.HasPeers();

    public void Leave() => Lane.Post(() => LaneTasks.Overflow(this));

    /// <summary>Takes its result to the lane.</summary>
    public void Ended(AttemptResult end)
    {
        result = end;
        Lane.Post(Report);
    }

    /// <summary>Tells the lane that its transaction is over.</summary>
    public void Settled() => Lane.Post(() => LaneTransactions.Settled(this));

    private void Report() => Lane.Turns.AttemptEnded(this, result!);

    /// <summary>Tells it to stop; it is not waited for.</summary>
    public void Cancel(AttemptEnd reason)
    {
        if (Interlocked.CompareExchange(ref end, (int)reason, (int)AttemptEnd.None) != (int)AttemptEnd.None) return;
        if (Volatile.Read(ref cancellation) is { } source) Lane.Services.Machine.Cancel(source);      // never user callbacks on the lane's loop
    }
}
