// The loop of the bare protocol: one batch in flight, everything pending goes into the next, at most 1,000 rows.
using System.Diagnostics;

namespace Durable.Bench;

/// <summary>Drives a writer with so many runs in flight.</summary>
internal static class RawLoop
{
    /// <summary>As the lanes of the engine (CEILING §3.8).</summary>
    public const int MaxRows = 1_000;

    /// <summary>Writes <paramref name="total"/> runs.</summary>
    /// <returns>Commits, and milliseconds from start to end of each run.</returns>
    public static async Task<(long Commits, double[] Latencies)> RunAsync(IRawWriter writer, Template template, int total, int inFlight)
    {
        var pending = new Queue<RawRow>();
        var batch = new List<RawRow>(MaxRows);
        var latencies = new double[total];
        var (begun, ended, commits) = (0, 0, 0L);
        var last = template.Events.Count - 1;
        while (ended < total)
        {
            while (begun < total && begun - ended < inFlight)
                pending.Enqueue(new RawRow(new RawRun(begun++, DateTimeOffset.UtcNow) { Since = Stopwatch.GetTimestamp() }, 0));
            batch.Clear();
            while (batch.Count < MaxRows && pending.TryDequeue(out var row)) batch.Add(row);
            await writer.WriteAsync(batch);
            commits++;
            foreach (var (run, step) in batch)
            {
                if (step > 0) StepClock.Tick();
                if (++run.Durable > last)
                {
                    latencies[run.Number] = Stopwatch.GetElapsedTime(run.Since).TotalMilliseconds;
                    ended++;
                }
                else if (!template.IsWide) pending.Enqueue(new RawRow(run, step + 1));
                else if (step == 0)
                    for (var i = 1; i <= last; i++) pending.Enqueue(new RawRow(run, i));
            }
        }

        return (commits, latencies);
    }
}
