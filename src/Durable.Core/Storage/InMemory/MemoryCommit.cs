// Writing in the in-memory store: a lane's batch behind its fence (PROTOCOL §4.2), deliveries and starts (§4.5, §4.6).
namespace Durable.Storage;

/// <summary>Applies batches and deliveries. A batch is checked completely before its first change, so that it happens whole or not at all.</summary>
internal sealed class MemoryCommit(MemoryTables tables)
{
    public CommitResult Commit(LaneBatch batch)
    {
        if (!tables.Lanes.TryGetValue(batch.Lane.LaneId, out var lane) || lane.Epoch != batch.Epoch || lane.Holder != batch.Lane.Holder || lane.CommitSeq != batch.CommitSeq - 1)
            return new(CommitOutcome.Refused) { Error = $"The lane is at epoch {lane?.Epoch}, commit {lane?.CommitSeq}; the batch is {batch.CommitSeq} of epoch {batch.Epoch}." };
        if ((FindClash(batch) ?? MemoryGroups.FindStranger(batch)) is { } clash)
            return new(CommitOutcome.Rejected) { Error = clash };

        var now = tables.Now;
        lane.CommitSeq++;
        lane.ExpiresAt = MemoryTime.Cut(now + batch.Lease);
        var missing = new List<string>();
        foreach (var key in batch.Consumed)
            tables.DeleteMessage(key.RunId, key.Sender, key.SenderSeq);
        Park(lane, batch, now, missing);
        Update(batch, missing);
        Close(lane, batch, now, missing);
        ChangeTasks(batch, missing);
        var claimed = Claim(lane, batch);
        var refused = batch.Starts.Concat(batch.Children).Where(start => !Start(start, lane, now)).Select(start => start.RunId).ToList();
        foreach (var row in batch.Events)
        {
            if (tables.Runs.TryGetValue(row.RunId, out var run))
                run.History.Add(row);
            else
                missing.Add($"event of {row.RunId}");
        }
        foreach (var message in batch.Sends)
            tables.InsertMessage(message, now);
        foreach (var row in batch.Outgoing)
            tables.Outgoing.TryAdd((row.Message.Sender, row.Message.SenderSeq), (row, now));
        foreach (var key in batch.Forwarded)
            tables.Outgoing.Remove((key.Sender, key.Seq));
        batch.Documents.ForEach(tables.PutDocument);
        foreach (var trim in batch.Trims)
            tables.Runs.GetValueOrDefault(trim.RunId)?.History.Trim(trim.BelowGen, 1_000);
        return new(CommitOutcome.Committed) { Now = now, Refused = refused, Claimed = claimed, Error = missing.Count == 0 ? null : "No such row: " + string.Join(", ", missing) };
    }

    public DeliverResult Deliver(Delivery delivery)
    {
        var now = tables.Now;
        var starts = delivery.Starts.Select(start => StartOrFind(start, now)).ToList();
        return new([.. delivery.Messages.Select(message => tables.InsertMessage(message, now))], starts);
    }

    /// <summary>Whether the id is free for a run, or else how the newest run of it answers a start (N1): with the same run id it is a repeated one.</summary>
    public StartResult? Find(StartRecord start)
    {
        if (tables.Runs.ContainsKey(start.RunId))
            return new(true, null);
        return tables.Newest(start.Namespace, start.WorkflowId) is { } newest && !newest.Lets(start.Gate) ? new(false, newest.ToRecord()) : null;
    }

    private StartResult StartOrFind(StartRecord start, DateTimeOffset now)
    {
        if (Find(start) is not { } found)
        {
            Insert(start, null, now);
            return new(true, null);
        }
        if (!found.Started && start.IfRefused is { } message)
            tables.InsertMessage(message, now);
        return found;
    }

    private bool Start(StartRecord start, MemoryLane lane, DateTimeOffset now)
    {
        if (Find(start) is null)
        {
            Insert(start, lane, now);
            return true;
        }
        if (start.IfRefused is { } message)
            tables.InsertMessage(message, now);
        return false;
    }

    private void Insert(StartRecord start, MemoryLane? lane, DateTimeOffset now)
    {
        var run = tables.InsertRun(start, now);
        if (start.FirstEvent is { } first)
            run.History.Add(first);
        if (start.Owned && lane is not null)
            tables.SetOwner(run, new(lane, 1, 0, run.History.Length(0)));
        else
            tables.PutWake(run, MemoryWakes.Started(run), 0, now);
    }

    private void Park(MemoryLane lane, LaneBatch batch, DateTimeOffset now, List<string> missing)
    {
        foreach (var park in batch.Parks)
        {
            if (FindOwned(lane, park.RunId) is { } run)
            {
                tables.ClearOwner(run);
                tables.PutWake(run, park, 0, now);
            }
            else
            {
                missing.Add($"owner of parked {park.RunId}");
            }
        }
    }

    private void Update(LaneBatch batch, List<string> missing)
    {
        foreach (var update in batch.Updates)
        {
            if (!tables.Runs.TryGetValue(update.RunId, out var run))
            {
                missing.Add($"run {update.RunId}");
                continue;
            }
            run.Status = update.Status ?? run.Status;
            run.Attributes = update.Attributes ?? run.Attributes;
            run.Gen = update.Gen ?? run.Gen;
            run.Version = update.Version ?? run.Version;
            run.FirstGen = update.FirstGen ?? run.FirstGen;
        }
    }

    private void Close(MemoryLane lane, LaneBatch batch, DateTimeOffset now, List<string> missing)
    {
        foreach (var close in batch.Closes)
        {
            if (FindOwned(lane, close.RunId) is not { } run)
            {
                missing.Add($"owner of closed {close.RunId}");
                continue;
            }
            tables.ClearOwner(run);
            tables.CloseRun(run, close, now);
            if (!close.MayHaveRows)
                continue;
            tables.DeleteTasks(run);
            tables.DeleteNotices(run.Id);
        }
    }

    private void ChangeTasks(LaneBatch batch, List<string> missing)
    {
        // A task that is gone has sent its result; the run drops it (K3).
        foreach (var key in batch.TaskDeletes)
        {
            if (tables.FindTask(key) is { } task)
                tables.DeleteTask(task);
        }
        foreach (var task in batch.Tasks)
        {
            if (tables.Runs.TryGetValue(task.RunId, out var run))
                tables.InsertTask(run, task);
            else
                missing.Add($"run of task {task.RunId}");
        }
    }

    private List<OwnedRun> Claim(MemoryLane lane, LaneBatch batch)
    {
        var claimed = new List<OwnedRun>();
        foreach (var id in batch.Claims)
        {
            if (!tables.Runs.TryGetValue(id, out var run) || run.Wake is null)
                continue;
            var wake = tables.TakeWake(run);
            tables.SetOwner(run, new(lane, wake.Attempt + 1, wake.Row.Gen, wake.Row.NextSeq));
            claimed.Add(new(id, wake.Attempt + 1, wake.Row.Gen, wake.Row.NextSeq));
        }
        return claimed;
    }

    private MemoryRun? FindOwned(MemoryLane lane, Guid runId) => tables.Runs.TryGetValue(runId, out var run) && run.Owner?.Lane == lane ? run : null;

    /// <summary>What a database's keys would refuse: an event or a task that is stored already, or is twice in the batch.</summary>
    private string? FindClash(LaneBatch batch)
    {
        var events = new HashSet<(Guid, int, int)>();
        foreach (var row in batch.Events)
        {
            if (!events.Add((row.RunId, row.Gen, row.Seq)) || (tables.Runs.TryGetValue(row.RunId, out var run) && run.History.Contains(row.Gen, row.Seq)))
                return $"Event {row.RunId}/{row.Gen}/{row.Seq} is stored already.";
        }
        foreach (var first in batch.Starts.Concat(batch.Children).Select(start => start.FirstEvent).OfType<EventRecord>())
        {
            if (!events.Add((first.RunId, first.Gen, first.Seq)))
                return $"Event {first.RunId}/{first.Gen}/{first.Seq} is twice in the batch.";
        }
        var deleted = batch.TaskDeletes.ToHashSet();
        var tasks = new HashSet<TaskKey>();
        foreach (var key in batch.Tasks.Select(task => task.Key))
        {
            if (!tasks.Add(key) || (tables.FindTask(key) is not null && !deleted.Contains(key)))
                return $"Task {key.RunId}/{key.Gen}/{key.TaskNo} is stored already.";
        }
        return null;
    }
}
