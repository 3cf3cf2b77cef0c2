// L1: what is due, and what has mail. Reads only.
using Durable.Storage;
using NpgsqlTypes;

namespace Durable;

/// <summary>Finds runs to claim and own runs that have mail.</summary>
internal sealed class LookVerb(Calls calls, Namespaces namespaces)
{
    // With many namespaces each gets at least this many rows per look, else its share of twice the limit.
    private const int MinShare = 16;

    public Task<LookResult> LookAsync(LookRequest request, CancellationToken cancellationToken) => calls.RunAsync("look for work", async (connection, ct) =>
    {
        var names = await namespaces.ForAsync(connection, request.Namespaces, request.From is null, ct).ConfigureAwait(false);
        var share = names.Length <= 1 ? request.Limit : Math.Min(request.Limit, Math.Max(MinShare, 2 * request.Limit / names.Length));
        await using var batch = calls.Batch(connection, transaction: true)
            .Add("LookMail", PgBatch.Texts(names), PgBatch.From(request.From), PgBatch.Long(request.Lane.LaneId), PgBatch.Texts(request.Serves), PgBatch.Text(request.Build),
                PgBatch.Texts(request.Queues), PgBatch.Int(share))
            .Add("LookWake", PgBatch.Texts(names), PgBatch.From(request.From), PgBatch.Texts(request.Serves), PgBatch.Text(request.Build), PgBatch.Texts(request.Queues),
                PgBatch.Int(share))
            .Add("LookNext", PgBatch.Texts(names), PgBatch.Texts(request.Serves), PgBatch.Text(request.Build), PgBatch.Texts(request.Queues));
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var noticed = await RowReader.AllAsync(reader, r => (Run: r.GetGuid(0), Mine: r.GetBoolean(1)), ct).ConfigureAwait(false);
        var wake = await RowReader.NextAsync(reader, r => r.GetGuid(0), ct).ConfigureAwait(false);
        var next = await RowReader.NextAsync(reader, r => (Now: RowReader.Time(r, 0), Due: RowReader.TimeOrNull(r, 1)), ct).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
        var mail = First(noticed.Where(n => n.Mine).Select(n => n.Run), request.Limit);
        var claimable = First(noticed.Where(n => !n.Mine).Select(n => n.Run).Concat(wake), request.Limit);
        return new LookResult(next[0].Now, claimable, mail, next[0].Due);
    }, cancellationToken);

    /// <summary>Depth and age of what is due.</summary>
    public Task<ReadyDepth> DepthAsync(CancellationToken cancellationToken) => calls.RunAsync("read the depth", async (connection, ct) =>
    {
        var names = await namespaces.ForAsync(connection, served: null, sweep: true, ct).ConfigureAwait(false);
        await using var batch = calls.Batch(connection).Add("ReadReadyDepth", PgBatch.Texts(names));
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var rows = await RowReader.AllAsync(reader, r => (Count: r.GetInt32(0), Age: r.IsDBNull(1) ? TimeSpan.Zero : r.GetTimeSpan(1)), ct).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
        return new ReadyDepth(Math.Min(rows[0].Count, 10_000), rows[0].Age < TimeSpan.Zero ? TimeSpan.Zero : rows[0].Age);
    }, cancellationToken);

    // Rows come namespace by namespace; taking the first of each, then the second of each … would need their names: the share already bounds what one may take.
    private static List<Guid> First(IEnumerable<Guid> runs, int limit) => [.. runs.Distinct().Take(limit)];
}
