// Broken rules of tasks (PROTOCOL §4.9).
using Durable.Storage;

namespace Durable.Simulation;

internal sealed class TaskNoToken : SimDatabase
{
    protected override IReadOnlyList<bool> ApplyEnds(IReadOnlyList<TaskEnd> ends) => base.ApplyEnds([.. ends.Select(end => Tables.FindTask(end.Task) is { Token: { } token } ? end with { Token = token } : end)]);
}

internal sealed class TaskNoRow : SimDatabase
{
    protected override IReadOnlyList<bool> ApplyEnds(IReadOnlyList<TaskEnd> ends)
    {
        var accepted = base.ApplyEnds(ends).ToList();
        for (var i = 0; i < accepted.Count; i++)
        {
            if (accepted[i] || ends[i].Message is not { } message || Tables.FindTask(ends[i].Task) is not null) continue;
            Tables.InsertMessage(message, Clock.GetUtcNow());
            accepted[i] = true;
        }

        return accepted;
    }
}

internal sealed class TaskUncounted : SimDatabase
{
    public override TaskClaimResult ClaimTasks(SimProcess who, TaskClaim request)
    {
        var claimed = base.ClaimTasks(who, request);
        foreach (var task in claimed.Tasks) Tables.FindTask(task.Key)!.Attempt = task.Attempt - 1;
        return claimed;
    }
}

internal sealed class NoExpire : SimDatabase
{
    public override IReadOnlyList<Guid> ExpireTasks(int limit, Func<TaskRecord, MessageRecord> failure, ShardGroup? group = null) => [];
}
