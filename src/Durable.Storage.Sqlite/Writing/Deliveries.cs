// Deliveries (PROTOCOL §4.5, §4.6): messages with their notices, and starts; the same statements in a transaction of ours and in a user's.
namespace Durable.Storage.Sqlite;

/// <summary>What clients and administrators insert.</summary>
internal static class Deliveries
{
    public static DeliverResult Deliver(Session session, Delivery delivery, DateTimeOffset clock)
    {
        var now = Micros.From(clock);
        var starts = new List<StartResult>(delivery.Starts.Count);
        foreach (var start in delivery.Starts)
            starts.Add(Start(session, start, now));
        var accepted = new List<bool>(delivery.Messages.Count);
        foreach (var message in delivery.Messages)
            accepted.Add(Rows.Send(session, message, now));
        return new(accepted, starts);
    }

    private static StartResult Start(Session session, StartRecord start, long now) =>
        Rows.Start(session, start, null, now) ? new(true, null) : Refuse(session, start, now);

    /// <summary>Why a start did nothing (N1): with the same run id it is our own, repeated.</summary>
    private static StartResult Refuse(Session session, StartRecord start, long now)
    {
        var stored = session[SqlText.RunExists].Bind(start.RunId);
        if (stored.Read())
        {
            stored.Reset();
            return new(true, null);
        }
        if (start.IfRefused is { } message)
            Rows.Send(session, message, now);
        return new(false, RowReader.First(session[SqlText.NewestRun].Bind(start.WorkflowId).Bind(start.Namespace), RowReader.Run));
    }

    /// <summary>A whole run from elsewhere, paused unless it is closed (import).</summary>
    public static StartResult Import(Session session, StartRecord start, int gen, int firstGen, CloseRecord? close, IReadOnlyList<EventRecord> events, DateTimeOffset clock)
    {
        var now = Micros.From(clock);
        if (!Rows.Start(session, start, null, now))
            return Refuse(session, start, now);
        _ = RowReader.First(session[SqlText.TakeWake].Bind(start.RunId), _ => start);       // the wake row alone: notices may wait for the id already
        session[SqlText.ImportRun].Bind(gen).Bind(firstGen).Bind((long)RunStatus.Paused).Bind(start.RunId).Run();
        foreach (var row in events)
            Rows.Append(session, row);
        if (close is not null)
            session[SqlText.CloseRun].Bind((long)close.Status).Bind(close.Outcome).Bind(close.Encoding).Bind(now).Bind(close.Attributes).Bind(close.RunId).Run();
        else
            Rows.Wake(session, Wakes.Imported(start, gen, events.Where(row => row.Gen == gen).Select(row => row.Seq + 1).DefaultIfEmpty(0).Max()), 0, now);
        return new(true, null);
    }
}
