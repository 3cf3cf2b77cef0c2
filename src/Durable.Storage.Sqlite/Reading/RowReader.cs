// One method per row that is read: the order of the columns is that of the .sql files.
namespace Durable.Storage.Sqlite;

/// <summary>Makes records from the current row of a statement.</summary>
internal static class RowReader
{
    public static RunRecord Run(Statement row) => new()
    {
        RunId = row.Id(0),
        Namespace = row.Text(1),
        WorkflowId = row.Text(2),
        Ordinal = row.Int32(3),
        Shard = row.Int16(4),
        Type = row.Text(5),
        Version = row.Int32(6),
        Build = row.Text(7),
        Status = (RunStatus)row.Int16(8),
        Gen = row.Int32(9),
        FirstGen = row.Int32(10),
        CreatedAt = row.Time(11),
        ClosedAt = row.TimeOrNull(12),
        DeadlineAt = row.TimeOrNull(13),
        Encoding = row.Int16(14),
        Queue = row.Text(15),
        Priority = row.Int32(16),
        Secret = row.Blob(17) ?? [],
        Input = row.Blob(18),
        Outcome = row.Blob(19),
        Attributes = row.TextOrNull(20),
        Parent = row.IdOrNull(21),
        Actor = row.TextOrNull(22),
        Correlation = row.TextOrNull(23),
        Trace = row.TextOrNull(24),
    };

    public static EventRecord Event(Statement row) => new()
    {
        RunId = row.Id(0),
        Gen = row.Int32(1),
        Seq = row.Int32(2),
        Kind = row.Int16(3),
        At = row.Time(4),
        Ordinal = row.Int32(5),
        Encoding = row.Int16(6),
        Schema = row.Int16(7),
        Crc = row.Int32(8),
        Shard = row.Int16(9),
        Namespace = row.Text(10),
        Target = row.TextOrNull(11),
        Payload = row.Blob(12),
        Commands = row.Blob(13),
        Sender = row.IdOrNull(14) ?? Guid.Empty,
        SenderSeq = row.Int64(15),
        Actor = row.TextOrNull(16),
        Correlation = row.TextOrNull(17),
        Causation = row.TextOrNull(18),
        Trace = row.TextOrNull(19),
    };

    public static MessageRecord Message(Statement row) => new()
    {
        RunId = row.Id(0),
        Sender = row.Id(1),
        SenderSeq = row.Int64(2),
        Kind = row.Int16(3),
        Control = row.Bool(4),
        AcceptedAt = row.Time(5),
        Encoding = row.Int16(6),
        ReplyGen = row.Int32(7),
        ReplyOrdinal = row.Int32(8),
        Shard = row.Int16(9),
        Namespace = row.Text(10),
        Target = row.TextOrNull(11),
        Payload = row.Blob(12),
        Actor = row.TextOrNull(13),
        Correlation = row.TextOrNull(14),
        Causation = row.TextOrNull(15),
        Trace = row.TextOrNull(16),
    };

    public static TaskRecord Task(Statement row, bool withPayload = true) => new()
    {
        RunId = row.Id(0),
        Gen = row.Int32(1),
        TaskNo = row.Int32(2),
        Queue = row.Text(3),
        VisibleAt = row.Time(4),
        Priority = row.Int32(5),
        Activity = row.Text(6),
        Attempt = row.Int32(7),
        LogicalAttempt = row.Int32(8),
        Visibility = Micros.ToSpan(row.Int64(9)),
        Cancel = row.Bool(10),
        Encoding = row.Int16(11),
        Shard = row.Int16(12),
        Namespace = row.Text(13),
        Token = row.IdOrNull(14),
        DeadlineAt = row.TimeOrNull(15),
        Details = row.Blob(16),
        Failures = row.Blob(17),
        Payload = withPayload ? row.Blob(18) : null,
    };

    /// <summary>All rows of a statement.</summary>
    public static List<T> All<T>(Statement statement, Func<Statement, T> read)
    {
        var rows = new List<T>();
        while (statement.Read())
            rows.Add(read(statement));
        return rows;
    }

    /// <summary>The first row of a statement, or null.</summary>
    public static T? First<T>(Statement statement, Func<Statement, T> read) where T : class
    {
        if (!statement.Read())
            return null;
        var row = read(statement);
        statement.Reset();
        return row;
    }
}
