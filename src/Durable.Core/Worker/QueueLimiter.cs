// Concurrency limits of queues: how many of a queue may run here, and which of the cluster's slots this process has (P4).
using Durable.Engine.Diagnostics;
using Durable.Engine.Hosting;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>
/// Counts what runs of each limited queue, and keeps as many slots as are needed: taken before the claim, renewed while they are used, given back when they
/// are not. A slot ends by this process's stopwatch, which began before the store was asked, an eighth early: so it never lasts longer here than there.
/// </summary>
internal sealed class QueueLimiter(EngineServices services, LaneContext shared, EngineLog log, IReadOnlyCollection<string> served, Func<int> free)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan HintPause = TimeSpan.FromMilliseconds(100);      // hints come often in a busy cluster
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);             // between two signs of life of the loop
    private readonly Dictionary<string, LimitedQueue> queues = services.Options.QueueLimits.Where(limit => served.Contains(limit.Key)).ToDictionary(limit => limit.Key, limit => new LimitedQueue(limit.Key, limit.Value));
    private readonly Guid holder = services.Machine.NewGuid();
    private readonly AsyncSignal signal = new(services.Machine);
    private readonly Lock gate = new();
    private int requests;

    /// <summary>Called when slots were got: a claim may take more now.</summary>
    public Action Grown { get; set; } = static () => { };

    /// <summary>Called when slots were lost: only so many attempts of the queue may go on. Says how many it has stopped.</summary>
    public Func<string, int, int> Keep { get; set; } = static (_, _) => 0;

    /// <summary>True if a queue has a limit for the cluster: only then <see cref="RunAsync"/> has work.</summary>
    public bool HasSlots { get; } = services.Options.QueueLimits.Any(limit => served.Contains(limit.Key) && limit.Value.Cluster is not null);

    private TimeSpan Length => services.Options.Lease;

    // Over here before it is over there: what must stop then has an eighth of the lease to do it. After a stand in the debugger the store is asked instead: nobody else may have taken them.
    private TimeSpan Good => services.IsDebugging ? LaneLease.Debugging : Length * 7 / 8;

    /// <summary>How many of each limited queue the next claim may take. They are reserved until <see cref="Claimed"/>: a claim in another shard group meanwhile has what is left.</summary>
    public IReadOnlyDictionary<string, int> Most()
    {
        lock (gate) return queues.Values.ToDictionary(queue => queue.Name, queue => queue.Reserve(IsValid(queue)));
    }

    /// <summary>An attempt of a queue begins. False: its slot is gone, so it must not.</summary>
    public bool TryStart(string name)
    {
        if (!queues.TryGetValue(name, out var queue)) return true;
        lock (gate)
        {
            if (queue.Cluster is not null && (!IsValid(queue) || queue.Running >= queue.Slots)) return false;
            queue.Running++;
            return true;
        }
    }

    /// <summary>An attempt that began has ended.</summary>
    public void Ended(string name)
    {
        if (!queues.TryGetValue(name, out var queue)) return;
        lock (gate) queue.Running--;
        if (queue.Cluster is not null) signal.Set();
    }

    /// <summary>A claim has ended, and its tasks were started.</summary>
    /// <param name="most">What it might have taken.</param>
    /// <param name="held">Queues in which more is due than the claim could take.</param>
    /// <returns>True: there is room now for what a claim had to leave because another was under way.</returns>
    public bool Claimed(IReadOnlyDictionary<string, int> most, IReadOnlyList<string> held)
    {
        var again = false;
        lock (gate)
            foreach (var queue in queues.Values) again |= queue.Release(most[queue.Name], held.Contains(queue.Name), IsValid(queue));
        if (HasSlots) signal.Set();
        return again;
    }

    /// <summary>Asks for refused slots now: somebody may have given some back.</summary>
    public void Retry()
    {
        if (!HasSlots) return;
        lock (gate)
            foreach (var queue in queues.Values) queue.RetryAt = Math.Min(queue.RetryAt, After(HintPause, queue.AskedAt));
        signal.Set();
    }

    /// <summary>The loop that keeps the slots.</summary>
    public async Task RunAsync(Action tick, CancellationToken stop)
    {
        using var alarm = services.Clock.CreateTimer(static woken => ((AsyncSignal)woken!).Set(), signal, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        while (!stop.IsCancellationRequested)
        {
            tick();
            var wait = Length / 4 < Longest ? Length / 4 : Longest;
            foreach (var queue in queues.Values.Where(queue => queue.Cluster is not null))
            {
                if (Due(queue) is { } ask) await AskAsync(queue, ask.Units, ask.Before, stop).ConfigureAwait(false);
                lock (gate)
                    if (Next(queue) is var next && next < wait) wait = next;
            }

            alarm.Change(wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait, Timeout.InfiniteTimeSpan);
            await signal.WaitAsync().AsTask().WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Gives all slots back, when nothing runs any more. Those that cannot be given back end by themselves.</summary>
    public async Task ReleaseAsync()
    {
        foreach (var queue in queues.Values.Where(queue => queue.Slots > queue.Running).ToList()) await AskAsync(queue, queue.Running, queue.Slots, CancellationToken.None).ConfigureAwait(false);
    }

    // How many slots to ask for now, or null. What is to be given back is not used from now on.
    private (int Units, int Before)? Due(LimitedQueue queue)
    {
        lock (gate)
        {
            var (want, has, now) = (queue.Wanted(free()), queue.Slots, services.Clock.GetTimestamp());
            var age = services.Clock.GetElapsedTime(queue.Since, now);
            if (has > 0 && age >= Good) return (want, has);
            if (now < queue.NotBefore) return null;
            if (want > has ? now < queue.RetryAt && (has == 0 || age < Length / 4) : has == 0 || (want == has && age < Length / 4)) return null;
            queue.Slots = Math.Min(has, want);
            return (want, has);
        }
    }

    // When the queue is to be looked at again, if nothing happens.
    private TimeSpan Next(LimitedQueue queue)
    {
        var now = services.Clock.GetTimestamp();
        var next = Length / 4;
        if (queue.Slots > 0)
        {
            var age = services.Clock.GetElapsedTime(queue.Since, now);
            next = age < Length / 4 ? Length / 4 - age : Good - age;
        }

        if (queue.Wanted(free()) > queue.Slots) next = Sooner(next, queue.RetryAt);
        if (now < queue.NotBefore) next = Sooner(next, queue.NotBefore);
        return next;

        TimeSpan Sooner(TimeSpan one, long at) => services.Clock.GetElapsedTime(now, at) is var until && until < one ? until : one;
    }

    private async Task AskAsync(LimitedQueue queue, int units, int before, CancellationToken stop)
    {
        var asked = services.Clock.GetTimestamp();
        var left = before > 0 ? Good - services.Clock.GetElapsedTime(queue.Since, asked) : Good;
        try
        {
            var request = new SlotRequest($"queue/{queue.Name}", holder, units, queue.Cluster!.Value, Interlocked.Increment(ref requests), Length);
            var has = left <= TimeSpan.Zero ? 0 : await services.Store.TakeSlotsAsync(request, stop).WaitAsync(left, services.Clock, stop).ConfigureAwait(false);      // an answer that comes later counts for nothing
            lock (gate)
            {
                (queue.Slots, queue.Since, queue.AskedAt) = (has, asked, asked);
                queue.Pause = has >= units ? FirstPause : queue.Pause * 2 < services.Options.PollInterval ? queue.Pause * 2 : services.Options.PollInterval;
                queue.RetryAt = After(queue.Pause, asked);
            }

            if (has > before) Grown();
            if (units < before) shared.Announce();
        }
        catch (Exception error) when (error is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            log.StoreAway("queue slots", error);
            lock (gate)
            {
                queue.NotBefore = After(services.Options.PollInterval, services.Clock.GetTimestamp());
                if (!IsValid(queue)) queue.Slots = 0;
            }
        }

        int slots, running;
        lock (gate) (slots, running) = (queue.Slots, queue.Running);
        if (running > slots && Keep(queue.Name, slots) is var stopped and > 0) log.SlotsLost(queue.Name, stopped);
    }

    private bool IsValid(LimitedQueue queue) => queue.Cluster is null || services.Clock.GetElapsedTime(queue.Since) < Good;

    private long After(TimeSpan pause, long moment) => moment + (long)(pause.TotalSeconds * services.Clock.TimestampFrequency);

    /// <summary>What is known of one queue.</summary>
    private sealed class LimitedQueue(string name, QueueLimit limit)
    {
        public string Name => name;

        public int? Cluster => limit.Cluster;

        /// <summary>Attempts under way here.</summary>
        public int Running { get; set; }

        private bool overlapped;

        /// <summary>Attempts that claims under way may add.</summary>
        public int Reserved { get; private set; }

        /// <summary>Slots that this process has.</summary>
        public int Slots { get; set; }

        /// <summary>When they were asked for.</summary>
        public long Since { get; set; }

        /// <summary>True if the last claim left due tasks.</summary>
        public bool IsWaiting { get; set; }

        /// <summary>Not before this moment is more asked for.</summary>
        public long RetryAt { get; set; }

        /// <summary>The pause before that.</summary>
        public TimeSpan Pause { get; set; } = FirstPause;

        /// <summary>When was last asked.</summary>
        public long AskedAt { get; set; }

        /// <summary>Not before this moment is anything asked for: the store did not answer.</summary>
        public long NotBefore { get; set; }

        /// <summary>How many more may begin with what there is.</summary>
        public int Room(bool valid) => Math.Max(0, Math.Min((limit.PerWorker ?? int.MaxValue) - Running, Cluster is null ? int.MaxValue : valid ? Slots - Running : 0));

        /// <summary>Reserves what is left of the room.</summary>
        public int Reserve(bool valid)
        {
            overlapped |= Reserved > 0;
            var room = Math.Max(0, Room(valid) - Reserved);
            Reserved += room;
            return room;
        }

        /// <summary>Gives a reservation back. True: something was left for want of room that there is now.</summary>
        public bool Release(int reserved, bool held, bool valid)
        {
            Reserved -= reserved;
            IsWaiting = held || (overlapped && IsWaiting);
            if (Reserved > 0) return false;
            var again = overlapped && IsWaiting && Room(valid) > 0;
            overlapped = false;
            return again;
        }

        /// <summary>How many slots would be of use.</summary>
        public int Wanted(int places)
        {
            var more = IsWaiting ? Math.Max(0, Math.Min(places, (limit.PerWorker ?? int.MaxValue) - Running)) : 0;
            return Math.Min(Cluster!.Value, Running + Math.Max(Reserved, more));
        }
    }
}
