// The message that a task row becomes when its last attempt has ended.
using System.Buffers.Binary;
using System.Security.Cryptography;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Makes messages of task rows.</summary>
internal static class TaskMessages
{
    /// <summary>The end of a task, as its run will read it.</summary>
    public static MessageRecord Of(PayloadSerializer serializer, TaskRecord task, EventKind kind, byte[]? payload) => new()
    {
        RunId = task.RunId, Sender = SenderOf(task), SenderSeq = 0, Kind = (short)kind, Payload = Codecs.Encode(serializer.Codec, payload, task.Namespace, task.RunId), Encoding = Codecs.EncodingOf(serializer.Codec),
        ReplyGen = task.Gen, ReplyOrdinal = task.TaskNo, Namespace = task.Namespace, Shard = task.Shard,
    };

    // The result's sender is the task, so a late one is known again (K3).
    private static Guid SenderOf(TaskRecord task)
    {
        Span<byte> source = stackalloc byte[24];
        task.RunId.TryWriteBytes(source, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(source[16..], task.Gen);
        BinaryPrimitives.WriteInt32BigEndian(source[20..], task.TaskNo);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(source, hash);
        return new Guid(hash[..16], bigEndian: true);
    }
}
