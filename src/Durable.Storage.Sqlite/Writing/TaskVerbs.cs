// Activities as rows (PROTOCOL §4.9): every end of an attempt is one conditional change of one row. Each method is the content of one transaction.
namespace Durable.Storage.Sqlite;

/// <summary>The verbs of <see cref="ITaskStore"/>.</summary>
internal static class TaskVerbs
{
    /// <summary>Priority counts among so many of the longest visible tasks, so that a backlog is not sorted at each claim. With many
    /// namespaces each gets its share of the window, and at least so many rows.</summary>
    private const int Window = 1_000, MinShare = 16;

    private readonly record struct Due(TaskKey Key, string Queue, int Priority, long VisibleAt);

    /// <summary>Whether a claim would take anything, and if not, when: by a reader, so that idle polling writes nothing.</summary>
    /// <returns>Null: there is something to take.</returns>
    public static TaskClaimResult? Peek(Session session, TaskClaim request, DateTimeOffset clock)
    {
        var search = new Search(session, request, Micros.From(clock));
        return search.FindDue(1).Exists(task => request.Most.GetValueOrDefault(task.Queue, 1) > 0) ? null : search.Answer([], Guid.Empty);
    }

    public static TaskClaimResult Claim(Session session, TaskClaim request, DateTimeOffset clock)
    {
        var search = new Search(session, request, Micros.From(clock));
        var (token, taken) = (Guid.NewGuid(), new List<TaskRecord>());
        foreach (var task in search.FindDue(Math.Max(Window, request.Limit)))
        {
            if (taken.Count == request.Limit)
                break;
            if (request.Most.TryGetValue(task.Queue, out var most) && taken.Count(other => other.Queue == task.Queue) >= most)
                continue;
            var row = session[SqlText.TakeTask].Bind(token).Bind(search.Now).Bind(task.Key.RunId).Bind(task.Key.Gen).Bind(task.Key.TaskNo);
            if (RowReader.First(row, found => RowReader.Task(found)) is { } record)
                taken.Add(record);
        }
        return search.Answer(taken, token);
    }

    public static IReadOnlyList<TaskState> Beat(Session session, IReadOnlyList<TaskBeat> beats, DateTimeOffset clock)
    {
        var now = Micros.From(clock);
        var states = new TaskState[beats.Count];
        for (var i = 0; i < beats.Count; i++)
        {
            var beat = beats[i];
            var row = session[SqlText.BeatTask].Bind(now + Micros.From(beat.Visibility)).Bind(beat.Details).Bind(beat.Task.RunId).Bind(beat.Task.Gen).Bind(beat.Task.TaskNo).Bind(beat.Token);
            if (!row.Read())
                continue;
            states[i] = new(true, row.Bool(0));
            row.Reset();
        }
        return states;
    }

    public static IReadOnlyList<bool> Complete(Session session, IReadOnlyList<TaskEnd> ends, DateTimeOffset clock)
    {
        var now = Micros.From(clock);
        var held = new bool[ends.Count];
        for (var i = 0; i < ends.Count; i++)
        {
            var (end, key) = (ends[i], ends[i].Task);
            held[i] = 1 == (end.Message is null
                ? session[SqlText.RetryTask].Bind(now + Micros.From(end.RetryAfter)).Bind(end.NeverBegan ? 1 : 0).Bind(end.LogicalAttempt).Bind(end.Failures).Bind(key.RunId).Bind(key.Gen).Bind(key.TaskNo).Bind(end.Token).Run()
                : session[SqlText.EndTask].Bind(key.RunId).Bind(key.Gen).Bind(key.TaskNo).Bind(end.Token).Run());
            if (held[i] && end.Message is { } message)
                Rows.Send(session, message, now);
        }
        return held;
    }

    public static bool AnyExpired(Session session, DateTimeOffset clock) => FindExpired(session, 1, clock).Count > 0;

    public static IReadOnlyList<Guid> Expire(Session session, int limit, Func<TaskRecord, MessageRecord> failure, DateTimeOffset clock)
    {
        var over = FindExpired(session, limit, clock);
        foreach (var task in over)
        {
            session[SqlText.DeleteTask].Bind(task.RunId).Bind(task.Gen).Bind(task.TaskNo).Run();
            Rows.Send(session, failure(task), Micros.From(clock));
        }
        return [.. over.Select(task => task.RunId).Distinct()];
    }

    private static List<TaskRecord> FindExpired(Session session, int limit, DateTimeOffset clock) =>
        RowReader.All(session[SqlText.ExpiredTasks].Bind(Micros.From(clock)).Bind(limit), row => RowReader.Task(row));

    /// <summary>The request as the statements take it.</summary>
    private sealed class Search(Session session, TaskClaim request, long now)
    {
        private readonly string known = JsonTexts.Write(request.Known);
        private readonly List<(string Queue, string Namespace)> pairs =
            [.. request.Queues.Distinct().SelectMany(queue => (request.Namespaces ?? Namespaces.Of(session, SqlText.NextTaskNamespace, queue)).Select(ns => (queue, ns)))];

        public long Now => now;

        /// <summary>Tasks in the order in which they are to be taken: of each queue and namespace the first, then of each the second, so that the backlog of one hides no other.</summary>
        public List<Due> FindDue(int window)
        {
            var due = new List<(Due Task, int Turn)>();
            foreach (var (queue, ns) in pairs)
            {
                var (row, some) = (session[SqlText.DueTasks].Bind(queue).Bind(ns).Bind(now).Bind(known).Bind(window == 1 ? 1 : pairs.Count == 1 ? window : Math.Max(MinShare, window / pairs.Count)), new List<Due>());
                while (row.Read())
                    some.Add(new(new(row.Id(0), row.Int32(1), row.Int32(2), 0), queue, row.Int32(3), row.Int64(4)));
                due.AddRange(some.OrderByDescending(task => task.Priority).ThenBy(task => task.VisibleAt).Select((task, turn) => (task, turn)));
            }
            return [.. due.OrderBy(next => next.Turn).ThenByDescending(next => next.Task.Priority).ThenBy(next => next.Task.VisibleAt).Select(next => next.Task)];
        }

        /// <summary>The answer, with what is left.</summary>
        public TaskClaimResult Answer(List<TaskRecord> taken, Guid token)
        {
            var (next, held) = (Micros.Never, new List<string>());
            foreach (var (queue, ns) in pairs)
            {
                var first = FindNext(queue, ns, long.MinValue, token);
                if (first <= now && request.Most.TryGetValue(queue, out var most) && taken.Count(task => task.Queue == queue) >= most)
                {
                    if (!held.Contains(queue))
                        held.Add(queue);
                    first = FindNext(queue, ns, now, token);
                }
                next = Math.Min(next, first);
            }
            return new(Micros.ToTime(now), taken, next == Micros.Never ? null : Micros.ToTime(next)) { Held = held };
        }

        private long FindNext(string queue, string ns, long from, Guid token)
        {
            var row = session[SqlText.NextTask].Bind(queue).Bind(ns).Bind(from).Bind(now).Bind(known).Bind(token);
            if (!row.Read())
                return Micros.Never;
            var at = row.Int64(0);
            row.Reset();
            return at;
        }
    }
}
