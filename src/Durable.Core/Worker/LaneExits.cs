// How runs leave a lane: they end, go on as a new generation, are parked, or are held.
using System.Text.Json;
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Ends, parks and holds the runs of a lane.</summary>
internal sealed class LaneExits(Lane lane)
{
    private const int MaxCarried = 10_000;
    private const long MaxCarriedBytes = 10L * 1024 * 1024;
    private bool allBusy;

    private DurableOptions Options => lane.Services.Options;

    /// <summary>The code of a run has ended.</summary>
    public void Ended(RunSlot slot, PendingBatch batch, RunEnd end)
    {
        // What it sent to others without waiting is recorded, so it must arrive: the end waits for it.
        if (HasSends(slot))
        {
            slot.State = SlotState.Leaving;
            slot.Ending = end;
            return;
        }

        if (end.Kind != CommandKind.ContinueAsNew) Close(slot, batch, end);
        else if (!slot.Rolling) Continue(slot, batch, end);
        else
        {
            // A generation that ended in its first rows: its successor is a batch of its own, so that endless ones neither fill the stack nor a batch.
            slot.State = SlotState.Leaving;
            slot.Ending = end;
            lane.Post(() => Settle(slot));
        }
    }

    /// <summary>A message to another run was settled after the code had ended.</summary>
    public void SendSettled(RunSlot slot, Operation operation)
    {
        slot.Execution?.Operations.Take(operation.Ordinal);
        Settle(slot);
    }

    private static bool HasSends(RunSlot slot) => slot.Execution!.Operations.Pending.Any(op => op.Operation.Kind is CommandKind.Signal or CommandKind.Send or CommandKind.CancelRun);

    private void Settle(RunSlot slot)
    {
        if (slot.Ending is not { } end || slot.State != SlotState.Leaving || slot.Execution is null || HasSends(slot)) return;
        slot.Ending = null;
        slot.State = SlotState.Active;
        if (end.Kind != CommandKind.ContinueAsNew)
        {
            Close(slot, lane.Touch(slot), end);
            return;
        }

        Continue(slot, lane.Touch(slot), end);
        lane.Loads.ReadMail([slot.RunId]);               // what came while it took none
    }

    /// <summary>Ends a run by an operator's word (T2): whatever its code was doing.</summary>
    public void Terminate(RunSlot slot, Arrival arrival)
    {
        slot.Ending = null;
        var batch = lane.Touch(slot);
        Record(slot, batch, arrival);
        if (arrival.Message is { } message) batch.Rows.Consumed.Add(message.Key);
        var reason = Codecs.Decode(lane.Services.Serializer.Codec, arrival.Payload, arrival.Encoding, slot.Run.Namespace, slot.RunId, "Terminate");
        Close(slot, batch, RunStatus.Terminated, FailureOf("Terminated", ReasonOf(reason)));
    }

    /// <summary>Ends a run whose time is up.</summary>
    public void TimeOut(RunSlot slot)
    {
        if (slot.State is not SlotState.Active) return;
        var batch = lane.Touch(slot);
        Record(slot, batch, new Arrival(EventKind.TimedOut));
        Close(slot, batch, RunStatus.TimedOut, FailureOf("TimedOut", $"The run was given until {slot.Run.DeadlineAt:u}."));
    }

    /// <summary>Ends a run whose history is as long as it may be.</summary>
    public void FailAtLimit(RunSlot slot)
    {
        var execution = slot.Execution!;
        var failure = new Failure(typeof(DurableException).FullName!, $"{DurableErrorCodes.HistoryLimit}: the history has {execution.EventCount:N0} events and {execution.ByteCount:N0} bytes; at most {Options.MaxHistoryEvents:N0} and {Options.MaxHistoryBytes:N0} are allowed. Use continue-as-new when ContinueAsNewSuggested is true.");
        var payload = JsonSerializer.SerializeToUtf8Bytes(new OperationFailure { Code = DurableErrorCodes.HistoryLimit, Failure = failure }, HistoryJson.Default.OperationFailure);
        var batch = lane.Touch(slot);
        Record(slot, batch, new Arrival(EventKind.LimitReached, Payload: payload));
        Close(slot, batch, RunStatus.Failed, failure);
    }

    /// <summary>Warns once about a history that grows towards its limit.</summary>
    public void WarnIfLong(RunSlot slot)
    {
        if (slot.Warned || slot.Execution is not { } execution || (execution.EventCount < Options.WarnHistoryEvents && execution.ByteCount < Options.WarnHistoryBytes)) return;
        slot.Warned = true;
        lane.Shared.Log.HistoryLong(slot.Run.WorkflowId, slot.RunId, execution.EventCount, execution.ByteCount);
    }

    /// <summary>A turn was refused: replayed once if only a foreign thread was seen, else held.</summary>
    public void Refuse(RunSlot slot, Verdict verdict)
    {
        lane.Turns.TurnLog.Clear();
        if (verdict.Foreign && !slot.Suspected)
        {
            slot.Suspected = true;
            ReadAgain(slot);
            return;
        }

        lane.Holds.Hold(slot, verdict);
    }

    /// <summary>Throws a run's execution away and reads it again, once its last batch is durable.</summary>
    public void ReadAgain(RunSlot slot)
    {
        slot.PutBack(null);
        slot.State = SlotState.Reloading;
        slot.Execution = null;
        if (slot.LastBatch is null) lane.Loads.Reload(slot);
    }

    /// <summary>The history ends, but the run was not closed yet: its start and its end were two batches.</summary>
    public void EndedBefore(RunSlot slot, RunEnd end, IReadOnlyList<EventRecord> history)
    {
        var last = history.Last(row => CommandHead.ParseAll(row.Commands).Exists(head => head.Kind == end.Kind));      // items carried over may stand behind it
        var heads = CommandHead.ParseAll(last.Commands);
        var body = CommandBuffer.Line(Codecs.Bodies(lane.Services.Serializer.Codec, last), heads.FindIndex(head => head.Kind == end.Kind)).ToArray();
        var failure = end.Kind is CommandKind.Fail or CommandKind.Cancelled ? JsonSerializer.Deserialize(body, HistoryJson.Default.Failure) : null;
        var result = end.Kind == CommandKind.ContinueAsNew || (end.Kind == CommandKind.Complete && slot.Definition!.RunResult.Type is not null) ? body : null;
        foreach (var waiting in slot.Execution!.Operations.Pending.Where(op => op.Operation.Kind is CommandKind.Signal or CommandKind.Send or CommandKind.CancelRun).ToList())
        {
            lane.Loads.BodyOf(slot, waiting.Operation);
            LaneSends.Begin(lane, slot, waiting.Operation);
        }

        Ended(slot, lane.Touch(slot), new RunEnd(end.Kind, result, failure));
    }

    /// <summary>Gives a run back as it is, with what it waits for.</summary>
    public void Park(RunSlot slot) => Park(slot, lane.Touch(slot), 0, null);

    /// <summary>True while so many runs are in memory, those that are about to leave not counted, that the longest idle ones have to go.</summary>
    private bool IsCrowded => lane.Slots.Count > Many && lane.Slots.Values.Count(static slot => slot.State != SlotState.Leaving) > Many;

    private int Many => lane.MaxRuns * 9 / 10;

    /// <summary>Makes room as soon as it is needed: what comes next would have to go another way, or to wait.</summary>
    public void ParkCrowd()
    {
        if (IsCrowded && !allBusy) ParkIdle();
    }

    /// <summary>Parks runs for which nothing will happen soon; the longest idle ones at once when the cache is full.</summary>
    public void ParkIdle()
    {
        var now = lane.Services.Clock.GetTimestamp();
        var crowded = IsCrowded;
        var idle = lane.Slots.Values.Where(slot => !slot.IsBusy && (crowded || lane.Services.Clock.GetElapsedTime(slot.LastActive, now) >= Options.ParkAfter)).ToList();
        allBusy = crowded && idle.Count < lane.Slots.Count / 10;         // the next round of housekeeping tries again
        if (crowded) idle = [.. idle.OrderBy(slot => slot.LastActive).Take(Math.Max(1, lane.Slots.Count / 5))];
        foreach (var slot in idle)
        {
            var next = NextDue(slot);
            if (next is { } due && due - lane.Clock.Now < (crowded ? TimeSpan.Zero : Options.ParkAfter)) continue;      // it would come back at once
            Park(slot);
        }
    }

    /// <summary>Parks all runs; those that still do something will be told again after their next load.</summary>
    public void ParkAll()
    {
        foreach (var slot in lane.Slots.Values.Where(slot => slot.State is SlotState.Active or SlotState.Reloading || slot is { State: SlotState.Leaving, Ending: not null }).ToList())
        {
            var batch = lane.Touch(slot);
            KeepResults(slot, batch);
            Park(slot, batch, 0, null);
        }
    }

    /// <summary>Moves a run along the lifecycle table, and stores the status if it changed.</summary>
    public void SetStatus(RunSlot slot, RunTrigger trigger)
    {
        var next = RunLifecycle.Next(slot.Status, trigger) ?? throw new InvalidOperationException($"A run that is {slot.Status} cannot be {trigger}.");
        if (next == slot.Status) return;
        slot.Status = next;
        lane.Touch(slot).Rows.Updates.Add(new RunUpdate { RunId = slot.RunId, Shard = slot.Run.Shard, Status = next });
    }

    /// <summary>Stores the answer of an update, where the waiting client reads it (F3).</summary>
    public void Answer(RunSlot slot, PendingBatch batch, string id, UpdateAnswer answer)
    {
        batch.Rows.Documents.Add(new DocumentRecord(slot.Run.Namespace, "update", $"{slot.RunId:N}/{id}", slot.Run.Shard, 1, Codecs.EncodeDocument(lane.Services.Serializer.Codec, JsonSerializer.Serialize(answer, HistoryJson.Default.UpdateAnswer), slot.Run.Namespace, slot.RunId), slot.RunId));
        slot.MayHaveRows = true;
    }

    /// <summary>Stores changed attributes with the run.</summary>
    public void SetAttributes(RunSlot slot, PendingBatch batch, RunAttributes changed)
    {
        var merged = JsonSerializer.Deserialize((slot.Attributes ?? new RunAttributes()).ToJson(), HistoryJson.Default.DictionaryStringJsonElement)!;
        foreach (var (name, value) in JsonSerializer.Deserialize(changed.ToJson(), HistoryJson.Default.DictionaryStringJsonElement)!) merged[name] = value;
        var json = JsonSerializer.Serialize(merged, HistoryJson.Default.DictionaryStringJsonElement);
        slot.Attributes = RunAttributes.FromJson(JsonSerializer.Deserialize(json, HistoryJson.Default.JsonElement));
        batch.Rows.Updates.Add(new RunUpdate { RunId = slot.RunId, Shard = slot.Run.Shard, Attributes = json });
    }

    private static Failure FailureOf(string type, string? message) => new($"Durable.{type}", message ?? "No reason was given.");

    private static string? ReasonOf(byte[]? payload) => payload is null ? null : JsonSerializer.Deserialize(payload, HistoryJson.Default.ReasonDocument)?.Reason;

    // A row that no code runs for.
    private void Record(RunSlot slot, PendingBatch batch, Arrival arrival)
    {
        var row = slot.Execution is not null ? lane.Turns.Row(slot, arrival) : lane.Loads.RowWithoutCode(slot, arrival);
        row.Crc = Checksum.Of(row, slot.Execution?.Crc ?? lane.Loads.CrcOf(slot));
        slot.NextSeq = row.Seq + 1;
        batch.Rows.Events.Add(row);
    }

    private void Close(RunSlot slot, PendingBatch batch, RunEnd end)
    {
        var (status, outcome) = end.Kind switch
        {
            CommandKind.Complete => (RunStatus.Completed, end.Result),
            CommandKind.Cancelled => (RunStatus.Cancelled, JsonSerializer.SerializeToUtf8Bytes(end.Failure!, HistoryJson.Default.Failure)),
            _ => (RunStatus.Failed, JsonSerializer.SerializeToUtf8Bytes(end.Failure!, HistoryJson.Default.Failure)),
        };
        Close(slot, batch, status, end.Failure, outcome);
    }

    private void Close(RunSlot slot, PendingBatch batch, RunStatus status, Failure? failure, byte[]? outcome = null)
    {
        outcome ??= failure is null ? null : JsonSerializer.SerializeToUtf8Bytes(failure, HistoryJson.Default.Failure);
        var codec = lane.Services.Serializer.Codec;
        foreach (var attempt in slot.Attempts.Values) attempt.Cancel(AttemptEnd.RunAskedToStop);
        slot.Attempts.Clear();
        batch.Rows.Tasks.RemoveAll(task => task.RunId == slot.RunId);        // a batch inserts tasks after it closes runs
        foreach (var task in slot.Tasks.Values) LaneTasks.Delete(lane, batch, task);
        slot.Tasks.Clear();
        DeadLetters(slot, batch);
        LastWords(slot, batch);
        CloseChildren(slot, batch);
        TellParent(slot, batch, status, failure, outcome);
        var close = new CloseRecord
        {
            RunId = slot.RunId, Shard = slot.Run.Shard, Status = status, Outcome = Codecs.Encode(codec, outcome, slot.Run.Namespace, slot.RunId), Encoding = Codecs.EncodingOf(codec),
            MayHaveRows = slot.MayHaveRows || slot.Seen.Count > 0 || slot.Crossed.Count > 0,      // a notice that comes meanwhile is an orphan for the sweep (D8)
        };
        batch.Rows.Closes.Add(close);
        slot.State = SlotState.Leaving;
        batch.AfterCommit.Add((slot.RunId, () =>
        {
            lane.Shared.Ends.Closed(slot.RunId, () => Closed(slot, status, close));
            lane.Remove(slot);
            lane.Shared.Watch.Closed(slot.RunId, status);
            Telemetry.RunsClosed.Add(1, new KeyValuePair<string, object?>("workflow", slot.Run.Type), new KeyValuePair<string, object?>("outcome", status.ToString()));
        }));
    }

    // What it sent to other groups without waiting goes with its end, or with that of its generation.
    private void LastWords(RunSlot slot, PendingBatch batch)
    {
        foreach (var message in slot.LastWords ?? []) lane.Forwards.Put(slot, batch, message, closing: true);
        slot.LastWords = null;
    }

    private static RunRecord Closed(RunSlot slot, RunStatus status, CloseRecord close) => new()
    {
        RunId = slot.RunId, Namespace = slot.Run.Namespace, WorkflowId = slot.Run.WorkflowId, Ordinal = slot.Run.Ordinal, Shard = slot.Run.Shard, Type = slot.Run.Type, Version = slot.Run.Version,
        Status = status, Gen = slot.Gen, CreatedAt = slot.Run.CreatedAt, Outcome = close.Outcome, Encoding = close.Encoding,
    };

    // Items that nobody received are kept as messages without notice: dead letters (D9).
    private static void DeadLetters(RunSlot slot, PendingBatch batch)
    {
        if (slot.Execution is null) return;
        foreach (var item in slot.Execution.Mail.Unread)
            batch.Rows.Sends.Add(new MessageRecord
            {
                RunId = slot.RunId, Sender = item.Sender, SenderSeq = item.SenderSeq, Kind = (short)EventKind.MailReceived, Notice = false, Target = item.Target, Payload = item.Payload, Encoding = item.Encoding,
                Namespace = slot.Run.Namespace, Shard = slot.Run.Shard,
            });
    }

    private void CloseChildren(RunSlot slot, PendingBatch batch)
    {
        var open = slot.Execution is { } execution
            ? execution.Operations.Pending.Where(op => op.Operation.Child is not null).Select(op => (op.Operation.Child!.RunId, op.Operation.Ordinal, op.Operation.Child.Options.ParentClose))
            : lane.Loads.ChildrenOf(slot);
        foreach (var (child, ordinal, policy) in open)
            if (policy != ParentClosePolicy.Abandon)
                LaneSends.CancelChild(lane, slot, batch, ordinal, child, policy == ParentClosePolicy.Terminate ? EventKind.Terminated : EventKind.CancelRequested, "The parent has ended.", closing: true);
    }

    private void TellParent(RunSlot slot, PendingBatch batch, RunStatus status, Failure? failure, byte[]? outcome)
    {
        if ((slot.Execution?.Started is { } started ? started.Parent : lane.Loads.ParentOf(slot)) is not { } parent) return;
        var completed = status == RunStatus.Completed;
        var payload = completed ? outcome : JsonSerializer.SerializeToUtf8Bytes(new OperationFailure
        {
            Code = status switch { RunStatus.Cancelled => DurableErrorCodes.RunCancelled, RunStatus.Terminated => DurableErrorCodes.RunTerminated, RunStatus.TimedOut => DurableErrorCodes.RunTimedOut, _ => DurableErrorCodes.RunFailed },
            Failure = failure!, Status = status,
        }, HistoryJson.Default.OperationFailure);
        var codec = lane.Services.Serializer.Codec;
        LaneSends.Put(lane, slot, batch, LaneSends.Reply(slot.RunId, parent, completed ? EventKind.ChildCompleted : EventKind.ChildFailed, Codecs.Encode(codec, payload, parent.Namespace, parent.RunId), Codecs.EncodingOf(codec), 1), closing: true);
    }

    // The next generation begins in the batch that ends this one (C5); unread items become its first rows (D9).
    private void Continue(RunSlot slot, PendingBatch batch, RunEnd end)
    {
        var unread = slot.Execution!.Mail.Unread.ToList();
        if (unread.Count > MaxCarried || unread.Sum(item => (long)(item.Payload?.Length ?? 0)) > MaxCarriedBytes)
        {
            Close(slot, batch, RunStatus.Failed, new Failure(typeof(DurableException).FullName!, $"{DurableErrorCodes.HistoryLimit}: {unread.Count:N0} unread mailbox items cannot be carried into the next generation; at most {MaxCarried:N0} and {MaxCarriedBytes:N0} bytes can."));
            return;
        }

        var now = lane.Clock.Now;
        foreach (var key in slot.Seen.Entries.Where(seen => now - seen.Value > RunSlot.SeenFor).Select(seen => seen.Key).ToList()) slot.Seen.Remove(key);
        var document = JsonSerializer.Deserialize(end.Result, HistoryJson.Default.StartDocument)! with
        {
            Seen = [.. slot.Seen.Entries.Select(seen => new SeenMessage(seen.Key.Sender, seen.Key.Seq, seen.Value)), .. slot.Crossed.Entries.Select(seen => new SeenMessage(seen.Key, seen.Value.Seq, seen.Value.At))],
        };
        var before = slot.Execution;
        slot.Gen++;
        slot.Execution = lane.Loads.NewExecution(slot);
        slot.Execution.NotBefore(before.UtcNow);
        var turns = new List<Arrival> { new(EventKind.RunStarted, Payload: JsonSerializer.SerializeToUtf8Bytes(document, HistoryJson.Default.StartDocument)) };
        turns.AddRange(unread.Select(item => new Arrival(EventKind.MessageCarried, 0, item.Target, item.Payload, item.Encoding)
        {
            Message = item.Sender == Guid.Empty ? null : new MessageRecord { RunId = slot.RunId, Sender = item.Sender, SenderSeq = item.SenderSeq, Kind = (short)EventKind.MessageCarried, Namespace = slot.Run.Namespace, Shard = slot.Run.Shard },
        }));

        if (FirstRows(slot, turns, before) is not { } rows) return;
        slot.Gen--;
        LastWords(slot, batch);
        slot.Gen++;
        foreach (var attempt in slot.Attempts.Values) attempt.Cancel(AttemptEnd.RunAskedToStop);
        slot.Attempts.Clear();
        foreach (var task in slot.Tasks.Values) LaneTasks.Delete(lane, batch, task);
        slot.Tasks.Clear();
        batch.Rows.Updates.Add(new RunUpdate { RunId = slot.RunId, Shard = slot.Run.Shard, Gen = slot.Gen, Version = slot.Definition!.Version });
        if (slot.Gen - Options.KeepGenerations > 0)
            batch.AfterCommit.Add((slot.RunId, () => Trim(slot, slot.Gen - Options.KeepGenerations)));
        batch.Rows.Events.AddRange(rows.Rows);
        slot.NextSeq = rows.Rows.Count;
        batch.Log.AddRange(rows.Log);
        lane.Turns.CarryOutEffects(slot, batch, rows.Effects, static (lane, slot, batch) => End(lane, slot, batch));
        End(lane, slot, batch);

        static void End(Lane lane, RunSlot slot, PendingBatch batch)
        {
            slot.Rolling = true;
            if (slot.Execution!.End is { } next) lane.Exits.Ended(slot, batch, next);
            slot.Rolling = false;
        }
    }

    // All rows of the new generation's beginning. Nothing of the roll-over is written before all of them are known to be good: a refused one leaves the old
    // generation as it was, ended but not followed. Items are carried even behind the end of a generation that ended at once: nobody receives them there,
    // so they go on with the next one, or become dead letters.
    private (List<EventRecord> Rows, List<Effect> Effects, List<LogEntry> Log)? FirstRows(RunSlot slot, List<Arrival> turns, WorkflowExecution before)
    {
        var (rows, effects, log) = (new List<EventRecord>(), new List<Effect>(), new List<LogEntry>());
        foreach (var arrival in turns)
        {
            var row = lane.Turns.Row(slot, arrival);
            if (lane.Turns.Apply(slot, row, () => BackTo(() => lane.Holds.Hold(slot, new Verdict(DurableErrorCodes.NotDurable, "The first turn of the next generation held its thread without awaiting. Put such work into an activity or a step.")))) is { } verdict)
            {
                BackTo(() => Refuse(slot, verdict));
                return null;
            }

            rows.Add(row);
            effects.AddRange(slot.Execution!.Effects);
            log.AddRange(lane.Turns.TurnLog);
            lane.Turns.TurnLog.Clear();
        }

        return (rows, effects, log);

        void BackTo(Action then)
        {
            slot.Gen--;
            slot.Execution = before;
            then();
        }
    }

    private void Trim(RunSlot slot, int below)
    {
        if (slot.State is SlotState.Gone or SlotState.Leaving) return;
        var batch = lane.Touch(slot);
        batch.Rows.Trims.Add(new TrimRecord(slot.RunId, slot.Run.Shard, below));
        batch.Rows.Updates.Add(new RunUpdate { RunId = slot.RunId, Shard = slot.Run.Shard, FirstGen = below });
    }

    /// <summary>Results that arrived in memory and could not be applied must not be lost: they become messages of the run.</summary>
    public static void KeepResults(RunSlot slot, PendingBatch batch)
    {
        foreach (var arrival in slot.Waiting)
        {
            if (arrival.Message is not null || arrival.Kind == EventKind.TimerFired || !EventKinds.IsReply(arrival.Kind)) continue;
            if (arrival.Outgoing is not null || arrival.Forwarded is not null)
            {
                slot.HasUnsaid = true;                   // not sent yet, or told by a row that is still there: the next owner does it
                continue;
            }

            batch.Rows.Sends.Add(new MessageRecord
            {
                RunId = slot.RunId, Sender = slot.RunId, SenderSeq = ((long)slot.Gen << 32 | (uint)arrival.Ordinal) + (1L << 60), Kind = (short)arrival.Kind, Target = arrival.Target, Payload = arrival.Payload, Encoding = arrival.Encoding,
                ReplyGen = arrival.ReplyGen, ReplyOrdinal = arrival.Ordinal, Namespace = slot.Run.Namespace, Shard = slot.Run.Shard, Causation = slot.RunId.ToString("N"),
            });
        }

        slot.ClearWaiting();
    }

    /// <summary>Gives a run back, held or not, with what it waits for (null: what its code waits for).</summary>
    public void Park(RunSlot slot, PendingBatch batch, short hold, IReadOnlyList<WaitDocument>? waits)
    {
        waits ??= slot.Execution is null ? [] : WaitReasons.Of(slot.Execution);
        batch.Rows.Parks.Add(new ParkRecord
        {
            RunId = slot.RunId, Shard = slot.Run.Shard, Namespace = slot.Run.Namespace, Type = slot.Run.Type, Version = slot.Definition?.Version ?? slot.Run.Version, Queue = slot.Run.Queue, Priority = slot.Run.Priority,
            DueAt = hold != 0 ? slot.Run.DeadlineAt : NextDue(slot), Asap = hold == HoldReasons.Stalled || (hold == 0 && (slot.Waiting.Any(waiting => waiting.Message is not null) || HasUnheldCalls(slot) || slot.Sending > 0 || slot.StartsAway is { Count: > 0 } || slot.HasUnsaid || slot.Ending is not null || slot.Execution is null)),
            Hold = hold, HoldBuilds = (hold & HoldReasons.Stalled) != 0 ? slot.Hold?.Builds ?? [lane.Services.Build] : null, Gen = slot.Gen,
            NextSeq = slot.NextSeq, WaitReason = waits.Count == 0 ? null : JsonSerializer.Serialize(waits, HistoryJson.Default.IReadOnlyListWaitDocument),
        });
        foreach (var attempt in slot.Attempts.Values) attempt.Cancel(AttemptEnd.LaneLost);
        slot.Attempts.Clear();
        slot.State = SlotState.Leaving;
        batch.AfterCommit.Add((slot.RunId, () => lane.Remove(slot)));
    }

    // A call that no row stands for is under way here, or was not begun because the host stops: only the next owner can see to it.
    private static bool HasUnheldCalls(RunSlot slot) => slot.Attempts.Count > 0
        || slot.Execution?.Operations.Pending.Any(waiting => waiting.Operation is { Kind: CommandKind.Activity or CommandKind.Step } call && !slot.Tasks.ContainsKey(call.Ordinal)) == true;

    /// <summary>When something of a run is due next by the clock, or null.</summary>
    public static DateTimeOffset? NextDue(RunSlot slot)
    {
        DateTimeOffset? next = slot.Run.DeadlineAt;
        if (slot.Execution is null) return next;
        foreach (var waiting in slot.Execution.Operations.Pending)
            if (waiting.Operation is { Kind: CommandKind.Timer, IsSilent: false } timer && (next is null || timer.DueAt < next)) next = timer.DueAt;
        foreach (var task in slot.Tasks.Values)
            if (task.Queue == ActivityRunner.OwnerQueue && (next is null || task.VisibleAt < next)) next = task.VisibleAt;
        return next;
    }
}
