// Counts which rules a world exercised, from what the verbs were asked and what they answered. It decides nothing.
using System.Text;
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Simulation;

/// <summary>Looks at verbs before and after they happen.</summary>
internal sealed class Counter(World world, SimDatabase database)
{
    private readonly Dictionary<Guid, (long Seq, bool Claims)> sent = [];

    private MemoryTables Tables => database.Tables;

    /// <summary>A lane sends a batch.</summary>
    public void Sent(LaneBatch batch) => sent[batch.Lane.Holder] = (batch.CommitSeq, batch.Claims.Count > 0);

    public void Opened(OpenLane request, MemoryLane? before, Guid? holder, OpenedLane? opened)
    {
        if (opened is null) return;
        world.Exercise(Rule.O1, before is null);
        world.Exercise(Rule.O2Incarnation, before is not null && holder != request.Lane.Holder && opened.Owned.Count > 0);
        world.Exercise(Rule.O4, request.Lane.Identity.Contains('~', StringComparison.Ordinal));
        world.Exercise(Rule.A1, opened.Owned.Any(run => run.Attempt > 1));
        if (holder != request.Lane.Holder) return;
        world.Exercise(Rule.O2ReadBack);
        if (!sent.TryGetValue(request.Lane.Holder, out var last)) return;
        world.Exercise(opened.CommitSeq == last.Seq ? Rule.O3Durable : opened.CommitSeq == last.Seq - 1 ? Rule.O3Undone : Rule.O3WentBack);
        world.Exercise(Rule.L4, last.Claims);
    }

    public void Looked(LookResult found)
    {
        world.Exercise(Rule.L1Claim, found.Claimable.Count > 0);
        world.Exercise(Rule.L1Mail, found.Mail.Count > 0);
    }

    public void Loaded(IReadOnlyList<LoadedRun> runs) => world.Exercise(Rule.L3, runs.Any(run =>
        run.Messages.Any(message => message.Notice && Tables.Inboxes.TryGetValue(run.RunId, out var inbox) && !inbox.Notices.ContainsKey((message.Sender, message.SenderSeq)))));

    /// <summary>Before a batch is applied: what it meets.</summary>
    public void Committing(LaneBatch batch)
    {
        if (!Tables.Lanes.TryGetValue(batch.Lane.LaneId, out var lane) || lane.Epoch != batch.Epoch || lane.CommitSeq != batch.CommitSeq - 1) return;
        foreach (var id in batch.Claims)
        {
            if (!Tables.Runs.TryGetValue(id, out var run) || run.Wake is not { } wake) continue;
            world.Exercise(Rule.S5, wake.Row is { Asap: true, Hold: 0 } && wake.Due > Tables.Now);
            world.Exercise(Rule.T3, wake.Row.Hold is not (0 or HoldReasons.Stalled) || (wake.Row.Hold != 0 && HasControl(id)));
            world.Exercise(Rule.Dec14Other, wake.Row.Hold == HoldReasons.Stalled && !HasControl(id));
        }

        var recorded = batch.Events.Where(row => row.Sender != Guid.Empty).Select(row => (row.RunId, row.Sender, row.SenderSeq)).ToHashSet();
        var answered = batch.Documents.Where(document => document.Kind == "update").Select(document => document.RunId).ToHashSet();
        foreach (var key in batch.Consumed)
        {
            world.Exercise(Rule.C2);
            if (recorded.Contains((key.RunId, key.Sender, key.SenderSeq))) continue;
            if (!Tables.Inboxes.TryGetValue(key.RunId, out var inbox) || !inbox.Messages.TryGetValue((key.Sender, key.SenderSeq), out var message) || !Tables.Runs.TryGetValue(key.RunId, out var run)) continue;
            var isOfAnother = EventKinds.IsReply((EventKind)message.Kind) && message.ReplyGen != run.Gen;
            world.Exercise(Rule.Dec11Reply, isOfAnother);
            world.Exercise(Rule.Dec16Rejected, (EventKind)message.Kind == EventKind.UpdateReceived && answered.Contains(key.RunId));
            world.Exercise(Rule.M2Known, key.SenderSeq < 0 && database.Judge.HasConsumed(key));
            world.Exercise(Rule.D5, !isOfAnother && database.Judge.HasConsumed(key));
        }

        foreach (var update in batch.Updates.Where(update => update.Gen is not null))
        {
            world.Exercise(Rule.C5);
            world.Exercise(Rule.S1, Tables.Inboxes.ContainsKey(update.RunId));
            world.Exercise(Rule.Dec11Tasks, batch.TaskDeletes.Any(task => task.RunId == update.RunId && task.Gen < update.Gen));
        }
    }

    public void Committed(LaneBatch batch, CommitResult result)
    {
        world.Exercise(Rule.C1, result.Outcome == CommitOutcome.Refused);
        if (result.Outcome != CommitOutcome.Committed) return;
        Many(Rule.C3, batch.Parks.Count);
        world.Exercise(Rule.C3Known, batch.Parks.Any(park => park.Asap));
        world.Exercise(Rule.S4, batch.Parks.Any(park => park.Hold != 0));
        world.Exercise(Rule.A1Held, batch.Parks.Any(park => (park.Hold & HoldReasons.Quarantined) != 0));
        world.Exercise(Rule.Dec14Builds, batch.Parks.Any(park => park.Hold == HoldReasons.Stalled));
        Many(Rule.C4, batch.Closes.Count);
        Many(Rule.C6, batch.Events.Count);
        Many(Rule.C7Send, batch.Sends.Count);
        Many(Rule.C7Child, batch.Children.Count);
        Many(Rule.C7Task, batch.Tasks.Count);
        Many(Rule.L2Taken, result.Claimed.Count);
        world.Exercise(Rule.L2Missed, batch.Claims.Count > result.Claimed.Count);
        world.Exercise(Rule.A1, result.Claimed.Any(run => run.Attempt > 1));
        Many(Rule.K3, batch.TaskDeletes.Count);
        Many(Rule.Dec10, batch.Trims.Count);
        world.Exercise(Rule.Dec12Carried, batch.Sends.Any(message => message.Kind == (short)EventKind.MessageCarried) || batch.Events.Any(row => row.Kind == (short)EventKind.MessageCarried));
        world.Exercise(Rule.Dec12Dead, batch.Closes.Count > 0 && batch.Sends.Any(message => !message.Notice && batch.Closes.Any(close => close.RunId == message.RunId)));
        world.Exercise(Rule.Dec13Row, batch.Tasks.Any(task => task is { Queue: "", LogicalAttempt: > 0 }));
        world.Exercise(Rule.D3, batch.Closes.Any(close => Tables.Inboxes.ContainsKey(close.RunId)));
        world.Exercise(Rule.Dec14Deadline, batch.Closes.Any(close => close.Status == RunStatus.TimedOut));
        world.Exercise(Rule.Dec16, batch.Documents.Any(document => document.Kind == "update"));
        foreach (var start in batch.Starts.Concat(batch.Children))
        {
            var refused = result.Refused.Contains(start.RunId);
            world.Exercise(Rule.N3Owned, start.Owned && !refused);
            world.Exercise(Rule.N3Refused, refused && start.IfRefused is not null);
        }

        foreach (var row in batch.Events) Appended(row);
    }

    /// <summary>A batch in a world with several groups.</summary>
    public void Crossed(LaneBatch batch, CommitResult result)
    {
        if (result.Outcome != CommitOutcome.Committed) return;
        world.Exercise(Rule.M1);
        world.Exercise(Rule.M3, database.IsAway(~0));
        foreach (var row in batch.Outgoing)
        {
            world.Exercise(row.Message.Kind == (short)EventKind.RunStarted ? Rule.M2Child : Rule.M2Sent);
            world.Exercise(Rule.M2Waited, database.IsAway(database.MaskOf(row.Message.Shard)));
        }

        Many(Rule.M2Answer, batch.Forwarded.Count);
        world.Exercise(Rule.M2ChildRefused, batch.Forwarded.Count > 0 && batch.Events.Any(row => row.Kind == (short)EventKind.ChildStartFailed));
        foreach (var row in batch.Events.Where(row => row.SenderSeq < 0 && row.Kind != (short)EventKind.MessageCarried))
        {
            world.Exercise(Rule.M2Recorded);
            world.Exercise(Rule.M2Result, (EventKind)row.Kind is EventKind.ChildCompleted or EventKind.ChildFailed);
        }
    }

    /// <summary>A delivery in a world with several groups.</summary>
    public void Arrived(Delivery delivery, DeliverResult result, SimProcess who, HashSet<(Guid Sender, long Seq)> refused)
    {
        for (var i = 0; i < delivery.Messages.Count; i++)
        {
            var message = delivery.Messages[i];
            if (message.SenderSeq >= 0) continue;
            world.Exercise(Rule.M2Mended, refused.Remove((message.Sender, message.SenderSeq)));
            world.Exercise(Rule.M2Twice, !result.Accepted[i] || database.Judge.HasConsumed(message.Key));
            var owner = Tables.Runs.GetValueOrDefault(message.Sender)?.Owner?.Lane.Holder;
            world.Exercise(Rule.M2Swept, owner is null || database.Holders.GetValueOrDefault(owner.Value) != who);
        }
    }

    public void Delivered(Delivery delivery, DeliverResult result)
    {
        for (var i = 0; i < delivery.Messages.Count; i++)
        {
            world.Exercise(Rule.D1, result.Accepted[i]);
            var run = Tables.Runs.GetValueOrDefault(delivery.Messages[i].RunId);
            world.Exercise(Rule.D2, result.Accepted[i] && run?.Owner is not null);
            world.Exercise(Rule.S2, run?.IsClosed == true);
        }

        for (var i = 0; i < delivery.Starts.Count; i++) world.Exercise(result.Starts[i].Started ? Rule.N1 : Rule.N2);
    }

    /// <summary>What the runs of lanes are before a reaper comes.</summary>
    public List<(MemoryRun Run, int Attempt)> Reaping() => [.. Tables.Lanes.Values.Where(lane => lane.Owned.Count > 0).SelectMany(lane => lane.Owned).Select(id => (Tables.Runs[id], Tables.Runs[id].Owner!.Attempt))];

    public void Reaped(ReapRequest request, List<(MemoryRun Run, int Attempt)> owned, ReapResult result)
    {
        Many(Rule.R1, result.Fenced);
        Many(Rule.R2, result.Released);
        Many(Rule.D8, result.Swept);
        world.Exercise(Rule.R5, request.Unchanged.Count > 0 && result.Fenced > 0);
        if (result.Released == 0) return;
        foreach (var (run, attempt) in owned.Where(one => one.Run.Wake is not null))
        {
            world.Exercise(Rule.A2Moved, run.Wake!.Attempt == 0);
            world.Exercise(Rule.A2Carried, run.Wake!.Attempt == attempt);
            world.Exercise(Rule.R3, !Tables.Inboxes.ContainsKey(run.Id));
        }
    }

    public void TasksEnded(IReadOnlyList<TaskEnd> ends, IReadOnlyList<bool> accepted)
    {
        for (var i = 0; i < ends.Count; i++) world.Exercise(!accepted[i] ? Rule.K2Late : ends[i].Message is null ? Rule.K2Again : Rule.K2);
    }

    /// <summary>Adds to a count.</summary>
    public void Many(Rule rule, int times)
    {
        if (!world.IsMuted) world.Exercised[(int)rule] += times;
    }

    private void Appended(EventRecord row)
    {
        var kind = (EventKind)row.Kind;
        world.Exercise(Rule.T1, kind == EventKind.TimerFired);
        world.Exercise(Rule.T2, kind is EventKind.CancelRequested or EventKind.Terminated or EventKind.Resumed);
        world.Exercise(Rule.Dec15, kind == EventKind.CancelRequested);
        world.Exercise(Rule.Dec12Mail, kind == EventKind.MailReceived);
        world.Exercise(Rule.Dec18, kind is EventKind.PromiseCompleted or EventKind.PromiseFailed);
        world.Exercise(Rule.Dec6Copied, kind == EventKind.RunStarted && row is { Gen: 0, Seq: 0 });
        world.Exercise(Rule.Dec13AtMostOnce, kind == EventKind.ActivityFailed && row.Payload is { } payload && Encoding.UTF8.GetString(payload).Contains(DurableErrorCodes.ActivityInDoubt, StringComparison.Ordinal));
    }

    private bool HasControl(Guid run) => Tables.Inboxes.TryGetValue(run, out var inbox) && inbox.Messages.Values.Any(message => message.Control);
}
