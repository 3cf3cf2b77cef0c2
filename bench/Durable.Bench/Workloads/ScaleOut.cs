// The same work by one, two and four processes on one database (W10).
using System.Diagnostics;

namespace Durable.Bench;

/// <summary>W10.</summary>
internal sealed class ScaleOut : Workload
{
    public override string Name => "W10";

    public override string Title => "workflows of 5 activities, started by a client without a worker, run by 4 processes";

    public override string Unit => "wf/s";

    public override (int Full, int Short, int Smoke) Sizes => (20_000, 5_000, 100);

    public override int MaxRounds => 1;

    public override bool RunsOn(string store) => store == "postgres";

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        var rates = new Dictionary<int, double>();
        foreach (var processes in setting.N < 1_000 ? [1, 2] : new[] { 1, 2, 4 })
        {
            await using var own = await setting.Kind.NewAsync();
            rates[processes] = await RateAsync(setting, own, processes);
        }

        return new Round(rates.Values.Last(), rates.Select(rate => new Detail($"{rate.Key} process{(rate.Key == 1 ? "" : "es")}", rate.Value)).Append(new Detail("last/one", rates.Values.Last() / rates[1])));
    }

    // Counting walks over all open runs: seldom enough that it does not become the work.
    private static async Task AllAsync(DurableClient client, string name, int count, int inFlight)
    {
        await ClosedLoop.RunAsync(count, inFlight, i => client.StartAsync((Sequence w) => w.RunAsync(5), new StartOptions { Id = FormattableString.Invariant($"{name}-{i:D8}") }));
        var open = new RunFilter { Status = [RunStatus.Pending, RunStatus.Running] };
        while (await client.CountAsync(open) > 0) await Task.Delay(100);
    }

    private static async Task<double> RateAsync(Setting setting, Place place, int processes)
    {
        await using var client = await EngineHost.StartAsync(place.Configure, new StoreCounts(), more: builder => builder.WithoutWorker());
        var children = new List<Process>();
        try
        {
            for (var i = 0; i < processes; i++) children.Add(Child.Start("serve", setting.Kind.Name, place.Address, "0", FormattableString.Invariant($"bench-{i}"), "20"));
            foreach (var child in children) await Child.ReadAsync(child, "SERVING");
            await AllAsync(client.Client, "warm", setting.N / 5, setting.InFlight);
            var since = Stopwatch.GetTimestamp();
            await AllAsync(client.Client, "bench", setting.N, setting.InFlight);
            return setting.N / Stopwatch.GetElapsedTime(since).TotalSeconds;
        }
        finally
        {
            foreach (var child in children)
            {
                child.Kill();
                await child.WaitForExitAsync();
                child.Dispose();
            }
        }
    }
}
