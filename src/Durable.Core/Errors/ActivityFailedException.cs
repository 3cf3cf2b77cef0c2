namespace Durable;

/// <summary>An activity or step failed for good. Thrown in workflow code, and again by replay, equal, at the recorded place.</summary>
/// <remarks>
/// The code is <see cref="DurableErrorCodes.ActivityGaveUp"/> (DUR3101), <see cref="DurableErrorCodes.ActivityTimedOut"/> (DUR3102) or
/// <see cref="DurableErrorCodes.ActivityInDoubt"/> (DUR3103). Steps and activities share this type, so moving code from one to the other changes no catch:
/// <c>catch (ActivityFailedException e) when (e.Failure.Is&lt;IOException&gt;())</c>.
/// </remarks>
public sealed class ActivityFailedException : DurableException
{
    /// <summary>An activity that failed for good.</summary>
    /// <param name="activity">The stored name of the activity, or the name of the step.</param>
    /// <param name="attempts">How often it was tried.</param>
    /// <param name="failure">How the last attempt failed.</param>
    /// <param name="code">The code. Default <see cref="DurableErrorCodes.ActivityGaveUp"/>.</param>
    public ActivityFailedException(string activity, int attempts, Failure failure, string code = DurableErrorCodes.ActivityGaveUp)
        : base(code, MessageOf(code, activity, attempts, failure))
    {
        Activity = activity;
        Attempts = attempts;
        Failure = failure;
    }

    /// <summary>The stored name of the activity, such as <c>Payments.Charge</c>, or the name of the step.</summary>
    public string Activity { get; }

    /// <summary>How often it was tried; attempts that a crash or a shutdown ended are not counted.</summary>
    public int Attempts { get; }

    /// <summary>How the last attempt failed.</summary>
    public Failure Failure { get; }

    private static string MessageOf(string code, string activity, int attempts, Failure failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        var how = code switch
        {
            DurableErrorCodes.ActivityTimedOut => "ran out of time",
            DurableErrorCodes.ActivityInDoubt => "may or may not have had its effect",
            _ => "failed",
        };
        return $"'{activity}' {how} after {attempts} attempt{(attempts == 1 ? "" : "s")}: {failure.Type}: {failure.Message}";
    }
}
