namespace Durable;

/// <summary>How often and how far apart failed attempts are repeated.</summary>
/// <remarks>
/// The wait after failed attempt n is <see cref="InitialDelay"/> × <see cref="BackoffFactor"/>ⁿ⁻¹, at most
/// <see cref="MaxDelay"/>, and then up to 10 % more or less by chance, always, so
/// that many activities which failed together do not come back together. A thrown <see cref="RetryAfterException"/> sets the next wait itself; a thrown
/// <see cref="NonRetryableException"/> ends the attempts whatever the policy says. Attempts that a shutdown, a lost lease or a crash ended do not count.
/// Numbers and waits survive restarts. Two policies with the same values are equal.
/// </remarks>
public sealed record RetryPolicy
{
    /// <summary>Without end: 1 s, 2 s, 4 s … up to 1 min apart.</summary>
    public static RetryPolicy Default { get; } = new();

    /// <summary>One attempt, no repetition.</summary>
    public static RetryPolicy None { get; } = new() { MaxAttempts = 1 };

    /// <summary>How often to try at most, the first attempt included. Default 0: without end.</summary>
    public int MaxAttempts { get; init; }

    /// <summary>The wait after the first failed attempt. Default 1 second.</summary>
    public TimeSpan InitialDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What each wait is multiplied by to get the next. Default 2; 1 keeps the waits equal; at least 1.</summary>
    public double BackoffFactor { get; init; } = 2;

    /// <summary>The longest wait (before the 10 % of chance). Default 1 minute.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Exception types, derived ones included, that are not worth another attempt. Default none.</summary>
    public IReadOnlyList<Type> NonRetryable { get; init; } = [];

    /// <summary>The wait before the next attempt.</summary>
    /// <param name="attempt">The attempt that failed, from 1.</param>
    /// <param name="jitter01">Chance, from 0 (10 % less) to 1 (10 % more); 0.5 changes nothing.</param>
    /// <returns>The wait. Computed in doubles and clamped before the conversion, so no number of attempts overflows.</returns>
    internal TimeSpan DelayFor(int attempt, double jitter01)
    {
        if (InitialDelay <= TimeSpan.Zero) return TimeSpan.Zero;
        var grown = InitialDelay.Ticks * Math.Pow(BackoffFactor, Math.Max(attempt, 1) - 1);    // becomes infinity, never an exception
        var ticks = Math.Min(grown, MaxDelay.Ticks) * (0.9 + 0.2 * Math.Clamp(jitter01, 0, 1));
        return ticks >= TimeSpan.MaxValue.Ticks ? TimeSpan.MaxValue : TimeSpan.FromTicks((long)Math.Max(ticks, 0));
    }

    /// <summary>True if the values are the same, the listed types in the same order included.</summary>
    /// <param name="other">The other policy.</param>
    /// <returns>True if equal.</returns>
    public bool Equals(RetryPolicy? other) =>
        other is not null && MaxAttempts == other.MaxAttempts && InitialDelay == other.InitialDelay && BackoffFactor.Equals(other.BackoffFactor)
        && MaxDelay == other.MaxDelay && NonRetryable.SequenceEqual(other.NonRetryable);

    /// <summary>A hash of the values.</summary>
    /// <returns>The hash.</returns>
    public override int GetHashCode() => HashCode.Combine(MaxAttempts, InitialDelay, BackoffFactor, MaxDelay, NonRetryable.Count);
}
