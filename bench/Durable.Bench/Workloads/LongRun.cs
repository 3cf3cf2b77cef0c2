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
        template = await Template.RecordAsync(client => RunAsync(client, "template", setting.N), isWide: false);

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        var counts = new StoreCounts { Timed = setting.Profile };
        await using var host = await EngineHost.StartAsync(place.Configure, counts, Limits.Raise);
        var phases = setting.Profile ? Phases.Begin() : null;
        var steps = setting.N;
        await RunAsync(host.Client, "warm", Math.Min(steps, 5 * Window));           // else the first steps pay for connections, plans and pages of a new database
        StepClock.Begin(steps);
        var meter = await Meter.BeginAsync(setting.Kind, counts);
        await RunAsync(host.Client, "long", steps);
        var cost = await meter.EndAsync(steps);
        phases?.End(counts, steps, cost.Elapsed);
        return RoundOf(cost, []);
    }

    public override async Task<Round> RawAsync(Setting setting, IRawWriter writer)
    {
        await RawLoop.RunAsync(writer, Template, 1, 1);
        StepClock.Begin(setting.N);
        var meter = await Meter.BeginAsync(setting.Kind);
        var (commits, _) = await RawLoop.RunAsync(writer, Template, 1, 1);
        return RoundOf(await meter.EndAsync(setting.N), [new Detail("commits/step", (double)commits / setting.N)]);
    }

    private static async Task RunAsync(DurableClient client, string id, int steps) => await (await client.StartAsync((Sequence w) => w.RunAsync(steps), new StartOptions { Id = id })).ResultAsync();

    private static Round RoundOf(Cost cost, Detail[] counts)
    {
        var (all, first, last) = StepClock.End(Window);
        return new Round(all, [new Detail($"first {Window} ms/step", first), new Detail($"last {Window} ms/step", last), new Detail("last/first", last / first)],
            counts, cost.Details("step"));
    }
}
