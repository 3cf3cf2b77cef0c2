// A host with nothing to do, and with parked runs: what it costs all the same (idle CPU and queries).
namespace Durable.Bench;

/// <summary>Quiet.</summary>
internal sealed class Quiet : Workload
{
    private const int ParkedRuns = 1_000;

    public override string Name => "quiet";

    public override string Title => "a host with nothing to do but 1,000 parked runs: calls of the store a second";

    public override string Unit => "calls/s";

    public override (int Full, int Short, int Smoke) Sizes => (30, 15, 1);

    public override int MaxRounds => 1;

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        var counts = new StoreCounts();
        await using var host = await EngineHost.StartAsync(place.Configure, counts, options => options.ParkAfter = TimeSpan.FromMilliseconds(100));
        var parked = setting.N < 10 ? 20 : ParkedRuns;
        await ClosedLoop.RunAsync(parked, 200, i => host.Client.StartAsync((Idler w) => w.RunAsync("x"), new StartOptions { Id = FormattableString.Invariant($"idler-{i:D8}") }));
        for (long before = -1, now = counts.Commits; now != before; before = now, now = counts.Commits) await Task.Delay(TimeSpan.FromSeconds(1));      // until all are parked
        var (calls, meter) = (counts.Calls, await Meter.BeginAsync(setting.Kind));
        await Task.Delay(TimeSpan.FromSeconds(setting.N));
        var asked = counts.Calls - calls;
        var cost = await meter.EndAsync(setting.N);
        return new Round((double)asked / setting.N, [new Detail("client CPU ms/s", cost.ClientCpu.TotalMilliseconds), new Detail("server CPU ms/s", cost.ServerCpu.TotalMilliseconds), new Detail("allocated B/s", cost.Allocated), new Detail("WAL B/s", cost.Wal)]);
    }
}
