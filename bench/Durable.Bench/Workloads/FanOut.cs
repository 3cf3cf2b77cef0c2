// One run with very many activities at once (W4).
namespace Durable.Bench;

/// <summary>W4.</summary>
internal sealed class FanOut : Workload
{
    private const int Runs = 20;
    private Template? template;

    public override string Name => "W4";

    public override string Title => "one run with 500 activities at once: p50 of 20 runs, one at a time";

    public override string Unit => "ms";

    public override (int Full, int Short, int Smoke) Sizes => (500, 500, 50);

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
        var commits = counts.Commits;
        var meter = await Meter.BeginAsync(setting.Kind);
        var latencies = await ClosedLoop.RunAsync(Runs, 1, i => RunAsync(host.Client, FormattableString.Invariant($"fan-{i}"), setting.N));
        return RoundOf(latencies, await meter.EndAsync(Runs), counts.Commits - commits);
    }

    public override async Task<Round> RawAsync(Setting setting, IRawWriter writer)
    {
        var meter = await Meter.BeginAsync(setting.Kind);
        var (commits, latencies) = await RawLoop.RunAsync(writer, Template, Runs, 1);
        return RoundOf(latencies, await meter.EndAsync(Runs), commits);
    }

    private static Round RoundOf(double[] latencies, Cost cost, long commits) =>
        new(Numbers.Median(latencies), [new Detail("p99 ms", Numbers.Percentile(latencies, 0.99)), new Detail("commits/wf", (double)commits / Runs)], cost.Details("wf"));

    private static async Task RunAsync(DurableClient client, string id, int width)
    {
        var run = await client.StartAsync((Fan w) => w.RunAsync(width), new StartOptions { Id = id });
        await run.ResultAsync();
    }
}
