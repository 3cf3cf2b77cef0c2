// The records of a run that a lane starts itself.
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Makes the records of runs whose start and first turn are one commit (N3).</summary>
internal static class NewRuns
{
    /// <summary>The run's row, as the lane keeps it in memory.</summary>
    public static RunRecord RowOf(StartRecord start) => new()
    {
        RunId = start.RunId, Namespace = start.Namespace, WorkflowId = start.WorkflowId, Ordinal = 0, Shard = start.Shard, Type = start.Type, Version = start.Version, Build = start.Build,
        Status = RunStatus.Running, Gen = 0, CreatedAt = default, DeadlineAt = start.DeadlineAt, Secret = start.Secret, Queue = start.Queue, Priority = start.Priority, Parent = start.Parent,
        Attributes = start.Attributes, Actor = start.Actor, Correlation = start.Correlation, Trace = start.Trace,
    };

    /// <summary>The start as it goes into the batch: owned by the lane, with its first event.</summary>
    public static StartRecord Owned(StartRecord start, EventRecord first) => new()
    {
        RunId = start.RunId, Namespace = start.Namespace, WorkflowId = start.WorkflowId, Shard = start.Shard, Type = start.Type, Version = start.Version, Build = start.Build,
        Queue = start.Queue, Priority = start.Priority, Input = null, Encoding = 0, Secret = start.Secret, Attributes = start.Attributes, Parent = start.Parent, DeadlineAt = start.DeadlineAt,
        Actor = start.Actor, Correlation = start.Correlation, Trace = start.Trace, Gate = start.Gate, Owned = true, FirstEvent = first, IfRefused = start.IfRefused, Status = RunStatus.Running,
    };
}
