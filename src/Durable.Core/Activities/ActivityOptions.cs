namespace Durable;

/// <summary>How an activity is tried and where. Null means "as the attribute says, else the default".</summary>
/// <remarks>Options are read when the activity is first asked for; changing them later breaks no history. A value out
/// of range is refused with DUR2000 when given to <see cref="WorkflowContext.With"/>.</remarks>
public sealed record ActivityOptions
{
    /// <summary>How long one attempt may take; its token is cancelled then and the attempt counts as failed. Default 5 minutes.</summary>
    public TimeSpan? StartToClose { get; init; }

    /// <summary>How long all attempts and the waits between them may take, across crashes too; then the activity fails with DUR3102. Default: no limit.</summary>
    public TimeSpan? ScheduleToClose { get; init; }

    /// <summary>The longest silence between two calls of <see cref="ActivityContext.Heartbeat{T}"/>; then
    /// the attempt counts as failed. Default: no heartbeat is expected.</summary>
    public TimeSpan? Heartbeat { get; init; }

    /// <summary>How failed attempts are repeated. Default <see cref="RetryPolicy.Default"/>.</summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>The queue whose workers run the activity. Default: the process that owns the run.</summary>
    public string? Queue { get; init; }

    /// <summary>Which waiting activities of a queue go first: higher numbers before lower. Default 0.</summary>
    public int? Priority { get; init; }

    /// <summary>The largest result in bytes of JSON; a larger one fails the activity without another attempt (DUR2007). Default 2 MB (2,097,152).</summary>
    public int? MaxResultBytes { get; init; }

    /// <summary>True: never start the activity a second time when nobody knows whether the first attempt had its effect. Default false.</summary>
    /// <remarks>
    /// A crash, a lost lease or a shutdown in the middle of an attempt then fails the activity with
    /// <see cref="DurableErrorCodes.ActivityInDoubt"/> (DUR3103) instead of running it again.
    /// An attempt that ended with an exception is still retried as <see cref="Retry"/> says; use <see cref="RetryPolicy.None"/> beside it to rule that out as well.
    /// </remarks>
    public bool AtMostOnce { get; init; }
}
