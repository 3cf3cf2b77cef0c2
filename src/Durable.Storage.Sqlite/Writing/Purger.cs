// Deleting closed runs, the feed's old rows and dead lanes (PROTOCOL §4.10 P2, X2), in pages that do not hold the writer for long.
namespace Durable.Storage.Sqlite;

/// <summary>One call of purge.</summary>
internal sealed class Purger(StoreCore core)
{
    /// <summary>Runs in one transaction: a heartbeat waits behind so many at most.</summary>
    private const int Page = 50;

    private static readonly Sql[] ByRun =
    [
        SqlText.DeleteRunReady, SqlText.PurgeMessage, SqlText.DeleteRunTasks, SqlText.PurgeDocument, SqlText.PurgeBlob, SqlText.PurgeOutgoing, SqlText.PurgeEvent, SqlText.PurgeRun,
    ];

    public async Task<int> PurgeAsync(PurgeRequest request, CancellationToken cancellationToken)
    {
        var purged = 0;
        foreach (var page in (await core.ReadAsync(session => Find(session, request), cancellationToken)).Chunk(Page))
            purged += await core.WriteAsync(session => Delete(session, page), cancellationToken);
        if (request.LogBefore is { } before)
            await PurgeLogAsync(Micros.From(before), cancellationToken);
        return purged;
    }

    private static List<Guid> Find(Session session, PurgeRequest request)
    {
        var before = request.ClosedBefore is { } closedBefore ? Micros.From(closedBefore) : long.MaxValue;
        if (request.RunId is { } runId)
            return RowReader.All(session[SqlText.PurgeableRun].Bind(runId).Bind(before), _ => runId);
        return request.ClosedBefore is null ? [] : RowReader.All(session[SqlText.PurgeableRuns].Bind(before).Bind(request.Limit), row => row.Id(0));
    }

    /// <summary>A closed run never opens again (S2), so what was found by a reader still holds; two purgers meet in the last delete.</summary>
    private static int Delete(Session session, IReadOnlyList<Guid> runs)
    {
        var deleted = 0;
        foreach (var runId in runs)
        {
            var last = 0;
            foreach (var sql in ByRun)
                last = session[sql].Bind(runId).Run();
            deleted += last;
        }
        return deleted;
    }

    private async Task PurgeLogAsync(long before, CancellationToken cancellationToken)
    {
        foreach (var lane in await core.ReadAsync(session => RowReader.All(session[SqlText.SeenLanes], row => row.Int64(0)), cancellationToken))
        {
            while (await core.WriteAsync(session => session[SqlText.PurgeLog].Bind(lane).Bind(before).Run(), cancellationToken) >= 1_000)
                cancellationToken.ThrowIfCancellationRequested();
            await core.WriteAsync(session => session[SqlText.PurgeLane].Bind(lane).Bind(before).Run(), cancellationToken);
        }
    }
}
