// One method per row that is inserted: the order of the binds is that of the columns in its .sql file.
namespace Durable.Storage.Sqlite;

/// <summary>Inserts rows. Times that the store decides come in as <c>now</c>, in microseconds.</summary>
internal static class Rows
{
    public static void Append(Session session, EventRecord row)
    {
        var hasSender = row.Sender != Guid.Empty;
        session[SqlText.AppendEvent]
            .Bind(row.RunId).Bind(row.Gen).Bind(row.Seq).Bind(row.Kind).Bind(row.At).Bind(row.Ordinal).Bind(row.Encoding).Bind(row.Schema).Bind(row.Crc).Bind(row.Shard).Bind(row.Namespace)
            .Bind(row.Target).Bind(row.Payload).Bind(row.Commands).Bind(hasSender ? row.Sender : null).Bind(hasSender ? row.SenderSeq : (long?)null)
            .Bind(row.Actor).Bind(row.Correlation).Bind(row.Causation).Bind(row.Trace).Run();
    }

    /// <summary>A message and its notice (D1).</summary>
    /// <returns>False: the same key is waiting already.</returns>
    public static bool Send(Session session, MessageRecord row, long now)
    {
        var inserted = session[SqlText.SendMessage]
            .Bind(row.RunId).Bind(row.Sender).Bind(row.SenderSeq).Bind(row.Kind).Bind(row.Control).Bind(row.AcceptedAt == default ? now : Micros.From(row.AcceptedAt)).Bind(row.Encoding)
            .Bind(row.ReplyGen).Bind(row.ReplyOrdinal).Bind(row.Shard).Bind(row.Namespace).Bind(row.Target).Bind(row.Payload)
            .Bind(row.Actor).Bind(row.Correlation).Bind(row.Causation).Bind(row.Trace).Run();
        if (inserted == 0)
            return false;
        if (row.Notice)
            session[SqlText.SendNotice].Bind(row.RunId).Bind(row.Sender).Bind(row.SenderSeq).Bind(now).Bind(row.Control).Bind(row.Shard).Bind(row.Namespace).Run();
        return true;
    }

    /// <summary>A run with its token and, if it has run already, its first event (N1, N3).</summary>
    /// <param name="session">The connection.</param>
    /// <param name="row">The run.</param>
    /// <param name="laneId">The lane of an owned start; null where there is no lane.</param>
    /// <param name="now">The store's clock.</param>
    /// <returns>False: the id is taken, or the run is stored already.</returns>
    public static bool Start(Session session, StartRecord row, long? laneId, long now)
    {
        var inserted = session[SqlText.StartRun]
            .Bind(row.RunId).Bind(row.Namespace).Bind(row.WorkflowId).Bind(row.Shard).Bind(row.Type).Bind(row.Version).Bind(row.Build).Bind((long)row.Status).Bind(now).Bind(row.DeadlineAt)
            .Bind(row.Encoding).Bind(row.Queue).Bind(row.Priority).Bind(row.Secret).Bind(row.Input).Bind(row.Attributes).Bind(row.Parent)
            .Bind(row.Actor).Bind(row.Correlation).Bind(row.Trace).Bind((long)row.Gate).Run();
        if (inserted == 0)
            return false;
        if (row.FirstEvent is { } first)
            Append(session, first);
        var length = row.FirstEvent is null ? 0 : 1;
        if (row.Owned && laneId is { } lane)
            Own(session, row.RunId, lane, 0, length, 1, row.Shard, row.Namespace);
        else
            Wake(session, Wakes.Started(row, length), 0, now);
        return true;
    }

    public static void Own(Session session, Guid runId, long laneId, int gen, int nextSeq, int attempt, short shard, string ns) =>
        session[SqlText.InsertOwned].Bind(runId).Bind(laneId).Bind(gen).Bind(nextSeq).Bind(attempt).Bind(shard).Bind(ns).Run();

    /// <summary>The wake row of a run without owner (I1). The time of a row that is due at once only sorts it (S5).</summary>
    public static void Wake(Session session, ParkRecord row, int attempt, long now) =>
        session[SqlText.InsertWake]
            .Bind(row.RunId).Bind(row.Asap ? now : row.DueAt is { } due ? Micros.From(due) : Micros.Never).Bind(row.Asap).Bind(row.Shard).Bind(row.Namespace)
            .Bind(row.Type).Bind(row.Version).Bind(row.Queue).Bind(row.Priority).Bind(row.Hold).Bind(row.HoldBuilds is null ? null : JsonTexts.Write(row.HoldBuilds)).Bind(row.WaitReason)
            .Bind(attempt).Bind(row.Gen).Bind(row.NextSeq).Run();

    public static void Task(Session session, TaskRecord row) =>
        session[SqlText.InsertTask]
            .Bind(row.RunId).Bind(row.Gen).Bind(row.TaskNo).Bind(row.Queue).Bind(row.VisibleAt).Bind(row.Priority).Bind(row.Activity).Bind(row.Attempt).Bind(row.LogicalAttempt)
            .Bind(Micros.From(row.Visibility)).Bind(row.Cancel).Bind(row.Encoding).Bind(row.Shard).Bind(row.Namespace).Bind(row.Token).Bind(row.DeadlineAt)
            .Bind(row.Details).Bind(row.Failures).Bind(row.Payload).Run();

    /// <summary>A document, by the statement that replaces it or by the one that compares its version.</summary>
    /// <returns>False: the version did not fit.</returns>
    public static bool Document(Session session, Sql sql, DocumentRecord row, long now) =>
        session[sql].Bind(row.Kind).Bind(row.Key).Bind(row.Namespace).Bind(row.Version).Bind(row.Json).Bind(row.RunId).Bind(row.Shard).Bind(now).Run() == 1;
}
