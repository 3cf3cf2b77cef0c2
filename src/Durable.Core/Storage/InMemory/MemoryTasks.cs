// Task rows of the in-memory store (PROTOCOL §4.9): every end of an attempt is one conditional change of one row.
namespace Durable.Storage;

/// <summary>The four verbs of <see cref="ITaskStore"/>.</summary>
internal sealed class MemoryTasks(MemoryTables tables)
{
    public TaskClaimResult Claim(TaskClaim request)
    {
        var now = tables.Now;
        var (taken, held) = (new List<MemoryTask>(), new List<string>());
        var left = new List<MemoryTask>();
        foreach (var task in request.Queues.Distinct().SelectMany(queue => Turns(request, queue, now)).OrderBy(next => next.Turn).ThenByDescending(next => next.Task.Row.Priority)
            .ThenBy(next => next.Task.VisibleAt).Select(next => next.Task))
        {
            var queue = task.Row.Queue;
            if (taken.Count == request.Limit || (request.Most.TryGetValue(queue, out var most) && taken.Count(other => other.Row.Queue == queue) >= most)) left.Add(task);
            else taken.Add(task);
        }
        held.AddRange(request.Most.Where(bound => taken.Count(task => task.Row.Queue == bound.Key) >= bound.Value && left.Exists(task => task.Row.Queue == bound.Key)).Select(bound => bound.Key));
        var next = request.Queues.Distinct().SelectMany(queue => Matching(request, queue, now)).Where(task => task.VisibleAt > now).Concat(left.Where(task => !held.Contains(task.Row.Queue)))
            .Select(task => (DateTimeOffset?)task.VisibleAt).Min();
        foreach (var one in taken)
        {
            one.Token = Guid.NewGuid();
            one.Attempt++;
            tables.HideTask(one, one.HiddenUntil(now, one.Row.Visibility));
        }
        return new(now, [.. taken.Select(task => task.ToRecord(true))], next) { Held = held };
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
                if (end.NeverBegan) task.Attempt--;
            }
            return true;
        })];
    }

    public List<Guid> Expire(int limit, Func<TaskRecord, MessageRecord> failure, ShardGroup? group)
    {
        var now = tables.Now;
        var over = tables.TaskDeadlines.TakeWhile(place => place.At <= now).Where(place => group is null || MemoryGroups.Has(group, Shards.Of(place.RunId))).Take(limit).Select(place => tables.Runs[place.RunId].Tasks[(place.Gen, place.No)]).ToList();
        foreach (var task in over)
        {
            tables.DeleteTask(task);
            tables.InsertMessage(failure(task.ToRecord(true)), now);
        }
        return [.. over.Select(task => task.Row.RunId).Distinct()];
    }

    private MemoryTask? Held(TaskKey key, Guid token) => tables.FindTask(key) is { } task && task.Token == token ? task : null;

    /// <summary>Due tasks of a queue with their turn: of each namespace the first, then of each the second, so that the backlog of one hides no other.</summary>
    private IEnumerable<(MemoryTask Task, int Turn)> Turns(TaskClaim request, string queue, DateTimeOffset now) =>
        Matching(request, queue, now).Where(task => task.VisibleAt <= now).GroupBy(task => task.Row.Namespace)
            .SelectMany(tasks => tasks.Take(Math.Max(MemoryLook.Window, request.Limit)).OrderByDescending(task => task.Row.Priority).ThenBy(task => task.VisibleAt).Select((task, turn) => (task, turn)));

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
