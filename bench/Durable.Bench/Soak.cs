// Half load for a long time, closed runs purged after a minute: whether memory and database stay as they are.
using System.Diagnostics;
using System.Globalization;

namespace Durable.Bench;

/// <summary><c>-- soak --minutes 30 --store postgres</c></summary>
internal static class Soak
{
    private static readonly TimeSpan Retention = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs it on one store; its last line is for scripts.</summary>
    public static async Task<int> RunAsync(BenchOptions options)
    {
        await using var kind = Kinds.Open(options.Store ?? "sqlite");
        await using var place = await kind.NewAsync();
        await using var host = await EngineHost.StartAsync(place.Configure, new StoreCounts(), given => given.Retention = Retention);
        var full = await FullRateAsync(host.Client, options.InFlight);
        var rate = full / 2;
        Console.WriteLine(FormattableString.Invariant($"soak on {kind.Name}: {options.Minutes} minutes at {rate:0} wf/s, half of {full:0}; runs are purged {Retention.TotalSeconds:0} s after their end"));
        var samples = await LoadAsync(host.Client, place, rate, TimeSpan.FromMinutes(options.Minutes));
        var (middle, last) = (Third(samples, 1), Third(samples, 2));
        var done = samples[^1].Done / samples[^1].At.TotalSeconds;
        Console.WriteLine(FormattableString.Invariant($"RESULT soak {kind.Name} ours={done:0} raw=- ratio={done / full:0.00} unit=wf/s rss_mb={last.Rss / 1e6:0} rss_growth={last.Rss / middle.Rss:0.00} db_mb={last.Size / 1e6:0} db_growth={last.Size / middle.Size:0.00}"));
        return 0;
    }

    // The rate of a warm process: the first ten thousands of workflows run code that the runtime has yet to compile well, at half of it.
    private static async Task<double> FullRateAsync(DurableClient client, int inFlight)
    {
        const int runs = 60_000;
        await ClosedLoop.RunAsync(runs, inFlight, i => OneAsync(client, FormattableString.Invariant($"warm-{i}")));
        var since = Stopwatch.GetTimestamp();
        await ClosedLoop.RunAsync(runs, inFlight, i => OneAsync(client, FormattableString.Invariant($"full-{i}")));
        return runs / Stopwatch.GetElapsedTime(since).TotalSeconds;
    }

    // Starts at a steady rate, whatever the answers do, up to a few seconds of them: more would be another experiment.
    private static async Task<List<Sample>> LoadAsync(DurableClient client, Place place, double rate, TimeSpan length)
    {
        var samples = new List<Sample>();
        var (since, begun, done) = (Stopwatch.GetTimestamp(), 0L, 0L);
        var every = TimeSpan.FromSeconds(Math.Clamp(length.TotalSeconds / 60, 2, 15));
        for (var next = every; ; )
        {
            var at = Stopwatch.GetElapsedTime(since);
            if (at >= next)
            {
                samples.Add(new Sample(at, Volatile.Read(ref done), Resident(), await place.SizeAsync()));
                Console.WriteLine(samples[^1]);
                next += every;
                if (at >= length) return samples;
            }

            var due = Math.Min((long)(at.TotalSeconds * rate), Volatile.Read(ref done) + (long)(2 * rate));
            for (; begun < due; begun++) _ = StartAsync(begun);
            await Task.Delay(Tick);
        }

        async Task StartAsync(long number)
        {
            await Task.Yield();
            await OneAsync(client, FormattableString.Invariant($"soak-{number}"));
            Interlocked.Increment(ref done);
        }
    }

    private static async Task OneAsync(DurableClient client, string id) => await (await client.StartAsync((Sequence w) => w.RunAsync(5), new StartOptions { Id = id })).ResultAsync();

    // Peaks: the purge goes in waves.
    private static (double Rss, double Size) Third(List<Sample> samples, int number)
    {
        var part = samples.Skip(samples.Count * number / 3).Take(Math.Max(1, samples.Count / 3)).ToList();
        return (part.Max(sample => sample.Rss), part.Max(sample => sample.Size));
    }

    private static long Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    private sealed record Sample(TimeSpan At, long Done, long Rss, long Size)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture,
            $"  {At.TotalMinutes,6:0.0} min  {Done,10:N0} done  RSS {Rss / 1e6,6:0} MB  managed {GC.GetTotalMemory(false) / 1e6,6:0} MB  database {Size / 1e6,8:0} MB");
    }
}
