// Lanes of the in-memory store: open, renew, close (PROTOCOL §4.1, §4.8), and the reaper (§4.4, D8).
namespace Durable.Storage;

/// <summary>Who may write, and what becomes of the runs of those who may no longer.</summary>
internal sealed class MemoryLanes(MemoryTables tables)
{
    /// <summary>Orphaned notices are left alone for so long: their run may be between two states of a slow sender.</summary>
    private static readonly TimeSpan SweepAge = TimeSpan.FromSeconds(1);

    public OpenedLane? Open(OpenLane request)
    {
        var now = tables.Now;
        var key = request.Lane;
        if (!tables.Lanes.TryGetValue(key.LaneId, out var lane))
            tables.Lanes[key.LaneId] = lane = new(key.LaneId);
        else if (lane.Holder is { } holder && holder != key.Holder && !request.Takeover)
            return null;
        if (lane.Holder != key.Holder)
            Adopt(lane);
        lane.Epoch++;
        (lane.Holder, lane.Identity, lane.Build, lane.Serves, lane.Group) = (key.Holder, key.Identity, request.Build, [.. request.Serves], key.Group);
        lane.ExpiresAt = MemoryTime.Cut(now + request.Lease);
        return new(lane.Epoch, lane.CommitSeq, now, [.. lane.Owned.Select(id => Owned(tables.Runs[id]))]);
    }

    public bool Heartbeat(LaneKey key, long epoch, TimeSpan lease)
    {
        if (!tables.Lanes.TryGetValue(key.LaneId, out var lane) || lane.Epoch != epoch)
            return false;
        lane.ExpiresAt = MemoryTime.Cut(tables.Now + lease);
        return true;
    }

    public void Close(LaneKey key, long epoch)
    {
        if (tables.Lanes.TryGetValue(key.LaneId, out var lane) && lane.Epoch == epoch)
            Fence(lane);
    }

    public ReapResult Reap(ReapRequest request)
    {
        var now = tables.Now;
        var fenced = request.Fence ? tables.Lanes.Values.Where(lane => MayFence(lane, request, now)).ToList() : [];
        fenced.ForEach(Fence);
        var released = tables.Lanes.Values.Where(lane => lane.Holder is null && lane.Group.Number == request.Lane.Group.Number).Sum(lane => Release(lane, request.Limit, now));
        var impossible = tables.Lanes.Values.Where(lane => IsImpossible(lane, request, now)).Select(Seen).ToList();
        return new(fenced.Count, released, Sweep(request.Limit, now), impossible) { Overdue = [.. Overdue(now).Where(run => MemoryGroups.Has(request.Lane.Group, run.Shard)).Take(request.Limit)] };
    }

    private IEnumerable<OverdueRun> Overdue(DateTimeOffset now) =>
        tables.Held.Select(id => tables.Runs[id]).Where(run => run.Start.DeadlineAt <= now).Select(run => new OverdueRun(run.Id, run.Start.Namespace, run.Start.Shard));

    public List<LaneRow> Read(ShardGroup? group)
    {
        var now = tables.Now;
        return [.. tables.Lanes.Values.Where(lane => lane.Holder is not null && (group is null || lane.Group.Number == group.Number)).Select(lane =>
            new LaneRow(lane.Id, lane.Identity, lane.Build, lane.Serves, lane.ExpiresAt, lane.IsAlive(now), lane.Owned.Count) { CommitSeq = lane.CommitSeq })];
    }

    /// <summary>Dead lanes that own nothing go, once their lease has been over for long enough (X2).</summary>
    public void DeleteDead(DateTimeOffset before)
    {
        foreach (var lane in tables.Lanes.Values.Where(lane => lane.Holder is null && lane.Owned.Count == 0 && lane.ExpiresAt < before).ToList())
            tables.Lanes.Remove(lane.Id);
    }

    /// <summary>Fences every lane and puts its runs back: nothing of what a copied database says about owners is true here.</summary>
    public void DropAll()
    {
        foreach (var lane in tables.Lanes.Values)
        {
            if (lane.Holder is not null)
                Fence(lane);
            Release(lane, int.MaxValue, tables.Now);
        }
    }

    private static OwnedRun Owned(MemoryRun run) => new(run.Id, run.Owner!.Attempt, run.Owner.Gen, run.Owner.NextSeq);

    private static LaneSeen Seen(MemoryLane lane) => new(lane.Id, lane.Epoch, lane.ExpiresAt);

    /// <summary>A new incarnation takes the runs over in place: a claim, so it is counted (A1, A2).</summary>
    private void Adopt(MemoryLane lane)
    {
        foreach (var run in lane.Owned.Select(id => tables.Runs[id]))
            run.Owner = new(lane, run.CarriedAttempts + 1, run.Gen, run.History.Length(run.Gen));
    }

    private static void Fence(MemoryLane lane)
    {
        lane.Epoch++;
        lane.Holder = null;
    }

    private static bool IsImpossible(MemoryLane lane, ReapRequest request, DateTimeOffset now) =>
        lane.Holder is not null && lane.Group.Number == request.Lane.Group.Number && lane.Id != request.Lane.LaneId && lane.ExpiresAt > now + (2 * request.Lease);

    private static bool MayFence(MemoryLane lane, ReapRequest request, DateTimeOffset now) =>
        lane.Holder is not null && lane.Group.Number == request.Lane.Group.Number && lane.Id != request.Lane.LaneId
        && (lane.ExpiresAt < now || (IsImpossible(lane, request, now) && request.Unchanged.Contains(Seen(lane))));

    private int Release(MemoryLane lane, int limit, DateTimeOffset now)
    {
        var runs = lane.Owned.Take(limit).Select(id => tables.Runs[id]).ToList();
        foreach (var run in runs)
        {
            var attempt = run.CarriedAttempts;
            tables.ClearOwner(run);
            tables.PutWake(run, MemoryWakes.Released(run), attempt, now);
        }
        return runs.Count;
    }

    /// <summary>Deletes notices that lead nowhere. An ordinary one leads to an owner or a wake row without hold, a control notice to a held one too.</summary>
    private int Sweep(int limit, DateTimeOffset now)
    {
        var swept = tables.Notices.GetViewBetween(ReadyKey.Before(DateTimeOffset.MinValue), ReadyKey.Before(now - SweepAge)).Where(IsOrphan).Take(limit).ToList();
        foreach (var notice in swept)
        {
            if (tables.Runs.ContainsKey(notice.RunId))
                tables.DeleteNotice(notice.RunId, notice.Sender, notice.Seq);
            else
                tables.DeleteMessage(notice.RunId, notice.Sender, notice.Seq);
        }
        return swept.Count;
    }

    private bool IsOrphan(ReadyKey notice)
    {
        if (!tables.Runs.TryGetValue(notice.RunId, out var run))
            return true;
        var control = tables.Inboxes[notice.RunId].Messages[(notice.Sender, notice.Seq)].Control;
        return run.Owner is null && (run.Wake is not { } wake || (wake.Row.Hold != 0 && !control));
    }
}
