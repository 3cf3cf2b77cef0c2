namespace Durable;

/// <summary>The awaited run, or child run, did not complete. Thrown by the verbs that wait for a result.</summary>
/// <remarks>
/// <see cref="Status"/> says how it ended, and the code with it:
/// <see cref="DurableErrorCodes.RunFailed"/> (DUR3001), <see cref="DurableErrorCodes.RunCancelled"/>
/// (DUR3002),
/// <see cref="DurableErrorCodes.RunTerminated"/> (DUR3003), <see cref="DurableErrorCodes.RunTimedOut"/> (DUR3004) or, for a run that failed at a limit,
/// <see cref="DurableErrorCodes.HistoryLimit"/> (DUR3005). In workflow code replay throws it again, equal, at the recorded place.
/// </remarks>
public sealed class RunFailedException : DurableException
{
    /// <summary>A run that did not complete.</summary>
    /// <param name="workflowId">The run's workflow id, for the message.</param>
    /// <param name="status">How it ended: Failed, Cancelled, Terminated or TimedOut.</param>
    /// <param name="failure">What went wrong, or null if the status is all there is.</param>
    /// <param name="code">The code; null for the one that belongs to the status.</param>
    /// <exception cref="ArgumentOutOfRangeException">The status is not one of the four.</exception>
    public RunFailedException(string workflowId, RunStatus status, Failure? failure = null, string? code = null)
        : base(code ?? CodeOf(status), MessageOf(workflowId, status, failure))
    {
        Status = status;
        Failure = failure;
    }

    /// <summary>How the run ended: Failed, Cancelled, Terminated or TimedOut.</summary>
    public RunStatus Status { get; }

    /// <summary>What went wrong; null if the status is all there is.</summary>
    public Failure? Failure { get; }

    private static string CodeOf(RunStatus status) => status switch
    {
        RunStatus.Failed => DurableErrorCodes.RunFailed,
        RunStatus.Cancelled => DurableErrorCodes.RunCancelled,
        RunStatus.Terminated => DurableErrorCodes.RunTerminated,
        RunStatus.TimedOut => DurableErrorCodes.RunTimedOut,
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "Only Failed, Cancelled, Terminated and TimedOut are failures."),
    };

    private static string MessageOf(string workflowId, RunStatus status, Failure? failure)
    {
        var how = status switch
        {
            RunStatus.Cancelled => "was cancelled",
            RunStatus.Terminated => "was terminated",
            RunStatus.TimedOut => "ran out of time",
            _ => "failed",
        };
        return failure is null ? $"The run '{workflowId}' {how}." : $"The run '{workflowId}' {how}: {failure.Type}: {failure.Message}";
    }
}
