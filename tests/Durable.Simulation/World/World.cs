// One simulated world: virtual time, one queue of everything that is to happen, one thread. A seed decides the order.
namespace Durable.Simulation;

/// <summary>Runs events in order of virtual time; those of one moment in an order that the seed picks.</summary>
internal sealed class World(ulong seed, bool tracing)
{
    /// <summary>Most events of one seed: beyond it something spins.</summary>
    private const int MaxEvents = 2_000_000;

    /// <summary>Most calls of the store in one event: beyond it a loop goes round without ever waiting.</summary>
    private const int MaxCalls = 20_000;

    private readonly PriorityQueue<(SimProcess? Process, Action Work), (long At, uint Tie)> events = new();
    private readonly Queue<string> lines = new();
    private readonly int thread = Environment.CurrentManagedThreadId;
    private long order;
    private int calls;
    private ulong hash = 14695981039346656037UL;

    public ulong Seed { get; } = seed;

    public SimRandom Random { get; } = new(seed);

    /// <summary>Ticks since the world began.</summary>
    public long Now { get; private set; }

    /// <summary>Events so far.</summary>
    public int Count { get; private set; }

    /// <summary>The process whose work is done just now.</summary>
    public SimProcess? Current { get; private set; }

    /// <summary>A digest of everything that happened, in order.</summary>
    public ulong Hash => hash;

    /// <summary>What the invariants found.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>How often each fault really bit.</summary>
    public SortedDictionary<string, int> Faults { get; } = new(StringComparer.Ordinal);

    /// <summary>How often each rule was exercised.</summary>
    public int[] Exercised { get; } = new int[Enum.GetValues<Rule>().Length];

    /// <summary>True while a failover makes its database again: nothing of it is new.</summary>
    public bool IsMuted { get; set; }

    public bool IsTracing => tracing;

    /// <summary>The last lines of the trace.</summary>
    public IEnumerable<string> Lines => lines;

    /// <summary>Lets something happen; nothing of a process that is dead by then.</summary>
    public void Schedule(SimProcess? process, TimeSpan delay, Action work)
    {
        if (Environment.CurrentManagedThreadId != thread)
        {
            Violate($"something of the engine left the simulation's thread: {Environment.StackTrace}");
            throw new InvalidOperationException("Something of the engine left the simulation's thread.");
        }

        if (process is { IsDead: true }) return;
        events.Enqueue((process, work), (Now + Math.Max(0, delay.Ticks), (uint)Random.Next()));
    }

    /// <summary>Runs until a time or until a condition holds, which is asked now and then.</summary>
    /// <returns>True: the condition held.</returns>
    public bool Run(long until, Func<bool> done)
    {
        while (Violations.Count == 0 && events.TryPeek(out _, out var next) && next.At <= until)
        {
            var (process, work) = events.Dequeue();
            Now = Math.Max(Now, next.At);
            if (process is { IsDead: true }) continue;
            if (process is { IsFrozen: true })
            {
                process.Held.Add(work);
                continue;
            }

            if (++Count > MaxEvents) Violate("more events than a seed may have: something spins");
            Mix((ulong)Now ^ ((ulong)(process?.Number ?? 0) << 56));
            Do(process, work);
            if (done()) return true;
        }

        if (Violations.Count == 0) Now = Math.Max(Now, until);
        return false;
    }

    /// <summary>A call of the store.</summary>
    public void Called(string verb)
    {
        if (++calls < MaxCalls) return;
        calls = 0;
        Violate($"{MaxCalls} calls of the store in one moment, the last is {verb}: {Environment.StackTrace}");
        throw new InvalidOperationException("A loop does not wait.");
    }

    /// <summary>True in the liveness phase: nothing fails any more.</summary>
    public bool IsHealed { get; set; }

    /// <summary>A number that goes up with each call: what was sent before what.</summary>
    public long NextOrder() => ++order;

    /// <summary>Counts what happened, faults or not.</summary>
    public void Tally(string what, int times)
    {
        if (times > 0 && !IsMuted) Faults[what] = Faults.GetValueOrDefault(what) + times;
    }

    /// <summary>Counts that a rule was exercised.</summary>
    public void Exercise(Rule rule, bool when = true)
    {
        if (when && !IsMuted) Exercised[(int)rule]++;
    }

    /// <summary>Counts a fault that bit.</summary>
    public void Bit(string fault)
    {
        if (IsMuted) return;
        Faults[fault] = Faults.GetValueOrDefault(fault) + 1;
        Note($"** {fault}");
    }

    /// <summary>An invariant is broken.</summary>
    public void Violate(string what)
    {
        if (IsMuted) return;
        if (Violations.Count < 5) Violations.Add(what);
        Note($"!! {what}");
    }

    /// <summary>Adds to the digest.</summary>
    public void Mix(ulong value)
    {
        if (!IsMuted) hash = (hash ^ value) * 1099511628211UL;
    }

    /// <summary>A line of the trace, made only when somebody reads it.</summary>
    public void Note(FormattableString line)
    {
        if (tracing && !IsMuted) Write(FormattableString.Invariant(line));
    }

    private void Write(string line)
    {
        lines.Enqueue($"{TimeSpan.FromTicks(Now).TotalSeconds,10:0.000000} {line}");
        if (lines.Count > 4_000) lines.Dequeue();
    }

    private void Do(SimProcess? process, Action work)
    {
        Current = process;
        calls = 0;
        try
        {
            work();
        }
        catch (Exception error)
        {
            Violate($"an exception reached a thread of {process?.Name ?? "the world"}: {error}");
        }

        Current = null;
    }
}
