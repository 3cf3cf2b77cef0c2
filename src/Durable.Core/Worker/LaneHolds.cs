// Runs that may not go on (DECISIONS 14): put on hold, kept on hold, and what may still happen to them there.
using System.Text.Json;
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Holds the runs of a lane.</summary>
internal sealed class LaneHolds(Lane lane)
{
    private const int KeptBuilds = 8;

    /// <summary>Parks a run as stalled or quarantined, with the reason. Nothing of the refused turn is stored.</summary>
    public void Hold(RunSlot slot, Verdict verdict, short reason = HoldReasons.Stalled)
    {
        if (slot.State == SlotState.Gone) return;
        lane.Turns.TurnLog.Clear();
        var status = reason == HoldReasons.Quarantined ? RunStatus.Quarantined : RunStatus.Stalled;
        lane.Shared.Log.RunHeld(slot.Run.WorkflowId, slot.RunId, slot.Run.Type, status.ToString(), verdict.Code, verdict.Message);
        Telemetry.RunsHeld.Add(1, new KeyValuePair<string, object?>("status", status.ToString()));
        var batch = lane.Touch(slot);
        if (slot.Status != status) batch.Rows.Updates.Add(new RunUpdate { RunId = slot.RunId, Shard = slot.Run.Shard, Status = status });
        LaneExits.KeepResults(slot, batch);
        var before = slot.Hold is { } known && IsHere(known, slot) ? known.Builds : [];
        Remember(slot, batch, new HoldDocument(slot.Gen, slot.NextSeq, [.. before.Where(build => build != lane.Services.Build).Append(lane.Services.Build).TakeLast(KeptBuilds)], reason, verdict.Message));
        Park(slot, batch, reason, verdict.Message);
    }

    /// <summary>Holds a run whose rows the store refuses: its memory is ahead of the store, so nothing of it is written.</summary>
    public void HoldRefused(RunSlot slot, string message)
    {
        slot.ClearWaiting();
        if (slot.State is SlotState.Starting or SlotState.Loading || slot.HoldRefused)
        {
            lane.Remove(slot);                           // it was never stored; or even its hold is refused, and the next owner may try
            return;
        }

        slot.HoldRefused = true;
        slot.Execution = null;
        slot.State = SlotState.Active;
        Hold(slot, new Verdict(DurableErrorCodes.StoreUnavailable, message));
    }

    /// <summary>True if a run that was read is held, and this build may not try it: it was taken for a control message.</summary>
    public bool Stands(RunSlot slot) => slot.Status switch
    {
        RunStatus.Paused or RunStatus.Quarantined => true,
        RunStatus.Stalled => slot.Hold is { } hold && IsHere(hold, slot) && hold.Builds.Contains(lane.Services.Build),
        RunStatus.Cancelling => slot.Hold is { Reason: not 0 } hold && IsHere(hold, slot) && (hold.Reason != HoldReasons.Stalled || hold.Builds.Contains(lane.Services.Build)),
        _ => false,
    };

    /// <summary>Parks a held run as it was. A cancel is recorded: the run shows it from now on, and runs it when the hold ends.</summary>
    public void Keep(RunSlot slot, IReadOnlyList<MessageRecord> messages)
    {
        var batch = lane.Touch(slot);
        var reason = slot.Status == RunStatus.Paused ? HoldReasons.Paused : slot.Hold?.Reason ?? HoldReasons.Quarantined;
        var cancelled = Disarm(slot, batch, messages, notice: false);
        if (cancelled) lane.Exits.SetStatus(slot, RunTrigger.CancelRequested);
        if (cancelled && slot.Hold?.Reason != reason) Remember(slot, batch, new HoldDocument(slot.Gen, slot.NextSeq, [lane.Services.Build], reason));      // the status does not say it any more
        Park(slot, batch, reason, slot.Hold?.Message);
    }

    /// <summary>Gives a run back that was taken for a control message and that this host cannot run: a cancel waits, as ordinary mail, for a host that can.</summary>
    public void PassOn(RunSlot slot, IReadOnlyList<MessageRecord> messages)
    {
        if (slot.Hold is { Reason: not 0 } hold && IsHere(hold, slot))
        {
            Keep(slot, messages);
            return;
        }

        if (Disarm(slot, lane.Touch(slot), messages, notice: true)) lane.Exits.SetStatus(slot, RunTrigger.CancelRequested);
        lane.Exits.Park(slot);
    }

    /// <summary>Somebody ended the hold: builds that stalled the run may try again.</summary>
    public void End(RunSlot slot, PendingBatch batch)
    {
        if (slot.Hold is { Reason: not 0 } hold) Remember(slot, batch, hold with { Builds = [], Reason = 0, Message = null });
        slot.Hold = null;
    }

    private static bool IsHere(HoldDocument hold, RunSlot slot) => hold.Gen == slot.Gen && hold.NextSeq == slot.NextSeq;      // progress makes the place another one

    private void Park(RunSlot slot, PendingBatch batch, short reason, string? message)
    {
        var name = reason switch { HoldReasons.Paused => RunStatus.Paused, HoldReasons.Stalled => RunStatus.Stalled, _ => RunStatus.Quarantined };
        lane.Exits.Park(slot, batch, reason, [new WaitDocument("hold", name.ToString(), lane.Clock.Now, null, message)]);
    }

    private static void Remember(RunSlot slot, PendingBatch batch, HoldDocument hold)
    {
        slot.Hold = hold;
        batch.Rows.Documents.Add(new DocumentRecord(slot.Run.Namespace, HoldDocument.Kind, slot.RunId.ToString("N"), slot.Run.Shard, 1, JsonSerializer.Serialize(hold, HistoryJson.Default.HoldDocument), slot.RunId));
    }

    // A control message that is kept loses its power over lanes, or they would take the run for it again and again. True if there was a cancel.
    private static bool Disarm(RunSlot slot, PendingBatch batch, IReadOnlyList<MessageRecord> messages, bool notice)
    {
        var cancelled = false;
        foreach (var message in messages.Where(message => message.Control && message.Kind != (short)EventKind.Resumed))
        {
            batch.Rows.Consumed.Add(message.Key);
            if (message.Kind != (short)EventKind.CancelRequested) continue;      // a deadline that is not over by this clock: the reaper tells again
            cancelled = true;
            batch.Rows.Sends.Add(new MessageRecord
            {
                RunId = slot.RunId, Sender = message.Sender, SenderSeq = message.SenderSeq, Kind = message.Kind, Notice = notice, Payload = message.Payload, Encoding = message.Encoding, AcceptedAt = message.AcceptedAt,
                Actor = message.Actor, Correlation = message.Correlation, Causation = message.Causation, Trace = message.Trace, Namespace = message.Namespace, Shard = message.Shard,
            });
        }

        return cancelled;
    }
}
