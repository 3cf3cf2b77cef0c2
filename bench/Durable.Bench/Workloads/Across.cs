// From a client in one process to workflow code in another: a start, a signal, a cancel (W6o, pick, …), with and without LISTEN. Both processes read the machine's one monotonic clock.
using System.Diagnostics;
using System.Globalization;

namespace Durable.Bench;

/// <summary>What one process does and another one sees.</summary>
internal enum Deed
{
    /// <summary>A run is started; its first turn is seen.</summary>
    Start,

    /// <summary>A waiting run gets a signal.</summary>
    Signal,

    /// <summary>A waiting run is cancelled.</summary>
    Cancel,
}

/// <summary>One deed at a time.</summary>
/// <param name="name">Its name.</param>
/// <param name="deed">What is done.</param>
/// <param name="deaf">True: without LISTEN, as behind a transaction-mode pooler; polling alone finds it.</param>
internal sealed class Across(string name, Deed deed, bool deaf) : Workload
{
    public override string Name => name;

    public override string Title => $"{deed.ToString().ToLowerInvariant()} to code in another process{(deaf ? " without LISTEN" : "")}, one at a time: {(deaf ? "p99" : "p50")}";

    public override string Unit => "ms";

    public override (int Full, int Short, int Smoke) Sizes => deaf ? (100, 40, 3) : (300, 200, 10);

    public override bool RunsOn(string store) => store == "postgres";

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        await using var client = await EngineHost.StartAsync(place.Configure, new StoreCounts(), more: builder => builder.WithoutWorker());
        using var child = Child.Start("serve", setting.Kind.Name, place.Address, "0", "other", "20", deaf ? "deaf" : "listening");
        try
        {
            await Child.ReadAsync(child, "SERVING");
            var seen = new List<double>();
            for (var i = 0; i <= setting.N; i++)
            {
                await Task.Delay(deaf ? Random.Shared.Next(300) : 30);                   // deaf: else each deed would meet the poll that the one before has called; else the bound on notifications would be measured
                var took = await DoAsync(client.Client, child, i);
                if (i > 0) seen.Add(took);                                              // the first one finds a cold process
            }

            var (p50, p99) = (Numbers.Median([.. seen]), Numbers.Percentile([.. seen], 0.99));
            return new Round(deaf ? p99 : p50, [new Detail("p50 ms", p50), new Detail("p99 ms", p99)]);
        }
        finally
        {
            child.Kill();
            await child.WaitForExitAsync();
        }
    }

    private async Task<double> DoAsync(DurableClient client, Process child, int number)
    {
        var since = Stopwatch.GetTimestamp();
        var run = await client.StartAsync((Witness w) => w.RunAsync(number), new StartOptions { Id = FormattableString.Invariant($"witness-{number:D6}") });
        var begun = await SeenAsync(child, $"BEGUN {number} ");
        if (deed != Deed.Start) since = Stopwatch.GetTimestamp();
        if (deed == Deed.Signal) await run.SignalAsync(w => w.Tell());
        else await run.CancelAsync("the bench has seen it");
        var ended = await SeenAsync(child, $"{(deed == Deed.Signal ? "TOLD" : "CANCELLED")} {number} ");
        return Stopwatch.GetElapsedTime(since, deed == Deed.Start ? begun : ended).TotalMilliseconds;
    }

    private static async Task<long> SeenAsync(Process child, string word) => long.Parse((await Child.ReadAsync(child, word)).Split(' ')[2], CultureInfo.InvariantCulture);
}
