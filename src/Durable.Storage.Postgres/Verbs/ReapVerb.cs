// R1 to R6 and D8: fence, release, sweep; each in its own transaction.
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Takes runs from dead lanes and notices from nobody.</summary>
internal sealed class ReapVerb(EngineConnections connections, Calls calls, Namespaces namespaces, ILogger log)
{
    // Where the next sweep goes on: without it a thousand notices that wait rightly would hide the orphans behind them.
    private DateTimeOffset? sweptTo;

    // Notices looked at in one sweep, in each namespace.
    private const int SweepWindow = 10_000;

    public async Task<ReapResult> ReapAsync(ReapRequest request, CancellationToken cancellationToken)
    {
        var fenced = request.Fence ? await FenceAsync(request, cancellationToken).ConfigureAwait(false) : 0;
        var impossible = await ImpossibleAsync(request, cancellationToken).ConfigureAwait(false);
        var released = 0;
        foreach (var (lane, shard) in await DeadAsync(request, cancellationToken).ConfigureAwait(false))
            released += await ReleaseAsync(lane, shard, request.Limit, cancellationToken).ConfigureAwait(false);
        var swept = await SweepAsync(request.Limit, cancellationToken).ConfigureAwait(false);
        return new ReapResult(fenced, released, swept, impossible) { Overdue = await OverdueAsync(request, cancellationToken).ConfigureAwait(false) };
    }

    private Task<List<OverdueRun>> OverdueAsync(ReapRequest request, CancellationToken cancellationToken) => calls.RunAsync("look for overdue runs", async (connection, ct) =>
    {
        await using var batch = calls.Batch(connection).Add("ReapOverdue", PgBatch.Int(request.Limit), Shards(request));
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var rows = await RowReader.AllAsync(reader, r => new OverdueRun(r.GetGuid(0), r.GetString(1), r.GetInt16(2)), ct).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
        return rows;
    }, cancellationToken);

    private Task<int> FenceAsync(ReapRequest request, CancellationToken cancellationToken) => calls.RunAsync("fence dead lanes", async (connection, ct) =>
    {
        await using var batch = calls.Batch(connection, transaction: true).Add("ReapFence", PgBatch.Long(request.Lane.LaneId), Shards(request));
        foreach (var seen in request.Unchanged)
            batch.Add("ReapUnchanged", PgBatch.Long(seen.LaneId), PgBatch.Long(seen.Epoch), PgBatch.From(seen.ExpiresAt), PgBatch.Span(request.Lease * 2));
        var fenced = (await batch.ExecuteAsync(ct).ConfigureAwait(false)).Sum();
        try
        {
            await EndBlockersAsync(connection, request, ct).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState is "42501" or "42883" or "42P01" or "0A000")
        {
            Log.BlockersUnknown(log, e, connections.Description);       // an engine that cannot tell or end sessions: its own time-outs must do
        }

        return fenced;
    }, cancellationToken);

    private Task<List<LaneSeen>> ImpossibleAsync(ReapRequest request, CancellationToken cancellationToken) => calls.RunAsync("look for impossible leases", async (connection, ct) =>
    {
        await using var batch = calls.Batch(connection).Add("ReapImpossible", PgBatch.Long(request.Lane.LaneId), Shards(request), PgBatch.Span(request.Lease * 2));
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var rows = await RowReader.AllAsync(reader, r => new LaneSeen(r.GetInt64(0), r.GetInt64(1), RowReader.Time(r, 2)), ct).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
        return rows;
    }, cancellationToken);

    private Task<List<(long Lane, short Shard)>> DeadAsync(ReapRequest request, CancellationToken cancellationToken) => calls.RunAsync("look for dead lanes", async (connection, ct) =>
    {
        await using var batch = calls.Batch(connection).Add("ReapDead", Shards(request));
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var rows = await RowReader.AllAsync(reader, r => (r.GetInt64(0), r.GetInt16(1)), ct).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
        return rows;
    }, cancellationToken);

    // R2: lock, then act on what the lock protects, as two statements (G4b); the second is only sent if the first found the row.
    private Task<int> ReleaseAsync(long lane, short shard, int limit, CancellationToken cancellationToken) => calls.RunAsync("release runs", async (connection, ct) =>
    {
        await using var transaction = await connection.BeginTransactionAsync(ct).ConfigureAwait(false);
        await using (var batch = calls.Batch(transaction))
        {
            if (connections.Pooler) foreach (var pin in PgBatch.PinTexts) batch.AddText(pin);
            await using var reader = await batch.Add("ReapLock", PgBatch.Long(lane), PgBatch.Short(shard)).ReadAsync(ct).ConfigureAwait(false);
            if ((await RowReader.AllAsync(reader, r => r.GetInt32(0), ct).ConfigureAwait(false)).Count == 0) return 0;
        }

        await using (var batch = calls.Batch(transaction))
        {
            batch.Add("ReapRelease", PgBatch.Long(lane), PgBatch.Int(limit));
            if (calls.Shards is not null) batch.Add("OwnedReleased", PgBatch.Long(lane));
            var released = (await batch.ExecuteAsync(ct).ConfigureAwait(false))[0];
            if (released < limit)
            {
                await using var done = calls.Batch(transaction);
                await done.Add("ReapReleased", PgBatch.Long(lane), PgBatch.Short(shard)).ExecuteAsync(ct).ConfigureAwait(false);
            }

            await transaction.CommitAsync(ct).ConfigureAwait(false);
            return released;
        }
    }, cancellationToken);

    private Task<int> SweepAsync(int limit, CancellationToken cancellationToken) => calls.RunAsync("sweep notices", async (connection, ct) =>
    {
        var names = await namespaces.ForAsync(connection, sweep: true, ct).ConfigureAwait(false);
        await using var batch = calls.Batch(connection).Add("ReapSweep", PgBatch.Texts(names), PgBatch.From(sweptTo), PgBatch.Int(SweepWindow), PgBatch.Int(limit));
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var rows = await RowReader.AllAsync(reader, r => (Swept: r.GetInt32(0), Seen: r.GetInt32(1), Last: RowReader.TimeOrNull(r, 2)), ct).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
        sweptTo = rows[0].Seen >= SweepWindow ? rows[0].Last : null;
        return rows[0].Swept;
    }, cancellationToken);

    // C9: a batch whose sender froze while sending keeps its lane row and no time-out of the server ends it. One of our own sessions, of a lane long expired, is ended.
    private async Task EndBlockersAsync(NpgsqlConnection connection, ReapRequest request, CancellationToken cancellationToken)
    {
        List<long> lanes;
        await using (var batch = calls.Batch(connection).Add("ReapStuck", PgBatch.Long(request.Lane.LaneId), PgBatch.Span(request.Lease)))
        {
            await using var reader = await batch.ReadAsync(cancellationToken).ConfigureAwait(false);
            lanes = await RowReader.AllAsync(reader, r => r.GetInt64(0), cancellationToken).ConfigureAwait(false);
        }

        foreach (var lane in lanes)
        {
            await using var batch = calls.Batch(connection).Add("ReapEndBlocker", PgBatch.Text(EngineConnections.LaneApplication(lane)), PgBatch.Span(request.Lease));
            await using var reader = await batch.ReadAsync(cancellationToken).ConfigureAwait(false);
            if ((await RowReader.AllAsync(reader, r => r.GetBoolean(0), cancellationToken).ConfigureAwait(false)).Contains(true)) Log.BlockerEnded(log, connections.Description, lane);
        }
    }

    private static NpgsqlParameter Shards(ReapRequest request) => PgBatch.OrNull(request.Lane.Group.Shards?.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Smallint);
}
