// Splits a batch by run after the store refused it.
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Takes batches apart. A run's rows stay together and in order.</summary>
internal static class BatchSplitter
{
    /// <summary>The runs that a batch holds rows of.</summary>
    public static IReadOnlyList<Guid> Runs(LaneBatch rows) => [.. rows.Starts.Select(r => r.RunId).Concat(rows.Children.Select(Parent)).Concat(rows.Events.Select(r => r.RunId))
        .Concat(rows.Consumed.Select(r => r.RunId)).Concat(rows.Parks.Select(r => r.RunId)).Concat(rows.Closes.Select(r => r.RunId)).Concat(rows.Updates.Select(r => r.RunId))
        .Concat(rows.Sends.Select(Sender)).Concat(rows.Outgoing.Select(r => r.Message.Sender)).Concat(rows.Forwarded.Select(r => r.Sender)).Concat(rows.Tasks.Select(r => r.RunId)).Concat(rows.TaskDeletes.Select(r => r.RunId)).Concat(rows.Claims)
        .Concat(rows.Documents.Where(r => r.RunId is not null).Select(r => r.RunId!.Value)).Concat(rows.Trims.Select(r => r.RunId)).Distinct()];

    /// <summary>Two batches, each with half of the runs.</summary>
    public static (PendingBatch Left, PendingBatch Right) Halve(PendingBatch batch, LaneKey lane, TimeSpan lease, IReadOnlyList<Guid> runs)
    {
        var first = runs.Take(runs.Count / 2).ToHashSet();
        var left = new PendingBatch(lane, lease);
        var right = new PendingBatch(lane, lease);
        PendingBatch Half(Guid run) => first.Contains(run) ? left : right;
        var rows = batch.Rows;
        rows.Starts.ForEach(r => Half(r.RunId).Rows.Starts.Add(r));
        rows.Children.ForEach(r => Half(Parent(r)).Rows.Children.Add(r));
        rows.Events.ForEach(r => Half(r.RunId).Rows.Events.Add(r));
        rows.Consumed.ForEach(r => Half(r.RunId).Rows.Consumed.Add(r));
        rows.Parks.ForEach(r => Half(r.RunId).Rows.Parks.Add(r));
        rows.Closes.ForEach(r => Half(r.RunId).Rows.Closes.Add(r));
        rows.Updates.ForEach(r => Half(r.RunId).Rows.Updates.Add(r));
        rows.Sends.ForEach(r => Half(Sender(r)).Rows.Sends.Add(r));
        rows.Outgoing.ForEach(r => Half(r.Message.Sender).Rows.Outgoing.Add(r));
        rows.Forwarded.ForEach(r => Half(r.Sender).Rows.Forwarded.Add(r));
        rows.Tasks.ForEach(r => Half(r.RunId).Rows.Tasks.Add(r));
        rows.TaskDeletes.ForEach(r => Half(r.RunId).Rows.TaskDeletes.Add(r));
        rows.Claims.ForEach(r => Half(r).Rows.Claims.Add(r));
        rows.Documents.ForEach(r => Half(r.RunId ?? Guid.Empty).Rows.Documents.Add(r));
        rows.Trims.ForEach(r => Half(r.RunId).Rows.Trims.Add(r));
        var parents = rows.Children.ToDictionary(child => child.RunId, Parent);
        PendingBatch HalfOf(Guid run) => Half(parents.GetValueOrDefault(run, run));          // a child's first rows are in its parent's half
        foreach (var slot in batch.Slots)
        {
            var half = HalfOf(slot.RunId);
            half.Slots.Add(slot);
            if (slot.LastBatch == batch) slot.LastBatch = half;
        }

        foreach (var effect in batch.Effects) HalfOf(effect.Slot.RunId).Effects.Add(effect);
        foreach (var entry in batch.Log) HalfOf(entry.Execution.Info.RunId).Log.Add(entry);
        foreach (var (run, start) in batch.Starts ?? []) (HalfOf(run).Starts ??= []).Add(run, start);
        foreach (var after in batch.AfterCommit) HalfOf(after.Run).AfterCommit.Add(after);
        foreach (var after in batch.AfterLoss) HalfOf(after.Run).AfterLoss.Add(after);
        return (left, right);
    }

    /// <summary>Takes a run's rows out of a batch that was not sent, and tells those who wait for them.</summary>
    public static void RemoveRun(PendingBatch batch, Guid run, Exception reason)
    {
        var rows = batch.Rows;
        var gone = rows.Children.Where(child => Parent(child) == run).Select(child => child.RunId).Append(run).ToHashSet();
        rows.Starts.RemoveAll(r => r.RunId == run);
        rows.Children.RemoveAll(r => Parent(r) == run);
        rows.Events.RemoveAll(r => r.RunId == run);
        rows.Consumed.RemoveAll(r => r.RunId == run);
        rows.Parks.RemoveAll(r => r.RunId == run);
        rows.Closes.RemoveAll(r => r.RunId == run);
        rows.Updates.RemoveAll(r => r.RunId == run);
        rows.Sends.RemoveAll(r => Sender(r) == run);
        rows.Outgoing.RemoveAll(r => r.Message.Sender == run);
        rows.Forwarded.RemoveAll(r => r.Sender == run);
        rows.Tasks.RemoveAll(r => r.RunId == run);
        rows.TaskDeletes.RemoveAll(r => r.RunId == run);
        rows.Documents.RemoveAll(r => r.RunId == run);
        rows.Trims.RemoveAll(r => r.RunId == run);
        batch.Effects.RemoveAll(effect => gone.Contains(effect.Slot.RunId));
        batch.Log.RemoveAll(entry => gone.Contains(entry.Execution.Info.RunId));
        batch.Slots.RemoveWhere(slot => gone.Contains(slot.RunId));
        foreach (var lost in gone) batch.Starts?.Remove(lost);
        batch.AfterCommit.RemoveAll(after => gone.Contains(after.Run));
        foreach (var (_, tell) in batch.AfterLoss.Where(after => gone.Contains(after.Run)).ToList()) tell(reason);
        batch.AfterLoss.RemoveAll(after => gone.Contains(after.Run));
    }

    private static Guid Parent(StartRecord child) => child.Parent ?? child.RunId;

    // A message that the engine sends carries the sending run as its sender; an item carried over carries the original sender and stays with its run.
    private static Guid Sender(MessageRecord message) => message.Causation is { } cause && Guid.TryParse(cause, out var run) ? run : message.RunId;
}
