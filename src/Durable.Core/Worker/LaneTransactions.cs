// Transactional steps in a lane (K4): each attempt has a task row with its own token before its code runs.
using Durable.Engine.Replay;

namespace Durable.Engine.Worker;

/// <summary>Begins, restores and settles attempts of transactional steps.</summary>
internal static class LaneTransactions
{
    /// <summary>
    /// Puts the row of the next attempt into the batch, already taken by this host, and runs the attempt once it is durable. The batch is fenced like any other, so a host
    /// that has lost the run takes nothing; and the token of an earlier attempt is gone with its row.
    /// </summary>
    public static void Begin(Lane lane, RunSlot slot, PendingBatch batch, Operation operation, int attempt, int logical, byte[]? failures)
    {
        var task = LaneTasks.Add(lane, slot, batch, operation, attempt, logical, lane.Clock.Now, failures, lane.Services.Machine.NewGuid());
        batch.AfterCommit.Add((slot.RunId, () =>
        {
            if (slot.State is not (SlotState.Gone or SlotState.Leaving) && slot.Execution?.Operations.Find(operation.Ordinal)?.Operation == operation && slot.Tasks.GetValueOrDefault(operation.Ordinal) == task)
                lane.Turns.StartAttempt(slot, operation, task);
        }));
    }

    /// <summary>The time of the next attempt has come.</summary>
    public static void Again(Lane lane, RunSlot slot, Operation operation)
    {
        if (slot.Tasks.TryGetValue(operation.Ordinal, out var task) && task.Token is null && !slot.Attempts.ContainsKey(operation.Ordinal))
            Begin(lane, slot, lane.Touch(slot), operation, task.Attempt + 1, task.LogicalAttempt, task.Failures);
    }

    /// <summary>Takes a step up again that was pending when the last owner let go. An attempt of his that is still under way loses its row first, or has committed already.</summary>
    public static void Restore(Lane lane, RunSlot slot, Operation operation)
    {
        if (!slot.Tasks.TryGetValue(operation.Ordinal, out var task)) Begin(lane, slot, lane.Touch(slot), operation, 1, 0, null);
        else if (task.Token is null) lane.Timers.Add(task.VisibleAt, new LaneTimer(slot, slot.Gen, operation.Ordinal, TimerPurpose.StepRetry));
        else
            lane.Services.Machine.Queue(async () =>
            {
                // Not in the lane's batch: the row may be locked by a transaction that is about to commit, and a lane waits for nobody's (G2).
                var taken = await lane.Shared.Activities.Transactions.TakeBackAsync(task, () => slot.State != SlotState.Gone).ConfigureAwait(false);
                lane.Post(() => TakenBack(lane, slot, operation, task, taken));
            });
    }

    /// <summary>The task row of an attempt is gone, with a message in its place or because nobody wanted it any more.</summary>
    public static void Settled(ActivityAttempt attempt)
    {
        var (slot, ordinal) = (attempt.Slot, attempt.Operation.Ordinal);
        if (slot.Attempts.GetValueOrDefault(ordinal) == attempt) slot.Attempts.Remove(ordinal);
        if (slot.State == SlotState.Gone) attempt.Lane.Shared.Announce();                        // another host has the run
        else attempt.Lane.Loads.ReadMail([slot.RunId]);
    }

    private static void TakenBack(Lane lane, RunSlot slot, Operation operation, Storage.TaskRecord task, bool taken)
    {
        if (slot.State != SlotState.Active || slot.Tasks.GetValueOrDefault(operation.Ordinal) != task || slot.Execution?.Operations.Find(operation.Ordinal)?.Operation != operation || slot.Attempts.ContainsKey(operation.Ordinal)) return;
        if (taken) Begin(lane, slot, lane.Touch(slot), operation, task.Attempt + 1, task.LogicalAttempt, task.Failures);
        else lane.Loads.ReadMail([slot.RunId]);
    }
}
