namespace Durable;

/// <summary>The options of the engine in this process. Bind them with
/// <c>services.Configure&lt;DurableOptions&gt;(section)</c> or set them in
/// <c>AddDurable</c>.</summary>
/// <remarks>They are checked together when the host starts; everything out of range is reported in one
/// <see cref="DurableException"/> with DUR1002. Bytes are counted as stored; 1 MB is 1,048,576.</remarks>
public sealed class DurableOptions
{
    /// <summary>The namespace of the injected <see cref="DurableClient"/>. Default <c>default</c>.</summary>
    public string Namespace { get; set; } = "default";

    /// <summary>Who this process is, for taking its own runs over at once after a restart. It must be
    /// the same after a restart and different for every live process.</summary>
    /// <remarks>Default null: on SQLite machine and file; on PostgreSQL the pod's name, or machine, application name and content root.</remarks>
    public string? Identity { get; set; }

    /// <summary>The namespaces whose runs this process works on. Default empty: all.</summary>
    public IList<string> ServedNamespaces { get; } = [];

    /// <summary>The queues, beside work without a queue, whose runs and activities this process works on. Default empty: none.</summary>
    public IList<string> ServedQueues { get; } = [];

    /// <summary>How many activities of a queue may run at the same time, in this process and in the whole cluster. Default empty: only <see cref="MaxConcurrentActivities"/> counts.</summary>
    /// <remarks>By name of the queue, over all namespaces. Limits of queues that this process does not serve mean nothing here, so that all hosts can be given the same ones.</remarks>
    public IDictionary<string, QueueLimit> QueueLimits { get; } = new Dictionary<string, QueueLimit>(StringComparer.Ordinal);

    /// <summary>How many attempts of activities and steps may be under way in this process. Default 100.</summary>
    public int MaxConcurrentActivities { get; set; } = 100;

    /// <summary>How long an activity may wait in this process for one of the <see cref="MaxConcurrentActivities"/> places before other hosts may take it. Default 5 s.</summary>
    /// <remarks>It counts for activities that this process has claimed from a queue, and, while another host lives that can run the same workflows, for those without a queue.</remarks>
    public TimeSpan DispatchTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many runs are kept in memory between turns; beyond it those idle longest are parked and replayed when needed. Default 10,000.</summary>
    public int MaxCachedRuns { get; set; } = 10_000;

    /// <summary>How long a stopping host lets activities finish. Default 20 s; a value not below the host's own shutdown time-out is warned about at start.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long after its last sign of life another process may take over this one's runs. Default
    /// 20 s. Shorter means faster takeover and less tolerance for pauses.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How many steps a generation has when <see cref="WorkflowContext.ContinueAsNewSuggested"/> becomes true. Default 50.</summary>
    public int RollOverSteps { get; set; } = 50;

    /// <summary>How many stored bytes a generation has when <see cref="WorkflowContext.ContinueAsNewSuggested"/> becomes true. Default 1 MB.</summary>
    public int RollOverBytes { get; set; } = 1024 * 1024;

    /// <summary>The largest payload in bytes: arguments of one call, one result, one message. Larger ones are refused with DUR2007. Default 2 MB.</summary>
    public int MaxPayloadBytes { get; set; } = 2 * 1024 * 1024;

    /// <summary>How long closed runs are kept before they are purged. Default 30 days; null keeps them.</summary>
    public TimeSpan? Retention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long a run idles in memory before it is parked; with a full cache it is parked at once. Default 5 s.</summary>
    public TimeSpan ParkAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>After how many claims in a row without progress, each ended by the death of its worker,
    /// a run is held as <see cref="RunStatus.Quarantined"/>. Default 5.</summary>
    public int QuarantineAfter { get; set; } = 5;

    /// <summary>How many commands (activities, timers, children …) a run may have pending. One more fails the run with DUR3006. Default 2,000.</summary>
    public int MaxPendingCommands { get; set; } = 2000;

    /// <summary>How many events a generation may have. At the limit the run fails with DUR3005: continue as new before. Default 51,200.</summary>
    public int MaxHistoryEvents { get; set; } = 51_200;

    /// <summary>How many stored bytes a generation may have. At the limit the run fails with DUR3005. Default 50 MB.</summary>
    public long MaxHistoryBytes { get; set; } = 50L * 1024 * 1024;

    /// <summary>The number of events of a generation from which a warning is logged, once. Default 10,240.</summary>
    public int WarnHistoryEvents { get; set; } = 10_240;

    /// <summary>The stored bytes of a generation from which a warning is logged, once. Default 10 MB.</summary>
    public long WarnHistoryBytes { get; set; } = 10L * 1024 * 1024;

    /// <summary>How many loops of this process own runs. Default 1: more rarely helps, because each commits for all of its runs together. Measure first.</summary>
    public int Lanes { get; set; } = 1;

    /// <summary>The most loops of this process over all shard groups of a distributed database. Default 128.</summary>
    public int MaxLanes { get; set; } = 128;

    /// <summary>How many generations before the current one keep their history. Default 1.</summary>
    public int KeepGenerations { get; set; } = 1;

    /// <summary>True: with a debugger attached at start, this host keeps its runs for 1 h without a sign of life, and time limits of turns and activities are off, with one warning. Default true.</summary>
    public bool DebuggerFriendly { get; set; } = true;

    /// <summary>The longest pause between two looks at the store; the pace adapts below it, and hints
    /// from the database or this process make it shorter. Default 1 s.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How deep JSON payloads may nest, when written and when read (DUR2005). Default 64.</summary>
    public int MaxJsonDepth { get; set; } = 64;

    /// <summary>Names of JSON members, whatever their case, whose values are blanked in histories and in the events of exports. Add to it or clear it.</summary>
    /// <remarks>Default <c>password</c>, <c>secret</c>, <c>token</c>, <c>apiKey</c>, <c>authorization</c>, <c>connectionString</c>.</remarks>
    public IList<string> RedactedNames { get; } = ["password", "secret", "token", "apiKey", "authorization", "connectionString"];
}
