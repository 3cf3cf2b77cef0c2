// The bodies of commands that are not calls, and the ids that derive from commands.
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Durable.Engine.History;

namespace Durable.Engine.Replay;

/// <summary>Body of a timer.</summary>
/// <param name="DueAt">When it is due.</param>
internal sealed record TimerDocument(DateTimeOffset DueAt);

/// <summary>Options in the body of a child start.</summary>
/// <param name="Version">Version of the child's class.</param>
/// <param name="ParentClose">What becomes of the child when the parent closes.</param>
/// <param name="Queue">Queue of hosts that may run it.</param>
/// <param name="Timeout">Its whole time.</param>
/// <param name="Awaited">True for RunChildAsync.</param>
internal sealed record ChildOptionsDocument(int Version, ParentClosePolicy ParentClose, string? Queue, TimeSpan? Timeout, bool Awaited);

/// <summary>Source-generated metadata of the bodies.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(TimerDocument))]
[JsonSerializable(typeof(ChildOptionsDocument))]
internal sealed partial class ChildJson : JsonSerializerContext;

/// <summary>Options of steps.</summary>
internal static class StepDefaults
{
    /// <summary>The options of a step as call options.</summary>
    public static CallOptions Resolve(StepOptions? options) => options is null ? CallOptions.Default : CallOptions.Default with
    {
        StartToClose = options.Timeout,
        MaxAttempts = options.Retry.MaxAttempts,
        InitialDelay = options.Retry.InitialDelay,
        BackoffFactor = options.Retry.BackoffFactor,
        MaxDelay = options.Retry.MaxDelay,
        NonRetryable = Registration.ActivityDefinition.NamesOf(options.Retry.NonRetryable),
    };
}

/// <summary>Run ids and shards (DECISIONS 5).</summary>
internal static class RunIds
{
    /// <summary>Shards of a database.</summary>
    public const int Modulus = Storage.Shards.Modulus;

    /// <summary>The shard of a workflow id.</summary>
    public static short ShardOf(string ns, string workflowId) => Storage.Shards.Of(ns, workflowId);

    /// <summary>A new run id: UUIDv7 with the shard in its last 7 bits.</summary>
    public static Guid New(DateTimeOffset now, short shard, Guid random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.TryWriteBytes(bytes, bigEndian: true, out _);
        var time = now.ToUnixTimeMilliseconds();
        BinaryPrimitives.WriteInt32BigEndian(bytes, (int)(time >> 16));
        BinaryPrimitives.WriteInt16BigEndian(bytes[4..], (short)time);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x70);
        bytes[15] = (byte)((bytes[15] & 0x80) | (ushort)shard);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>The run id of a child: derived, so that starting it twice is starting it once. Its time is the parent's.</summary>
    public static Guid OfChild(Guid parent, int gen, int ordinal, string ns, string workflowId)
    {
        Span<byte> source = stackalloc byte[24];
        parent.TryWriteBytes(source, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(source[16..], gen);
        BinaryPrimitives.WriteInt32BigEndian(source[20..], ordinal);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(source, hash);
        Span<byte> bytes = stackalloc byte[16];
        source[..6].CopyTo(bytes);                                     // the 48 bits of time keep children in their parent's partition
        hash[..10].CopyTo(bytes[6..]);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x70);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        bytes[15] = (byte)((bytes[15] & 0x80) | (ushort)ShardOf(ns, workflowId));
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>The shard that a run id carries.</summary>
    public static short ShardOf(Guid runId) => Storage.Shards.Of(runId);
}

/// <summary>Times as stores keep them.</summary>
internal static class Microseconds
{
    /// <summary>Cut to whole microseconds, in UTC.</summary>
    public static DateTimeOffset Truncate(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % 10, TimeSpan.Zero);

    /// <summary>The next whole microsecond at or after, in UTC: due times must never be early.</summary>
    public static DateTimeOffset RoundUp(DateTimeOffset time) => time.UtcTicks % 10 == 0 ? time.ToUniversalTime() : new DateTimeOffset(time.UtcTicks + 10 - time.UtcTicks % 10, TimeSpan.Zero);
}
