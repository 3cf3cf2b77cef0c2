// The command line.
using System.Globalization;

namespace Durable.Bench;

/// <summary>What was asked for.</summary>
internal sealed record BenchOptions
{
    public const string Help = """
        dotnet run -c Release --project bench/Durable.Bench -- <workload> [options]

        <workload>   W1, W1p, W1i, … | all (writes the tables of docs/benchmarks.md) | soak | list | smoke (each with a tiny size, both stores, under 20 s)
        --store s    sqlite | postgres; default sqlite, both for all and smoke
        --short      one warm-up, then 3 interleaved rounds of 20,000: under 40 s
        --n N        size of a round          --rounds R    rounds, default 5
        --in-flight F   workflows at once, default 2,000
        --provider   adds a column: the rows through the provider, without the engine
        --profile    prints where the time of each of our rounds went
        --minutes M  length of a soak, default 30
        --peers      adds peers that are at hand (bench/peers)
        """;

    public string Workload { get; private init; } = "";

    public string? Store { get; private init; }

    public bool Short { get; private init; }

    public int? N { get; private init; }

    public int? Rounds { get; private init; }

    public int InFlight { get; private init; } = 2_000;

    public bool Provider { get; private init; }

    public bool Profile { get; private init; }

    public bool Peers { get; private init; }

    public int Minutes { get; private init; } = 30;

    /// <summary>What follows the name of an internal command (a child process of a workload).</summary>
    public IReadOnlyList<string> Rest { get; private init; } = [];

    /// <summary>Reads the arguments.</summary>
    public static BenchOptions Parse(string[] args)
    {
        if (args.Length == 0 || args[0].StartsWith('-')) throw new ArgumentException(Help);
        var options = new BenchOptions { Workload = args[0], Rest = args[1..] };
        if (args[0] == Child.Command) return options;
        for (var i = 1; i < args.Length; i++)
        {
            options = args[i] switch
            {
                "--store" => options with { Store = args[++i] },
                "--short" => options with { Short = true },
                "--n" => options with { N = Int(args[++i]) },
                "--rounds" => options with { Rounds = Int(args[++i]) },
                "--in-flight" => options with { InFlight = Int(args[++i]) },
                "--provider" => options with { Provider = true },
                "--profile" => options with { Profile = true },
                "--minutes" => options with { Minutes = Int(args[++i]) },
                "--peers" => options with { Peers = true },
                _ => throw new ArgumentException($"Unknown option {args[i]}.\n{Help}"),
            };
        }

        return options;
    }

    private static int Int(string text) => int.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
}
