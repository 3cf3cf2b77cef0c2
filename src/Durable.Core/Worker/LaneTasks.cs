// Activities as rows: queued and heartbeating ones, and attempts that are to be made again (DECISIONS 13).
using System.Text.Json;
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Makes task rows.</summary>
internal static class LaneTasks
{
    private static readonly TimeSpan LeastGrace = TimeSpan.FromMilliseconds(500);

    /// <summary>True for activities and steps that are rows from their first attempt.</summary>
    public static bool NeedsRow(Operation operation) => operation.Options.Queue.Length > 0 || operation.Options.Heartbeat is not null || operation.Step is { InTransaction: true };

    // Silence is found by the task's own host, on time. Others find that the host is gone: a little later, because a beat takes its time to the store.
    private static TimeSpan GraceOf(TimeSpan silence) => silence * 0.15 is var part && part > LeastGrace ? part : LeastGrace;

    /// <summary>Puts a task row into the batch, replacing the one before.</summary>
    public static TaskRecord Add(Lane lane, RunSlot slot, PendingBatch batch, Operation operation, int attempt, int logical, DateTimeOffset visibleAt, byte[]? failures, Guid? token = null)
    {
        var options = operation.Options;
        var isStep = operation.Kind == CommandKind.Step;
        var task = new TaskRecord
        {
            RunId = slot.RunId, Gen = slot.Gen, TaskNo = operation.Ordinal, Shard = slot.Run.Shard, Namespace = slot.Run.Namespace,
            Activity = operation.Name, Queue = isStep ? ActivityRunner.OwnerQueue : options.Queue, Priority = options.Priority, VisibleAt = visibleAt, Token = token, Attempt = attempt, LogicalAttempt = logical,
            DeadlineAt = options.ScheduleToClose is { } limit ? Microseconds.RoundUp(operation.IssuedAt + limit) : null,
            Visibility = options.Heartbeat is { } silence ? silence + GraceOf(silence) : lane.Services.Options.Lease,
            Failures = failures,
            Payload = isStep ? null : Payload(lane, slot, operation), Encoding = Codecs.EncodingOf(lane.Services.Serializer.Codec),
        };
        if (slot.Tasks.TryGetValue(operation.Ordinal, out var before)) batch.Rows.TaskDeletes.Add(before.Key);
        slot.Tasks[operation.Ordinal] = task;
        slot.MayHaveRows = true;
        batch.Rows.Tasks.RemoveAll(other => other.Key == task.Key);
        batch.Rows.Tasks.Add(task);
        return task;
    }

    /// <summary>Deletes a task row: also one that is still in the same batch, where deletes come before inserts.</summary>
    public static void Delete(Lane lane, PendingBatch batch, TaskRecord task)
    {
        batch.Rows.Tasks.RemoveAll(other => other.Key == task.Key);
        batch.Rows.TaskDeletes.Add(task.Key);
        if (task.Queue != ActivityRunner.OwnerQueue) batch.AfterCommit.Add((task.RunId, () => lane.Shared.TaskGone(task.Key)));
    }

    /// <summary>An attempt that waited too long for a place: its call becomes a row that any host may take. It never began, so no attempt counts.</summary>
    public static void Overflow(ActivityAttempt attempt)
    {
        var (lane, slot, operation) = (attempt.Lane, attempt.Slot, attempt.Operation);
        if (attempt.End != AttemptEnd.None || !slot.Attempts.TryGetValue(operation.Ordinal, out var current) || current != attempt) return;
        if (slot.State != SlotState.Active || slot.Execution?.Operations.Find(operation.Ordinal)?.Operation != operation)
        {
            lane.Shared.Activities.Start(attempt);       // the run is being read again, or ends: it keeps what is under way
            return;
        }

        slot.Attempts.Remove(operation.Ordinal);
        Add(lane, slot, lane.Touch(slot), operation, attempt: 0, logical: 0, lane.Clock.Now, null);
        Telemetry.Overflows.Add(1, new KeyValuePair<string, object?>("activity", operation.Name));
    }

    private static byte[]? Payload(Lane lane, RunSlot slot, Operation operation)
    {
        using var body = JsonDocument.Parse(lane.Loads.BodyOf(slot, operation));
        var info = slot.Execution!.Info;
        var document = new TaskDocument
        {
            Arguments = body.RootElement.GetProperty("args"), Options = operation.Options,
            Workflow = new TaskWorkflow(info.WorkflowId, info.Workflow, info.Version, info.StartedAt, slot.Run.Trace),
        };
        return Codecs.Encode(lane.Services.Serializer.Codec, JsonSerializer.SerializeToUtf8Bytes(document, HistoryJson.Default.TaskDocument), slot.Run.Namespace, slot.RunId);
    }
}
