namespace Durable;

/// <summary>Thrown by an activity or step to choose the wait before its next attempt, for example from a <c>Retry-After</c> header.</summary>
/// <remarks>The attempt counts as failed. The wait replaces the one of the retry policy, without its limit
/// and its chance; <see cref="RetryPolicy.MaxAttempts"/> and time-outs hold.</remarks>
public sealed class RetryAfterException : Exception
{
    /// <summary>A failure that is worth another attempt after a wait.</summary>
    /// <param name="delay">How long to wait; zero or more.</param>
    /// <param name="message">What is wrong; it is stored in the history. Null for a text that names the wait.</param>
    /// <param name="innerException">What caused it, or null.</param>
    /// <exception cref="ArgumentOutOfRangeException">The delay is negative.</exception>
    public RetryAfterException(TimeSpan delay, string? message = null, Exception? innerException = null)
        : base(message ?? $"The activity asks to be tried again after {delay:c}.", innerException)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        Delay = delay;
    }

    /// <summary>How long to wait before the next attempt.</summary>
    public TimeSpan Delay { get; }
}
