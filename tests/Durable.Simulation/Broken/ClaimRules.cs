// Broken rules of looking, claiming and loading (PROTOCOL §4.3).
using Durable.Storage;

namespace Durable.Simulation;

internal sealed class ClaimNoCas : SimDatabase
{
    protected override CommitResult Apply(LaneBatch batch)
    {
        var result = base.Apply(batch);
        if (result.Outcome != CommitOutcome.Committed) return result;
        var lane = Tables.Lanes[batch.Lane.LaneId];
        var taken = result.Claimed.ToList();
        foreach (var id in batch.Claims)
        {
            if (!Tables.Runs.TryGetValue(id, out var run) || run.Owner is null || run.Owner.Lane == lane) continue;
            Tables.ClearOwner(run);
            Tables.SetOwner(run, new MemoryOwner(lane, 1, run.Gen, run.History.Length(run.Gen)));
            taken.Add(new OwnedRun(id, 1, run.Gen, run.History.Length(run.Gen)));
        }

        return new CommitResult(CommitOutcome.Committed) { Now = result.Now, Refused = result.Refused, Claimed = taken, Error = result.Error };
    }
}

internal sealed class ClaimUnfenced : SimDatabase
{
    protected override CommitResult Apply(LaneBatch batch)
    {
        var result = base.Apply(batch);
        if (result.Outcome != CommitOutcome.Refused || !Tables.Lanes.TryGetValue(batch.Lane.LaneId, out var lane)) return result;
        foreach (var id in batch.Claims)
        {
            if (!Tables.Runs.TryGetValue(id, out var run) || run.Wake is null) continue;
            var wake = Tables.TakeWake(run);
            Tables.SetOwner(run, new MemoryOwner(lane, wake.Attempt + 1, wake.Row.Gen, wake.Row.NextSeq));
        }

        return result;
    }
}

internal sealed class AttemptAfter : SimDatabase
{
    protected override CommitResult Apply(LaneBatch batch)
    {
        var result = base.Apply(batch);
        foreach (var claimed in result.Claimed) Tables.Runs[claimed.RunId].Owner = Tables.Runs[claimed.RunId].Owner! with { Attempt = 0 };
        return result.Claimed.Count == 0 ? result : new CommitResult(CommitOutcome.Committed) { Now = result.Now, Refused = result.Refused, Claimed = [.. result.Claimed.Select(run => run with { Attempt = 0 })], Error = result.Error };
    }

    protected override OpenedLane? ApplyOpen(OpenLane request)
    {
        var opened = base.ApplyOpen(request);
        foreach (var run in opened?.Owned ?? []) Tables.Runs[run.RunId].Owner = Tables.Runs[run.RunId].Owner! with { Attempt = 0 };
        return opened is null ? null : opened with { Owned = [.. opened.Owned.Select(run => run with { Attempt = 0 })] };
    }
}

internal abstract class LoadRule : SimDatabase
{
    public override IReadOnlyList<LoadedRun> Load(SimProcess who, LoadRequest request) => [.. base.Load(who, request).Select(run => Change(run, request))];

    protected abstract LoadedRun Change(LoadedRun run, LoadRequest request);
}

internal sealed class LoadByNotice : LoadRule
{
    protected override LoadedRun Change(LoadedRun run, LoadRequest request) =>
        run with { Messages = [.. run.Messages.Where(message => Tables.Inboxes[run.RunId].Notices.ContainsKey((message.Sender, message.SenderSeq)))] };
}

internal sealed class LoadFromReplica : LoadRule
{
    protected override LoadedRun Change(LoadedRun run, LoadRequest request) =>
        run.Events.Count > 1 && World.Random.Chance(0.2) ? run with { Events = [.. run.Events.Take(run.Events.Count - 1)] } : run;
}

internal sealed class UnorderedRead : LoadRule
{
    protected override LoadedRun Change(LoadedRun run, LoadRequest request) => run with { Messages = [.. run.Messages.Where(_ => World.Random.Chance(0.7)).OrderBy(_ => World.Random.Next())] };
}

internal sealed class NoDedupe : LoadRule
{
    protected override LoadedRun Change(LoadedRun run, LoadRequest request) => run with { Events = [.. run.Events.Select(Rows.WithoutSender)] };
}

internal abstract class LookRule : SimDatabase
{
    protected bool IsDue(Guid run, Func<DateTimeOffset, bool> due) =>
        Tables.Runs.TryGetValue(run, out var row) && ((row.Wake is { } wake && wake.Due <= Clock.GetUtcNow() && due(wake.Due)) || (Tables.Inboxes.TryGetValue(run, out var inbox) && inbox.Notices.Values.Any(due)));
}

internal sealed class NotifyOnly : LookRule
{
    public override LookResult Look(SimProcess who, LookRequest request)
    {
        var found = base.Look(who, request);
        return found with { Claimable = [.. found.Claimable.Where(Heard)], Mail = [.. found.Mail.Where(Heard)] };
    }

    private bool Heard(Guid run) => IsDue(run, due => due > Clock.GetUtcNow() - TimeSpan.FromMilliseconds(400));
}

internal sealed class NoSweep : LookRule
{
    public override LookResult Look(SimProcess who, LookRequest request) => base.Look(who, request with { From = request.From ?? Clock.GetUtcNow() - TimeSpan.FromSeconds(1) });
}

internal sealed class AsapByClock : LookRule
{
    public override LookResult Look(SimProcess who, LookRequest request)
    {
        var found = base.Look(who, request);
        var now = Clock.GetUtcNow();
        return found with { Claimable = [.. found.Claimable.Where(run => IsDue(run, due => due <= now))], Mail = [.. found.Mail.Where(run => IsDue(run, due => due <= now))] };
    }
}

internal sealed class NoticeEarly : LookRule
{
    public override LookResult Look(SimProcess who, LookRequest request)
    {
        var found = base.Look(who, request);
        foreach (var run in found.Mail) Tables.DeleteNotices(run);
        return found;
    }
}

internal sealed class TimerByHostClock : SimDatabase
{
    public override LookResult Look(SimProcess who, LookRequest request) => base.Look(who, request) with { Now = who.Clock.GetUtcNow() };

    public override CommitResult Commit(SimProcess who, LaneBatch batch)
    {
        var result = base.Commit(who, batch);
        return new CommitResult(result.Outcome) { Now = who.Clock.GetUtcNow(), Refused = result.Refused, Claimed = result.Claimed, Error = result.Error };
    }

    public override TaskClaimResult ClaimTasks(SimProcess who, TaskClaim request) => base.ClaimTasks(who, request) with { Now = who.Clock.GetUtcNow() };
}
