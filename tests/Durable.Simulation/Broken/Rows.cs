// Copies of rows with one thing changed.
using Durable.Storage;

namespace Durable.Simulation;

/// <summary>Copies rows.</summary>
internal static class Rows
{
    public static ParkRecord Copy(ParkRecord row, DateTimeOffset? dueAt, bool asap) => new()
    {
        RunId = row.RunId, Shard = row.Shard, Namespace = row.Namespace, DueAt = dueAt, Asap = asap, Type = row.Type, Version = row.Version, Queue = row.Queue, Priority = row.Priority,
        Hold = row.Hold, HoldBuilds = row.HoldBuilds, WaitReason = row.WaitReason, Gen = row.Gen, NextSeq = row.NextSeq,
    };

    public static MessageRecord Copy(MessageRecord row, bool notice, bool control) => new()
    {
        RunId = row.RunId, Sender = row.Sender, SenderSeq = row.SenderSeq, Kind = row.Kind, Control = control, Notice = notice, Target = row.Target, Payload = row.Payload, Encoding = row.Encoding,
        AcceptedAt = row.AcceptedAt, ReplyGen = row.ReplyGen, ReplyOrdinal = row.ReplyOrdinal, Actor = row.Actor, Correlation = row.Correlation, Causation = row.Causation, Trace = row.Trace,
        Namespace = row.Namespace, Shard = row.Shard,
    };

    public static EventRecord WithoutSender(EventRecord row) => new()
    {
        RunId = row.RunId, Gen = row.Gen, Seq = row.Seq, Kind = row.Kind, At = row.At, Ordinal = row.Ordinal, Target = row.Target, Payload = row.Payload, Commands = row.Commands, Encoding = row.Encoding,
        Schema = row.Schema, Crc = row.Crc, Actor = row.Actor, Correlation = row.Correlation, Causation = row.Causation, Trace = row.Trace, Namespace = row.Namespace, Shard = row.Shard,
    };

    public static StartRecord Copy(StartRecord row, StartGate gate, MessageRecord? ifRefused) => new()
    {
        RunId = row.RunId, Namespace = row.Namespace, WorkflowId = row.WorkflowId, Shard = row.Shard, Type = row.Type, Version = row.Version, Build = row.Build, Queue = row.Queue, Priority = row.Priority,
        Input = row.Input, Encoding = row.Encoding, Secret = row.Secret, Attributes = row.Attributes, Parent = row.Parent, DeadlineAt = row.DeadlineAt, DueAt = row.DueAt, Actor = row.Actor,
        Correlation = row.Correlation, Trace = row.Trace, Gate = gate, Owned = row.Owned, FirstEvent = row.FirstEvent, IfRefused = ifRefused, Status = row.Status, Hold = row.Hold,
    };
}
