// The process whose runs sleep (W5): it starts them, notes how late they wake, and what it weighs.
using System.Diagnostics;
using System.Globalization;

namespace Durable.Bench;

/// <summary>The child's side of <see cref="Sleepers"/>.</summary>
internal static class SleepersHost
{
    public const string Verb = "sleep";
    public const string Ready = "READY";
    public const string Slept = "SLEPT";
    public const string Profile = "profile";
    private const int Callers = 2_000;

    /// <summary>Runs it, and prints one line of figures.</summary>
    /// <param name="store">Its store.</param>
    /// <param name="address">Where that is.</param>
    /// <param name="sleepers">How many.</param>
    /// <param name="seconds">How long each sleeps.</param>
    /// <param name="rate">How many are started in a second, or 0 for as many as go.</param>
    /// <param name="profile">Whether to print where the time went.</param>
    public static async Task<int> RunAsync(string store, string address, int sleepers, int seconds, int rate, bool profile)
    {
        var milliseconds = sleepers < 1_000 ? 500 : seconds * 1_000;
        var counts = new StoreCounts { Timed = profile };
        await using StoreKind kind = store == "sqlite" ? new SqliteKind() : new Elsewhere();
        await using var host = await EngineHost.StartAsync(Kinds.At(store, address).Configure, counts);
        Lags.Begin(sleepers);
        var bare = Resident();
        Console.WriteLine(Ready);
        while (Console.In.Read() >= 0)
        {
            // Until the parent closes it: go.
        }

        var phases = profile ? Phases.Begin() : null;
        var meter = await Meter.BeginAsync(kind, counts);
        var since = Stopwatch.GetTimestamp();
        if (rate > 0) await PacedLoop.RunAsync(sleepers, rate, StartAsync);
        else await ClosedLoop.RunAsync(sleepers, Callers, StartAsync);
        var started = Stopwatch.GetElapsedTime(since);
        var (most, managed, committed) = (0L, 0L, 0L);
        while (Lags.Count < sleepers)
        {
            if (Resident() is var resident && resident > most) (most, managed, committed) = (resident, GC.GetTotalMemory(false), GC.GetGCMemoryInfo().TotalCommittedBytes);
            await Task.Delay(50);
            if (Stopwatch.GetElapsedTime(since) > TimeSpan.FromMinutes(5)) throw new InvalidOperationException($"After five minutes only {Lags.Count:N0} of {sleepers:N0} had woken.");
        }

        var all = Stopwatch.GetElapsedTime(since);
        var cost = await meter.EndAsync(sleepers);
        phases?.End(counts, sleepers, cost.Elapsed);
        var lags = Lags.All;
        var peak = Peak();
        Detail[] details =
        [
            new("p50 ms", Numbers.Median(lags)), new("p99 ms", Numbers.Percentile(lags, 0.99)), new("most ms", lags.Max()), new("starting s", started.TotalSeconds),
            new("last awake after last start + its sleep, s", (all - started).TotalSeconds - (milliseconds / 1000.0)),
            new("RSS MB of the bare host", bare / 1e6), new("RSS MB at most", peak / 1e6), new("of it: managed MB", managed / 1e6), new("of it: committed by GC MB", committed / 1e6),
            new("RSS B/sleeper", (double)(peak - bare) / sleepers), .. cost.Details("run"),
        ];
        Console.WriteLine(string.Join('\t', details.Select(detail => string.Create(CultureInfo.InvariantCulture, $"{detail.Name}={detail.Value}")).Prepend(Slept)));
        return 0;

        Task StartAsync(int number) => host.Client.StartAsync((Sleeper w) => w.RunAsync(milliseconds), new StartOptions { Id = FormattableString.Invariant($"sleeper-{number:D8}") });
    }

    private static long Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    private static long Peak()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    // A server that the parent watches.
    private sealed class Elsewhere : StoreKind
    {
        public override string Name => "elsewhere";

        public override string Description => "";

        public override Task<Place> NewAsync() => throw new NotSupportedException("The parent makes the places.");

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
