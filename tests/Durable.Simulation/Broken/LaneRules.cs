// Broken rules of lanes: fence, number, read-back, adoption, effects (PROTOCOL §4.1, §4.2).
using Durable.Storage;

namespace Durable.Simulation;

internal class NoFence : SimDatabase
{
    protected override CommitResult Apply(LaneBatch batch) =>
        base.Apply(Tables.Lanes.TryGetValue(batch.Lane.LaneId, out var lane) ? Batches.Copy(batch, lane.Epoch, lane.CommitSeq + 1) : batch);
}

internal sealed class FenceByCount : NoFence
{
    protected override CommitResult Apply(LaneBatch batch)
    {
        if (!Tables.Lanes.TryGetValue(batch.Lane.LaneId, out var lane) || (lane.Epoch == batch.Epoch && lane.CommitSeq == batch.CommitSeq - 1)) return base.Apply(batch);
        var applied = base.Apply(batch);
        if (applied.Outcome != CommitOutcome.Committed) return applied;
        lane.CommitSeq--;
        Judge.Committed(batch, applied, Judge.Strangers(batch));
        return new CommitResult(CommitOutcome.Refused);
    }
}

internal sealed class NoEpoch : SimDatabase
{
    protected override CommitResult Apply(LaneBatch batch) =>
        base.Apply(Tables.Lanes.TryGetValue(batch.Lane.LaneId, out var lane) ? Batches.Copy(batch, lane.Epoch) : batch);
}

internal sealed class ReadBackNoBump : SimDatabase
{
    protected override OpenedLane? ApplyOpen(OpenLane request)
    {
        var before = Tables.Lanes.GetValueOrDefault(request.Lane.LaneId) is { } lane && lane.Holder == request.Lane.Holder ? lane.Epoch : 0;
        var opened = base.ApplyOpen(request);
        if (before == 0 || opened is null) return opened;
        Tables.Lanes[request.Lane.LaneId].Epoch = before;
        return opened with { Epoch = before };
    }
}

internal sealed class BurnSeq : SimDatabase
{
    protected override OpenedLane? ApplyOpen(OpenLane request)
    {
        var isReadBack = Tables.Lanes.GetValueOrDefault(request.Lane.LaneId)?.Holder == request.Lane.Holder;
        var opened = base.ApplyOpen(request);
        if (opened is null || !isReadBack) return opened;
        var lane = Tables.Lanes[request.Lane.LaneId];
        lane.CommitSeq++;
        return opened with { CommitSeq = lane.CommitSeq };
    }
}

internal sealed class StaleReadBack : SimDatabase
{
    protected override OpenedLane? ApplyOpen(OpenLane request)
    {
        var isReadBack = Tables.Lanes.GetValueOrDefault(request.Lane.LaneId)?.Holder == request.Lane.Holder;
        var opened = base.ApplyOpen(request);
        return opened is { CommitSeq: > 0 } && isReadBack ? opened with { CommitSeq = opened.CommitSeq - 1 } : opened;
    }
}

internal sealed class StealBack : SimDatabase
{
    protected override OpenedLane? ApplyOpen(OpenLane request) => base.ApplyOpen(request with { Takeover = true });
}

internal sealed class NoOwnedList : SimDatabase
{
    private readonly Dictionary<long, List<OwnedRun>> had = [];

    public override ReapResult Reap(SimProcess who, ReapRequest request)
    {
        foreach (var lane in Tables.Lanes.Values.Where(lane => lane.Holder is not null))
            had[lane.Id] = [.. lane.Owned.Select(id => new OwnedRun(id, 1, Tables.Runs[id].Gen, Tables.Runs[id].History.Length(Tables.Runs[id].Gen)))];
        return base.Reap(who, request);
    }

    protected override OpenedLane? ApplyOpen(OpenLane request)
    {
        var wasFenced = Tables.Lanes.GetValueOrDefault(request.Lane.LaneId) is { Holder: null };
        var opened = base.ApplyOpen(request);
        return opened is not null && wasFenced && !request.Takeover && had.TryGetValue(request.Lane.LaneId, out var runs) ? opened with { Owned = [.. runs.Where(run => Tables.Runs.TryGetValue(run.RunId, out var row) && !row.IsClosed)] } : opened;
    }
}

internal sealed class AdoptUncounted : SimDatabase
{
    protected override OpenedLane? ApplyOpen(OpenLane request)
    {
        var before = Tables.Lanes.GetValueOrDefault(request.Lane.LaneId)?.Owned.ToDictionary(id => id, id => Tables.Runs[id].Owner!.Attempt) ?? [];
        var opened = base.ApplyOpen(request);
        if (opened is null) return null;
        foreach (var (id, attempt) in before) Tables.Runs[id].Owner = Tables.Runs[id].Owner! with { Attempt = attempt };
        return opened with { Owned = [.. opened.Owned.Select(run => before.TryGetValue(run.RunId, out var attempt) ? run with { Attempt = attempt } : run)] };
    }
}

internal sealed class TornBatch : SimDatabase
{
    protected override CommitResult Apply(LaneBatch batch)
    {
        if (batch.Sends.Count == 0 || !World.Random.Chance(0.1)) return base.Apply(batch);
        var torn = Batches.Copy(batch);
        torn.Sends.Clear();
        return base.Apply(torn);
    }
}

internal sealed class TornEvents : SimDatabase
{
    protected override CommitResult Apply(LaneBatch batch)
    {
        if (batch.Events.Count == 0 || !World.Random.Chance(0.02)) return base.Apply(batch);
        var torn = Batches.Copy(batch);
        torn.Events.RemoveAt(torn.Events.Count - 1);
        return base.Apply(torn);
    }
}

internal sealed class EffectBeforeCommit : SimDatabase
{
    public override bool AcknowledgesEarly(LaneBatch batch) => batch.Claims.Count + batch.Starts.Count + batch.Children.Count == 0;
}

internal sealed class CloseKeepsTasks : SimDatabase
{
    protected override CommitResult Apply(LaneBatch batch)
    {
        var tasks = batch.Closes.Where(close => Tables.Runs.ContainsKey(close.RunId)).SelectMany(close => Tables.Runs[close.RunId].Tasks.Values.Select(task => task.ToRecord(true))).ToList();
        var result = base.Apply(batch);
        if (result.Outcome == CommitOutcome.Committed)
            foreach (var task in tasks) Tables.InsertTask(Tables.Runs[task.RunId], task);
        return result;
    }
}

internal abstract class ParkRule : SimDatabase
{
    protected override CommitResult Apply(LaneBatch batch)
    {
        var changed = Batches.Copy(batch);
        for (var i = 0; i < changed.Parks.Count; i++)
            if (changed.Parks[i].Hold == 0) changed.Parks[i] = Change(changed.Parks[i]);
        return base.Apply(changed);
    }

    protected abstract ParkRecord Change(ParkRecord park);
}

internal sealed class ParkForgetsAsap : ParkRule
{
    protected override ParkRecord Change(ParkRecord park) => Rows.Copy(park, park.DueAt, asap: false);
}

internal sealed class ParkForgetsTimer : ParkRule
{
    protected override ParkRecord Change(ParkRecord park) => Rows.Copy(park, null, park.Asap);
}

internal sealed class InboxByRun : SimDatabase
{
    protected override CommitResult Apply(LaneBatch batch)
    {
        var result = base.Apply(batch);
        if (result.Outcome != CommitOutcome.Committed) return result;
        foreach (var update in batch.Updates.Where(update => update.Gen is not null))
            foreach (var (sender, seq) in Tables.Inboxes.GetValueOrDefault(update.RunId)?.Messages.Keys.ToList() ?? []) Tables.DeleteMessage(update.RunId, sender, seq);
        return result;
    }
}

internal sealed class NoSeqCheck : SimDatabase
{
    protected override CommitResult Apply(LaneBatch batch) =>
        base.Apply(Tables.Lanes.TryGetValue(batch.Lane.LaneId, out var lane) ? Batches.Copy(batch, commitSeq: lane.CommitSeq + 1) : batch);
}

internal sealed class CacheKept : SimDatabase
{
    // A lane that another one has is told that nothing happened, and keeps what it has in memory.
    protected override OpenedLane? ApplyOpen(OpenLane request)
    {
        var opened = base.ApplyOpen(request);
        if (opened is not null || !Tables.Lanes.TryGetValue(request.Lane.LaneId, out var lane)) return opened;
        return new OpenedLane(lane.Epoch, lane.CommitSeq, Clock.GetUtcNow(), [.. lane.Owned.Select(id => new OwnedRun(id, 1, Tables.Runs[id].Gen, Tables.Runs[id].History.Length(Tables.Runs[id].Gen)))]);
    }
}

internal sealed class FailoverUnseen : SimDatabase
{
    public override IReadOnlyList<LaneRow> ReadLanes() => [.. base.ReadLanes().Select(lane => lane with { CommitSeq = long.MaxValue })];
}

internal sealed class CloseDropsMail : SimDatabase
{
    protected override CommitResult Apply(LaneBatch batch)
    {
        var result = base.Apply(batch);
        if (result.Outcome != CommitOutcome.Committed) return result;
        foreach (var close in batch.Closes)
            foreach (var (sender, seq) in Tables.Inboxes.GetValueOrDefault(close.RunId)?.Messages.Keys.ToList() ?? []) Tables.DeleteMessage(close.RunId, sender, seq);
        return result;
    }
}

internal sealed class TrimTooFar : SimDatabase
{
    protected override CommitResult Apply(LaneBatch batch)
    {
        var changed = Batches.Copy(batch);
        for (var i = 0; i < changed.Trims.Count; i++) changed.Trims[i] = changed.Trims[i] with { BelowGen = int.MaxValue };
        return base.Apply(changed);
    }
}

internal sealed class AnswerLost : SimDatabase
{
    protected override CommitResult Apply(LaneBatch batch)
    {
        var changed = Batches.Copy(batch);
        changed.Documents.RemoveAll(static document => document.Kind == "update");
        return base.Apply(changed);
    }
}
