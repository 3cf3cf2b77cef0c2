// One run with very many steps: cost per step, at its beginning and at its end (W3).
namespace Durable.Bench;

/// <summary>W3.</summary>
internal sealed class LongRun : Workload
{
    private const int Window = 200;
    private Template? template;

    public override string Name => "W3";

    public override string Title => "one run of 10,000 steps, one after the other: ms per step";

    public override string Unit => "ms/step";

    public override (int Full, int Short, int Smoke) Sizes => (10_000, 10_000, 300);

    public override bool HasRaw => true;

    public override Template Template => template ?? throw new InvalidOperationException("Not prepared.");

    public override async Task PrepareAsync(Setting setting) =>
        template = await Template.RecordAsync(async client => await (await client.StartAsync((Sequence w) => w.RunAsync(setting.N))).ResultAsync(), isWide: false);

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        var counts = new StoreCounts { Timed = setting.Profile };
        await using var host = await EngineHost.StartAsync(place.Configure, counts, Limits.Raise);
        var phases = setting.Profile ? Phases.Begin() : null;
        var (commits, steps) = (counts.Commits, setting.N);
        StepClock.Begin(steps);
        var meter = await Meter.BeginAsync(setting.Kind);
        var run = await host.Client.StartAsync((Sequence w) => w.RunAsync(steps), new StartOptions { Id = "long" });
        await run.ResultAsync();
        var cost = await meter.EndAsync(steps);
        phases?.End(counts, steps, cost.Elapsed);
        return RoundOf(cost, counts.Commits - commits, steps);
    }

    public override async Task<Round> RawAsync(Setting setting, IRawWriter writer)
    {
        StepClock.Begin(setting.N);
        var meter = await Meter.BeginAsync(setting.Kind);
        var (commits, _) = await RawLoop.RunAsync(writer, Template, 1, 1);
        return RoundOf(await meter.EndAsync(setting.N), commits, setting.N);
    }

    private static Round RoundOf(Cost cost, long commits, int steps)
    {
        var (all, first, last) = StepClock.End(Window);
        return new Round(all, [new Detail($"first {Window} ms/step", first), new Detail($"last {Window} ms/step", last), new Detail("last/first", last / first), new Detail("commits/step", (double)commits / steps)],
            cost.Details("step"));
    }
}
