namespace Durable;

/// <summary>What the deploy gate replays. Set it with <c>services.Configure&lt;ReplayGateOptions&gt;(…)</c>, or give it to <see cref="DurableReplayGate.CheckAsync"/>.</summary>
public sealed class ReplayGateOptions
{
    /// <summary>How many open runs of each workflow and version are replayed: a sample spread over all of them, from the oldest to the newest. Default null: every one.</summary>
    public int? SamplePerWorkflow { get; set; }

    /// <summary>The namespaces to look into. Default empty: those that the process serves, or its own.</summary>
    public IList<string> Namespaces { get; } = [];

    /// <summary>How many runs are replayed at the same time. Default: one for each processor.</summary>
    public int Parallelism { get; set; } = Environment.ProcessorCount;

    /// <summary>True: a run whose class or version this build has not got makes the health check unhealthy. Default false: another host may serve it.</summary>
    public bool RequireAllWorkflows { get; set; }
}
