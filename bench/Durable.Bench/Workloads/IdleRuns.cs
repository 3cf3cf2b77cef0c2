// Runs that wait in a worker's memory: bytes of each (the budget's "cached idle run").
namespace Durable.Bench;

/// <summary>Idle.</summary>
internal sealed class IdleRuns : Workload
{
    public override string Name => "idle";

    public override string Title => "5,000 cached runs that wait for a signal: bytes of managed memory each";

    public override string Unit => "B/run";

    public override (int Full, int Short, int Smoke) Sizes => (5_000, 5_000, 100);

    public override int MaxRounds => 1;

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        await using var host = await EngineHost.StartAsync(place.Configure, new StoreCounts(), options => options.ParkAfter = TimeSpan.FromMinutes(10));
        await Start(host, 0, 100);
        var before = Live();
        await Start(host, 100, setting.N);
        var after = Live();
        return new Round((double)(after - before) / setting.N, Array.Empty<Detail>());
    }

    private static Task Start(EngineHost host, int from, int count) =>
        ClosedLoop.RunAsync(count, 500, i => host.Client.StartAsync((Idler w) => w.RunAsync("x"), new StartOptions { Id = FormattableString.Invariant($"idler-{from + i:D8}") }));

    private static long Live()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
