// What follows from a failed attempt: another one after a delay, or the end.
using System.Text.Json;
using Durable.Engine.History;

namespace Durable.Engine.Worker;

/// <summary>The retry policy, applied.</summary>
internal static class RetryRules
{
    private const int KeptFailures = 10;

    /// <summary>Decides after an attempt that threw or ran out of time.</summary>
    /// <param name="error">What it threw.</param>
    /// <param name="options">The options of the call.</param>
    /// <param name="number">Number of the attempt, from 1.</param>
    /// <param name="counted">Attempts that count, this one included.</param>
    /// <param name="before">Failures of earlier attempts as JSON, or null.</param>
    /// <param name="now">When it ended.</param>
    /// <param name="deadline">When schedule-to-close is over, or null.</param>
    /// <param name="failed">Kind of the row if it is the end.</param>
    /// <param name="jitter">Random, below 1: spreads the next attempts of many calls.</param>
    public static AttemptResult After(Exception error, CallOptions options, int number, int counted, byte[]? before, DateTimeOffset now, DateTimeOffset? deadline, EventKind failed, double jitter)
    {
        var failure = Failure.From(error);
        var failures = (before is null ? [] : JsonSerializer.Deserialize(before, HistoryJson.Default.IReadOnlyListAttemptFailure)!).Append(new AttemptFailure(number, now, failure with { StackTrace = null })).TakeLast(KeptFailures).ToList();
        var delay = error is RetryAfterException asked ? asked.Delay : DelayOf(options, counted, jitter);
        var late = !IsFinal(error, failure, options, counted) && now + delay >= deadline;       // another attempt is allowed, and there is no time for it
        if (!late && !IsFinal(error, failure, options, counted))
            return new AttemptResult(failed, null, 0, delay, counted, JsonSerializer.SerializeToUtf8Bytes(failures, HistoryJson.Default.IReadOnlyListAttemptFailure));
        var outcome = new OperationFailure
        {
            Code = late || (error is TimeoutException && error.Data.Contains(TimedOut)) ? DurableErrorCodes.ActivityTimedOut : error is DurableException { Code: DurableErrorCodes.ActivityInDoubt } ? DurableErrorCodes.ActivityInDoubt : DurableErrorCodes.ActivityGaveUp,
            Failure = failure, Attempts = counted, History = failures,
        };
        return new AttemptResult(failed, JsonSerializer.SerializeToUtf8Bytes(outcome, HistoryJson.Default.OperationFailure), 0, null, counted);
    }

    /// <summary>Marks a timeout that the engine made, as against one that the activity's own code threw.</summary>
    public const string TimedOut = "Durable.TimedOut";

    /// <summary>The engine's own timeout.</summary>
    public static TimeoutException Timeout(string what, TimeSpan limit)
    {
        var error = new TimeoutException($"{what} did not end within {limit:c}.");
        error.Data[TimedOut] = true;
        return error;
    }

    /// <summary>An attempt that did not say it was alive.</summary>
    public static TimeoutException Silence(string what, TimeSpan limit)
    {
        var error = new TimeoutException($"{what} gave no heartbeat for {limit:c}.");
        error.Data[TimedOut] = true;
        return error;
    }

    /// <summary>An attempt of which nobody knows the end, and which must not be made again.</summary>
    public static DurableException InDoubt() =>
        new(DurableErrorCodes.ActivityInDoubt, "The host was lost while the attempt ran; nobody knows whether it had its effect, and it may run at most once.");

    private static bool IsFinal(Exception error, Failure failure, CallOptions options, int counted) =>
        error is NonRetryableException || (options.MaxAttempts > 0 && counted >= options.MaxAttempts) || options.AtMostOnce && error is TimeoutException
        || (error is DurableException { Code: DurableErrorCodes.PayloadUnreadable or DurableErrorCodes.PayloadTooLarge or DurableErrorCodes.ActivityInDoubt or DurableErrorCodes.TransactionForeign })
        || (options.NonRetryable is { } names && (names.Contains(failure.Type) || failure.BaseTypes.Any(names.Contains)));

    private static TimeSpan DelayOf(CallOptions options, int counted, double jitter) =>
        new RetryPolicy { InitialDelay = options.InitialDelay, BackoffFactor = options.BackoffFactor, MaxDelay = options.MaxDelay }.DelayFor(counted, jitter);
}
