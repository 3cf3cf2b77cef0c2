// What one run does to others: children, signals, items, cancels. Run ids of others are looked up, then the message rides in the batch.
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Messages from run to run.</summary>
internal static class LaneSends
{
    /// <summary>Finds the other run; the message and its acknowledgement are then one batch.</summary>
    public static void Begin(Lane lane, RunSlot slot, Operation operation)
    {
        slot.Sending++;
        _ = ResolveAsync();

        async Task ResolveAsync()
        {
            for (var pause = 20; !lane.IsOver && slot.State != SlotState.Gone; pause = Math.Min(pause * 2, 1_000))
            {
                try
                {
                    var target = await lane.Services.Store.FindRunAsync(slot.Run.Namespace, operation.Target!, null).ConfigureAwait(false);
                    lane.Post(() => Resolved(lane, slot, operation, target));
                    return;
                }
                catch (Exception error)
                {
                    lane.Shared.Log.StoreAway("find run", error);
                    await Task.Delay(TimeSpan.FromMilliseconds(pause), lane.Services.Clock).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>The record that starts a child.</summary>
    public static StartRecord ChildStart(Lane lane, RunSlot slot, Operation operation)
    {
        var child = operation.Child!;
        var run = slot.Run;
        using var body = JsonDocument.Parse(lane.Loads.BodyOf(slot, operation));
        var link = new ParentLink(slot.RunId, slot.Gen, operation.Ordinal, run.Namespace, run.Shard, run.WorkflowId);
        var document = new StartDocument
        {
            Seed = slot.Execution!.Started!.Seed ^ (ulong)operation.Ordinal * 0x9E3779B97F4A7C15UL, Input = body.RootElement.GetProperty("args").Clone(), Parent = link,
            RollOverSteps = lane.Services.Options.RollOverSteps, RollOverBytes = lane.Services.Options.RollOverBytes,
            MaxPending = lane.Services.Options.MaxPendingCommands,
        };
        var codec = lane.Services.Serializer.Codec;
        var refused = JsonSerializer.SerializeToUtf8Bytes(new OperationFailure
        {
            Code = DurableErrorCodes.RunAlreadyStarted, Failure = new Failure(typeof(RunConflictException).FullName!, $"A run with the workflow id '{operation.Target}' is open already."),
        }, HistoryJson.Default.OperationFailure);
        return new StartRecord
        {
            RunId = child.RunId, Namespace = run.Namespace, WorkflowId = operation.Target!, Shard = RunIds.ShardOf(child.RunId), Type = child.Definition, Version = child.Version, Build = lane.Services.Build,
            Queue = child.Options.Queue ?? run.Queue, Priority = run.Priority, Input = Codecs.Encode(codec, JsonSerializer.SerializeToUtf8Bytes(document, HistoryJson.Default.StartDocument), run.Namespace, child.RunId),
            Encoding = Codecs.EncodingOf(codec), Secret = lane.Services.Machine.Bytes(32), Parent = slot.RunId,
            DeadlineAt = child.Options.Timeout is { } timeout ? Microseconds.RoundUp(operation.IssuedAt + timeout) : null, Correlation = run.Correlation, Trace = run.Trace, Gate = StartGate.AnyClosed, Status = RunStatus.Pending,
            IfRefused = Reply(child.RunId, link, EventKind.ChildStartFailed, Codecs.Encode(codec, refused, run.Namespace, slot.RunId), Codecs.EncodingOf(codec), 0),
        };
    }

    private const long Replies = 1L << 59;               // numbers of answers: apart from those of what the same run signals and sends to its parent

    /// <summary>A message that answers a parent's command.</summary>
    public static MessageRecord Reply(Guid sender, ParentLink parent, EventKind kind, byte[]? payload, short encoding, long seq) => new()
    {
        RunId = parent.RunId, Sender = sender, SenderSeq = Replies + seq, Kind = (short)kind, Payload = payload, Encoding = encoding, ReplyGen = parent.Gen, ReplyOrdinal = parent.Ordinal,
        Namespace = parent.Namespace, Shard = parent.Shard, Causation = sender.ToString("N"),
    };

    /// <summary>Asks a child to cancel.</summary>
    public static void CancelChild(Lane lane, RunSlot slot, PendingBatch batch, int ordinal, Guid child, EventKind kind = EventKind.CancelRequested, string reason = "The parent was cancelled.", bool closing = false)
    {
        Put(lane, slot, batch, new MessageRecord
        {
            RunId = child, Sender = slot.RunId, SenderSeq = SeqOf(slot.Gen, ordinal) + (kind == EventKind.Terminated ? 1L << 62 : 1L << 61), Kind = (short)kind, Control = EventKinds.IsControl(kind),
            Payload = JsonSerializer.SerializeToUtf8Bytes(new ReasonDocument(reason), HistoryJson.Default.ReasonDocument),
            Namespace = slot.Run.Namespace, Shard = RunIds.ShardOf(child), Causation = slot.RunId.ToString("N"),
        }, closing);
    }

    /// <summary>Puts a message to another run into the batch: it goes with it, or behind it to another group.</summary>
    public static void Put(Lane lane, RunSlot slot, PendingBatch batch, MessageRecord message, bool closing)
    {
        if (lane.Crosses(message.Shard)) lane.Forwards.Put(slot, batch, message, closing);
        else batch.Rows.Sends.Add(message);
    }

    // Messages of one sender are numbered by generation and ordinal: awaited ones are in order, and sending twice is sending once (D4, D5).
    private static long SeqOf(int gen, int ordinal) => ((long)gen << 32) | (uint)ordinal;

    private static void Resolved(Lane lane, RunSlot slot, Operation operation, RunRecord? target)
    {
        slot.Sending--;
        if (slot.State == SlotState.Gone || slot.Execution is not { } execution) return;
        if (execution.Operations.Find(operation.Ordinal)?.Operation != operation)
        {
            lane.Exits.SendSettled(slot, operation);         // given up meanwhile, by a cancel: an end may have waited for it
            return;
        }

        if (target is null) Acknowledge(lane, slot, operation, DurableErrorCodes.RunNotFound, $"There is no run with the workflow id '{operation.Target}' in namespace '{slot.Run.Namespace}'.");
        else if (RunLifecycle.IsClosed(target.Status)) Acknowledge(lane, slot, operation, DurableErrorCodes.RunClosed, $"The run '{operation.Target}' is {target.Status} and takes no messages.");
        else if (lane.Crosses(target.Shard))
        {
            // The row and what tells the run of it are one batch, always: nobody at the target could tell a second row of the same call from another call (docs/decisions/0007).
            var message = Message(lane, slot, operation, target);
            if (slot.State != SlotState.Leaving)
            {
                lane.Turns.Deliver(slot, new Arrival(EventKind.SendCompleted, operation.Ordinal) { ReplyGen = slot.Gen, Outgoing = message });
                return;
            }

            (slot.LastWords ??= []).Add(message);
            lane.Exits.SendSettled(slot, operation);
        }
        else
        {
            lane.Touch(slot).Rows.Sends.Add(Message(lane, slot, operation, target));
            Acknowledge(lane, slot, operation, null, null);
        }
    }

    private static MessageRecord Message(Lane lane, RunSlot slot, Operation operation, RunRecord target)
    {
        var codec = lane.Services.Serializer.Codec;
        var body = lane.Loads.BodyOf(slot, operation);
        return new MessageRecord
        {
            RunId = target.RunId, Sender = slot.RunId, SenderSeq = SeqOf(slot.Gen, operation.Ordinal), Control = operation.Kind == CommandKind.CancelRun,
            Kind = (short)(operation.Kind switch { CommandKind.Signal => EventKind.SignalReceived, CommandKind.Send => EventKind.MailReceived, _ => EventKind.CancelRequested }),
            Target = operation.Kind == CommandKind.CancelRun ? null : operation.Name, Payload = Codecs.Encode(codec, body, target.Namespace, target.RunId), Encoding = Codecs.EncodingOf(codec),
            Correlation = slot.Run.Correlation, Trace = slot.Run.Trace, Namespace = target.Namespace, Shard = target.Shard, Causation = slot.RunId.ToString("N"),
        };
    }

    private static void Acknowledge(Lane lane, RunSlot slot, Operation operation, string? code, string? problem)
    {
        var failure = code is null ? null : JsonSerializer.SerializeToUtf8Bytes(new OperationFailure { Code = code, Failure = new Failure(typeof(DurableException).FullName!, problem!) }, HistoryJson.Default.OperationFailure);
        if (slot.State == SlotState.Leaving) lane.Exits.SendSettled(slot, operation);
        else lane.Turns.Deliver(slot, new Arrival(code is null ? EventKind.SendCompleted : EventKind.SendFailed, operation.Ordinal, null, failure) { ReplyGen = slot.Gen });
    }
}
