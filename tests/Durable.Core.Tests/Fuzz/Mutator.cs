// Makes broken inputs from good ones: bytes turned, cut, doubled, nested, and replaced by what parsers stumble over.
using System.Text;

namespace Durable.Core.Tests.Fuzz;

/// <summary>Mutations of one seed.</summary>
internal sealed class Mutator(ulong seed)
{
    private static readonly byte[][] Dictionary = [.. new[]
    {
        "null", "true", "{}", "[]", "\"\"", "-1", "0", "1e400", "9223372036854775808", "-9223372036854775809", "0.1", "1E-400", "\"\\ud800\"", "\"\\u0000\"", "NaN", "[[[[[[[[", "{\"a\":{\"a\":{\"a\":",
        "\n\n", "\n", "{\"$type\":\"Durable.Core.Tests.Fuzz.Bait, Durable.Core.Tests\"}", "\"$type\":\"System.Diagnostics.Process, System.Diagnostics.Process\",", "{\"$ref\":\"1\"}", "\"__type\":\"Bait\",",
        "99999999999999999999999999", "\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59.9999999Z\"", "2147483647", "-2147483648", "\ufeff", "/*", "\"ordinal\":-1,", "\"gen\":2147483647,",
    }.Select(Encoding.UTF8.GetBytes)];

    private ulong state = seed * 0x9E3779B97F4A7C15UL + 77;

    /// <summary>From 0 to below the bound.</summary>
    public int Below(int bound)
    {
        var z = state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return (int)((z ^ (z >> 31)) % (uint)bound);
    }

    /// <summary>One of them.</summary>
    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    /// <summary>A few changes, one after the other.</summary>
    public byte[] Change(byte[] input)
    {
        var bytes = input;
        for (var times = 1 + Below(3); times > 0; times--) bytes = Once(bytes);
        return bytes;
    }

    /// <summary>The same for text.</summary>
    public string Change(string text) => Encoding.UTF8.GetString(Change(Encoding.UTF8.GetBytes(text)));

    private byte[] Once(byte[] bytes)
    {
        if (bytes.Length == 0) return Pick(Dictionary);
        var at = Below(bytes.Length);
        var length = Math.Min(bytes.Length - at, 1 + Below(12));
        switch (Below(8))
        {
            case 0:
                var turned = bytes.ToArray();
                turned[at] ^= (byte)(1 << Below(8));
                return turned;
            case 1:
                return bytes[..at];
            case 2:
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 3:
                return [.. bytes[..at], .. bytes[at..(at + length)], .. bytes[at..]];
            case 4:
                return [.. bytes[..at], .. Pick(Dictionary), .. bytes[at..]];
            case 5:
                return [.. bytes[..at], .. Pick(Dictionary), .. bytes[(at + length)..]];
            case 6:
                var depth = Below(4) == 0 ? 5_000 : 100;
                return [.. bytes[..at], .. Enumerable.Repeat((byte)(Below(2) == 0 ? '[' : '{'), depth), .. bytes[at..]];
            default:
                var other = bytes.ToArray();
                other[at] = (byte)Below(256);
                return other;
        }
    }
}

/// <summary>What stored data may never bring to life.</summary>
public sealed class Bait
{
    static Bait() => Touched = true;

    /// <summary>Reading it does not touch the class that it tells of: it is kept elsewhere.</summary>
    internal static bool Touched
    {
        set => Trap.IsSprung = value;
    }
}

/// <summary>Remembers.</summary>
internal static class Trap
{
    public static bool IsSprung { get; set; }
}
