// Activities by way of a queue, on two hosts that share a database (W1q): each is a task row, a message and a wake-up.
namespace Durable.Bench;

/// <summary>W1q.</summary>
internal sealed class QueuedFlows : Workload
{
    private const int Steps = 5;

    public override string Name => "W1q";

    public override string Title => "5 activities routed by a queue, 2 hosts, 500 workflows in flight";

    public override string Unit => "wf/s";

    public override (int Full, int Short, int Smoke) Sizes => (5_000, 2_000, 20);

    public override int MaxRounds => 3;

    public override bool RunsOn(string store) => store == "postgres";

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        var counts = new StoreCounts();
        await using var first = await EngineHost.StartAsync(place.Configure, counts, options => options.ServedQueues.Add(Queued.Queue));
        await using var second = await EngineHost.StartAsync(place.Configure, counts, options =>
        {
            options.Identity = "bench-2";
            options.ServedQueues.Add(Queued.Queue);
        });
        var meter = await Meter.BeginAsync(setting.Kind, counts);
        var latencies = await ClosedLoop.RunAsync(setting.N, Math.Min(500, setting.InFlight), async i =>
        {
            var run = await first.Client.StartAsync((Queued w) => w.RunAsync(Steps), new StartOptions { Id = FormattableString.Invariant($"queued-{i:D8}") });
            await run.ResultAsync();
        });
        var cost = await meter.EndAsync(setting.N);
        return new Round(setting.N / cost.Elapsed.TotalSeconds,
            [new Detail("p50 ms", Numbers.Median(latencies))], cost.Details("wf"));
    }
}
