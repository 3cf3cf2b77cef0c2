// Broken rules of deliveries, starts, sweeps and reaping (PROTOCOL §4.4–§4.7, §4.10).
using Durable.Storage;

namespace Durable.Simulation;

internal abstract class DeliverRule : SimDatabase
{
    public override DeliverResult Deliver(SimProcess who, Delivery delivery, long sentAt) => base.Deliver(who, delivery with { Messages = [.. delivery.Messages.Select(Change)] }, sentAt);

    protected override CommitResult Apply(LaneBatch batch)
    {
        var changed = Batches.Copy(batch);
        for (var i = 0; i < changed.Sends.Count; i++) changed.Sends[i] = Change(changed.Sends[i]);
        return base.Apply(changed);
    }

    protected abstract MessageRecord Change(MessageRecord message);
}

internal sealed class NoNotice : DeliverRule
{
    protected override MessageRecord Change(MessageRecord message) => Rows.Copy(message, notice: false, message.Control);
}

internal sealed class NoticeOnlyIfUnowned : DeliverRule
{
    protected override MessageRecord Change(MessageRecord message) => Rows.Copy(message, message.Notice && Tables.Runs.GetValueOrDefault(message.RunId)?.Owner is null, message.Control);
}

internal sealed class ControlNeedsType : DeliverRule
{
    protected override MessageRecord Change(MessageRecord message) => Rows.Copy(message, message.Notice, control: false);
}

internal sealed class SweepTwoReads : SimDatabase
{
    public override ReapResult Reap(SimProcess who, ReapRequest request)
    {
        var owned = Tables.Notices.Where(notice => Tables.Runs.TryGetValue(notice.RunId, out var run) && run.Wake is null).ToList();
        if (owned.Count > 0) World.Schedule(null, World.Random.Millis(0, 200), () =>
        {
            foreach (var notice in owned)
                if (Tables.Runs.TryGetValue(notice.RunId, out var run) && run.Owner is null) Tables.DeleteNotice(notice.RunId, notice.Sender, notice.Seq);
        });
        return base.Reap(who, request);
    }
}

internal sealed class SweepAll : SimDatabase
{
    public override ReapResult Reap(SimProcess who, ReapRequest request)
    {
        foreach (var notice in Tables.Notices.Where(notice => notice.Due < Clock.GetUtcNow() - TimeSpan.FromSeconds(1)).ToList()) Tables.DeleteNotice(notice.RunId, notice.Sender, notice.Seq);
        return base.Reap(who, request);
    }
}

internal sealed class ReapOneStatement : SimDatabase
{
    private readonly HashSet<(long Lane, Guid Run)> stranded = [];

    // A lease that was computed before a wait is born expired: the reaper that waits for this batch fences its lane, and its one statement does not see what the batch claimed.
    protected override CommitResult Apply(LaneBatch batch)
    {
        var result = base.Apply(batch);
        if (result.Claimed.Count == 0 || !World.Random.Chance(0.05)) return result;
        var lane = Tables.Lanes[batch.Lane.LaneId];
        lane.Epoch++;
        lane.Holder = null;
        foreach (var claimed in result.Claimed) stranded.Add((lane.Id, claimed.RunId));
        return result;
    }

    public override ReapResult Reap(SimProcess who, ReapRequest request)
    {
        var kept = stranded.Where(one => Tables.Runs.TryGetValue(one.Run, out var run) && run.Owner?.Lane.Id == one.Lane && run.Owner.Lane.Holder is null).ToList();
        var reaped = base.Reap(who, request);
        foreach (var (lane, id) in kept)
        {
            if (Tables.Runs[id].Wake is null) continue;
            Tables.TakeWake(Tables.Runs[id]);
            Tables.SetOwner(Tables.Runs[id], new MemoryOwner(Tables.Lanes[lane], 1, 0, 0));
        }

        return reaped;
    }
}

internal sealed class ReleaseNoLaneLock : SimDatabase
{
    public override ReapResult Reap(SimProcess who, ReapRequest request)
    {
        var read = Tables.Lanes.Values.Where(lane => lane.Holder is null || lane.ExpiresAt < Clock.GetUtcNow()).SelectMany(lane => lane.Owned.Select(run => (lane, run))).ToList();
        if (read.Count > 0) World.Schedule(null, World.Random.Millis(0, 300), () =>
        {
            foreach (var (lane, id) in read)
            {
                if (!Tables.Runs.TryGetValue(id, out var run) || run.Owner?.Lane != lane) continue;
                Tables.ClearOwner(run);
                Tables.PutWake(run, MemoryWakes.Released(run), 0, Clock.GetUtcNow());
            }
        });
        return World.Random.Chance(0.5) ? new ReapResult(0, 0, 0, []) : base.Reap(who, request);
    }
}

internal abstract class ReapRule : SimDatabase
{
    public override ReapResult Reap(SimProcess who, ReapRequest request)
    {
        var owned = Tables.Lanes.Values.SelectMany(lane => lane.Owned.Select(run => (lane, run))).ToList();
        var before = Tables.Lanes.Values.ToDictionary(lane => lane.Id, lane => (lane.Epoch, lane.Holder));
        var reaped = base.Reap(who, request);
        foreach (var (lane, run) in owned.Where(one => Tables.Runs[one.run].Wake is not null)) Released(lane, before[lane.Id], Tables.Runs[run]);
        return reaped;
    }

    protected abstract void Released(MemoryLane lane, (long Epoch, Guid? Holder) before, MemoryRun run);
}

internal sealed class ReleaseNotAsap : ReapRule
{
    protected override void Released(MemoryLane lane, (long Epoch, Guid? Holder) before, MemoryRun run)
    {
        var wake = Tables.TakeWake(run);
        Tables.PutWake(run, Rows.Copy(wake.Row, null, asap: false), wake.Attempt, Clock.GetUtcNow());
    }
}

internal sealed class ReleaseByExpiry : ReapRule
{
    protected override void Released(MemoryLane lane, (long Epoch, Guid? Holder) before, MemoryRun run) => (lane.Epoch, lane.Holder) = before;
}

internal sealed class ClockBackNoReap : SimDatabase
{
    public override ReapResult Reap(SimProcess who, ReapRequest request) => base.Reap(who, request with { Unchanged = [] });
}

internal sealed class NoReap : SimDatabase
{
    public override ReapResult Reap(SimProcess who, ReapRequest request) => new(0, 0, 0, []);
}

internal abstract class StartRule : SimDatabase
{
    public override DeliverResult Deliver(SimProcess who, Delivery delivery, long sentAt) => base.Deliver(who, delivery with { Starts = [.. delivery.Starts.Select(Change)] }, sentAt);

    protected override CommitResult Apply(LaneBatch batch)
    {
        var changed = Batches.Copy(batch);
        for (var i = 0; i < changed.Starts.Count; i++) changed.Starts[i] = Change(changed.Starts[i]);
        for (var i = 0; i < changed.Children.Count; i++) changed.Children[i] = Change(changed.Children[i]);
        return base.Apply(changed);
    }

    protected abstract StartRecord Change(StartRecord start);
}

internal sealed class OrdinalFree : SimDatabase
{
    protected override DeliverResult ApplyDelivery(Delivery delivery) => base.ApplyDelivery(delivery with { Starts = [.. delivery.Starts.Select(start => Rows.Copy(start, StartGate.AnyClosed, start.IfRefused))] });
}

internal sealed class NoStartKey : SimDatabase
{
    protected override DeliverResult ApplyDelivery(Delivery delivery)
    {
        foreach (var start in delivery.Starts.Where(start => !Tables.Runs.ContainsKey(start.RunId)))
        {
            var run = Tables.InsertRun(start, Clock.GetUtcNow());
            Tables.PutWake(run, MemoryWakes.Started(run), 0, Clock.GetUtcNow());
        }

        return base.ApplyDelivery(delivery);
    }
}

internal sealed class RefusedUntold : StartRule
{
    protected override StartRecord Change(StartRecord start) => Rows.Copy(start, start.Gate, null);
}

internal sealed class StartNotStored : SimDatabase
{
    public override DeliverResult Deliver(SimProcess who, Delivery delivery, long sentAt) =>
        delivery.Starts.Count == 1 && World.Random.Chance(0.05) ? new DeliverResult([.. delivery.Messages.Select(_ => true)], [new StartResult(true, null)]) : base.Deliver(who, delivery, sentAt);
}

internal sealed class PurgeKeepsMail : SimDatabase
{
    protected override int ApplyPurge(PurgeRequest request)
    {
        var mail = Tables.Inboxes.Where(inbox => Tables.Runs.GetValueOrDefault(inbox.Key)?.IsClosed == true).SelectMany(inbox => inbox.Value.Messages.Values).ToList();
        var purged = base.ApplyPurge(request);
        foreach (var message in mail) Tables.InsertMessage(message, Clock.GetUtcNow());
        return purged;
    }
}

internal sealed class PurgeWithoutFence : SimDatabase
{
    protected override int ApplyPurge(PurgeRequest request)
    {
        if (World.Random.Chance(0.2) && Tables.Runs.Values.FirstOrDefault(run => !run.IsClosed && run.Wake is not null) is { } open)
        {
            var wake = Tables.TakeWake(open);
            Tables.CloseRun(open, new CloseRecord { RunId = open.Id, Shard = wake.Row.Shard, Status = RunStatus.Terminated }, Clock.GetUtcNow());
            Tables.RemoveRun(open);
        }

        return base.ApplyPurge(request);
    }
}
