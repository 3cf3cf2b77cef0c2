// Task rows of the in-memory store (PROTOCOL §4.9): every end of an attempt is one conditional change of one row.
namespace Durable.Storage;

/// <summary>The four verbs of <see cref="ITaskStore"/>.</summary>
internal sealed class MemoryTasks(MemoryTables tables)
{
    public TaskClaimResult Claim(TaskClaim request)
    {
        var now = tables.Now;
        var due = new List<MemoryTask>();
        DateTimeOffset? next = null;
        foreach (var task in request.Queues.Distinct().SelectMany(queue => Matching(request, queue, now)))
        {
            if (task.VisibleAt > now)
                next = next is null || task.VisibleAt < next ? task.VisibleAt : next;
            else
                due.Add(task);
        }
        var ordered = due.OrderBy(task => task.VisibleAt).Take(Math.Max(MemoryLook.Window, request.Limit)).OrderByDescending(task => task.Row.Priority).ThenBy(task => task.VisibleAt).ToList();
        var taken = ordered.Take(request.Limit).ToList();
        foreach (var task in taken)
        {
            task.Token = Guid.NewGuid();
            task.Attempt++;
            tables.HideTask(task, task.HiddenUntil(now, task.Row.Visibility));
        }
        var left = ordered.Skip(request.Limit).Select(task => (DateTimeOffset?)task.VisibleAt).Min();
        return new(now, [.. taken.Select(task => task.ToRecord(true))], left ?? next);
    }

    public List<TaskState> Heartbeat(IReadOnlyList<TaskBeat> beats)
    {
        var now = tables.Now;
        return [.. beats.Select(beat =>
        {
            if (Held(beat.Task, beat.Token) is not { } task)
                return default;
            tables.HideTask(task, task.HiddenUntil(now, beat.Visibility));
            task.Details = beat.Details ?? task.Details;
            return new TaskState(true, task.Row.Cancel);
        })];
    }

    public List<bool> Complete(IReadOnlyList<TaskEnd> ends)
    {
        var now = tables.Now;
        return [.. ends.Select(end =>
        {
            if (Held(end.Task, end.Token) is not { } task)
                return false;
            if (end.Message is { } message)
            {
                tables.DeleteTask(task);
                tables.InsertMessage(message, now);
            }
            else
            {
                tables.HideTask(task, MemoryTime.Cut(now + end.RetryAfter));
                (task.Token, task.LogicalAttempt, task.Failures) = (null, end.LogicalAttempt, end.Failures);
            }
            return true;
        })];
    }

    public List<Guid> Expire(int limit, Func<TaskRecord, MessageRecord> failure)
    {
        var now = tables.Now;
        var over = tables.TaskDeadlines.TakeWhile(place => place.At <= now).Take(limit).Select(place => tables.Runs[place.RunId].Tasks[(place.Gen, place.No)]).ToList();
        foreach (var task in over)
        {
            tables.DeleteTask(task);
            tables.InsertMessage(failure(task.ToRecord(true)), now);
        }
        return [.. over.Select(task => task.Row.RunId).Distinct()];
    }

    private MemoryTask? Held(TaskKey key, Guid token) => tables.FindTask(key) is { } task && task.Token == token ? task : null;

    /// <summary>Tasks of a queue that the host could take: all that are due, and the first one that is not yet.</summary>
    private IEnumerable<MemoryTask> Matching(TaskClaim request, string queue, DateTimeOffset now)
    {
        if (!tables.TasksByQueue.TryGetValue(queue, out var places))
            yield break;
        foreach (var place in places)
        {
            var run = tables.Runs[place.RunId];
            var task = run.Tasks[(place.Gen, place.No)];
            if (task.IsOver(now) || !request.Known.Contains(task.Row.Activity) || request.Namespaces?.Contains(task.Row.Namespace) == false
                || request.Group.Shards?.Contains(task.Row.Shard) == false)
                continue;
            yield return task;
            if (task.VisibleAt > now)
                yield break;
        }
    }
}
