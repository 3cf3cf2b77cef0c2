// Runs workloads: warm-up of each side, then rounds in turn (A B A B), each on an empty database.
namespace Durable.Bench;

/// <summary>Runs what the command line asks for.</summary>
internal static class Runner
{
    /// <summary>All workloads, in the order of the table.</summary>
    public static IReadOnlyList<Workload> Workloads { get; } =
    [
        new Flows("W1", "5 activities one after the other, 2,000 workflows in flight", (client, id) => RunAsync(client, id, (Sequence w) => w.RunAsync(5)), isWide: false, isLatency: false, (20_000, 20_000, 300)),
        new Flows("W1p", "5 activities at once, 2,000 workflows in flight", (client, id) => RunAsync(client, id, (Fan w) => w.RunAsync(5)), isWide: true, isLatency: false, (20_000, 20_000, 300)),
        new Flows("W1i", "5 inline steps, 2,000 workflows in flight", (client, id) => RunAsync(client, id, (Inline w) => w.RunAsync(5)), isWide: false, isLatency: false, (20_000, 20_000, 300)),
        new Flows("W2", "5 activities, one workflow at a time: p50", (client, id) => RunAsync(client, id, (Sequence w) => w.RunAsync(5)), isWide: false, isLatency: true, (500, 500, 20)),
        new LatencyLater(),
        new QueuedFlows(),
        new LongRun(),
        new FanOut("W4", 500, 20),
        new FanOut("W4L", 5_000, 5),
        new Sleepers("W5", 5_000),
        new Sleepers("W5L", 100_000),
        new Sleepers("W5P", 100_000, seconds: 30, rate: 4_000),
        new Signals(),
        new Across("W6o", Deed.Signal, deaf: false),
        new Across("W6d", Deed.Signal, deaf: true),
        new Across("pick", Deed.Start, deaf: false),
        new Across("pickd", Deed.Start, deaf: true),
        new Across("stopd", Deed.Cancel, deaf: true),
        new Crash("W7", "bench", lease: 20),
        new Crash("W7o", "other", lease: 5),
        new Parked(),
        new Replays("W9", records: false),
        new Replays("W9r", records: true),
        new ScaleOut(),
        new BulkStart(),
        new IdleRuns(parked: false),
        new IdleRuns(parked: true),
        new Quiet(),
        new TwoGroups(),
    ];

    /// <summary>One workload; its last line is for scripts.</summary>
    public static async Task<int> OneAsync(BenchOptions options)
    {
        var workload = Workloads.FirstOrDefault(known => known.Name.Equals(options.Workload, StringComparison.OrdinalIgnoreCase)) ?? throw new ArgumentException($"There is no workload {options.Workload}.\n{BenchOptions.Help}");
        var store = options.Store ?? (workload.RunsOn("sqlite") ? "sqlite" : "postgres");
        if (!workload.RunsOn(store)) throw new ArgumentException($"{workload.Name} is not for {store}.");
        await using var kind = Kinds.Open(store);
        var outcome = await RunAsync(workload, kind, options, smoke: false);
        Print(outcome);
        Console.WriteLine(outcome.ResultLine);
        return 0;
    }

    /// <summary>All workloads on all stores; writes docs/benchmarks.md.</summary>
    public static async Task<int> AllAsync(BenchOptions options)
    {
        var (outcomes, stores, failed) = (new List<Outcome>(), new List<string>(), new List<string>());
        var path = "";
        await ForEachAsync(options, async (workload, kind) =>
        {
            if (!stores.Contains(kind.Description)) stores.Add(kind.Description);
            try
            {
                outcomes.Add(await RunAsync(workload, kind, options, smoke: false));
                Print(outcomes[^1]);
            }
            catch (Exception error)
            {
                failed.Add($"{workload.Name} on {kind.Name}: {error.Message.ReplaceLineEndings(" ")}");          // half an hour of other figures is not thrown away for one
                Console.Error.WriteLine(error);
            }

            path = Document.Write(outcomes, stores, failed);
        });
        foreach (var outcome in outcomes) Console.WriteLine(outcome.ResultLine);
        foreach (var failure in failed) Console.WriteLine($"FAILED {failure}");
        Console.WriteLine($"Written: {path}");
        return failed.Count == 0 ? 0 : 1;
    }

    /// <summary>Every workload with a tiny size: whether it runs at all.</summary>
    public static async Task<int> SmokeAsync(BenchOptions options)
    {
        var lines = new List<string>();
        await ForEachAsync(options, async (workload, kind) => lines.Add((await RunAsync(workload, kind, options, smoke: true)).ResultLine));
        foreach (var line in lines) Console.WriteLine(line);
        return 0;
    }

    /// <summary>Runs one workload on one store.</summary>
    public static async Task<Outcome> RunAsync(Workload workload, StoreKind kind, BenchOptions options, bool smoke)
    {
        var size = options.N ?? (smoke ? workload.Sizes.Smoke : options.Short ? workload.Sizes.Short : workload.Sizes.Full);
        var rounds = Math.Min(workload.MaxRounds, options.Rounds ?? (smoke ? 1 : options.Short ? 3 : 5));
        var setting = new Setting(kind, size, options.InFlight, options.Profile);
        Console.WriteLine($"{workload.Name} on {kind.Name}: {workload.Title}; N = {size:N0}, {rounds} round{(rounds == 1 ? "" : "s")}");
        await workload.PrepareAsync(setting);
        var sides = new List<(Side Side, Func<Task<Round>> Run)> { (new Side("ours", []), () => OursAsync(workload, setting)) };
        if (workload.HasRaw) sides.Add((new Side("raw", []), () => RawAsync(workload, setting, provider: false)));
        if (workload.HasRaw && options.Provider) sides.Add((new Side("provider", []), () => RawAsync(workload, setting, provider: true)));
        if (options.Peers && workload.PeerSize > 0 && kind is PostgresServer)
        {
            await NodePeers.InstallAsync();
            foreach (var peer in NodePeers.All) sides.Add((new Side(peer.Name, []), () => PeerAsync(peer, workload, setting)));
        }

        if (!smoke && workload.MaxRounds > 1)
            foreach (var (side, run) in sides)
                if (!NodePeers.All.Any(peer => peer.Name == side.Name)) await run();           // their programs warm themselves up
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (side, run) in sides)
            {
                side.Rounds.Add(await run());
                Console.WriteLine($"  round {round + 1} {side.Name}: {Numbers.Show(side.Rounds[^1].Figure)} {workload.Unit}");
            }
        }

        return new Outcome(workload, kind.Name, size, [.. sides.Select(side => side.Side)]);
    }

    /// <summary>Prints an outcome.</summary>
    public static void Print(Outcome outcome)
    {
        var names = outcome.Sides.SelectMany(side => side.Details).Select(detail => detail.Name).Distinct().ToList();
        Console.WriteLine($"{"",-24}{string.Concat(outcome.Sides.Select(side => side.Name.PadLeft(28)))}");
        Console.WriteLine($"{outcome.Workload.Unit,-24}{string.Concat(outcome.Sides.Select(side => $"{Numbers.Show(side.Median)} [{Numbers.Show(side.Least)}..{Numbers.Show(side.Most)}]".PadLeft(28)))}");
        foreach (var name in names)
            Console.WriteLine($"{name,-24}{string.Concat(outcome.Sides.Select(side => Value(side, name).PadLeft(28)))}");

        static string Value(Side side, string name) => side.Details.Where(detail => detail.Name == name).Select(detail => Numbers.Show(detail.Value)).DefaultIfEmpty("").First();
    }

    private static async Task ForEachAsync(BenchOptions options, Func<Workload, StoreKind, Task> run)
    {
        foreach (var store in options.Store is { } one ? [one] : Kinds.Names)
        {
            await using var kind = Kinds.Open(store);
            foreach (var workload in Workloads)
                if (workload.RunsOn(store)) await run(workload, kind);
        }
    }

    private static async Task<Round> OursAsync(Workload workload, Setting setting)
    {
        await using var place = await setting.Kind.NewAsync();
        return await workload.OursAsync(setting, place);
    }

    private static async Task<Round> PeerAsync(NodePeer peer, Workload workload, Setting setting)
    {
        await using var place = await setting.Kind.NewAsync();
        return await peer.RoundAsync(place, workload.PeerSize, workload.Unit == "ms");
    }

    private static async Task<Round> RawAsync(Workload workload, Setting setting, bool provider)
    {
        await using var place = await setting.Kind.NewAsync();
        await using var writer = provider ? await ProviderWriter.OpenAsync(place.NewStore(), workload.Template) : await place.NewRawAsync(workload.Template);
        return await workload.RawAsync(setting, writer);
    }

    private static async Task RunAsync<TWorkflow, TResult>(DurableClient client, string id, System.Linq.Expressions.Expression<Func<TWorkflow, Task<TResult>>> run) where TWorkflow : class
    {
        var handle = await client.StartAsync(run, new StartOptions { Id = id });
        await handle.ResultAsync();
    }
}
