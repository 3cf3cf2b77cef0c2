// What the command line asks for.
using System.Globalization;
using Durable.Chaos.Workers;

namespace Durable.Chaos;

/// <summary>Options of a campaign.</summary>
internal sealed record ChaosOptions
{
    /// <summary>The kinds of faults that each store can be hit by.</summary>
    private static readonly Dictionary<string, string[]> Kinds = new()
    {
        ["postgres"] = ["kill", "freeze", "cut", "restart", "terminate", "blackhole", "connections", "disk", "refused", "snapshot", "term", "clocks"],
        ["sqlite"] = ["kill", "freeze", "term", "clocks"],
    };

    public const string Usage =
        "Durable.Chaos --minutes M [--fault kill|freeze|cut|restart|terminate|blackhole|connections|disk|refused|snapshot|term|clocks|all, or several with commas]\n"
        + "              [--store postgres|sqlite] [--work mix|inbox|hot|cross] [--workers 4] [--seed S] [--lease 2 (seconds)] [--load 32 (runs under way)]\n"
        + "              [--groups 2 (servers, each with a shard group; --fault kill, freeze, restart, term; --work cross: most of it goes from group to group)]\n"
        + "              [--citus (the store on the cluster whose coordinator DURABLE_TEST_CITUS names; --fault kill, freeze, term; restart with DURABLE_CITUS_DIRS, too)]\n"
        + "              [--crossings N, --bites N (longer than --minutes until there were so many)]\n"
        + "              [--data FOLDER (of the server; on a small file system --fault disk fills it)] [--keep (the folder of the campaign)]\n"
        + "Durable.Chaos --situation failover|heartbeat|recovery|sleeping|snapshot [--full] [--seed S] [--keep]";

    public required double Minutes { get; init; }

    public required string Store { get; init; }

    public required IReadOnlyList<string> Faults { get; init; }

    public required int Workers { get; init; }

    public required int Seed { get; init; }

    public required double Lease { get; init; }

    public required int Load { get; init; }

    /// <summary>How many servers there are, each with a shard group: what runs do to their children and parents then goes from one to the other.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>So many messages are to go from group to group, and so many faults to bite, before the faults end.</summary>
    public int Crossings { get; init; }

    public int Bites { get; init; }

    /// <summary>True: on a Citus cluster that is there already.</summary>
    public bool Citus { get; init; }

    /// <summary>What the runs do: a mix; mailboxes of 8 senders that continue as new; ten mailboxes at a time that sixteen senders write to; or children that tell their parents much.</summary>
    public required string Work { get; init; }

    /// <summary>Where the server keeps its files, or null for the folder of temporary files.</summary>
    public string? Data { get; init; }

    public required bool Keep { get; init; }

    /// <summary>A situation instead of a campaign.</summary>
    public string? Situation { get; init; }

    /// <summary>The situation's full size.</summary>
    public bool Full { get; init; }

    /// <summary>True: no worker takes the name of one that died, so that leases decide.</summary>
    public bool FreshNames { get; init; }

    /// <summary>True if calls go through the proxy that cuts them.</summary>
    public bool NeedsProxy => Faults.Contains("cut") || Faults.Contains("blackhole");

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
        var groups = (int)Number("groups", 1);
        if (groups > 1 && store != "postgres") throw new FormatException($"--groups {groups}: only postgres has them.");
        var citus = Take("citus", "false") == "true";
        if (citus && (store != "postgres" || groups > 1)) throw new FormatException("--citus: only with postgres, and its groups are its own.");
        if (citus && !StorePlace.HasCitus) throw new FormatException("--citus: DURABLE_TEST_CITUS must name a coordinator; see docs/scaling.md.");
        if (citus) possible = StorePlace.CitusServers.Count == 0 ? ["kill", "freeze", "term"] : ["kill", "freeze", "restart", "term"];
        if (groups > 1) possible = ["kill", "freeze", "restart", "term"];
        var wanted = Take("fault", "all").Split(',', StringSplitOptions.RemoveEmptyEntries);
        IReadOnlyList<string> faults = wanted is ["all"] ? possible : wanted;
        if (faults.FirstOrDefault(fault => !possible.Contains(fault)) is { } unknown) throw new FormatException($"--fault {unknown}: {store} has {string.Join(", ", possible)}.");
        var work = Take("work", "mix");
        if (work is not ("mix" or "inbox" or "hot" or "cross")) throw new FormatException($"--work {work}: mix, inbox, hot or cross.");
        var options = new ChaosOptions
        {
            Minutes = Number("minutes", 1), Store = store, Groups = groups, Citus = citus, Faults = faults, Workers = (int)Number("workers", 4), Seed = (int)Number("seed", Environment.TickCount & 0xffffff),
            Lease = Number("lease", faults is ["clocks"] ? 20 : 2), Load = (int)Number("load", work == "hot" ? 10 : 32), Keep = Take("keep", "false") == "true", Work = work,
            Situation = Take("situation", "") is { Length: > 0 } situation ? situation : null, Full = Take("full", "false") == "true",
            Crossings = (int)Number("crossings", 1), Bites = (int)Number("bites", 1),
            Data = Take("data", "") is { Length: > 0 } data ? Path.GetFullPath(data) : null,
        };
        return values.Count == 0 ? options : throw new FormatException($"--{values.Keys.First()} is not an option.");

        string Take(string name, string otherwise) => values.Remove(name, out var value) ? value : otherwise;

        double Number(string name, double otherwise) => double.TryParse(Take(name, otherwise.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture, out var value) && value > 0
            ? value : throw new FormatException($"--{name} must be a number above 0.");
    }
}
