namespace Durable;

/// <summary>What a run and its activities know about the run. The same values in every replay.</summary>
/// <param name="WorkflowId">The id that the starter chose, or was given. At most one open run of a namespace has it.</param>
/// <param name="RunId">The id of this execution (a UUIDv7). It stays the same through continue-as-new.</param>
/// <param name="Workflow">The stored name of the workflow class.</param>
/// <param name="Version">The version of the workflow class that the run started with.</param>
public sealed record WorkflowInfo(string WorkflowId, Guid RunId, string Workflow, int Version)
{
    /// <summary>The namespace (tenant) of the run. Default <c>default</c>.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>How often the run has continued as new: 0 for the first history.</summary>
    public int Generation { get; init; }

    /// <summary>When the run started (its first generation), by the recorded clock.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>The time that a schedule meant this run for, which may be earlier than <see cref="StartedAt"/>; null if no schedule started it.</summary>
    public DateTimeOffset? ScheduledFor { get; init; }

    /// <summary>The workflow id of the run that started this one as a child; null if no run did.</summary>
    public string? ParentId { get; init; }
}
