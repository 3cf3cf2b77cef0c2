// Workflows from start to result, so many in flight: throughput (W1, W1p, W1i) and, with one in flight, latency (W2).
using System.Diagnostics;

namespace Durable.Bench;

/// <summary>Starts runs and waits for their results.</summary>
/// <param name="name">W1, …</param>
/// <param name="title">For the table.</param>
/// <param name="start">Starts a run under an id and waits for its result.</param>
/// <param name="isWide">Whether its steps are parallel.</param>
/// <param name="isLatency">True: one at a time, the figure is the median latency.</param>
/// <param name="sizes">Sizes.</param>
internal sealed class Flows(string name, string title, Func<DurableClient, string, Task> start, bool isWide, bool isLatency, (int, int, int) sizes) : Workload
{
    private Template? template;

    public override string Name => name;

    public override string Title => title;

    public override string Unit => isLatency ? "ms" : "wf/s";

    public override (int Full, int Short, int Smoke) Sizes => sizes;

    public override bool HasRaw => true;

    public override int PeerSize => name switch { "W1" => 1_000, "W2" => 300, _ => 0 };

    public override Template Template => template ?? throw new InvalidOperationException("Not prepared.");

    public override async Task PrepareAsync(Setting setting)
    {
        template = await Template.RecordAsync(client => start(client, "template"), isWide);
        if (setting.Profile) template.Print();
    }

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        var counts = new StoreCounts { Timed = setting.Profile };
        await using var host = await EngineHost.StartAsync(place.Configure, counts, Limits.Raise);
        var phases = setting.Profile ? Phases.Begin() : null;
        var meter = await Meter.BeginAsync(setting.Kind, counts);
        var latencies = await ClosedLoop.RunAsync(setting.N, isLatency ? 1 : setting.InFlight, i => start(host.Client, FormattableString.Invariant($"bench-{i:D8}")));
        var cost = await meter.EndAsync(setting.N);
        phases?.End(counts, setting.N, cost.Elapsed);
        return RoundOf(setting, latencies, cost, []);
    }

    public override async Task<Round> RawAsync(Setting setting, IRawWriter writer)
    {
        var meter = await Meter.BeginAsync(setting.Kind);
        var (commits, latencies) = await RawLoop.RunAsync(writer, Template, setting.N, isLatency ? 1 : setting.InFlight);
        var cost = await meter.EndAsync(setting.N);
        return RoundOf(setting, latencies, cost, [new Detail("commits/wf", (double)commits / setting.N), new Detail("rows/wf", Template.Events.Count + 2)]);
    }

    private Round RoundOf(Setting setting, double[] latencies, Cost cost, Detail[] counts) => isLatency
        ? new Round(Numbers.Median(latencies), [new Detail("p99 ms", Numbers.Percentile(latencies, 0.99))], counts, cost.Details("wf"))
        : new Round(setting.N / cost.Elapsed.TotalSeconds, counts, cost.Details("wf"));
}

/// <summary>Requests at a steady rate, whatever the answers do.</summary>
internal static class PacedLoop
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(5);

    /// <summary>Runs all requests.</summary>
    public static async Task RunAsync(int total, double rate, Func<int, Task> request)
    {
        var since = Stopwatch.GetTimestamp();
        var (begun, left) = (0, total);
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (begun < total)
        {
            var due = Math.Min(total, (int)(Stopwatch.GetElapsedTime(since).TotalSeconds * rate));
            for (; begun < due; begun++) _ = OneAsync(begun);
            await Task.Delay(Tick);
        }

        await all.Task;

        async Task OneAsync(int number)
        {
            await Task.Yield();
            try
            {
                await request(number);
                if (Interlocked.Decrement(ref left) == 0) all.TrySetResult();
            }
            catch (Exception error)
            {
                all.TrySetException(error);
            }
        }
    }
}

/// <summary>So many callers, each with one request at a time.</summary>
internal static class ClosedLoop
{
    /// <summary>Runs all requests.</summary>
    /// <returns>Milliseconds of each.</returns>
    public static async Task<double[]> RunAsync(int total, int callers, Func<int, Task> request)
    {
        var latencies = new double[total];
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(callers, total)).Select(_ => Task.Run(CallAsync)));
        return latencies;

        async Task CallAsync()
        {
            int i;
            while ((i = Interlocked.Increment(ref next)) < total)
            {
                var since = Stopwatch.GetTimestamp();
                await request(i);
                latencies[i] = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
            }
        }
    }
}
