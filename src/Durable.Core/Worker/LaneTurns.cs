// Arrivals become rows: user code runs, and what it asked for goes into the batch.
using System.Text.Json;
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Applies arrivals to the runs of a lane.</summary>
internal sealed class LaneTurns(Lane lane)
{
    /// <summary>Log entries of the turn under way: written once it is durable, thrown away with it.</summary>
    public List<LogEntry> TurnLog { get; } = [];

    private DurableOptions Options => lane.Services.Options;

    /// <summary>Starts a run for a client of this process: run, owned row and first turn in one commit (N3).</summary>
    public void Start(StartRecord start, TaskCompletionSource<bool?> answer)
    {
        if (lane.IsDraining || lane.IsLost || lane.Slots.Count >= lane.MaxRuns)
        {
            answer.TrySetResult(null);
            return;
        }

        if (Begin(start, answer, () => answer.TrySetResult(null)) is null) answer.TrySetResult(null);
    }

    /// <summary>Makes the slot of a new run, runs its first turn, and puts its start into the batch.</summary>
    /// <returns>The record as it was put there, or null if this lane cannot run it.</returns>
    public StartRecord? Begin(StartRecord start, TaskCompletionSource<bool?>? answer, Action ifLeft, PendingBatch? into = null)
    {
        if (lane.Services.Registry.Find(start.Type, start.Version) is not { } definition) return null;
        var slot = new RunSlot(start.RunId) { State = SlotState.Starting, Definition = definition, Status = RunStatus.Running, Run = NewRuns.RowOf(start) };
        slot.Execution = lane.Loads.NewExecution(slot);
        var row = Row(slot, new Arrival(EventKind.RunStarted, Payload: start.Input, Encoding: start.Encoding) { Actor = start.Actor, Correlation = start.Correlation, Trace = start.Trace });
        var verdict = Apply(slot, row, ifLeft);
        if (verdict is not null) return null;            // stored with a wake row instead, and held there where everybody can see it
        var record = NewRuns.Owned(start, row);
        var batch = into is null ? lane.Touch(slot) : Lane.Join(slot, into);
        if (answer is not null) batch.Rows.Starts.Add(record);
        (batch.Starts ??= []).Add(slot.RunId, new StartingRun(slot, answer));
        slot.Deferred = [.. slot.Execution.Effects];
        slot.Attributes = AttributesOf(start.Attributes);
        slot.NextSeq = 1;
        FlushLog(batch);
        if (record.DeadlineAt is { } deadline) lane.Timers.Add(deadline, new LaneTimer(slot, 0, 0, TimerPurpose.Deadline));
        slot.LastActive = lane.Services.Clock.GetTimestamp();
        lane.Add(slot);
        return record;
    }

    /// <summary>Takes one arrival of a run.</summary>
    public void Deliver(RunSlot slot, Arrival arrival)
    {
        if (slot.State == SlotState.Active && slot.Waiting.Count == 0) Take(slot, arrival);
        else if (slot.State is SlotState.Active or SlotState.Starting || (slot.State is SlotState.Loading or SlotState.Reloading && arrival.Message is null)) slot.Wait(arrival);

        // Else it leaves, or is being read: a message is in the store and is read from there in order; anything else is told again after the next load.
    }

    /// <summary>Takes what waited until the run was ready, before anything that comes now.</summary>
    public void DeliverWaiting(RunSlot slot)
    {
        while (slot.State == SlotState.Active && slot.TakeWaiting() is { } waiting) Take(slot, waiting);
    }

    /// <summary>The lane had to leave a turn of this run (M10): its arrival is kept, and the run is held.</summary>
    public void Left(RunSlot slot, Verdict verdict)
    {
        if (slot.State is not (SlotState.Active or SlotState.Reloading)) return;
        if (slot.Taking?.Message is { } message) slot.Forget(message.Sender, message.SenderSeq);
        slot.PutBack(slot.Taking);
        slot.Taking = null;
        slot.Execution = null;                           // the thread that was left may still be in it
        lane.Holds.Hold(slot, verdict);
    }

    /// <summary>The code of a run was seen on another thread after its turn: it may wait there for ever, so the run is looked at now.</summary>
    public void Suspect(WorkflowExecution execution)
    {
        if (lane.Slots.TryGetValue(execution.Info.RunId, out var slot) && slot.State == SlotState.Active && slot.Execution == execution && execution.Verdict is { } verdict) lane.Exits.Refuse(slot, verdict);
    }

    private void Take(RunSlot slot, Arrival arrival)
    {
        // The outcome of a child can overtake the answer of the batch that started it: it was started, then.
        if (arrival.Kind is EventKind.ChildCompleted or EventKind.ChildFailed && arrival.ReplyGen == slot.Gen && slot.Execution!.Context.Children.AwaitsStart(arrival.Ordinal)) Take(slot, new Arrival(EventKind.ChildStarted, arrival.Ordinal) { ReplyGen = slot.Gen });
        if (slot.State != SlotState.Active) return;      // held by that: the outcome is in the store
        slot.Taking = arrival;
        try
        {
            Try(slot, arrival);
            slot.Taking = null;
        }
        catch (Exception error) when (error is not LaneLeftException)
        {
            // What the engine cannot read or apply holds the run, where people see it; skipping it would change what happened.
            lane.Shared.Log.LaneWorkFailed(lane.Key.Identity, error);
            Left(slot, new Verdict((error as DurableException)?.Code ?? DurableErrorCodes.HistoryBroken, $"{arrival.Kind} could not be applied: {error.Message}"));
        }
    }

    private void Try(RunSlot slot, Arrival arrival)
    {
        slot.LastActive = lane.Services.Clock.GetTimestamp();
        if (IsControl(slot, arrival) || IsKnown(slot, arrival) || !IsWanted(slot, arrival)) return;
        if (arrival.Kind == EventKind.UpdateReceived && IsRejected(slot, arrival)) return;
        if (arrival.Kind == EventKind.CancelRequested && slot.Execution!.CancelRequested)
        {
            Consume(slot, arrival);                      // asked again: it changes nothing
            return;
        }

        if (IsAtLimit(slot)) return;
        var row = Row(slot, arrival);
        var verdict = Apply(slot, row);
        if (verdict is not null)
        {
            slot.PutBack(arrival);
            if (arrival.Message is { } lost) slot.Forget(lost.Sender, lost.SenderSeq);
            lane.Exits.Refuse(slot, verdict);
            return;
        }

        var batch = lane.Touch(slot);
        batch.Rows.Events.Add(row);
        slot.NextSeq = row.Seq + 1;
        slot.Suspected = false;
        if (arrival.Kind == EventKind.RunStarted) LaneReleases.CountStart(slot, batch);
        if (arrival.Message is { } message) batch.Rows.Consumed.Add(message.Key);
        if (arrival.Outgoing is { } outgoing) lane.Forwards.Put(slot, batch, outgoing);
        if (arrival.Forwarded is { } told) batch.Rows.Forwarded.Add(told);
        FlushLog(batch);
        if (arrival.Kind == EventKind.CancelRequested) lane.Exits.SetStatus(slot, RunTrigger.CancelRequested);
        lane.Exits.WarnIfLong(slot);
        CarryOut(slot, batch, slot.Execution!.Effects);
    }

    /// <summary>A timer's time has come.</summary>
    public void Fire(in LaneTimer timer)
    {
        var slot = timer.Slot;
        if (slot.State is SlotState.Gone or SlotState.Leaving) return;
        if (timer.Purpose == TimerPurpose.Deadline && slot.State is SlotState.Starting or SlotState.Reloading)
        {
            lane.Timers.Add(lane.Clock.Now + TimeSpan.FromMilliseconds(50), timer);
            return;
        }

        if (slot.Execution is null) return;
        switch (timer.Purpose)
        {
            case TimerPurpose.Deadline:
                lane.Exits.TimeOut(slot);
                break;
            case TimerPurpose.StepRetry:
                if (slot.Gen != timer.Gen || !slot.Tasks.TryGetValue(timer.Ordinal, out var task) || slot.Execution.Operations.Find(timer.Ordinal) is not { Operation: var step }) break;
                if (step.Step is { InTransaction: true }) LaneTransactions.Again(lane, slot, step);
                else StartAttempt(slot, step, task);
                break;
            default:
                if (slot.Gen == timer.Gen && slot.Execution.Operations.Find(timer.Ordinal) is not null) Deliver(slot, new Arrival(EventKind.TimerFired, timer.Ordinal) { ReplyGen = timer.Gen });
                break;
        }
    }

    /// <summary>Puts what a turn asked for into the batch; what must wait for its commit is remembered there.</summary>
    public void CarryOut(RunSlot slot, PendingBatch batch, IReadOnlyList<Effect> effects)
    {
        CarryOutEffects(slot, batch, effects, static (lane, slot, batch) => End(lane, slot, batch));
        End(lane, slot, batch);

        static void End(Lane lane, RunSlot slot, PendingBatch batch)
        {
            if (slot.Execution?.End is { } end) lane.Exits.Ended(slot, batch, end);
        }
    }

    /// <summary>The same without the end of the run, if the turn ended it.</summary>
    /// <param name="slot">The run.</param>
    /// <param name="batch">The batch with its row.</param>
    /// <param name="effects">What the turn asked for.</param>
    /// <param name="then">What the caller does next: done from here if the lane has to leave the first turn of a child (M10).</param>
    /// <param name="from">The first one to carry out.</param>
    public void CarryOutEffects(RunSlot slot, PendingBatch batch, IReadOnlyList<Effect> effects, Action<Lane, RunSlot, PendingBatch> then, int from = 0)
    {
        for (var i = from; i < effects.Count; i++)
        {
            var effect = effects[i];
            switch (effect.Kind)
            {
                case CommandKind.Step when effect.Operation!.Step!.InTransaction:
                    LaneTransactions.Begin(lane, slot, batch, effect.Operation, attempt: 1, logical: 0, null);
                    break;
                case CommandKind.Activity when LaneTasks.NeedsRow(effect.Operation!):
                    LaneTasks.Add(lane, slot, batch, effect.Operation!, attempt: 0, logical: 0, lane.Clock.Now, null);
                    break;
                case CommandKind.Timer:
                    lane.Timers.Add(effect.Operation!.DueAt, new LaneTimer(slot, slot.Gen, effect.Operation.Ordinal, TimerPurpose.Code));
                    break;
                case CommandKind.Cancel:
                    GiveUp(slot, batch, effect.Operation!);
                    break;
                case CommandKind.Child:
                    StartChild(slot, batch, effects, then, i);
                    break;
                case CommandKind.Answer:
                    lane.Exits.Answer(slot, batch, effect.Target!, (UpdateAnswer)effect.Data!);
                    break;
                case CommandKind.Attribute:
                    lane.Exits.SetAttributes(slot, batch, (RunAttributes)effect.Data!);
                    break;
                default:
                    batch.Effects.Add((slot, effect));       // activities and steps in memory, messages to other runs
                    break;
            }
        }
    }

    private void StartChild(RunSlot slot, PendingBatch batch, IReadOnlyList<Effect> effects, Action<Lane, RunSlot, PendingBatch> then, int at) => StartChild(slot, batch, effects[at].Operation!, () =>
    {
        CarryOutEffects(slot, batch, effects, then, at + 1);
        then(lane, slot, batch);
    });

    /// <summary>Runs an attempt of an activity or step in this process.</summary>
    public void StartAttempt(RunSlot slot, Operation operation, TaskRecord? task)
    {
        if (slot.Attempts.ContainsKey(operation.Ordinal)) return;
        var attempt = new ActivityAttempt(lane, slot, operation, lane.Loads.BodyOf(slot, operation), task);
        slot.Attempts[operation.Ordinal] = attempt;
        lane.Shared.Activities.Start(attempt);
    }

    /// <summary>An attempt in memory has ended.</summary>
    public void AttemptEnded(ActivityAttempt attempt, AttemptResult result)
    {
        var slot = attempt.Slot;
        if (slot.State == SlotState.Gone || !slot.Attempts.TryGetValue(attempt.Operation.Ordinal, out var current) || current != attempt) return;
        if (slot.State is SlotState.Loading or SlotState.Reloading && result.RetryAfter is not null)
        {
            (slot.Ended ??= []).Add((attempt, result));           // it is taken when the run has been read again
            return;
        }

        slot.Attempts.Remove(attempt.Operation.Ordinal);
        if (slot.Gen != attempt.Gen) return;
        if (result.RetryAfter is { } delay) Again(attempt, result, delay);
        else Deliver(slot, new Arrival(result.Kind, attempt.Operation.Ordinal, null, result.Payload, result.Encoding) { ReplyGen = attempt.Gen });
    }

    private void Again(ActivityAttempt attempt, AttemptResult result, TimeSpan delay)
    {
        var (slot, operation) = (attempt.Slot, attempt.Operation);
        if (slot.Execution?.Operations.Find(operation.Ordinal) is null || slot.State is SlotState.Leaving) return;
        var due = Microseconds.RoundUp(lane.Clock.Now + delay);
        var batch = lane.Touch(slot);
        LaneTasks.Add(lane, slot, batch, operation, attempt.Number, result.LogicalAttempt, due, result.Failures);
        if (operation.Kind == CommandKind.Step) batch.AfterCommit.Add((slot.RunId, () => lane.Timers.Add(due, new LaneTimer(slot, attempt.Gen, operation.Ordinal, TimerPurpose.StepRetry))));
    }

    /// <summary>Runs a turn; the entries of a turn that is not kept are thrown away.</summary>
    public Verdict? Apply(RunSlot slot, EventRecord row, Action? ifLeft = null)
    {
        TurnLog.Clear();
        return lane.Guarded(slot, row, static (slot, row) => slot.Execution!.Apply(row), ifLeft);
    }

    /// <summary>Keeps an entry of the turn under way. One of a thread that the lane has left is nobody's.</summary>
    public void Log(RunSlot? turning, LogEntry entry)
    {
        if (turning?.Execution == entry.Execution) TurnLog.Add(entry);
    }

    /// <summary>Makes the row of an arrival.</summary>
    public EventRecord Row(RunSlot slot, Arrival arrival)
    {
        var execution = slot.Execution!;
        var now = lane.Clock.Now;
        // What was due stays due: a slow answer of the store sets the lane's clock back a little, but the store's own has passed that time (T1).
        if (arrival.Kind == EventKind.TimerFired && execution.Operations.Find(arrival.Ordinal)?.Operation.DueAt is { } due && due > now) now = due;
        var codec = lane.Services.Serializer.Codec;
        var encoding = Codecs.EncodingOf(codec);
        var payload = arrival.Payload;
        if (payload is not null && arrival.Encoding != encoding)
            payload = encoding == 1 ? Codecs.Encode(codec, payload, slot.Run.Namespace, slot.RunId) : payload;
        return new EventRecord
        {
            RunId = slot.RunId, Gen = slot.Gen, Seq = execution.NextSeq, Kind = (short)arrival.Kind, At = now > execution.UtcNow ? now : execution.UtcNow,
            Ordinal = arrival.Ordinal, Target = arrival.Target, Payload = payload, Encoding = arrival.Encoding == 1 ? (short)1 : encoding, Schema = 1,
            Sender = arrival.Message?.Sender ?? Guid.Empty, SenderSeq = arrival.Message?.SenderSeq ?? 0,
            Actor = arrival.Message?.Actor ?? arrival.Actor, Correlation = arrival.Message?.Correlation ?? arrival.Correlation,
            Causation = arrival.Message?.Causation, Trace = arrival.Message?.Trace ?? arrival.Trace,
            Namespace = slot.Run.Namespace, Shard = slot.Run.Shard,
        };
    }

    /// <summary>Moves the entries of the turn that is kept into its batch.</summary>
    public void FlushLog(PendingBatch batch)
    {
        if (TurnLog.Count == 0) return;
        batch.Log.AddRange(TurnLog);
        TurnLog.Clear();
    }

    private static RunAttributes? AttributesOf(string? json) => json is null ? null : RunAttributes.FromJson(JsonSerializer.Deserialize(json, HistoryJson.Default.JsonElement));

    private void GiveUp(RunSlot slot, PendingBatch batch, Operation operation)
    {
        if (slot.Attempts.TryGetValue(operation.Ordinal, out var attempt))
        {
            attempt.Cancel(AttemptEnd.RunAskedToStop);
            slot.Attempts.Remove(operation.Ordinal);
        }

        if (slot.Tasks.Remove(operation.Ordinal, out var task)) LaneTasks.Delete(lane, batch, task);
        if (operation.Kind == CommandKind.Timer) lane.Timers.Died(1);
        if (operation is { Kind: CommandKind.Child, Child: { } child }) LaneSends.CancelChild(lane, slot, batch, operation.Ordinal, child.RunId);
    }

    /// <summary>Starts a child: the parent's row and the child are one transaction (N3), with the child's first turn if it can run here.</summary>
    public void StartChild(RunSlot slot, PendingBatch batch, Operation operation, Action ifLeft)
    {
        var start = LaneSends.ChildStart(lane, slot, operation);
        if (lane.Crosses(start.Shard))
        {
            lane.Forwards.PutStart(slot, batch, operation.Ordinal, start);
            return;
        }

        void Put(StartRecord record)
        {
            batch.Rows.Children.Add(record);
            batch.Effects.Add((slot, new Effect(CommandKind.Child, operation)));
        }

        void Left()
        {
            Put(start);
            ifLeft();
        }

        var mine = start.DueAt is null && lane.Shared.Activities.Serves(start.Queue) && lane.Slots.Count < lane.MaxRuns;
        Put((mine ? Begin(start, null, Left, batch) : null) ?? start);
    }

    // Terminate and resume need no code (T3).
    private bool IsControl(RunSlot slot, Arrival arrival)
    {
        if (arrival.Kind == EventKind.Terminated)
        {
            lane.Exits.Terminate(slot, arrival);
            return true;
        }

        if (arrival.Kind is not (EventKind.Resumed or EventKind.TimedOut)) return false;
        Consume(slot, arrival);                          // it runs already, and has a timer for its deadline
        return true;
    }

    private bool IsKnown(RunSlot slot, Arrival arrival)
    {
        if (arrival.Message is not { } message || slot.Remember(message.Sender, message.SenderSeq, lane.Clock.Now)) return false;
        if (slot.LastBatch is null || !slot.LastBatch.Rows.Consumed.Contains(message.Key)) Consume(slot, arrival);
        return true;
    }

    // Answers of another generation, or to what nobody waits for, are consumed and counted, not shown to code (C5).
    private bool IsWanted(RunSlot slot, Arrival arrival)
    {
        if (!EventKinds.IsReply(arrival.Kind)) return true;
        var execution = slot.Execution!;
        if ((arrival.ReplyGen < 0 || arrival.ReplyGen == slot.Gen) && (IsAsked(execution.Operations.Find(arrival.Ordinal), arrival.Kind) || (arrival.Kind is EventKind.ChildStarted or EventKind.ChildStartFailed && execution.Context.Children.AwaitsStart(arrival.Ordinal))))
        {
            if (slot.Tasks.Remove(arrival.Ordinal, out var task) && arrival.Message is null) LaneTasks.Delete(lane, lane.Touch(slot), task);
            return true;
        }

        Telemetry.LateResults.Add(1);
        Consume(slot, arrival);
        return false;
    }

    // A promise's token comes from outside, and after a failover that lost turns its ordinal may be another command's.
    private static bool IsAsked(IPendingOperation? operation, EventKind kind) => operation is not null && (kind is EventKind.PromiseCompleted or EventKind.PromiseFailed) == (operation.Operation.Kind == CommandKind.Promise);

    private bool IsRejected(RunSlot slot, Arrival arrival)
    {
        var execution = slot.Execution!;
        var request = JsonSerializer.Deserialize(Codecs.Decode(lane.Services.Serializer.Codec, arrival.Payload, arrival.Encoding, slot.Run.Namespace, slot.RunId, "Update"), HistoryJson.Default.UpdateRequest)!;
        if (slot.Definition!.Update(arrival.Target ?? "") is not { HasValidator: true } update) return false;
        try
        {
            var arguments = lane.Services.Serializer.DecodeArguments(JsonText.Of(request.Arguments), update.Parameters, $"Update '{update.Name}'");
            lane.Guarded(slot, () => { execution.Validate(update, arguments); return 0; });
            return false;
        }
        catch (Exception error) when (error is not LaneLeftException)
        {
            var batch = lane.Touch(slot);
            lane.Exits.Answer(slot, batch, request.Id, new UpdateAnswer { State = "rejected", Failure = Failure.From(error) });
            batch.Rows.Consumed.Add(arrival.Message!.Key);
            return true;
        }
    }

    private bool IsAtLimit(RunSlot slot)
    {
        var execution = slot.Execution!;
        if (execution.EventCount < Options.MaxHistoryEvents && execution.ByteCount < Options.MaxHistoryBytes) return false;
        lane.Exits.FailAtLimit(slot);
        return true;
    }

    private void Consume(RunSlot slot, Arrival arrival)
    {
        if (arrival.Message is { } message) lane.Touch(slot).Rows.Consumed.Add(message.Key);
        if (arrival.Forwarded is { } told) lane.Touch(slot).Rows.Forwarded.Add(told);
    }
}
