// The one source of chance of a seed: the same seed gives the same numbers on every machine and runtime.
namespace Durable.Simulation;

/// <summary>SplitMix64.</summary>
internal sealed class SimRandom(ulong seed)
{
    private ulong state = seed * 0x9E3779B97F4A7C15UL + 0x1234567;

    public ulong Next()
    {
        var z = state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 to below the bound.</summary>
    public int Below(int bound) => (int)(Next() % (uint)bound);

    /// <summary>From one bound to the other, both included.</summary>
    public int Between(int from, int to) => from + Below(to - from + 1);

    public double Fraction() => (Next() >> 11) * (1.0 / (1UL << 53));

    public bool Chance(double probability) => probability > 0 && Fraction() < probability;

    public TimeSpan Millis(double from, double to) => TimeSpan.FromTicks((long)((from + (to - from) * Fraction()) * TimeSpan.TicksPerMillisecond));

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    public void Fill(Span<byte> bytes)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..]) BitConverter.TryWriteBytes(bytes, Next());
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)Next();
    }
}
