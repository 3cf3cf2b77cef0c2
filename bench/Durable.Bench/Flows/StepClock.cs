// When each step of a long run happened: what the cost per step is made of.
using System.Diagnostics;

namespace Durable.Bench;

/// <summary>Timestamps of steps, while somebody wants them.</summary>
internal static class StepClock
{
    private static long[]? ticks;
    private static int count;

    /// <summary>Begins to note steps.</summary>
    public static void Begin(int steps) => (count, ticks) = (0, new long[steps]);

    /// <summary>Notes a step.</summary>
    public static void Tick()
    {
        if (ticks is not { } noted) return;
        var at = Interlocked.Increment(ref count) - 1;
        if (at < noted.Length) noted[at] = Stopwatch.GetTimestamp();
    }

    /// <summary>Milliseconds per step: all, the first so many, the last so many.</summary>
    public static (double All, double First, double Last) End(int window)
    {
        var noted = ticks ?? throw new InvalidOperationException("The step clock was not begun.");
        ticks = null;
        var steps = Math.Min(count, noted.Length);
        window = Math.Min(window, steps / 2);
        return (Per(0, steps - 1), Per(0, window), Per(steps - 1 - window, steps - 1));

        double Per(int from, int to) => Stopwatch.GetElapsedTime(noted[from], noted[to]).TotalMilliseconds / (to - from);
    }
}
