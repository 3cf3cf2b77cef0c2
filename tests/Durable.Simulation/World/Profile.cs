// What a seed turns on: each seed has its own mixture, because faults hide one another when all come at once.
namespace Durable.Simulation;

/// <summary>The settings of one seed.</summary>
internal sealed class Profile
{
    private const int Every = 13;
    private static readonly int[] Residues = [2, 5, 11];

    public int Workers { get; private init; }

    /// <summary>How many servers the database is on, each with a shard group.</summary>
    public int Groups { get; private init; } = 1;

    /// <summary>Milliseconds between two outages of one of them.</summary>
    public double OutageEvery { get; private init; }

    /// <summary>Milliseconds between two times at which one begins to refuse what comes for a run from another group.</summary>
    public double RefuseEvery { get; private init; }

    public int Clients { get; private init; }

    public int Actions { get; private init; }

    public int MaxOps { get; private init; }

    public double ClientPause { get; private init; }

    public TimeSpan Lease { get; } = TimeSpan.FromSeconds(2);

    public TimeSpan ParkAfter { get; private init; }

    public int MaxCachedRuns { get; private init; }

    public int MaxConcurrentActivities { get; private init; }

    public int KeepGenerations { get; private init; }

    /// <summary>How many attempts of the queue may run in the whole cluster; 0 for no limit.</summary>
    public int QueueLimit => Actions % 3;

    public double ContinueAsNew { get; private init; }

    public bool OnlyTimers { get; private init; }

    public bool WakeUps { get; private init; }

    public bool Crashes { get; private init; }

    /// <summary>Milliseconds between two of them, on average; 0 for none.</summary>
    public double CrashEvery { get; private init; }

    public double FreezeEvery { get; private init; }

    public double ClockStepEvery { get; private init; }

    public double StoreStepEvery { get; private init; }

    public double RestartEvery { get; private init; }

    public double ClashEvery { get; private init; }

    public double PoisonEvery { get; private init; }

    /// <summary>Milliseconds between two failovers to a standby that may miss the last writes.</summary>
    public double FailoverEvery { get; private init; }

    /// <summary>How long closed runs are kept, or null for ever.</summary>
    public TimeSpan? Retention { get; private init; }

    /// <summary>True: a crashed host always comes back under its own name.</summary>
    public bool KeepsNames { get; private init; }

    /// <summary>True: half of the hosts have code that differs.</summary>
    public bool TwoBuilds { get; private init; }

    public bool Killers { get; private init; }

    public double DuplicateDelivery { get; private init; }

    public TimeSpan Safety { get; private init; }

    public FaultRates Commits { get; } = new();

    public FaultRates Reads { get; } = new();

    public FaultRates Deliveries { get; } = new();

    public FaultRates Tasks { get; } = new();

    /// <summary>Two workers, one client, nothing that fails by itself.</summary>
    public static Profile Still() => new()
    {
        Workers = 2, Clients = 1, Actions = 1, ParkAfter = TimeSpan.FromMilliseconds(60), MaxCachedRuns = 100, MaxConcurrentActivities = 10, KeepGenerations = 1, Crashes = true, Safety = TimeSpan.FromSeconds(6),
    };

    /// <summary>What kinds of seed it belongs to, for people.</summary>
    public IEnumerable<string> Kinds()
    {
        if (Groups > 1) yield return "groups";
        if (OutageEvery > 0) yield return "outages of a group";
        if (RefuseEvery > 0) yield return "rows refused by another group";
        if (Crashes) yield return "crashes";
        if (FreezeEvery > 0) yield return "freezes";
        if (ClockStepEvery > 0) yield return "wrong host clocks";
        if (StoreStepEvery > 0) yield return "store clock steps";
        if (RestartEvery > 0) yield return "restarts";
        if (ClashEvery > 0) yield return "two of one name";
        if (PoisonEvery > 0) yield return "rejected rows";
        if (Killers) yield return "killer runs";
        if (FailoverEvery > 0) yield return "failovers";
        if (Retention is not null) yield return "purge";
        if (TwoBuilds) yield return "two builds";
        if (DuplicateDelivery > 0) yield return "doubled deliveries";
        if (ContinueAsNew > 0) yield return "generations";
        if (Commits.Any) yield return "commit faults";
        if (Reads.Any) yield return "read faults";
        if (Deliveries.Any) yield return "delivery faults";
        if (Tasks.Any) yield return "task faults";
    }

    /// <summary>True for the seeds with two shard groups. It takes nothing from the seed's chance, so that all others are the worlds that they were.</summary>
    public static bool IsGrouped(ulong seed) => Residues.Contains((int)(seed % Every));

    /// <summary>The n-th of them, counted from about a seed on.</summary>
    public static ulong GroupedSeed(ulong from, long index) => ((from / Every) + (ulong)(index / Residues.Length)) * Every + (ulong)Residues[index % Residues.Length];

    /// <summary>The mixture of a seed.</summary>
    /// <param name="random">Its chance.</param>
    /// <param name="quiet">No faults at all.</param>
    /// <param name="isGrouped">Two shard groups; see <see cref="IsGrouped"/>.</param>
    public static Profile Of(SimRandom random, bool quiet, bool isGrouped)
    {
        bool On(double probability) => !quiet && random.Chance(probability);
        var crashes = On(0.6);
        var purges = random.Chance(0.25);        // then no delivery comes late: retention is longer than any client goes on trying
        var (outages, refusals) = isGrouped ? (On(0.7) ? random.Pick([1_200.0, 3_000]) : 0, On(0.35) ? random.Pick([600.0, 2_000]) : 0) : (0, 0);
        // A start that is carried twice may come the second time when its child has ended: retention is longer than that (docs/decisions/0008), so such worlds purge nothing.
        var profile = new Profile
        {
            Groups = isGrouped ? 2 : 1, OutageEvery = outages, RefuseEvery = refusals,
            Workers = random.Pick([1, 2, 2, 3, 3, 4]), Clients = random.Between(1, 3), Actions = random.Between(3, 10), MaxOps = random.Between(2, 6), ClientPause = random.Pick([20.0, 300, 1_200]),
            ParkAfter = TimeSpan.FromMilliseconds(random.Pick([0, 60, 300, 2_000])), MaxCachedRuns = random.Pick([2, 5, 100, 100]), MaxConcurrentActivities = random.Pick([1, 3, 50]),
            ContinueAsNew = random.Pick([0, 0.2, 0.6]), OnlyTimers = random.Chance(0.03), WakeUps = random.Chance(0.5),
            Crashes = crashes, CrashEvery = crashes ? random.Pick([700.0, 2_000, 6_000]) : 0, FreezeEvery = On(0.5) ? random.Pick([1_500.0, 5_000]) : 0, ClockStepEvery = On(0.3) ? 1_500 : 0,
            StoreStepEvery = On(0.2) ? 2_500 : 0, RestartEvery = On(0.3) ? 4_000 : 0, ClashEvery = On(0.12) ? 4_000 : 0, PoisonEvery = On(0.1) ? 2_500 : 0, Killers = On(0.08),
            FailoverEvery = On(0.1) && !isGrouped ? 2_500 : 0, Retention = purges && !isGrouped ? TimeSpan.FromMilliseconds(random.Pick([0, 400, 1_500])) : null, TwoBuilds = On(0.12), KeepsNames = random.Chance(0.3), KeepGenerations = random.Pick([0, 1, 1, 2]),
            DuplicateDelivery = !purges && On(0.3) ? 0.2 : 0, Safety = TimeSpan.FromMilliseconds(random.Pick([4_000, 7_000, 10_000])),
        };
        profile.Mix(profile.Commits, random, On(0.7), 1);
        profile.Mix(profile.Reads, random, On(0.5), 0.3);
        profile.Mix(profile.Deliveries, random, !purges && On(0.5), 1);
        profile.Mix(profile.Tasks, random, On(0.5), 1);
        return profile;
    }

    // Delays always; each fault of calls with its own chance to be on at all.
    private void Mix(FaultRates rates, SimRandom random, bool faults, double scale)
    {
        rates[CallFault.Delay] = random.Pick([50, 300, 700]);
        if (!faults) return;
        int Rate(double most) => random.Chance(0.5) ? (int)Math.Ceiling(most * scale * random.Fraction()) : 0;
        rates[CallFault.LostBefore] = Rate(60);
        rates[CallFault.LostAfter] = Rate(80);
        rates[CallFault.Late] = Rate(30);
        rates[CallFault.Retry] = Rate(60);
        rates[CallFault.Away] = Rate(40);
        rates[CallFault.Slow] = Rate(10);
        if (!Crashes) return;
        rates[CallFault.CrashBefore] = Rate(6);
        rates[CallFault.CrashAfter] = Rate(8);
        rates[CallFault.CrashLate] = Rate(5);
    }
}
