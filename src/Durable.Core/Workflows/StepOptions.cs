namespace Durable;

/// <summary>How one step is tried. Options are read when the step is first asked for; changing them later breaks no history.</summary>
public sealed record StepOptions
{
    /// <summary>How long one attempt may take; its token is cancelled then and the attempt counts as failed. Default 5 minutes, must be positive.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How failed attempts are repeated. Default <see cref="RetryPolicy.Default"/>: without end, from 1 s to 1 min apart.</summary>
    public RetryPolicy Retry { get; init; } = RetryPolicy.Default;
}
