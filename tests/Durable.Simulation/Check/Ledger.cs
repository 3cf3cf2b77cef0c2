// The external ledger: every execution of an activity, written where the engine cannot see it (RELIABILITY §3.4).
namespace Durable.Simulation;

/// <summary>Counts effects, and checks those rules that are about them (I8, C7).</summary>
internal sealed class Ledger(World world, SimDatabase database)
{
    private readonly HashSet<(string Key, int Attempt)> begun = [];
    private readonly Dictionary<string, int> numbers = [];

    /// <summary>Executions.</summary>
    public int Executions { get; private set; }

    /// <summary>Executions beyond the first of a call.</summary>
    public int Repeated { get; private set; }

    /// <summary>Tokens of promises that workflows have given out.</summary>
    public List<string> Tokens { get; } = [];

    /// <summary>An attempt begins: its call is in the stored history, and no other attempt has its number.</summary>
    public void Begin(SimProcess process, string key, int attempt, Guid run)
    {
        Executions++;
        world.Note($"{process.Name} attempt {attempt} of {database.Judge.Name(run)} {key[33..]}");
        if (numbers.TryGetValue(key, out var before)) Repeated++;
        numbers[key] = Math.Max(before, attempt);
        if (!begun.Add((key, attempt))) world.Violate($"I8: attempt {attempt} of {key} ran twice");
        var parts = key.Split('/');
        if (!database.Judge.Knows(run, int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), int.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture)))
            world.Violate($"C7: {database.Judge.Name(run)} ran {key} on {process.Name} before its command was stored");
    }

    /// <summary>An attempt had its effect.</summary>
    public int Effect(SimProcess process, string key, int attempt)
    {
        if (process.IsDead) return 0;
        return world.Random.Below(1_000) + attempt;
    }
}
