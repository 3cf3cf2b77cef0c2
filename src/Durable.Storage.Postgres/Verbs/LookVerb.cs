// L1: what is due, and what has mail. Reads only.
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Finds runs to claim and own runs that have mail.</summary>
internal sealed class LookVerb(Calls calls, Namespaces namespaces)
{
    // Priority counts among so many of the oldest due rows. With many namespaces each gets its share of the window, and at least so many rows.
    private const int Window = 1_000, MinShare = 16;

    public Task<LookResult> LookAsync(LookRequest request, CancellationToken cancellationToken) => calls.RunAsync("look for work", async (connection, ct) =>
    {
        var all = await namespaces.ForAsync(connection, request.From is null, ct).ConfigureAwait(false);
        var names = request.Namespaces?.ToArray() ?? all;
        var window = Math.Max(Window, request.Limit);
        var share = names.Length <= 1 ? window : Math.Max(MinShare, window / names.Length);
        await using var batch = calls.Batch(connection, transaction: true)
            .Add("LookMail", PgBatch.Texts(all), PgBatch.From(request.From), PgBatch.Long(request.Lane.LaneId), PgBatch.Texts(request.Serves), PgBatch.Text(request.Build),
                PgBatch.Texts(request.Queues), PgBatch.Int(share), PgBatch.Texts(request.Namespaces))
            .Add("LookWake", PgBatch.Texts(names), PgBatch.From(request.From), PgBatch.Texts(request.Serves), PgBatch.Text(request.Build), PgBatch.Texts(request.Queues),
                PgBatch.Int(share), PgBatch.Span(request.Ahead))
            .Add("LookNext", PgBatch.Texts(names), PgBatch.Texts(request.Serves), PgBatch.Text(request.Build), PgBatch.Texts(request.Queues), PgBatch.Span(request.Ahead));
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var noticed = await RowReader.AllAsync(reader, r => (Run: r.GetGuid(0), Mine: r.GetBoolean(1), Priority: r.IsDBNull(2) ? 0 : r.GetInt32(2), Due: RowReader.Time(r, 3), Namespace: r.GetString(4)), ct).ConfigureAwait(false);
        var timed = await RowReader.NextAsync(reader, r => (Run: r.GetGuid(0), Priority: r.GetInt32(1), Due: RowReader.Time(r, 2), Namespace: r.GetString(3), Early: r.GetBoolean(4)), ct).ConfigureAwait(false);
        var next = await RowReader.NextAsync(reader, r => (Now: RowReader.Time(r, 0), Due: RowReader.TimeOrNull(r, 1)), ct).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
        List<Guid> mail = [.. noticed.Where(n => n.Mine).OrderBy(n => n.Due).Select(n => n.Run).Distinct().Take(request.Limit)];
        // Namespaces take turns: a backlog of one hides no other.
        var turns = noticed.Where(n => !n.Mine).Select(n => (n.Run, n.Priority, n.Due, n.Namespace)).Concat(timed.Where(c => !c.Early).Select(c => (c.Run, c.Priority, c.Due, c.Namespace))).GroupBy(c => c.Namespace)
            .SelectMany(runs => runs.OrderByDescending(c => c.Priority).ThenBy(c => c.Due).ThenBy(c => c.Run).DistinctBy(c => c.Run).Select((c, turn) => (c.Run, c.Priority, c.Due, Turn: turn)));
        List<Guid> claimable = [.. turns.OrderBy(c => c.Turn).ThenByDescending(c => c.Priority).ThenBy(c => c.Due).ThenBy(c => c.Run).Select(c => c.Run).Take(request.Limit)];
        var later = next[0].Due - request.Ahead;
        foreach (var early in timed)
            if (early.Early && !(early.Due >= later)) later = early.Due;
        return new LookResult(next[0].Now, claimable, mail, later);
    }, cancellationToken);

    /// <summary>Depth and age of what is due.</summary>
    public Task<ReadyDepth> DepthAsync(CancellationToken cancellationToken) => calls.RunAsync("read the depth", async (connection, ct) =>
    {
        var names = await namespaces.ForAsync(connection, sweep: true, ct).ConfigureAwait(false);
        await using var batch = calls.Batch(connection).Add("ReadReadyDepth", PgBatch.Texts(names));
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var rows = await RowReader.AllAsync(reader, r => (Count: r.GetInt32(0), Age: r.IsDBNull(1) ? TimeSpan.Zero : r.GetTimeSpan(1)), ct).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
        return new ReadyDepth(Math.Min(rows[0].Count, 10_000), rows[0].Age < TimeSpan.Zero ? TimeSpan.Zero : rows[0].Age);
    }, cancellationToken);
}
