// Activities as rows (PROTOCOL §4.9): every end of an attempt is one conditional change of one row. Each method is the content of one transaction.
namespace Durable.Storage.Sqlite;

/// <summary>The verbs of <see cref="ITaskStore"/>.</summary>
internal static class TaskVerbs
{
    /// <summary>Priority counts among so many of the longest visible tasks of a queue, so that a backlog is not sorted at each claim.</summary>
    private const int Window = 1_000;

    private readonly record struct Due(TaskKey Key, int Priority, long VisibleAt);

    /// <summary>Whether a claim would find anything, and if not, when: by a reader, so that idle polling writes nothing.</summary>
    /// <returns>Null: there is something to take.</returns>
    public static TaskClaimResult? Peek(Session session, TaskClaim request, DateTimeOffset clock)
    {
        var (now, lists) = (Micros.From(clock), Lists.Of(request));
        return FindDue(session, request, lists, now, 1).Count > 0 ? null : new(Micros.ToTime(now), [], FindNext(session, request, lists, now));
    }

    public static TaskClaimResult Claim(Session session, TaskClaim request, DateTimeOffset clock)
    {
        var (now, lists) = (Micros.From(clock), Lists.Of(request));
        var due = FindDue(session, request, lists, now, Math.Max(Window, request.Limit));
        due.Sort(static (a, b) => a.Priority != b.Priority ? b.Priority.CompareTo(a.Priority) : a.VisibleAt.CompareTo(b.VisibleAt));
        var taken = new List<TaskRecord>();
        foreach (var task in due.Take(request.Limit))
        {
            var row = session[SqlText.TakeTask].Bind(Guid.NewGuid()).Bind(now).Bind(task.Key.RunId).Bind(task.Key.Gen).Bind(task.Key.TaskNo);
            if (RowReader.First(row, found => RowReader.Task(found)) is { } record)
                taken.Add(record);
        }
        var left = due.Count > request.Limit ? due.Skip(request.Limit).Min(task => task.VisibleAt) : (long?)null;
        return new(Micros.ToTime(now), taken, left is { } visible ? Micros.ToTime(visible) : FindNext(session, request, lists, now));
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
                ? session[SqlText.RetryTask].Bind(now + Micros.From(end.RetryAfter)).Bind(end.LogicalAttempt).Bind(end.Failures).Bind(key.RunId).Bind(key.Gen).Bind(key.TaskNo).Bind(end.Token).Run()
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

    private static List<Due> FindDue(Session session, TaskClaim request, Lists lists, long now, int limit)
    {
        var due = new List<Due>();
        foreach (var queue in request.Queues.Distinct())
        {
            var row = session[SqlText.DueTasks].Bind(queue).Bind(now).Bind(lists.Known).Bind(lists.Namespaces).Bind(limit);
            while (row.Read())
                due.Add(new(new(row.Id(0), row.Int32(1), row.Int32(2), 0), row.Int32(3), row.Int64(4)));
        }
        return due;
    }

    private static DateTimeOffset? FindNext(Session session, TaskClaim request, Lists lists, long now)
    {
        var next = long.MaxValue;
        foreach (var queue in request.Queues.Distinct())
        {
            var row = session[SqlText.NextTask].Bind(queue).Bind(now).Bind(lists.Known).Bind(lists.Namespaces);
            if (!row.Read())
                continue;
            next = Math.Min(next, row.Int64(0));
            row.Reset();
        }
        return next == long.MaxValue ? null : Micros.ToTime(next);
    }

    /// <summary>The request's lists as statements take them.</summary>
    private readonly record struct Lists(string Known, string? Namespaces)
    {
        public static Lists Of(TaskClaim request) => new(JsonTexts.Write(request.Known), request.Namespaces is null ? null : JsonTexts.Write(request.Namespaces));
    }
}
