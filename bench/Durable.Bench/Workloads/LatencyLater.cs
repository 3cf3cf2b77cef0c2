// W2 on a database that has seen very many workflows and whose tables were never analyzed (W2L): plans must not depend on statistics.
namespace Durable.Bench;

/// <summary>W2L.</summary>
internal sealed class LatencyLater : Workload
{
    private const int Probe = 300;
    private const int Warm = 5_000;

    public override string Name => "W2L";

    public override string Title => "W2 after 100,000 workflows on tables that were never analyzed: p50; beside it W2 before them";

    public override string Unit => "ms";

    public override (int Full, int Short, int Smoke) Sizes => (100_000, 100_000, 200);

    public override int MaxRounds => 1;

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        var counts = new StoreCounts();
        await using var host = await EngineHost.StartAsync(place.Configure, counts, Limits.Raise);
        await place.NeverAnalyzeAsync();
        var probe = Math.Min(Probe, setting.N);
        await ClosedLoop.RunAsync(Math.Min(Warm, setting.N), setting.InFlight, i => RunAsync(host.Client, "warm", i));          // until its code is compiled
        var before = await ClosedLoop.RunAsync(probe, 1, i => RunAsync(host.Client, "before", i));
        await ClosedLoop.RunAsync(setting.N, setting.InFlight, i => RunAsync(host.Client, "fill", i));
        await ClosedLoop.RunAsync(probe / 3, 1, i => RunAsync(host.Client, "settle", i));
        var meter = await Meter.BeginAsync(setting.Kind, counts);
        var after = await ClosedLoop.RunAsync(probe, 1, i => RunAsync(host.Client, "after", i));
        var cost = await meter.EndAsync(probe);
        return new Round(Numbers.Median(after),
        [
            new Detail("p99 ms", Numbers.Percentile(after, 0.99)), new Detail("before ms", Numbers.Median(before)), new Detail("after/before", Numbers.Median(after) / Numbers.Median(before)),
        ], cost.Details("wf"));
    }

    private static async Task RunAsync(DurableClient client, string prefix, int number) =>
        await (await client.StartAsync((Sequence w) => w.RunAsync(5), new StartOptions { Id = FormattableString.Invariant($"{prefix}-{number:D8}") })).ResultAsync();
}
