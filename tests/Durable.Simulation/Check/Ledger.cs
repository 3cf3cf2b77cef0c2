// The external ledger: every execution of an activity, written where the engine cannot see it (RELIABILITY §3.4).
namespace Durable.Simulation;

/// <summary>A promise that a workflow gave out by an activity.</summary>
internal sealed record Promised(string Token, Guid Run, int Gen, int Ordinal)
{
    public bool IsSettled { get; set; }
}

/// <summary>Counts effects, and checks those rules that are about them (I8, C7).</summary>
internal sealed class Ledger(World world, SimDatabase database, Profile profile)
{
    private readonly List<Place> places = [];
    private readonly Dictionary<(string Key, int Attempt), (SimProcess Process, TimeSpan Offset)> begun = [];
    private readonly Dictionary<string, int> numbers = [];
    private readonly Dictionary<string, int> hosts = [];

    /// <summary>Executions.</summary>
    public int Executions { get; private set; }

    /// <summary>Executions beyond the first of a call.</summary>
    public int Repeated { get; private set; }

    /// <summary>Tokens of promises that workflows have given out.</summary>
    public List<Promised> Tokens { get; } = [];

    /// <summary>A promise to settle, or null. Who settles one has heard of it, so it is in the history as it is now.</summary>
    public Promised? NextPromise() => Tokens.Find(promise => !promise.IsSettled && database.Judge.KnowsNow(promise.Run, promise.Gen, promise.Ordinal));

    /// <summary>A failover lost the end of histories: what they held may happen again.</summary>
    public void Forget()
    {
        begun.Clear();
        numbers.Clear();
        Tokens.ForEach(promise => promise.IsSettled = false);
    }

    /// <summary>An attempt begins: its call is in the stored history, and no other attempt has its number.</summary>
    public void Begin(SimProcess process, string key, int attempt, Guid run)
    {
        Executions++;
        world.Note($"{process.Name} attempt {attempt} of {database.Judge.Name(run)} {key[33..]}");
        if (numbers.TryGetValue(key, out var before)) Repeated++;
        world.Exercise(Rule.Dec13Again, before > 0 && process.Number != hosts.GetValueOrDefault(key));
        hosts[key] = process.Number;
        numbers[key] = Math.Max(before, attempt);
        if (!begun.TryAdd((key, attempt), (process, database.Clock.Offset)) && database.LostAt == 0 && !MayHaveItsNumberAgain(key, attempt, run)) world.Violate($"I8: attempt {attempt} of {key} ran twice");
        var parts = key.Split('/');
        if (!database.Judge.Knows(run, int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), int.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture)))
            world.Violate($"C7: {database.Judge.Name(run)} ran {key} on {process.Name} before its command was stored");
    }

    // Of activities every attempt is claimed. A step's retry is begun by its owner alone, under the number of a row that says when it is due: so a host that does not know yet that it lost the
    // run may try it under the number that its successor uses, and a successor that finds the row not due yet, because the store's clock went back since it was written (which is after the attempt before),
    // takes the attempt for one that did not begin.
    private bool MayHaveItsNumberAgain(string key, int attempt, Guid run) =>
        begun[(key, attempt)] is var before && database.Judge.IsStep(key, run)
        && (!before.Process.IsDead || database.Clock.Offset < before.Offset || (begun.TryGetValue((key, attempt - 1), out var earlier) && database.Clock.Offset < earlier.Offset));

    /// <summary>Signals in the stored history of a run; with failovers there is no such number.</summary>
    public int SignalsOf(Guid run) => database.KeepsJournal ? int.MaxValue : database.Judge.Signals(run);

    /// <summary>An attempt had its effect.</summary>
    public int Effect(SimProcess process, string key, int attempt)
    {
        if (process.IsDead) return 0;
        return world.Random.Below(1_000) + attempt;
    }

    /// <summary>An attempt of the limited queue is under way until the answer is disposed. Others may be told to stop, dead, or in a process that was frozen meanwhile, but no more go on than may (P4).</summary>
    public IDisposable? Enter(SimProcess process, ActivityContext context)
    {
        var parts = context.IdempotencyKey.Split('/');
        var key = (int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), int.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture));
        if (profile.QueueLimit == 0 || !database.Tables.Runs.TryGetValue(context.Workflow.RunId, out var run) || run.Tasks.GetValueOrDefault(key)?.Row.Queue != "q") return null;
        var place = new Place(this, process, process.Freezes, context.CancellationToken);
        places.Add(place);
        world.Tally("attempts of the limited queue", 1);
        var going = places.Count(other => other.GoesOn);
        if (going > profile.QueueLimit && profile is { StoreStepEvery: 0, FailoverEvery: 0 }) world.Violate($"P4: {going} attempts of a queue go on at once, {profile.QueueLimit} may");
        return place;
    }

    private sealed class Place(Ledger ledger, SimProcess process, int freezes, CancellationToken token) : IDisposable
    {
        public bool GoesOn => !process.IsDead && process.Freezes == freezes && !token.IsCancellationRequested;

        public void Dispose() => ledger.places.Remove(this);
    }
}
