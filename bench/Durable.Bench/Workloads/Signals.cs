// From SignalAsync to the moment at which workflow code sees the signal, same host (W6).
using System.Diagnostics;

namespace Durable.Bench;

/// <summary>W6.</summary>
internal sealed class Signals : Workload
{
    public override string Name => "W6";

    public override string Title => "signal to waiting code on the same host, one at a time: p50";

    public override string Unit => "ms";

    public override (int Full, int Short, int Smoke) Sizes => (500, 500, 20);

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        var counts = new StoreCounts();
        await using var host = await EngineHost.StartAsync(place.Configure, counts, options => options.ParkAfter = TimeSpan.FromMinutes(5));
        var run = await host.Client.StartAsync((Pong w) => w.RunAsync(setting.N), new StartOptions { Id = "pong" });
        var (seen, stored) = (new double[setting.N], new double[setting.N]);
        var meter = await Meter.BeginAsync(setting.Kind, counts);
        for (var i = 1; i <= setting.N; i++)
        {
            var number = i;
            var pong = Pongs.Await(number);
            var since = Stopwatch.GetTimestamp();
            await run.SignalAsync(w => w.Ping(number));
            stored[i - 1] = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
            seen[i - 1] = Stopwatch.GetElapsedTime(since, await pong).TotalMilliseconds;
        }

        var cost = await meter.EndAsync(setting.N);
        await run.CompletionAsync();
        return new Round(Numbers.Median(seen), [new Detail("p99 ms", Numbers.Percentile(seen, 0.99)), new Detail("SignalAsync p50 ms", Numbers.Median(stored))],
            cost.Details("signal"));
    }
}
