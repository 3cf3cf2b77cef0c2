// Runs that wait: bytes of each while a worker keeps it in memory (the budget's "cached idle run"), and what is left of it there once it is parked.
namespace Durable.Bench;

/// <summary>Idle in memory, or parked.</summary>
/// <param name="parked">True: parked.</param>
internal sealed class IdleRuns(bool parked) : Workload
{
    private const int Hour = 3_600_000;

    public override string Name => parked ? "parked" : "idle";

    public override string Title => parked ? "N runs that were parked with an hour to sleep: bytes of managed memory that each leaves in its worker" : "N cached runs that wait for a signal: bytes of managed memory each";

    public override string Unit => "B/run";

    public override (int Full, int Short, int Smoke) Sizes => parked ? (50_000, 20_000, 200) : (5_000, 5_000, 100);

    public override int MaxRounds => 1;

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        var counts = new StoreCounts();
        await using var host = await EngineHost.StartAsync(place.Configure, counts, options => options.ParkAfter = parked ? TimeSpan.FromMilliseconds(100) : TimeSpan.FromMinutes(10));
        await StartAsync(host, 0, 100);
        var before = Live();
        await StartAsync(host, 100, setting.N);
        var after = Live();
        return new Round((double)(after - before) / setting.N, Array.Empty<Detail>());
    }

    private async Task StartAsync(EngineHost host, int from, int count)
    {
        await ClosedLoop.RunAsync(count, 500, i => StartAsync(host.Client, FormattableString.Invariant($"idler-{from + i:D8}")));
        if (!parked) return;
        for (long before = -1, now = host.Counts.Commits; now != before; before = now, now = host.Counts.Commits) await Task.Delay(TimeSpan.FromSeconds(1));
    }

    private async Task StartAsync(DurableClient client, string id)
    {
        if (parked) await client.StartAsync((Sleeper w) => w.RunAsync(Hour), new StartOptions { Id = id });
        else await client.StartAsync((Idler w) => w.RunAsync("x"), new StartOptions { Id = id });
    }

    private static long Live()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
