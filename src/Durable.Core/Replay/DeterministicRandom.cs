// Random numbers and ids derived from the run's seed. The algorithm is ours because the BCL does not promise its seeded sequence across versions.
using System.Buffers.Binary;

namespace Durable.Engine.Replay;

/// <summary>SplitMix64 (Steele, Lea and Flood, 2014) behind <see cref="Random"/>: the same numbers in every replay on every platform.</summary>
/// <remarks>With an execution, only its turns may draw: a number drawn elsewhere, or by a query, would shift all later ones in one process and not in the next.</remarks>
internal sealed class DeterministicRandom(ulong seed, WorkflowExecution? execution = null) : Random
{
    private ulong state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong NextBits()
    {
        if (execution is not null && execution.IsOnTurn("Random")) execution.RefuseReadOnly("Random");
        return Mix(state += 0x9E3779B97F4A7C15UL);
    }

    public override int Next() => (int)Below(int.MaxValue);

    public override int Next(int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return maxValue == 0 ? 0 : (int)Below((ulong)maxValue);
    }

    public override int Next(int minValue, int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        return minValue == maxValue ? minValue : (int)(minValue + (long)Below((ulong)((long)maxValue - minValue)));
    }

    public override long NextInt64() => (long)Below(long.MaxValue);

    public override long NextInt64(long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return maxValue == 0 ? 0 : (long)Below((ulong)maxValue);
    }

    public override long NextInt64(long minValue, long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        return minValue == maxValue ? minValue : (long)((ulong)minValue + Below((ulong)maxValue - (ulong)minValue));
    }

    public override double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    public override float NextSingle() => (NextBits() >> 40) * (1.0f / (1 << 24));

    public override void NextBytes(byte[] buffer) => NextBytes(buffer.AsSpan());

    public override void NextBytes(Span<byte> buffer)
    {
        Span<byte> word = stackalloc byte[8];
        for (; !buffer.IsEmpty; buffer = buffer[Math.Min(8, buffer.Length)..])
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, NextBits());
            word[..Math.Min(8, buffer.Length)].CopyTo(buffer);
        }
    }

    /// <summary>A UUID (version 4) derived from a seed and a counter.</summary>
    public static Guid NewGuid(ulong seed, ulong counter)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Mix(seed + counter * 0xBF58476D1CE4E5B9UL));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], Mix(seed ^ Mix(counter + 0x94D049BB133111EBUL)));
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    protected override double Sample() => NextDouble();

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    // Multiply and shift (Lemire, 2019), with the rejection that makes it exact.
    private ulong Below(ulong bound)
    {
        while (true)
        {
            var bits = NextBits();
            var high = Math.BigMul(bits, bound, out var low);
            if (low >= bound || low >= (0UL - bound) % bound) return high;
        }
    }
}
