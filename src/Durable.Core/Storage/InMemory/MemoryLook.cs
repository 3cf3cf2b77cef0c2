// Finding work and reading it in the in-memory store: look and load (PROTOCOL §4.3).
namespace Durable.Storage;

/// <summary>Reads for lanes.</summary>
internal sealed class MemoryLook(MemoryTables tables, MemoryGroups groups)
{
    /// <summary>Priority counts among so many of the oldest due rows, so that a backlog is not sorted at each look.</summary>
    public const int Window = 1_000;

    public LookResult Look(LookRequest request)
    {
        var now = tables.Now;
        var mail = new List<Guid>();
        var mailed = new HashSet<Guid>();
        var claimable = new Dictionary<Guid, (string Namespace, int Priority, DateTimeOffset Due)>();
        var found = new Dictionary<string, int>(StringComparer.Ordinal);
        var window = Math.Max(Window, request.Limit);
        foreach (var key in Due(tables.Notices, request.From, now, request.From is null))
        {
            if (!tables.Runs.TryGetValue(key.RunId, out var run) || !InGroup(request.Lane.Group, run))
                continue;
            if (run.Owner is { } owner)
            {
                if (owner.Lane.Id == request.Lane.LaneId && mail.Count < request.Limit && mailed.Add(key.RunId))
                    mail.Add(key.RunId);
            }
            else if (run.Wake is { } wake && HasRoom(wake.Row) && (IsControl(key) ? Serves(request.Namespaces, wake.Row.Namespace) : CanRun(request, wake.Row)))
            {
                Add(wake.Row, key);
            }
        }
        foreach (var key in DueWakes(request.From, now, request.Ahead))
        {
            var run = tables.Runs[key.RunId];
            if (HasRoom(run.Wake!.Row) && InGroup(request.Lane.Group, run) && CanRun(request, run.Wake.Row))
                Add(run.Wake.Row, key);
        }
        // Namespaces take turns: a backlog of one hides no other.
        var turns = claimable.GroupBy(run => run.Value.Namespace).SelectMany(runs => runs.OrderByDescending(run => run.Value.Priority).ThenBy(run => run.Value.Due).ThenBy(run => run.Key).Select((run, turn) => (run, turn)));
        var first = turns.OrderBy(next => next.turn).ThenByDescending(next => next.run.Value.Priority).ThenBy(next => next.run.Value.Due).ThenBy(next => next.run.Key).Take(request.Limit);
        return new(now, [.. first.Select(next => next.run.Key)], mail, NextDue(request, now));

        bool HasRoom(ParkRecord wake) => found.GetValueOrDefault(wake.Namespace) < window;

        void Add(ParkRecord wake, ReadyKey key)
        {
            if (claimable.TryAdd(key.RunId, (wake.Namespace, wake.Priority, key.Due)))
                found[wake.Namespace] = found.GetValueOrDefault(wake.Namespace) + 1;
        }
    }

    public List<LoadedRun> Load(LoadRequest request)
    {
        var loaded = new List<LoadedRun>();
        foreach (var id in request.RunIds.Distinct())
        {
            if (!tables.Runs.TryGetValue(id, out var run))
                continue;
            var messages = tables.Inboxes.TryGetValue(id, out var inbox) ? inbox.Messages.Values.Take(request.MessageLimit).ToList() : [];
            loaded.Add(request.MessagesOnly
                ? new(id, null, [], messages, [])
                : new(id, run.ToRecord(), run.History.Generation(run.Gen), messages, [.. run.Tasks.Values.Select(task => task.ToRecord(true))]) { Outgoing = groups.Of(id) });
        }
        return loaded;
    }

    public ReadyDepth Depth()
    {
        const int most = 10_000;
        var now = tables.Now;
        var due = Due(tables.Notices, null, now, true).Concat(DueWakes(null, now, TimeSpan.Zero, withHeld: false)).Take(most).ToList();
        var oldest = due.Count == 0 ? TimeSpan.Zero : now - due.Min(key => key.Due);
        return new(due.Count, oldest < TimeSpan.Zero ? TimeSpan.Zero : oldest);
    }

    private static bool InGroup(ShardGroup group, MemoryRun run) => group.Shards is null || group.Shards.Contains(run.Start.Shard);

    private static bool Serves(IReadOnlyList<string>? served, string name) => served is null || served.Contains(name);

    private static bool CanRun(LookRequest request, ParkRecord wake) =>
        request.Serves.Contains($"{wake.Type}@{wake.Version}") && Serves(request.Namespaces, wake.Namespace) && Serves(request.Queues, wake.Queue)
        && (wake.Hold == 0 || (wake.Hold == HoldReasons.Stalled && wake.HoldBuilds?.Contains(request.Build) != true));

    private bool IsControl(ReadyKey notice) => tables.Inboxes[notice.RunId].Messages[(notice.Sender, notice.Seq)].Control;

    private IEnumerable<ReadyKey> DueWakes(DateTimeOffset? from, DateTimeOffset now, TimeSpan ahead, bool withHeld = true)
    {
        var due = Due(tables.AsapWakes, from, now, from is null).Concat(Due(tables.TimedWakes, from, now + ahead, false).Where(key => key.Due <= now || HasBegun(key)));
        return withHeld ? due.Concat(Due(tables.StalledWakes, from, now, from is null).Where(key => key.Due <= now || tables.Runs[key.RunId].Wake!.Row.Asap)) : due;
    }

    /// <summary>Rows of an index from the low-water mark to now; to its end if the clock does not count (S5).</summary>
    private static SortedSet<ReadyKey> Due(SortedSet<ReadyKey> index, DateTimeOffset? from, DateTimeOffset now, bool whateverTheClock) =>
        whateverTheClock ? index
        : from > now ? []
        : index.GetViewBetween(ReadyKey.Before(from ?? DateTimeOffset.MinValue), ReadyKey.After(now));

    private DateTimeOffset? NextDue(LookRequest request, DateTimeOffset now)
    {
        DateTimeOffset? next = null;
        foreach (var index in (SortedSet<ReadyKey>[])[tables.TimedWakes, tables.StalledWakes])
        {
            foreach (var key in index.GetViewBetween(ReadyKey.After(now), ReadyKey.Before(DateTimeOffset.MaxValue)))
            {
                if (key.Due - request.Ahead >= next)
                    break;
                var run = tables.Runs[key.RunId];
                var at = HasBegun(key) ? key.Due - request.Ahead : key.Due;
                if (at > now && !(at >= next) && InGroup(request.Lane.Group, run) && CanRun(request, run.Wake!.Row))
                    next = at;
            }
        }
        return next;
    }

    /// <summary>True if a run may be in memory before it is due: its code has run, and waits for its timers.</summary>
    private bool HasBegun(ReadyKey key) => tables.Runs[key.RunId].Wake!.Row is { NextSeq: > 0, Hold: 0 };
}
