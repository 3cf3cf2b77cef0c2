// Run ids are UUIDv7: their first 48 bits are milliseconds. Bounds of partitions and of purge scans come from that.
using System.Buffers.Binary;

namespace Durable.Storage.Postgres;

/// <summary>Ids as points in time.</summary>
internal static class RunIds
{
    /// <summary>An id below every id made at or after a time, and above (or equal to) none made before it.</summary>
    public static Guid Bound(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteInt64BigEndian(bytes, Math.Clamp(time.ToUnixTimeMilliseconds(), 0, (1L << 48) - 1) << 16);
        return new Guid(bytes, bigEndian: true);
    }
}
