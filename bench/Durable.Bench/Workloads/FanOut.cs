// One run with very many activities at once (W4, W4L).
namespace Durable.Bench;

/// <summary>W4 with 500, W4L with 5,000.</summary>
/// <param name="name">W4 or W4L.</param>
/// <param name="width">Activities of a run.</param>
/// <param name="runs">Runs of a round, one at a time.</param>
internal sealed class FanOut(string name, int width, int runs) : Workload
{
    private Template? template;

    public override string Name => name;

    public override string Title => $"one run with {width:N0} activities at once: p50 of {runs} runs, one at a time";

    public override string Unit => "ms";

    public override (int Full, int Short, int Smoke) Sizes => (width, width, 50);

    public override bool HasRaw => true;

    public override Template Template => template ?? throw new InvalidOperationException("Not prepared.");

    public override async Task PrepareAsync(Setting setting) => template = await Template.RecordAsync(client => RunAsync(client, "template", setting.N), isWide: true);

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        var counts = new StoreCounts { Timed = setting.Profile };
        await using var host = await EngineHost.StartAsync(place.Configure, counts, options =>
        {
            Limits.Raise(options);
            options.MaxConcurrentActivities = Math.Max(setting.N, 100);
        });
        await ClosedLoop.RunAsync(runs, 1, i => RunAsync(host.Client, FormattableString.Invariant($"warm-{i}"), setting.N));          // a few runs are not enough to compile their code for good
        var meter = await Meter.BeginAsync(setting.Kind, counts);
        var latencies = await ClosedLoop.RunAsync(runs, 1, i => RunAsync(host.Client, FormattableString.Invariant($"fan-{i}"), setting.N));
        return RoundOf(latencies, await meter.EndAsync(runs), []);
    }

    public override async Task<Round> RawAsync(Setting setting, IRawWriter writer)
    {
        var meter = await Meter.BeginAsync(setting.Kind);
        var (commits, latencies) = await RawLoop.RunAsync(writer, Template, runs, 1);
        return RoundOf(latencies, await meter.EndAsync(runs), [new Detail("commits/wf", (double)commits / runs)]);
    }

    private static Round RoundOf(double[] latencies, Cost cost, Detail[] counts) =>
        new(Numbers.Median(latencies), [new Detail("p99 ms", Numbers.Percentile(latencies, 0.99))], counts, cost.Details("wf"));

    private static async Task RunAsync(DurableClient client, string id, int activities)
    {
        var run = await client.StartAsync((Fan w) => w.RunAsync(activities), new StartOptions { Id = id });
        await run.ResultAsync();
    }
}
