// Finding work and reading it (PROTOCOL §4.3): look and load.
namespace Durable.Storage.Sqlite;

/// <summary>Reads for lanes, each on a reader's connection.</summary>
internal static class Looker
{
    /// <summary>Priority counts among so many of the oldest due rows, so that a backlog is not sorted at each look.</summary>
    private const int Window = 1_000;

    /// <summary>Rows read at most for one namespace: an inbox's limit, so one hot run hides no other for ever.</summary>
    private const int MostRows = 20_000;

    private readonly record struct Candidate(Guid RunId, string Namespace, int Priority, long Due);

    /// <summary>The request as the statements take it, and what was found so far.</summary>
    private sealed class Search(LookRequest request, long now)
    {
        public LookRequest Request { get; } = request;
        public long Now { get; } = now;
        public long Ahead { get; } = Micros.From(request.Ahead);
        public long Low { get; } = request.From is { } from ? Micros.From(from) : long.MinValue;
        public long AsapHigh { get; } = request.From is null ? long.MaxValue : now;         // no clock may hide what is to be done at once (S5)
        public string Serves { get; } = JsonTexts.Write(request.Serves);
        public string? Queues { get; } = request.Queues is null ? null : JsonTexts.Write(request.Queues);
        public int Window { get; } = Math.Max(Looker.Window, request.Limit);
        public Dictionary<Guid, Candidate> Claimable { get; } = [];
        public List<Guid> Mail { get; } = [];
        public HashSet<Guid> Mailed { get; } = [];
        public long NextDue { get; set; } = Micros.Never;
    }

    public static LookResult Look(Session session, LookRequest request, DateTimeOffset clock)
    {
        var search = new Search(request, Micros.From(clock));
        session[SqlText.Begin].Run();
        foreach (var ns in request.Namespaces ?? Namespaces.Of(session, SqlText.NextAsapNamespace))
        {
            Scan(search, ns, session[SqlText.LookAsap].Bind(ns).Bind(search.Low).Bind(search.AsapHigh).Bind(request.Lane.LaneId)
                .Bind(search.Serves).Bind(search.Queues).Bind(request.Build));
        }
        if (request.Namespaces is { } served)
            Scan(search, "", session[SqlText.LookAdopted].Bind(request.Lane.LaneId).Bind(JsonTexts.Write(served)).Bind(search.Low).Bind(search.AsapHigh));
        foreach (var ns in request.Namespaces ?? Namespaces.Of(session, SqlText.NextDueNamespace))
        {
            Scan(search, ns, session[SqlText.LookDue].Bind(ns).Bind(search.Low).Bind(search.Now + search.Ahead).Bind(search.Serves).Bind(search.Queues).Bind(request.Build), timed: true);
            var next = session[SqlText.NextDue].Bind(ns).Bind(search.Now + search.Ahead).Bind(search.Serves).Bind(search.Queues).Bind(request.Build);
            if (next.Read())
            {
                search.NextDue = Math.Min(search.NextDue, next.Int64(0) - search.Ahead);
                next.Reset();
            }
        }
        session[SqlText.Commit].Run();
        // Namespaces take turns: a backlog of one hides no other.
        var turns = search.Claimable.Values.GroupBy(run => run.Namespace).SelectMany(runs => runs.OrderByDescending(run => run.Priority).ThenBy(run => run.Due).ThenBy(run => run.RunId).Select((run, turn) => (run, turn)));
        var first = turns.OrderBy(next => next.turn).ThenByDescending(next => next.run.Priority).ThenBy(next => next.run.Due).ThenBy(next => next.run.RunId).Take(request.Limit);
        return new(Micros.ToTime(search.Now), [.. first.Select(next => next.run.RunId)], search.Mail, search.NextDue == Micros.Never ? null : Micros.ToTime(search.NextDue));
    }

    public static IReadOnlyList<LoadedRun> Load(Session session, LoadRequest request)
    {
        var loaded = new List<LoadedRun>(request.RunIds.Count);
        session[SqlText.Begin].Run();
        foreach (var runId in request.RunIds.Distinct())
        {
            if (LoadOne(session, runId, request) is { } run)
                loaded.Add(run);
        }
        session[SqlText.Commit].Run();
        return loaded;
    }

    private static LoadedRun? LoadOne(Session session, Guid runId, LoadRequest request)
    {
        if (request.MessagesOnly)
        {
            var exists = session[SqlText.RunExists].Bind(runId);
            if (!exists.Read())
                return null;
            exists.Reset();
            return new(runId, null, [], Messages(session, runId, request.MessageLimit), []);
        }
        if (RowReader.First(session[SqlText.LoadRun].Bind(runId), RowReader.Run) is not { } run)
            return null;
        var events = RowReader.All(session[SqlText.LoadEvents].Bind(runId).Bind(run.Gen), RowReader.Event);
        var tasks = RowReader.All(session[SqlText.LoadTasks].Bind(runId), row => RowReader.Task(row));
        return new(runId, run, events, Messages(session, runId, request.MessageLimit), tasks);
    }

    private static List<MessageRecord> Messages(Session session, Guid runId, int limit) =>
        RowReader.All(session[SqlText.LoadMessages].Bind(runId).Bind(limit), RowReader.Message);

    /// <summary>Takes rows until both kinds have enough. Rows of one run, several notices or a wake row and notices, count once.</summary>
    /// <param name="search">What was found so far.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="row">Rows in order of their due time.</param>
    /// <param name="timed">True: they end some time after now, and say which of them may be taken before they are due.</param>
    private static void Scan(Search search, string ns, Statement row, bool timed = false)
    {
        var claimable = search.Claimable.Count;
        for (var read = 0; read < MostRows && row.Read(); read++)
        {
            var runId = row.Id(0);
            if (timed && row.Int64(3) > search.Now && !row.Bool(4))
            {
                search.NextDue = Math.Min(search.NextDue, row.Int64(3));
            }
            else if (!row.Bool(1))
            {
                if (search.Claimable.Count - claimable < search.Window)
                    search.Claimable.TryAdd(runId, new(runId, ns, row.Int32(2), row.Int64(3)));
            }
            else if (search.Mail.Count < search.Request.Limit && search.Mailed.Add(runId))
            {
                search.Mail.Add(runId);
            }
            if (search.Claimable.Count - claimable >= search.Window && (timed || search.Mail.Count >= search.Request.Limit))
                break;      // rows that wait for a time are no mail
        }
        row.Reset();
    }
}
