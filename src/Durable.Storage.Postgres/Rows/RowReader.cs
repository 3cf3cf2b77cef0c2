// Rows to records, in the column order that the statements of Sql/ select.
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>Reads the records of the seam from a result.</summary>
internal static class RowReader
{
    /// <summary>A run, beginning at a column.</summary>
    public static RunRecord Run(NpgsqlDataReader r, int first = 0) => new()
    {
        RunId = r.GetGuid(first),
        Namespace = r.GetString(first + 1),
        WorkflowId = r.GetString(first + 2),
        Ordinal = r.GetInt32(first + 3),
        Shard = r.GetInt16(first + 4),
        Type = r.GetString(first + 5),
        Version = r.GetInt32(first + 6),
        Build = r.GetString(first + 7),
        Status = (RunStatus)r.GetInt16(first + 8),
        Gen = r.GetInt32(first + 9),
        FirstGen = r.GetInt32(first + 10),
        CreatedAt = Time(r, first + 11),
        ClosedAt = TimeOrNull(r, first + 12),
        DeadlineAt = TimeOrNull(r, first + 13),
        Input = Bytes(r, first + 14),
        Outcome = Bytes(r, first + 15),
        Encoding = r.GetInt16(first + 16),
        Secret = Bytes(r, first + 17) ?? [],
        Attributes = Text(r, first + 18),
        Queue = r.GetString(first + 19),
        Priority = r.GetInt32(first + 20),
        Parent = r.IsDBNull(first + 21) ? null : r.GetGuid(first + 21),
        Actor = Text(r, first + 22),
        Correlation = Text(r, first + 23),
        Trace = Text(r, first + 24),
    };

    /// <summary>An event.</summary>
    public static EventRecord Event(NpgsqlDataReader r) => new()
    {
        RunId = r.GetGuid(0),
        Gen = r.GetInt32(1),
        Seq = r.GetInt32(2),
        Shard = r.GetInt16(3),
        Namespace = r.GetString(4),
        Kind = r.GetInt16(5),
        At = Time(r, 6),
        Ordinal = r.GetInt32(7),
        Target = Text(r, 8),
        Payload = Bytes(r, 9),
        Commands = Bytes(r, 10),
        Encoding = r.GetInt16(11),
        Schema = r.GetInt16(12),
        Crc = r.GetInt32(13),
        Sender = r.IsDBNull(14) ? Guid.Empty : r.GetGuid(14),
        SenderSeq = r.GetInt64(15),
        Actor = Text(r, 16),
        Correlation = Text(r, 17),
        Causation = Text(r, 18),
        Trace = Text(r, 19),
    };

    /// <summary>A message.</summary>
    public static MessageRecord Message(NpgsqlDataReader r) => new()
    {
        RunId = r.GetGuid(0),
        Shard = r.GetInt16(1),
        Namespace = r.GetString(2),
        Sender = r.GetGuid(3),
        SenderSeq = r.GetInt64(4),
        Kind = r.GetInt16(5),
        Control = r.GetBoolean(6),
        Target = Text(r, 7),
        Payload = Bytes(r, 8),
        Encoding = r.GetInt16(9),
        AcceptedAt = Time(r, 10),
        ReplyGen = r.GetInt32(11),
        ReplyOrdinal = r.GetInt32(12),
        Actor = Text(r, 13),
        Correlation = Text(r, 14),
        Causation = Text(r, 15),
        Trace = Text(r, 16),
    };

    /// <summary>A task.</summary>
    public static TaskRecord Task(NpgsqlDataReader r) => new()
    {
        RunId = r.GetGuid(0),
        Gen = r.GetInt32(1),
        TaskNo = r.GetInt32(2),
        Shard = r.GetInt16(3),
        Namespace = r.GetString(4),
        Activity = r.GetString(5),
        Queue = r.GetString(6),
        Priority = r.GetInt32(7),
        VisibleAt = Time(r, 8),
        Token = r.IsDBNull(9) ? null : r.GetGuid(9),
        Attempt = r.GetInt32(10),
        LogicalAttempt = r.GetInt32(11),
        DeadlineAt = TimeOrNull(r, 12),
        Visibility = r.GetTimeSpan(13),
        Details = Bytes(r, 14),
        Failures = Bytes(r, 15),
        Cancel = r.GetBoolean(16),
        Payload = Bytes(r, 17),
        Encoding = r.GetInt16(18),
    };

    /// <summary>An owned row: run, attempt, gen, next_seq.</summary>
    public static OwnedRun Owned(NpgsqlDataReader r) => new(r.GetGuid(0), r.GetInt32(1), r.GetInt32(2), r.GetInt32(3));

    /// <summary>A point in time.</summary>
    public static DateTimeOffset Time(NpgsqlDataReader r, int column) => r.GetFieldValue<DateTimeOffset>(column);

    /// <summary>A point in time, or null.</summary>
    public static DateTimeOffset? TimeOrNull(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : Time(r, column);

    /// <summary>A text, or null.</summary>
    public static string? Text(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : r.GetString(column);

    /// <summary>Bytes, or null.</summary>
    public static byte[]? Bytes(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : r.GetFieldValue<byte[]>(column);

    /// <summary>All rows of the current result.</summary>
    public static async Task<List<T>> AllAsync<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, T> row, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) rows.Add(row(reader));
        return rows;
    }

    /// <summary>The rows of the next result of a batch.</summary>
    public static async Task<List<T>> NextAsync<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, T> row, CancellationToken cancellationToken)
    {
        if (!await reader.NextResultAsync(cancellationToken).ConfigureAwait(false)) throw new InvalidOperationException("The batch has no further result.");
        return await AllAsync(reader, row, cancellationToken).ConfigureAwait(false);
    }
}
