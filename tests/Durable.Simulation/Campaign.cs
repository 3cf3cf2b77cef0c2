// Many seeds, several at a time: each world stays on one thread.
namespace Durable.Simulation;

/// <summary>Runs a range of seeds.</summary>
internal sealed class Campaign
{
    private readonly Lock gate = new();

    public ulong From { get; init; } = 1;

    public int Seeds { get; init; }

    public int Threads { get; init; } = 1;

    /// <summary>True: each seed runs twice and must do the same both times.</summary>
    public bool Twice { get; init; }

    public bool Quiet { get; init; }

    /// <summary>True: only seeds with several shard groups.</summary>
    public bool Grouped { get; init; }

    /// <summary>Makes the database of each seed; null for the sound one.</summary>
    public Func<SimDatabase>? Database { get; init; }

    /// <summary>True: the first violation ends the campaign.</summary>
    public bool StopAtFirst { get; init; }

    public SortedDictionary<string, long> Faults { get; } = new(StringComparer.Ordinal);

    public long Events { get; private set; }

    public long Runs { get; private set; }

    public long Executions { get; private set; }

    /// <summary>In how many seeds each rule was exercised.</summary>
    public int[] Rules { get; } = new int[Enum.GetValues<Rule>().Length];

    /// <summary>In how many seeds of each kind.</summary>
    public Dictionary<string, int[]> RulesByKind { get; } = new(StringComparer.Ordinal);

    /// <summary>How many seeds there were of each kind.</summary>
    public SortedDictionary<string, int> Kinds { get; } = new(StringComparer.Ordinal);

    /// <summary>Seeds that were run.</summary>
    public int Done { get; private set; }

    /// <summary>The seed at a place of the campaign.</summary>
    public ulong SeedOf(long index) => Grouped ? Profile.GroupedSeed(From, index) : From + (ulong)index;

    /// <summary>Runs all seeds.</summary>
    /// <returns>Those with violations, in order.</returns>
    public List<SeedResult> Run()
    {
        var bad = new List<SeedResult>();
        var next = -1L;
        var threads = Enumerable.Range(0, Math.Max(1, Threads)).Select(_ => new Thread(Work, 16 * 1024 * 1024)).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return [.. bad.OrderBy(result => result.Seed)];

        void Work()
        {
            while (Interlocked.Increment(ref next) is var index && index < Seeds)
            {
                if (StopAtFirst && Volatile.Read(ref bad).Count > 0) return;
                var result = One(SeedOf(index));
                lock (gate)
                {
                    Add(result);
                    if (!result.IsClean) bad.Add(result);
                }
            }
        }
    }

    private SeedResult One(ulong seed)
    {
        var result = Simulation.Run(seed, database: Database?.Invoke(), quiet: Quiet);
        if (!Twice || !result.IsClean) return result;
        var again = Simulation.Run(seed, database: Database?.Invoke(), quiet: Quiet);
        return again.Hash == result.Hash ? result : result with { Violations = [$"the second run of the seed went another way: {again.Hash:x16} after {result.Hash:x16}, {again.Events} events after {result.Events}"] };
    }

    private static void Count(int[] seeds, IReadOnlyList<int> times)
    {
        for (var i = 0; i < seeds.Length; i++)
            if (times[i] > 0) seeds[i]++;
    }

    private void Add(SeedResult result)
    {
        Done++;
        Events += result.Events;
        Runs += result.Runs;
        Executions += result.Executions;
        Count(Rules, result.Rules);
        foreach (var kind in result.Kinds)
        {
            Kinds[kind] = Kinds.GetValueOrDefault(kind) + 1;
            if (!RulesByKind.TryGetValue(kind, out var rules)) RulesByKind[kind] = rules = new int[Rules.Length];
            Count(rules, result.Rules);
        }

        foreach (var (fault, times) in result.Faults) Faults[fault] = Faults.GetValueOrDefault(fault) + times;
    }
}
