// Very many runs that sleep five seconds: how late they wake, and what they weigh meanwhile (W5).
using System.Diagnostics;

namespace Durable.Bench;

/// <summary>W5 with 5,000 sleepers, W5L with 100,000.</summary>
/// <param name="name">W5 or W5L.</param>
/// <param name="full">Sleepers of a full round.</param>
internal sealed class Sleepers(string name, int full) : Workload
{
    private const int Callers = 2_000;

    public override string Name => name;

    public override string Title => $"{full:N0} runs sleep 5 s: lag of wake-up, p50";

    public override string Unit => "ms";

    public override (int Full, int Short, int Smoke) Sizes => (full, Math.Min(full, 20_000), 100);

    public override int MaxRounds => 1;

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        var milliseconds = setting.N < 1_000 ? 500 : 5_000;
        var counts = new StoreCounts();
        await using var host = await EngineHost.StartAsync(place.Configure, counts);
        Lags.Begin(setting.N);
        var idle = Resident();
        var meter = await Meter.BeginAsync(setting.Kind, counts);
        var since = Stopwatch.GetTimestamp();
        await ClosedLoop.RunAsync(setting.N, Callers, i => host.Client.StartAsync((Sleeper w) => w.RunAsync(milliseconds), new StartOptions { Id = FormattableString.Invariant($"sleeper-{i:D8}") }));
        var started = Stopwatch.GetElapsedTime(since);
        var (most, managed, committed) = (0L, 0L, 0L);
        while (Lags.Count < setting.N)
        {
            if (Resident() is var resident && resident > most) (most, managed, committed) = (resident, GC.GetTotalMemory(false), GC.GetGCMemoryInfo().TotalCommittedBytes);
            await Task.Delay(50);
            if (Stopwatch.GetElapsedTime(since) > TimeSpan.FromMinutes(5)) throw new InvalidOperationException($"After five minutes only {Lags.Count:N0} of {setting.N:N0} had woken.");
        }

        var all = Stopwatch.GetElapsedTime(since);
        var cost = await meter.EndAsync(setting.N);
        var lags = Lags.All;
        return new Round(Numbers.Median(lags),
        [
            new Detail("p99 ms", Numbers.Percentile(lags, 0.99)), new Detail("most ms", lags.Max()), new Detail("starting s", started.TotalSeconds),
            new Detail("last awake after last start + 5 s, s", (all - started).TotalSeconds - (milliseconds / 1000.0)), new Detail("RSS MB", most / 1e6), new Detail("RSS MB before", idle / 1e6), new Detail("of RSS: managed MB", managed / 1e6), new Detail("of RSS: committed by GC MB", committed / 1e6),
        ], cost.Details("run"));
    }

    private static long Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
