// P2 and X2: closed runs, old log rows and dead lanes go, in pages by key, without DDL.
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>Deletes what is past its time.</summary>
internal sealed class PurgeVerb(Calls calls, ILogger log)
{
    // Where the engine spreads its tables a month is dropped on its coordinator, for all groups at once.
    private readonly MonthPurge? months = calls.Shards is null ? new(calls, log) : null;

    private static readonly string[] Tables =
        ["PurgeReady", "PurgeMessages", "PurgeTasks", "PurgeDocuments", "PurgeBlobs", "PurgeOutgoing", "PurgeEvents", "PurgeRuns"];

    // Where the next page begins: old runs that are still open are not walked over again for each page (G9).
    private Guid mark = Guid.Empty;

    public async Task<int> PurgeAsync(PurgeRequest request, CancellationToken cancellationToken)
    {
        if (request.LogBefore is { } before) await PurgeLogAsync(before, request.Limit, cancellationToken).ConfigureAwait(false);
        if (request.RunId is { } one) return await calls.RunAsync("purge a run", (connection, ct) => OneAsync(connection, one, request.ClosedBefore, ct), cancellationToken).ConfigureAwait(false);
        return request.ClosedBefore is { } closed
            ? await calls.RunAsync("purge runs", (connection, ct) => PageAsync(connection, closed, request.Limit, ct), cancellationToken).ConfigureAwait(false)
            : 0;
    }

    private async Task<int> OneAsync(NpgsqlConnection connection, Guid run, DateTimeOffset? closedBefore, CancellationToken cancellationToken)
    {
        await using var batch = calls.Batch(connection).Add("PurgeOne", PgBatch.Uuid(run), PgBatch.OrNull(closedBefore?.ToUniversalTime(), NpgsqlTypes.NpgsqlDbType.TimestampTz));
        var found = await ReadAsync(batch, cancellationToken).ConfigureAwait(false);
        return await DeleteAsync(connection, found, cancellationToken).ConfigureAwait(false);
    }

    // From the mark to the end, and, if that was not a whole page, once from the beginning: less than a page then means that none is left.
    private async Task<int> PageAsync(NpgsqlConnection connection, DateTimeOffset closedBefore, int limit, CancellationToken cancellationToken)
    {
        var begin = mark;
        if (begin == Guid.Empty && months is not null) await months.DropAsync(connection, closedBefore, cancellationToken).ConfigureAwait(false);
        var found = await FindAsync(connection, begin, closedBefore, limit, cancellationToken).ConfigureAwait(false);
        mark = found.Count == limit ? found[^1].Run : Guid.Empty;
        if (found.Count < limit && begin != Guid.Empty)
        {
            var rest = await FindAsync(connection, Guid.Empty, closedBefore, limit - found.Count, cancellationToken).ConfigureAwait(false);
            if (rest.Count == limit - found.Count) mark = rest[^1].Run;
            found = [.. found.Concat(rest).Distinct().OrderBy(r => r.Run)];
        }

        return await DeleteAsync(connection, found, cancellationToken).ConfigureAwait(false);
    }

    private async Task<List<(Guid Run, short Shard)>> FindAsync(NpgsqlConnection connection, Guid behind, DateTimeOffset closedBefore, int limit, CancellationToken cancellationToken)
    {
        await using var batch = calls.Batch(connection)
            .Add("PurgeFind", PgBatch.Uuid(behind), PgBatch.Uuid(RunIds.Bound(closedBefore + TimeSpan.FromDays(1))), PgBatch.From(closedBefore), PgBatch.Int(limit));
        return await ReadAsync(batch, cancellationToken).ConfigureAwait(false);
    }

    private async Task<int> DeleteAsync(NpgsqlConnection connection, List<(Guid Run, short Shard)> runs, CancellationToken cancellationToken)
    {
        if (calls.IsGrouped) runs = await ArrivedAsync(connection, runs, cancellationToken).ConfigureAwait(false);
        if (runs.Count == 0) return 0;
        await using var batch = calls.Batch(connection, transaction: true);
        foreach (var table in Tables)
        {
            var keys = new RunKeyColumns();
            foreach (var (run, shard) in runs) keys.Add(run, shard);
            batch.Add(table, [], keys);
        }

        var counts = await batch.ExecuteAsync(cancellationToken).ConfigureAwait(false);
        return counts[^1];
    }

    // A run whose messages to other groups have not arrived is kept: they would go with it.
    private async Task<List<(Guid Run, short Shard)>> ArrivedAsync(NpgsqlConnection connection, List<(Guid Run, short Shard)> runs, CancellationToken cancellationToken)
    {
        await using var batch = calls.Batch(connection).Add("PurgeWaiting", PgBatch.Uuids([.. runs.Select(r => r.Run)]));
        await using var reader = await batch.ReadAsync(cancellationToken).ConfigureAwait(false);
        var waiting = (await RowReader.AllAsync(reader, r => r.GetGuid(0), cancellationToken).ConfigureAwait(false)).ToHashSet();
        return [.. runs.Where(r => !waiting.Contains(r.Run))];
    }

    private Task<bool> PurgeLogAsync(DateTimeOffset before, int limit, CancellationToken cancellationToken) => calls.RunAsync("purge the log", async (connection, ct) =>
    {
        await using var batch = calls.Batch(connection, transaction: true)
            .Add("PurgeLog", PgBatch.From(before), PgBatch.Int(limit)).Add("PurgeLanes", PgBatch.From(before));
        await batch.ExecuteAsync(ct).ConfigureAwait(false);
        return true;
    }, cancellationToken);

    private static async Task<List<(Guid Run, short Shard)>> ReadAsync(PgBatch batch, CancellationToken cancellationToken)
    {
        await using var reader = await batch.ReadAsync(cancellationToken).ConfigureAwait(false);
        var rows = await RowReader.AllAsync(reader, r => (r.GetGuid(0), r.GetInt16(1)), cancellationToken).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, cancellationToken).ConfigureAwait(false);
        return rows;
    }
}
