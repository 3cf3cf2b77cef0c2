// Checks the options when the host starts: all faults in one message.
using Microsoft.Extensions.Options;

namespace Durable.Engine.Hosting;

/// <summary>Refuses options that cannot work (DUR1002).</summary>
internal sealed class OptionsCheck : IValidateOptions<DurableOptions>
{
    public ValidateOptionsResult Validate(string? name, DurableOptions options)
    {
        var faults = new List<string>();
        Positive(options.MaxConcurrentActivities, nameof(options.MaxConcurrentActivities));
        Positive(options.MaxCachedRuns, nameof(options.MaxCachedRuns));
        Positive(options.RollOverSteps, nameof(options.RollOverSteps));
        Positive(options.RollOverBytes, nameof(options.RollOverBytes));
        Positive(options.MaxPayloadBytes, nameof(options.MaxPayloadBytes));
        Positive(options.QuarantineAfter, nameof(options.QuarantineAfter));
        Positive(options.MaxPendingCommands, nameof(options.MaxPendingCommands));
        Positive(options.MaxHistoryEvents, nameof(options.MaxHistoryEvents));
        Positive(options.MaxHistoryBytes, nameof(options.MaxHistoryBytes));
        Positive(options.Lanes, nameof(options.Lanes));
        Positive(options.MaxLanes, nameof(options.MaxLanes));
        Positive(options.KeepGenerations, nameof(options.KeepGenerations));
        Positive(options.MaxJsonDepth, nameof(options.MaxJsonDepth));
        if (options.Lease < TimeSpan.FromSeconds(1) || options.Lease > TimeSpan.FromDays(1)) faults.Add($"Lease is {options.Lease}; one second to one day is allowed.");
        if (options.PollInterval < TimeSpan.FromMilliseconds(1) || options.PollInterval > TimeSpan.FromMinutes(1)) faults.Add($"PollInterval is {options.PollInterval}; one millisecond to one minute is allowed.");
        if (options.DrainTimeout < TimeSpan.Zero) faults.Add($"DrainTimeout is {options.DrainTimeout}; it must not be negative.");
        if (options.ParkAfter < TimeSpan.Zero) faults.Add($"ParkAfter is {options.ParkAfter}; it must not be negative.");
        if (options.DispatchTimeout < TimeSpan.FromMilliseconds(1) || options.DispatchTimeout > TimeSpan.FromDays(1)) faults.Add($"DispatchTimeout is {options.DispatchTimeout}; one millisecond to one day is allowed.");
        if (options.Retention is { } retention && retention < TimeSpan.Zero) faults.Add($"Retention is {retention}; it must not be negative (null keeps for ever).");
        foreach (var text in options.ServedNamespaces.Append(options.Namespace).Concat(options.ServedQueues.Where(queue => queue.Length > 0)))
            if (Registration.Names.Fault(text) is { } fault) faults.Add($"The name '{text}' {fault}.");
        foreach (var (queue, limit) in options.QueueLimits) faults.AddRange(Faults(queue, limit));
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void Positive(long value, string member)
        {
            if (value < 1) faults.Add($"{member} is {value}; it must be at least 1.");
        }
    }

    private static IEnumerable<string> Faults(string queue, QueueLimit? limit)
    {
        const int most = 1_000;
        if (queue.Length == 0) yield return "QueueLimits has a limit for the empty name; work without a queue is limited by MaxConcurrentActivities.";
        else if (Registration.Names.Fault(queue) is { } fault) yield return $"QueueLimits: the name '{queue}' {fault}.";
        if (limit is not { PerWorker: not null } and not { Cluster: not null }) yield return $"QueueLimits of '{queue}' limit nothing; set PerWorker, Cluster or both.";
        if (limit?.PerWorker < 1) yield return $"QueueLimits of '{queue}': PerWorker is {limit.PerWorker}; it must be at least 1.";
        if (limit?.Cluster is < 1 or > most) yield return $"QueueLimits of '{queue}': Cluster is {limit.Cluster}; 1 to {most:N0} is allowed.";
    }
}
