// Metrics and spans under the name Durable. Nothing is recorded in replay.
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Durable.Storage;

namespace Durable.Engine.Diagnostics;

/// <summary>Meter and ActivitySource <c>Durable</c>.</summary>
internal static class Telemetry
{
    /// <summary>Name of meter and source.</summary>
    public const string Name = "Durable";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    public static Counter<long> RunsStarted { get; } = Meter.CreateCounter<long>("durable.runs.started", "{run}", "Runs started by this process.");

    public static Counter<long> RunsClosed { get; } = Meter.CreateCounter<long>("durable.runs.closed", "{run}", "Runs that ended on this process.");

    public static Counter<long> RunsHeld { get; } = Meter.CreateCounter<long>("durable.runs.held", "{run}", "Runs stalled or quarantined.");

    public static Counter<long> Replays { get; } = Meter.CreateCounter<long>("durable.replays", "{replay}", "Histories replayed after a claim.");

    public static Counter<long> LateResults { get; } = Meter.CreateCounter<long>("durable.results.late", "{result}", "Results that nobody waited for any more: dropped and counted.");

    public static Counter<long> Overflows { get; } = Meter.CreateCounter<long>("durable.activities.overflowed", "{activity}", "Activities that waited too long for a place here and were given to whoever has one.");

    public static Counter<long> LeaseLosses { get; } = Meter.CreateCounter<long>("durable.lease.losses", "{lane}", "Lanes that were fenced.");

    public static Counter<long> LaneFaults { get; } = Meter.CreateCounter<long>("durable.lane.faults", "{fault}", "Faults inside a lane's loop.");

    public static Counter<long> CrossingsRefused { get; } = Meter.CreateCounter<long>("durable.crossings.refused", "{row}", "Times that a shard group refused a row of a run of another group.");

    public static Counter<long> LoopFaults { get; } = Meter.CreateCounter<long>("durable.loop.faults", "{fault}", "Rounds of loops that ended with an exception.");

    public static Histogram<double> CommitDuration { get; } = Meter.CreateHistogram<double>("durable.commit.duration", "s", "Time from sending a batch to its answer.");

    public static Histogram<double> ActivityDuration { get; } = Meter.CreateHistogram<double>("durable.activity.duration", "s", "Time of one attempt.");

    private static readonly ObservableGauge<long> Depth = Meter.CreateObservableGauge("durable.ready.depth", static () => (long)lastReady.Count, "{row}", "Wake rows and notices that are due.");
    private static readonly ObservableGauge<double> Oldest = Meter.CreateObservableGauge("durable.ready.oldest", static () => lastReady.OldestAge.TotalSeconds, "s", "Age of the oldest due row.");
    private static ReadyDepth lastReady;

    /// <summary>True if somebody reads the depth of what is due: only then is the store asked for it.</summary>
    public static bool IsReadyWanted => Depth.Enabled || Oldest.Enabled;

    /// <summary>Takes over the depth of what is due.</summary>
    public static void SetReady(in ReadyDepth depth) => lastReady = depth;

    /// <summary>A span of one attempt, child of what started the run.</summary>
    public static Activity? StartAttempt(string name, int attempt, WorkflowInfo workflow, string? trace)
    {
        if (!Source.HasListeners()) return null;
        System.Diagnostics.ActivityContext.TryParse(trace, null, out var parent);
        var span = Source.StartActivity($"durable.activity {name}", ActivityKind.Internal, parent);
        return span?.SetTag("durable.activity", name).SetTag("durable.attempt", attempt).SetTag("durable.workflow", workflow.Workflow).SetTag("durable.workflow_id", workflow.WorkflowId).SetTag("durable.run_id", workflow.RunId);
    }

    /// <summary>A span of a start.</summary>
    public static Activity? StartRun(string workflow, string workflowId) => Source.HasListeners() ? Source.StartActivity($"durable.start {workflow}", ActivityKind.Producer)?.SetTag("durable.workflow", workflow).SetTag("durable.workflow_id", workflowId) : null;

    /// <summary>Ends the span of an attempt.</summary>
    public static void AttemptEnded(Activity? span, string name, string outcome, TimeSpan time, Exception? error)
    {
        if (ActivityDuration.Enabled) ActivityDuration.Record(time.TotalSeconds, new KeyValuePair<string, object?>("activity", name), new KeyValuePair<string, object?>("outcome", outcome));
        if (error is not null) span?.SetStatus(ActivityStatusCode.Error, error.GetType().Name);
    }
}
