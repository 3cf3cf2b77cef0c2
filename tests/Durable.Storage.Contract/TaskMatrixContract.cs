// The whole state machine of a task row (protocol K1, K2; S3-T05 of the requirements): every state meets everything that can happen to it.
namespace Durable.Storage.Contract;

/// <summary>States of a task row.</summary>
public enum TaskPlace
{
    /// <summary>It waits for its time, and nobody has taken it yet.</summary>
    Scheduled,

    /// <summary>Anybody may take it.</summary>
    Due,

    /// <summary>An attempt has it.</summary>
    Taken,

    /// <summary>An attempt has it that has not been heard of for too long: anybody may take it.</summary>
    Silent,

    /// <summary>An attempt gave it back for later.</summary>
    Retrying,

    /// <summary>Nobody has it, and its deadline is over.</summary>
    Overdue,

    /// <summary>There is no row.</summary>
    Gone,
}

/// <summary>What can happen to a task row.</summary>
public enum TaskEvent
{
    /// <summary>A host asks for work.</summary>
    Claim,

    /// <summary>The first attempt says that it lives.</summary>
    Beat,

    /// <summary>The first attempt ends it.</summary>
    Complete,

    /// <summary>An attempt that never had it ends it.</summary>
    StrangerCompletes,

    /// <summary>The first attempt asks for another one later.</summary>
    Retry,

    /// <summary>A host looks for tasks whose deadline is over.</summary>
    Expire,

    /// <summary>The owner of the run gives the call up.</summary>
    Withdraw,
}

/// <summary>The table, and a test for each of its rows.</summary>
public abstract class TaskMatrixContract : StoreContract
{
    private static readonly Dictionary<(TaskPlace From, TaskEvent Event), (TaskPlace To, bool Counts)> Table = new()
    {
        [(TaskPlace.Scheduled, TaskEvent.Claim)] = (TaskPlace.Scheduled, false),
        [(TaskPlace.Scheduled, TaskEvent.Beat)] = (TaskPlace.Scheduled, false),
        [(TaskPlace.Scheduled, TaskEvent.Complete)] = (TaskPlace.Scheduled, false),
        [(TaskPlace.Scheduled, TaskEvent.StrangerCompletes)] = (TaskPlace.Scheduled, false),
        [(TaskPlace.Scheduled, TaskEvent.Retry)] = (TaskPlace.Scheduled, false),
        [(TaskPlace.Scheduled, TaskEvent.Expire)] = (TaskPlace.Scheduled, false),
        [(TaskPlace.Scheduled, TaskEvent.Withdraw)] = (TaskPlace.Gone, true),
        [(TaskPlace.Due, TaskEvent.Claim)] = (TaskPlace.Taken, true),
        [(TaskPlace.Due, TaskEvent.Beat)] = (TaskPlace.Due, false),
        [(TaskPlace.Due, TaskEvent.Complete)] = (TaskPlace.Due, false),
        [(TaskPlace.Due, TaskEvent.StrangerCompletes)] = (TaskPlace.Due, false),
        [(TaskPlace.Due, TaskEvent.Retry)] = (TaskPlace.Due, false),
        [(TaskPlace.Due, TaskEvent.Expire)] = (TaskPlace.Due, false),
        [(TaskPlace.Due, TaskEvent.Withdraw)] = (TaskPlace.Gone, true),
        [(TaskPlace.Taken, TaskEvent.Claim)] = (TaskPlace.Taken, false),
        [(TaskPlace.Taken, TaskEvent.Beat)] = (TaskPlace.Taken, true),
        [(TaskPlace.Taken, TaskEvent.Complete)] = (TaskPlace.Gone, true),
        [(TaskPlace.Taken, TaskEvent.StrangerCompletes)] = (TaskPlace.Taken, false),
        [(TaskPlace.Taken, TaskEvent.Retry)] = (TaskPlace.Retrying, true),
        [(TaskPlace.Taken, TaskEvent.Expire)] = (TaskPlace.Taken, false),
        [(TaskPlace.Taken, TaskEvent.Withdraw)] = (TaskPlace.Gone, true),
        [(TaskPlace.Silent, TaskEvent.Claim)] = (TaskPlace.Taken, true),
        [(TaskPlace.Silent, TaskEvent.Beat)] = (TaskPlace.Taken, true),
        [(TaskPlace.Silent, TaskEvent.Complete)] = (TaskPlace.Gone, true),
        [(TaskPlace.Silent, TaskEvent.StrangerCompletes)] = (TaskPlace.Silent, false),
        [(TaskPlace.Silent, TaskEvent.Retry)] = (TaskPlace.Retrying, true),
        [(TaskPlace.Silent, TaskEvent.Expire)] = (TaskPlace.Silent, false),
        [(TaskPlace.Silent, TaskEvent.Withdraw)] = (TaskPlace.Gone, true),
        [(TaskPlace.Retrying, TaskEvent.Claim)] = (TaskPlace.Retrying, false),
        [(TaskPlace.Retrying, TaskEvent.Beat)] = (TaskPlace.Retrying, false),
        [(TaskPlace.Retrying, TaskEvent.Complete)] = (TaskPlace.Retrying, false),
        [(TaskPlace.Retrying, TaskEvent.StrangerCompletes)] = (TaskPlace.Retrying, false),
        [(TaskPlace.Retrying, TaskEvent.Retry)] = (TaskPlace.Retrying, false),
        [(TaskPlace.Retrying, TaskEvent.Expire)] = (TaskPlace.Retrying, false),
        [(TaskPlace.Retrying, TaskEvent.Withdraw)] = (TaskPlace.Gone, true),
        [(TaskPlace.Overdue, TaskEvent.Claim)] = (TaskPlace.Overdue, false),
        [(TaskPlace.Overdue, TaskEvent.Beat)] = (TaskPlace.Overdue, false),
        [(TaskPlace.Overdue, TaskEvent.Complete)] = (TaskPlace.Overdue, false),
        [(TaskPlace.Overdue, TaskEvent.StrangerCompletes)] = (TaskPlace.Overdue, false),
        [(TaskPlace.Overdue, TaskEvent.Retry)] = (TaskPlace.Overdue, false),
        [(TaskPlace.Overdue, TaskEvent.Expire)] = (TaskPlace.Gone, true),
        [(TaskPlace.Overdue, TaskEvent.Withdraw)] = (TaskPlace.Gone, true),
        [(TaskPlace.Gone, TaskEvent.Claim)] = (TaskPlace.Gone, false),
        [(TaskPlace.Gone, TaskEvent.Beat)] = (TaskPlace.Gone, false),
        [(TaskPlace.Gone, TaskEvent.Complete)] = (TaskPlace.Gone, false),
        [(TaskPlace.Gone, TaskEvent.StrangerCompletes)] = (TaskPlace.Gone, false),
        [(TaskPlace.Gone, TaskEvent.Retry)] = (TaskPlace.Gone, false),
        [(TaskPlace.Gone, TaskEvent.Expire)] = (TaskPlace.Gone, false),
        [(TaskPlace.Gone, TaskEvent.Withdraw)] = (TaskPlace.Gone, true),
    };

    private static IEnumerable<TestCaseData> Pairs => from place in Enum.GetValues<TaskPlace>() from happening in Enum.GetValues<TaskEvent>() select new TestCaseData(place, happening);

    [TestCaseSource(nameof(Pairs))]
    public async Task A_task_goes_where_the_table_says(TaskPlace from, TaskEvent happening)
    {
        Assert.That(Table, Does.ContainKey((from, happening)), "a new state or event needs its rows in the table");
        var (to, counts) = Table[(from, happening)];
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var token = await BringAsync(lane, run, from);
        Assert.That(await PlaceOfAsync(run), Is.EqualTo(from), "it is where the test wants it");

        var counted = await HappensAsync(lane, run, happening, token);

        Assert.That((await PlaceOfAsync(run), counted), Is.EqualTo((to, counts)));
        var letters = (await LoadAsync(run)).Messages.Count;
        Assert.That(letters, Is.EqualTo(from == TaskPlace.Gone || (counts && happening is TaskEvent.Complete or TaskEvent.Expire) ? 1 : 0), "one message for its one end");
    }

    // The token of its first attempt, or one that nobody has.
    private async Task<Guid> BringAsync(TestLane lane, TestRun run, TaskPlace place)
    {
        var now = await NowAsync();
        DateTimeOffset? deadline = place == TaskPlace.Overdue ? now.AddMinutes(5) : null;
        await lane.Batch().Task(Make.Task(run, 1, place is TaskPlace.Scheduled or TaskPlace.Overdue ? now.AddMinutes(10) : now, deadlineAt: deadline)).CommitAsync();
        if (place == TaskPlace.Overdue) await Harness.AdvanceAsync(TimeSpan.FromMinutes(6));
        if (place is TaskPlace.Scheduled or TaskPlace.Due or TaskPlace.Overdue) return Guid.NewGuid();
        var task = (await ClaimAsync()).Single();
        if (place == TaskPlace.Silent) await Harness.AdvanceAsync(TimeSpan.FromMinutes(2));
        if (place == TaskPlace.Retrying) await Store.CompleteTasksAsync([new(task.Key, task.Token!.Value, null, TimeSpan.FromMinutes(5), 1)]);
        if (place == TaskPlace.Gone) await Store.CompleteTasksAsync([new(task.Key, task.Token!.Value, Make.Message(run, 60, 1))]);
        return task.Token!.Value;
    }

    // True: it counted.
    private async Task<bool> HappensAsync(TestLane lane, TestRun run, TaskEvent happening, Guid token)
    {
        var key = Make.Task(run, 1, default).Key;
        switch (happening)
        {
            case TaskEvent.Claim:
                return (await ClaimAsync()).Count == 1;
            case TaskEvent.Beat:
                return (await Store.HeartbeatTasksAsync([new(key, token, TimeSpan.FromMinutes(1), null)]))[0].Held;
            case TaskEvent.Complete:
                return (await Store.CompleteTasksAsync([new(key, token, Make.Message(run, 61, 1))]))[0];
            case TaskEvent.StrangerCompletes:
                return (await Store.CompleteTasksAsync([new(key, Guid.NewGuid(), Make.Message(run, 62, 1))]))[0];
            case TaskEvent.Retry:
                return (await Store.CompleteTasksAsync([new(key, token, null, TimeSpan.FromMinutes(5), 1)]))[0];
            case TaskEvent.Expire:
                return (await Store.ExpireTasksAsync(10, task => Make.Message(run, 63, 1))).Count == 1;
            default:
                await lane.Batch().DeleteTask(key).CommitAsync();
                return true;
        }
    }

    private async Task<TaskPlace> PlaceOfAsync(TestRun run)
    {
        var now = await NowAsync();
        return (await PlaceAsync(run)).Tasks switch
        {
            [] => TaskPlace.Gone,
            [{ Token: not null } taken] => taken.VisibleAt > now ? TaskPlace.Taken : TaskPlace.Silent,
            [{ DeadlineAt: { } deadline }] when deadline <= now => TaskPlace.Overdue,
            [var free] => free.VisibleAt <= now ? TaskPlace.Due : free.Attempt == 0 ? TaskPlace.Scheduled : TaskPlace.Retrying,
            var many => throw new InvalidOperationException($"{many.Count} rows"),
        };
    }

    private async Task<IReadOnlyList<TaskRecord>> ClaimAsync() => (await Store.ClaimTasksAsync(new(Store.Groups[0], [""], ["Charge"], 10))).Tasks;
}
