// What the command line asks for.
using System.Globalization;

namespace Durable.Chaos;

/// <summary>Options of a campaign.</summary>
internal sealed record ChaosOptions
{
    /// <summary>The kinds of faults that each store can be hit by.</summary>
    private static readonly Dictionary<string, string[]> Kinds = new()
    {
        ["postgres"] = ["kill", "freeze", "cut", "restart", "terminate"],
        ["sqlite"] = ["kill", "freeze"],
    };

    public const string Usage =
        "Durable.Chaos --minutes M [--fault kill|freeze|cut|restart|terminate|all, or several with commas] [--store postgres|sqlite] [--workers 4] [--seed S]\n"
        + "              [--lease 2 (seconds)] [--load 32 (runs under way)] [--keep (the folder of the campaign)]";

    public required double Minutes { get; init; }

    public required string Store { get; init; }

    public required IReadOnlyList<string> Faults { get; init; }

    public required int Workers { get; init; }

    public required int Seed { get; init; }

    public required double Lease { get; init; }

    public required int Load { get; init; }

    public required bool Keep { get; init; }

    /// <summary>True if calls go through the proxy that cuts them.</summary>
    public bool NeedsProxy => Faults.Contains("cut");

    /// <exception cref="FormatException">Something is wrong with them.</exception>
    public static ChaosOptions Parse(string[] arguments)
    {
        var values = new Dictionary<string, string>();
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal)) throw new FormatException($"'{arguments[i]}' is not an option.");
            var hasValue = i + 1 < arguments.Length && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal);
            values[arguments[i][2..]] = hasValue ? arguments[++i] : "true";
        }

        var store = Take("store", "postgres");
        if (!Kinds.TryGetValue(store, out var possible)) throw new FormatException($"--store {store}: postgres or sqlite.");
        var wanted = Take("fault", "all").Split(',', StringSplitOptions.RemoveEmptyEntries);
        IReadOnlyList<string> faults = wanted is ["all"] ? possible : wanted;
        if (faults.FirstOrDefault(fault => !possible.Contains(fault)) is { } unknown) throw new FormatException($"--fault {unknown}: {store} has {string.Join(", ", possible)}.");
        var options = new ChaosOptions
        {
            Minutes = Number("minutes", 1), Store = store, Faults = faults, Workers = (int)Number("workers", 4), Seed = (int)Number("seed", Environment.TickCount & 0xffffff),
            Lease = Number("lease", 2), Load = (int)Number("load", 32), Keep = Take("keep", "false") == "true",
        };
        return values.Count == 0 ? options : throw new FormatException($"--{values.Keys.First()} is not an option.");

        string Take(string name, string otherwise) => values.Remove(name, out var value) ? value : otherwise;

        double Number(string name, double otherwise) => double.TryParse(Take(name, otherwise.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture, out var value) && value > 0
            ? value : throw new FormatException($"--{name} must be a number above 0.");
    }
}
