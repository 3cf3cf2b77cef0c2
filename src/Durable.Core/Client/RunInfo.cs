namespace Durable;

/// <summary>What the store knows about a run, as of one read. It holds no payloads.</summary>
/// <param name="WorkflowId">The workflow id.</param>
/// <param name="RunId">The id of this run.</param>
/// <param name="Workflow">The stored name of the workflow.</param>
/// <param name="Version">The version of the workflow that the run started with.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="StartedAt">When its start was stored, by the database's clock.</param>
/// <param name="ClosedAt">When it closed; null while it is open.</param>
/// <param name="WaitReason">What it waits for; null if it is closed or its owner has it in memory (<see cref="RunHandle.ExplainAsync"/> tells then).</param>
/// <param name="Attributes">Its searchable attributes.</param>
public sealed record RunInfo(
    string WorkflowId, Guid RunId, string Workflow, int Version, RunStatus Status,
    DateTimeOffset StartedAt, DateTimeOffset? ClosedAt, WaitReason? WaitReason, RunAttributes Attributes);
