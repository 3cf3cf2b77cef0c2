// Very many starts by a client without a worker: rows only (W11).
namespace Durable.Bench;

/// <summary>W11.</summary>
internal sealed class BulkStart : Workload
{
    private Template? template;

    public override string Name => "W11";

    public override string Title => "start of N runs by a client without a worker, 2,000 calls at once";

    public override string Unit => "starts/s";

    public override (int Full, int Short, int Smoke) Sizes => (100_000, 20_000, 300);

    public override int MaxRounds => 3;

    public override bool HasRaw => true;

    public override Template Template => template ?? throw new InvalidOperationException("Not prepared.");

    public override async Task PrepareAsync(Setting setting) =>
        template = (await Template.RecordAsync(async client => await (await client.StartAsync((Sequence w) => w.RunAsync(1))).ResultAsync(), isWide: false)).AsWaiting();

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        var counts = new StoreCounts();
        await using var host = await EngineHost.StartAsync(place.Configure, counts, more: builder => builder.WithoutWorker());
        var meter = await Meter.BeginAsync(setting.Kind, counts);
        await ClosedLoop.RunAsync(setting.N, setting.InFlight, i => host.Client.StartAsync((Sequence w) => w.RunAsync(5), new StartOptions { Id = FormattableString.Invariant($"bench-{i:D8}") }));
        var cost = await meter.EndAsync(setting.N);
        return new Round(setting.N / cost.Elapsed.TotalSeconds, cost.Details("start"));
    }

    public override async Task<Round> RawAsync(Setting setting, IRawWriter writer)
    {
        var meter = await Meter.BeginAsync(setting.Kind);
        var (commits, _) = await RawLoop.RunAsync(writer, Template, setting.N, setting.InFlight);
        var cost = await meter.EndAsync(setting.N);
        return new Round(setting.N / cost.Elapsed.TotalSeconds, [new Detail("commits/start", (double)commits / setting.N)], cost.Details("start"));
    }
}
