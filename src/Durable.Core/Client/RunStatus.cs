namespace Durable;

/// <summary>Where a run stands. The numbers are what the store holds; from 10 on the run is closed.</summary>
public enum RunStatus : short
{
    /// <summary>Started, but no worker has taken it yet.</summary>
    Pending = 0,

    /// <summary>Under way: running code, or waiting for something.</summary>
    Running = 1,

    /// <summary>Held by an operator, or imported, until it is resumed.</summary>
    Paused = 2,

    /// <summary>Asked to cancel, and not closed yet.</summary>
    Cancelling = 3,

    /// <summary>Held because code and history differ (DUR4001), because the code is not replayable (DUR4002), or by
    /// <see cref="UnhandledExceptionPolicy.Hold"/>. Fixed code goes on by itself.</summary>
    Stalled = 4,

    /// <summary>Held because its workers kept dying while they had it; see <see cref="DurableOptions.QuarantineAfter"/>. It goes on when it is resumed.</summary>
    Quarantined = 5,

    /// <summary>Closed: <c>[Run]</c> returned.</summary>
    Completed = 10,

    /// <summary>Closed: <c>[Run]</c> threw, or the history reached a limit.</summary>
    Failed = 11,

    /// <summary>Closed: <c>[Run]</c> ended by <see cref="OperationCanceledException"/> after a cancel.</summary>
    Cancelled = 12,

    /// <summary>Closed by an operator or a policy, without running code.</summary>
    Terminated = 13,

    /// <summary>Closed because its time-out passed, without running code.</summary>
    TimedOut = 14,
}
