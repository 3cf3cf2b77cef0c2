// The checksum of a history: a chain, so that an edited, missing or swapped row is found when the run is loaded.
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using Durable.Storage;

namespace Durable.Engine.History;

/// <summary>CRC-32C over a row's content and the row before.</summary>
internal static class Checksum
{
    /// <summary>Computes the checksum of a row.</summary>
    /// <param name="row">The row, commands included.</param>
    /// <param name="before">Checksum of the row before, 0 for the first of a generation.</param>
    public static int Of(EventRecord row, int before)
    {
        var crc = BitOperations.Crc32C((uint)before, (uint)(ushort)row.Kind | (uint)(ushort)row.Encoding << 16);
        crc = BitOperations.Crc32C(crc, (uint)row.Seq);
        crc = BitOperations.Crc32C(crc, (uint)row.Ordinal);
        if (row.Target is { } target) crc = Add(crc, Encoding.UTF8.GetBytes(target));
        crc = Add(crc, row.Payload);
        crc = Add(crc, row.Commands);
        return (int)crc;
    }

    private static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = BitOperations.Crc32C(crc, (uint)bytes.Length);
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        if (BitConverter.IsLittleEndian)
            foreach (var word in words) crc = BitOperations.Crc32C(crc, word);
        else
            foreach (var word in words) crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReverseEndianness(word));
        foreach (var one in bytes[(words.Length * 8)..]) crc = BitOperations.Crc32C(crc, one);
        return crc;
    }
}
