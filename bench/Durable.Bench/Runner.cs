// Runs workloads: warm-up of each side, then rounds in turn (A B A B), each on an empty database.
using System.Globalization;

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
    ];

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
        if (!smoke && workload.MaxRounds > 1)
            foreach (var (_, run) in sides) await run();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (side, run) in sides)
            {
                side.Rounds.Add(await run());
                Console.WriteLine($"  round {round + 1} {side.Name}: {Numbers.Show(side.Rounds[^1].Figure)} {workload.Unit}");
            }
        }

        return new Outcome(workload, kind.Name, [.. sides.Select(side => side.Side)]);
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

    private static async Task<Round> OursAsync(Workload workload, Setting setting)
    {
        await using var place = await setting.Kind.NewAsync();
        return await workload.OursAsync(setting, place);
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
