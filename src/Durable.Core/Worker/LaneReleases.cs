// What follows when a batch is durable, and not before (C7): starts are answered, attempts begin, messages go out.
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Releases the effects of a lane's batches.</summary>
internal sealed class LaneReleases(Lane lane)
{
    /// <summary>Counts a run that another host or client has started, once its first row is durable.</summary>
    public static void CountStart(RunSlot slot, PendingBatch batch) => batch.AfterCommit.Add((slot.RunId, () => Started(slot)));

    /// <summary>A batch is durable: now, and not before, its effects happen (C7).</summary>
    public void Release(PendingBatch batch, IReadOnlyList<Guid> refused)
    {
        if (batch.Starts is not null) ReleaseStarts(batch.Starts, refused);
        foreach (var entry in batch.Log) EngineLog.Write(lane.Shared.Loggers, entry);
        foreach (var (slot, effect) in batch.Effects)
            if (slot.State != SlotState.Gone && !(effect.Operation?.Child is { } child && refused.Contains(child.RunId))) Release(slot, effect);
        foreach (var child in batch.Rows.Children)
            if (child.IfRefused is { } told && refused.Contains(child.RunId)) lane.Shared.Hint(told.RunId);
        foreach (var (_, then) in batch.AfterCommit) then();
        foreach (var slot in batch.Slots)
            if (slot is { State: SlotState.Reloading, LastBatch: null }) lane.Loads.Reload(slot);
        foreach (var send in batch.Rows.Sends)
            if (send.Notice) lane.Shared.Hint(send.RunId);
        foreach (var row in batch.Rows.Outgoing) lane.Forwards.Add(row);
        if (batch.Rows.Parks.Count + batch.Rows.Sends.Count + batch.Rows.Tasks.Count > 0) lane.Shared.Announce();
        foreach (var task in batch.Rows.Tasks)
            if (task.Queue != ActivityRunner.OwnerQueue) lane.Shared.TaskDue(task.VisibleAt);
    }

    private void ReleaseStarts(Dictionary<Guid, StartingRun> starts, IReadOnlyList<Guid> refused)
    {
        foreach (var start in starts.Values)
        {
            var slot = start.Slot;
            if (refused.Contains(slot.RunId))
            {
                lane.Remove(slot);
                start.Answer?.TrySetResult(false);
                continue;
            }

            lane.Shared.Ends.Started(slot.Run);
            start.Answer?.TrySetResult(true);
            Started(slot);
            if (slot.State != SlotState.Starting) continue;
            if (slot.Waiting.Count == 0 && slot.Deferred?.Exists(static effect => effect.Kind == CommandKind.Child) != true) Begun(slot);
            else BeginLater(slot);                       // user code may run in it, and what else this batch releases must not hang on that
        }
    }

    private void BeginLater(RunSlot slot) => lane.Post(() => Begun(slot));

    private void Begun(RunSlot slot)
    {
        if (slot.State != SlotState.Starting) return;
        slot.State = SlotState.Active;
        if (slot.Waiting.Count > 0) DeliverLater(slot);
        var deferred = slot.Deferred ?? [];
        slot.Deferred = null;
        ReleaseDeferred(slot, deferred);
    }

    private void DeliverLater(RunSlot slot) => lane.Post(() => lane.Turns.DeliverWaiting(slot));

    private static void Started(RunSlot slot)
    {
        if (slot.Gen == 0) Telemetry.RunsStarted.Add(1, new KeyValuePair<string, object?>("workflow", slot.Run.Type));
    }

    // The start is durable, so what needs no rows happens at once, and only the rest needs another batch.
    private void ReleaseDeferred(RunSlot slot, List<Effect> deferred)
    {
        var needsRows = slot.Execution?.End is not null;
        foreach (var effect in deferred)
        {
            if (effect.Kind is CommandKind.Signal or CommandKind.Send or CommandKind.CancelRun || (effect.Kind is CommandKind.Activity or CommandKind.Step && !LaneTasks.NeedsRow(effect.Operation!))) Release(slot, effect);
            else if (effect.Kind == CommandKind.Timer) lane.Timers.Add(effect.Operation!.DueAt, new LaneTimer(slot, slot.Gen, effect.Operation.Ordinal, TimerPurpose.Code));
            else needsRows = true;
        }

        if (!needsRows) return;
        var rest = deferred.Where(effect => effect.Kind is CommandKind.Child or CommandKind.Answer or CommandKind.Attribute or CommandKind.Cancel || (effect.Kind is CommandKind.Activity or CommandKind.Step && LaneTasks.NeedsRow(effect.Operation!))).ToList();
        lane.Turns.CarryOut(slot, lane.Touch(slot), rest);
    }

    private void Release(RunSlot slot, in Effect effect)
    {
        if (effect.Operation is not { } operation || slot.Execution?.Operations.Find(operation.Ordinal) is not { } pending || pending.Operation != operation) return;
        switch (effect.Kind)
        {
            case CommandKind.Activity or CommandKind.Step when slot.State == SlotState.Leaving || slot.Execution.End is not null:
                break;                                   // the run has ended without waiting for it
            case CommandKind.Activity when lane.IsDraining:
                LaneTasks.Add(lane, slot, lane.Touch(slot), operation, attempt: 0, logical: 0, lane.Clock.Now, null);      // not begun here any more: anybody's
                break;
            case CommandKind.Step when lane.IsDraining:
                break;                                   // the next owner's
            case CommandKind.Activity or CommandKind.Step:
                lane.Turns.StartAttempt(slot, operation, null);
                break;
            case CommandKind.Signal or CommandKind.Send or CommandKind.CancelRun:
                LaneSends.Begin(lane, slot, operation);
                break;
            case CommandKind.Child when slot.Execution.Context.Children.AwaitsStart(operation.Ordinal):
                TellStarted(slot, operation.Ordinal, slot.Gen);
                break;
        }
    }

    private void TellStarted(RunSlot slot, int ordinal, int gen) => lane.Post(() => lane.Turns.Deliver(slot, new Arrival(EventKind.ChildStarted, ordinal) { ReplyGen = gen }));
}
