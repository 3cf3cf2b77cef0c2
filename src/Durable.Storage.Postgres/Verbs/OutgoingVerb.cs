// M2: rows on their way to other groups, read and removed outside of batches.
using Npgsql;
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Reads and removes outgoing rows of one group.</summary>
internal sealed class OutgoingVerb(Calls calls)
{
    public Task<IReadOnlyList<OutgoingRow>> ReadAsync(OutgoingQuery query, CancellationToken cancellationToken) => calls.RunAsync("read outgoing rows", async (connection, ct) =>
    {
        await using var batch = calls.Batch(connection)
            .Add("ReadOutgoing", PgBatch.Span(query.Age), PgBatch.Int(query.Limit), PgBatch.OrNull(query.Target?.Shards?.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Smallint), PgBatch.OrNull(query.After, NpgsqlDbType.Uuid), PgBatch.OrNull(query.Sender, NpgsqlDbType.Uuid));
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var rows = await RowReader.AllAsync(reader, r => new OutgoingRow(Record(r), r.GetBoolean(18)), ct).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
        return (IReadOnlyList<OutgoingRow>)rows;
    }, cancellationToken);

    public Task RemoveAsync(IReadOnlyList<OutgoingKey> keys, CancellationToken cancellationToken) => calls.RunAsync("remove outgoing rows", async (connection, ct) =>
    {
        var columns = new OutgoingKeyColumns();
        foreach (var key in keys.OrderBy(key => key.Sender).ThenBy(key => key.Seq)) columns.Add(key);
        await using var batch = calls.Batch(connection).Add("OutgoingDelete", [], columns);
        return await batch.ExecuteAsync(ct).ConfigureAwait(false);
    }, cancellationToken);

    /// <summary>A row of <c>LoadOutgoing.sql</c> or <c>ReadOutgoing.sql</c>.</summary>
    public static OutgoingRecord Record(NpgsqlDataReader r) => new(r.GetInt16(17), RowReader.Message(r));
}
