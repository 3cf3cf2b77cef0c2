// A whole run with its history, from an export.
using Npgsql;
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Inserts exported runs: closed as they were, or paused.</summary>
internal sealed class ImportVerb(EngineConnections connections, Calls calls, DeliverVerb deliver)
{
    public async Task<StartResult> ImportAsync(StartRecord start, int gen, int firstGen, CloseRecord? close, IReadOnlyList<EventRecord> events, CancellationToken cancellationToken)
    {
        var imported = await calls.RunAsync("import a run", (connection, ct) => InsertAsync(connection, start, gen, firstGen, close, events, ct), cancellationToken).ConfigureAwait(false);
        return imported ? new StartResult(true, null) : await deliver.ExistingAsync(start, cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> InsertAsync(NpgsqlConnection connection, StartRecord start, int gen, int firstGen, CloseRecord? close, IReadOnlyList<EventRecord> events,
        CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (var batch = calls.Batch(transaction))
        {
            if (connections.Pooler) foreach (var pin in PgBatch.PinTexts) batch.AddText(pin);
            var columns = new StartColumns();
            columns.Add(start);
            batch.Add("ImportRun", [], columns);
            batch.Last.Add(PgBatch.Int(gen));
            batch.Last.Add(PgBatch.Int(firstGen));
            batch.Last.Add(PgBatch.Int(events.Count(e => e.Gen == gen)));
            batch.Last.Add(PgBatch.OrNull((short?)close?.Status, NpgsqlDbType.Smallint));
            batch.Last.Add(PgBatch.OrNull(close?.Outcome, NpgsqlDbType.Bytea));
            batch.Last.Add(PgBatch.OrNull(close?.Encoding, NpgsqlDbType.Smallint));
            await using var reader = await batch.ReadAsync(cancellationToken).ConfigureAwait(false);
            if ((await RowReader.AllAsync(reader, r => r.GetGuid(0), cancellationToken).ConfigureAwait(false)).Count == 0) return false;
        }

        var rows = new EventColumns();
        foreach (var e in events) rows.Add(e);
        await using (var batch = calls.Batch(transaction).Add("CommitAppend", [], rows))
        {
            await batch.ExecuteAsync(cancellationToken).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }
}
