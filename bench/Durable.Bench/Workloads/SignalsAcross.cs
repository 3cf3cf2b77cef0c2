// From SignalAsync in one process to workflow code in another (W6o): both read the machine's one monotonic clock.
using System.Diagnostics;
using System.Globalization;

namespace Durable.Bench;

/// <summary>W6o.</summary>
internal sealed class SignalsAcross : Workload
{
    public override string Name => "W6o";

    public override string Title => "signal to waiting code in another process, one at a time: p50";

    public override string Unit => "ms";

    public override (int Full, int Short, int Smoke) Sizes => (300, 200, 10);

    public override bool RunsOn(string store) => store == "postgres";

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        await using var client = await EngineHost.StartAsync(place.Configure, new StoreCounts(), more: builder => builder.WithoutWorker());
        using var child = Child.Start("serve", setting.Kind.Name, place.Address, "0", "other", "20");
        try
        {
            await Child.ReadAsync(child, "SERVING");
            var run = await client.Client.StartAsync((Pong w) => w.RunAsync(setting.N + 1), new StartOptions { Id = "pong" });
            var seen = new double[setting.N];
            for (var i = 0; i <= setting.N; i++)
            {
                var number = i + 1;
                var since = Stopwatch.GetTimestamp();
                await run.SignalAsync(w => w.Ping(number));
                var line = await Child.ReadAsync(child, FormattableString.Invariant($"SEEN {number} "));
                if (i > 0) seen[i - 1] = Stopwatch.GetElapsedTime(since, long.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture)).TotalMilliseconds;      // the first one wakes the run
            }

            return new Round(Numbers.Median(seen), [new Detail("p99 ms", Numbers.Percentile(seen, 0.99))]);
        }
        finally
        {
            child.Kill();
            await child.WaitForExitAsync();
        }
    }
}
