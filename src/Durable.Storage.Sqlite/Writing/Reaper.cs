// One round of reaping (PROTOCOL §4.4, D8). What is to be done is found by a reader, so that a round without work writes nothing and waits for nobody.
namespace Durable.Storage.Sqlite;

/// <summary>Fences, then releases in later transactions, then sweeps.</summary>
internal sealed class Reaper(StoreCore core)
{
    /// <summary>Orphaned notices are left alone for so long: their run may be between two states of a slow sender.</summary>
    private static readonly TimeSpan SweepAge = TimeSpan.FromSeconds(1);

    private sealed record Notice(Guid RunId, Guid Sender, long Seq, bool RunIsStored);

    private sealed record Found(List<LaneSeen> Fence, List<LaneSeen> Impossible);

    public async Task<ReapResult> ReapAsync(ReapRequest request, CancellationToken cancellationToken)
    {
        var lanes = await core.ReadAsync(session => FindLanes(session, request), cancellationToken);
        var fenced = lanes.Fence.Count == 0 ? 0 : await core.WriteAsync(session => LaneVerbs.Fence(session, lanes.Fence), cancellationToken);

        var released = 0;
        foreach (var lane in await core.ReadAsync(FindDeadOwners, cancellationToken))
            released += await core.WriteAsync(session => LaneVerbs.Release(session, lane, request.Limit, core.Now), cancellationToken);

        var orphans = await core.ReadAsync(session => FindOrphans(session, request.Limit), cancellationToken);
        var swept = orphans.Count == 0 ? 0 : await core.WriteAsync(session => Sweep(session, request.Limit), cancellationToken);
        var overdue = await core.ReadAsync(session => FindOverdue(session, request.Limit), cancellationToken);
        return new(fenced, released, swept, lanes.Impossible) { Overdue = overdue };
    }

    private List<OverdueRun> FindOverdue(Session session, int limit) =>
        RowReader.All(session[SqlText.OverdueHeld].Bind(Micros.From(core.Now)).Bind(limit), row => new OverdueRun(row.Id(0), row.Text(1)!, row.Int16(2)));

    private Found FindLanes(Session session, ReapRequest request)
    {
        var now = core.Now;
        var found = new Found([], []);
        var row = session[SqlText.SeenLanes];
        while (row.Read())
        {
            var seen = new LaneSeen(row.Int64(0), row.Int64(1), row.Time(2));
            if (!row.Bool(3) || seen.LaneId == request.Lane.LaneId)
                continue;
            var impossible = seen.ExpiresAt > now + (2 * request.Lease);
            if (request.Fence && (seen.ExpiresAt < now || (impossible && request.Unchanged.Contains(seen))))
                found.Fence.Add(seen);
            else if (impossible)
                found.Impossible.Add(seen);
        }
        return found;
    }

    private static List<long> FindDeadOwners(Session session) => RowReader.All(session[SqlText.DeadOwners], row => row.Int64(0));

    private List<Notice> FindOrphans(Session session, int limit)
    {
        var before = Micros.From(core.Now - SweepAge);
        var orphans = new List<Notice>();
        foreach (var ns in Namespaces.Of(session, SqlText.NextAsapNamespace))
        {
            if (orphans.Count >= limit)
                break;
            var row = session[SqlText.OrphanNotices].Bind(ns).Bind(before).Bind(limit - orphans.Count);
            orphans.AddRange(RowReader.All(row, found => new Notice(found.Id(0), found.Id(1), found.Int64(2), found.Bool(3))));
        }
        return orphans;
    }

    /// <summary>Looks again and deletes in one transaction: nothing can come between (D8). The message stays, unless its run is purged.</summary>
    private int Sweep(Session session, int limit)
    {
        var orphans = FindOrphans(session, limit);
        foreach (var orphan in orphans)
        {
            session[SqlText.ConsumeNotice].Bind(orphan.RunId).Bind(orphan.Sender).Bind(orphan.Seq).Run();
            if (!orphan.RunIsStored)
                session[SqlText.ConsumeMessage].Bind(orphan.RunId).Bind(orphan.Sender).Bind(orphan.Seq).Run();
        }
        return orphans.Count;
    }
}
