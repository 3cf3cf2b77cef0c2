// Obligations S59 to S65 (protocol K1 to K3) of docs/storage-provider.md: an attempt is counted before it runs, and ends once.
namespace Durable.Storage.Contract;

/// <summary>Task rows.</summary>
public abstract class TaskContract : StoreContract
{
    [Test]
    public async Task K1_A_due_task_is_taken_whole_and_its_attempt_is_counted()
    {
        var (_, run) = await RunAsync();
        var task = (await ClaimAsync()).Tasks.Single();
        Assert.That((task.RunId, task.Gen, task.TaskNo, task.Shard, task.Namespace, task.Activity, task.Queue), Is.EqualTo((run.Id, 0, 1, run.Shard, "default", "Charge", "")));
        Assert.That((task.Attempt, task.LogicalAttempt, task.Visibility, task.Cancel), Is.EqualTo((1, 0, TimeSpan.FromMinutes(1), false)));
        Assert.That(task.Token, Is.Not.Null.And.Not.EqualTo(Guid.Empty));
        Assert.That(task.Payload, Is.EqualTo(Make.Bytes("""{"args":[]}""")));
    }

    [Test]
    public async Task A_place_that_is_accepted_with_HoldAllRuns_has_no_task_that_a_host_could_take()
    {
        await RunAsync();
        await Store.AcceptPlaceAsync(RestoredStorePolicy.HoldAllRuns);
        Assert.That((await ClaimAsync()).Tasks, Is.Empty);
        await Harness.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.That((await ClaimAsync()).Tasks, Is.Empty);
    }

    [Test]
    public async Task K1_A_taken_task_is_invisible_until_its_visibility_ends()
    {
        await RunAsync();
        var first = await ClaimAsync();
        var task = first.Tasks.Single();
        Assert.That(task.VisibleAt, Is.EqualTo(first.Now.AddMinutes(1)).Within(TimeSpan.FromSeconds(5)));
        Assert.That((await ClaimAsync()).Tasks, Is.Empty);

        await Harness.AdvanceAsync(TimeSpan.FromMinutes(2));
        var second = (await ClaimAsync()).Tasks.Single();
        Assert.That((second.Attempt, second.LogicalAttempt), Is.EqualTo((2, 0)));
        Assert.That(second.Token, Is.Not.EqualTo(task.Token));
    }

    [Test]
    public async Task K1_A_task_is_taken_by_those_who_serve_its_queue_and_know_its_activity()
    {
        await RunAsync(queue: "gpu");
        Assert.That((await ClaimAsync()).Tasks, Is.Empty);
        Assert.That((await ClaimAsync(queues: ["gpu"], known: ["Refund"])).Tasks, Is.Empty);
        Assert.That((await ClaimAsync(queues: ["gpu"], namespaces: ["acme"])).Tasks, Is.Empty);
        Assert.That((await ClaimAsync(queues: [])).Tasks, Is.Empty);
        Assert.That((await ClaimAsync(queues: ["", "gpu"], known: ["Refund", "Charge"], namespaces: ["acme", "default"])).Tasks, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task K1_A_task_that_is_not_visible_yet_is_announced()
    {
        var due = (await NowAsync()).AddMinutes(10);
        await RunAsync(visibleAt: due);
        var early = await ClaimAsync();
        Assert.That((early.Tasks.Count, early.NextVisible), Is.EqualTo((0, (DateTimeOffset?)due)));
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(11));
        Assert.That((await ClaimAsync()).Tasks, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task K1_Where_no_task_waits_nothing_is_announced()
    {
        await RunAsync(queue: "gpu");
        Assert.That((await ClaimAsync()).NextVisible, Is.Null);
    }

    [Test]
    public async Task K1_No_more_than_asked_for_are_taken_the_oldest_first_and_each_once()
    {
        var now = await NowAsync();
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Task([.. Enumerable.Range(1, 5).Select(no => Make.Task(run, no, now.AddSeconds(-no)))]).CommitAsync();
        var first = (await ClaimAsync(limit: 3)).Tasks.Select(task => task.TaskNo).ToList();
        var second = (await ClaimAsync(limit: 3)).Tasks.Select(task => task.TaskNo).ToList();
        Assert.That(first, Is.EquivalentTo(new[] { 5, 4, 3 }));
        Assert.That(second, Is.EquivalentTo(new[] { 2, 1 }));
    }

    [Test]
    public async Task K1_Higher_priority_is_taken_first_among_the_due()
    {
        var now = await NowAsync();
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Task(Make.Task(run, 1, now.AddHours(-1)), Make.Task(run, 2, now, priority: 5), Make.Task(run, 3, now.AddHours(-2), priority: -5)).CommitAsync();
        Assert.That((await ClaimAsync(limit: 1)).Tasks.Single().TaskNo, Is.EqualTo(2));
        Assert.That((await ClaimAsync(limit: 1)).Tasks.Single().TaskNo, Is.EqualTo(1));
    }

    [Test]
    public async Task K1_A_task_never_hides_beyond_its_deadline()
    {
        var deadline = (await NowAsync()).AddSeconds(30);
        await RunAsync(deadlineAt: deadline);
        Assert.That((await ClaimAsync()).Tasks.Single().VisibleAt, Is.EqualTo(deadline));
    }

    [Test]
    public async Task K1_A_heartbeat_keeps_the_task_and_its_details()
    {
        await RunAsync();
        var task = (await ClaimAsync()).Tasks.Single();
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(45));
        Assert.That(await BeatAsync(task, details: [1, 2, 3]), Is.EqualTo(new TaskState(true, false)));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(45));
        Assert.That((await ClaimAsync()).Tasks, Is.Empty);
        Assert.That(await BeatAsync(task, details: null), Is.EqualTo(new TaskState(true, false)));

        await Harness.AdvanceAsync(TimeSpan.FromMinutes(2));
        Assert.That((await ClaimAsync()).Tasks.Single().Details, Is.EqualTo(new byte[] { 1, 2, 3 }), "the next attempt sees the last details");
    }

    [Test]
    public async Task K1_A_heartbeat_of_a_lost_attempt_says_so_and_keeps_nothing_alive()
    {
        await RunAsync();
        var lost = (await ClaimAsync()).Tasks.Single();
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(2));
        await ClaimAsync();
        Assert.That((await BeatAsync(lost, details: [9])).Held, Is.False);
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(2));
        Assert.That((await ClaimAsync()).Tasks.Single().Details, Is.Null);
    }

    [Test]
    public async Task K1_Heartbeats_answer_in_the_order_they_were_asked()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var now = await NowAsync();
        await lane.Batch().Task(Make.Task(run, 1, now), Make.Task(run, 2, now, cancel: true)).CommitAsync();
        var tasks = (await ClaimAsync()).Tasks.OrderBy(task => task.TaskNo).ToList();
        var minute = TimeSpan.FromMinutes(1);
        var states = await Store.HeartbeatTasksAsync([new(tasks[1].Key, tasks[1].Token!.Value, minute, null), new(tasks[0].Key, Guid.NewGuid(), minute, null), new(tasks[0].Key, tasks[0].Token!.Value, minute, null)]);
        Assert.That(states, Is.EqualTo(new[] { new TaskState(true, true), new TaskState(false, false), new TaskState(true, false) }));
    }

    [Test]
    public async Task K2_A_completed_task_becomes_a_message_to_its_run()
    {
        var (lane, run) = await RunAsync();
        var task = (await ClaimAsync()).Tasks.Single();
        Assert.That(await CompleteAsync(task, Make.Message(run, 50, 1, payload: "42")), Is.True);

        Assert.That((await lane.LookAsync()).Mail, Is.EqualTo(new[] { run.Id }));
        Assert.That((await MessagesAsync(run)).Single().Payload, Is.EqualTo(Make.Bytes("42")));
        Assert.That((await PlaceAsync(run)).Tasks, Is.Empty);
        Assert.That(await CompleteAsync(task, Make.Message(run, 50, 1)), Is.False, "K3: a doubtful completion may be sent again");
        Assert.That(await MessagesAsync(run), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task K2_Only_the_attempt_that_has_the_token_may_complete()
    {
        var (_, run) = await RunAsync();
        var slow = (await ClaimAsync()).Tasks.Single();
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(2));
        var fast = (await ClaimAsync()).Tasks.Single();
        Assert.That(await CompleteAsync(slow, Make.Message(run, 50, 1, payload: "1")), Is.False);
        Assert.That(await CompleteAsync(fast, Make.Message(run, 50, 1, payload: "2")), Is.True);
        Assert.That((await MessagesAsync(run)).Single().Payload, Is.EqualTo(Make.Bytes("2")));
    }

    [Test]
    public async Task K2_An_attempt_whose_time_is_up_but_that_nobody_replaced_may_still_complete()
    {
        var (_, run) = await RunAsync();
        var task = (await ClaimAsync()).Tasks.Single();
        await Harness.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.That(await CompleteAsync(task, Make.Message(run, 50, 1)), Is.True);
    }

    [Test]
    public async Task K2_A_failed_attempt_waits_for_the_next_with_its_failures()
    {
        var (_, run) = await RunAsync();
        var task = (await ClaimAsync()).Tasks.Single();
        var ended = await Store.CompleteTasksAsync([new(task.Key, task.Token!.Value, null, TimeSpan.FromMinutes(5), 1, Make.Bytes("""["boom"]"""))]);
        Assert.That(ended, Is.EqualTo(new[] { true }));
        Assert.That(await MessagesAsync(run), Is.Empty);
        Assert.That((await PlaceAsync(run)).Tasks.Single().Token, Is.Null);

        await Harness.AdvanceAsync(TimeSpan.FromMinutes(4));
        Assert.That((await ClaimAsync()).Tasks, Is.Empty);
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(2));
        var next = (await ClaimAsync()).Tasks.Single();
        Assert.That((next.Attempt, next.LogicalAttempt, next.Failures), Is.EqualTo((2, 1, Make.Bytes("""["boom"]"""))));
        Assert.That(await Store.CompleteTasksAsync([new(task.Key, task.Token.Value, null)]), Is.EqualTo(new[] { false }));
    }

    [Test]
    public async Task K2_Several_ends_of_one_call_answer_each_for_itself()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        var now = await NowAsync();
        await lane.Batch().Task([.. Enumerable.Range(1, 3).Select(no => Make.Task(run, no, now))]).CommitAsync();
        var tasks = (await ClaimAsync()).Tasks.OrderBy(task => task.TaskNo).ToList();
        var ended = await Store.CompleteTasksAsync([
            new(tasks[2].Key, tasks[2].Token!.Value, Make.Message(run, 53, 1)), new(tasks[0].Key, Guid.NewGuid(), Make.Message(run, 51, 1)), new(tasks[1].Key, tasks[1].Token!.Value, null, TimeSpan.Zero)]);
        Assert.That(ended, Is.EqualTo(new[] { true, false, true }));
        Assert.That((await MessagesAsync(run)).Select(message => message.Sender), Is.EqualTo(new[] { Make.Sender(53) }));
    }

    [Test]
    public async Task K2_A_task_whose_deadline_has_passed_is_not_taken_but_expires()
    {
        var (lane, run) = await RunAsync(deadlineAt: (await NowAsync()).AddMinutes(5));
        Assert.That(await Store.ExpireTasksAsync(10, Failure), Is.Empty);
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(6));

        Assert.That((await ClaimAsync()).Tasks, Is.Empty);
        Assert.That(await Store.ExpireTasksAsync(10, Failure), Is.EqualTo(new[] { run.Id }));
        Assert.That(await Store.ExpireTasksAsync(10, Failure), Is.Empty);
        Assert.That((await MessagesAsync(run)).Single().Payload, Is.EqualTo(Make.Bytes("timeout of Charge after 0")));
        Assert.That((await lane.LookAsync()).Mail, Is.EqualTo(new[] { run.Id }));
    }

    [Test]
    public async Task K2_Of_a_result_and_a_time_out_one_wins()
    {
        var (_, run) = await RunAsync(deadlineAt: (await NowAsync()).AddMinutes(5));
        var task = (await ClaimAsync()).Tasks.Single();
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(6));
        await Store.ExpireTasksAsync(10, Failure);
        Assert.That(await CompleteAsync(task, Make.Message(run, 50, 1)), Is.False);
        Assert.That((await MessagesAsync(run)).Single().Payload, Is.EqualTo(Make.Bytes("timeout of Charge after 1")));
    }

    [Test]
    public async Task K3_A_task_cancelled_by_its_run_can_no_longer_complete()
    {
        var (lane, run) = await RunAsync();
        var task = (await ClaimAsync()).Tasks.Single();
        await lane.Batch().Event(run, 1).DeleteTask(task.Key).CommitAsync();
        Assert.That((await BeatAsync(task, null)).Held, Is.False);
        Assert.That(await CompleteAsync(task, Make.Message(run, 50, 1)), Is.False);
        Assert.That(await MessagesAsync(run), Is.Empty);
    }

    [Test]
    public async Task K3_Deleting_a_task_that_has_completed_is_no_alarm()
    {
        var (lane, run) = await RunAsync();
        var task = (await ClaimAsync()).Tasks.Single();
        await CompleteAsync(task, Make.Message(run, 50, 1));
        await lane.Batch().DeleteTask(task.Key).CommitAsync();
        Assert.That(await MessagesAsync(run), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task K1_A_task_with_the_key_of_another_rejects_the_batch()
    {
        var (lane, run) = await RunAsync();
        Assert.That((await lane.Batch().Event(run, 1).Task(Make.Task(run, 1, await NowAsync())).TryCommitAsync()).Outcome, Is.EqualTo(CommitOutcome.Rejected));
        Assert.That(await EventsAsync(run), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task K1_A_task_may_begin_with_attempts_that_an_owner_counted_in_memory()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Task(new TaskRecord
        {
            RunId = run.Id, Gen = 2, TaskNo = 9, Shard = run.Shard, Namespace = run.Namespace, Activity = "Charge", VisibleAt = await NowAsync(), Attempt = 3, LogicalAttempt = 2,
            Visibility = TimeSpan.FromSeconds(90), Failures = [7], Details = [8], Encoding = 1, Payload = [],
        }).CommitAsync();
        var stored = (await LoadAsync(run)).Tasks.Single();
        Assert.That((stored.Gen, stored.TaskNo, stored.Attempt, stored.LogicalAttempt, stored.Visibility, stored.Encoding), Is.EqualTo((2, 9, 3, 2, TimeSpan.FromSeconds(90), (short)1)));
        Assert.That((stored.Failures, stored.Details, stored.Payload), Is.EqualTo((new byte[] { 7 }, new byte[] { 8 }, Array.Empty<byte>())));
        Assert.That((await ClaimAsync()).Tasks.Single().Attempt, Is.EqualTo(4));
    }

    private static MessageRecord Failure(TaskRecord task) => new()
    {
        RunId = task.RunId,
        Sender = Make.Sender(60),
        SenderSeq = task.TaskNo,
        Kind = 5,
        Payload = Make.Bytes($"timeout of {task.Activity} after {task.Attempt}"),
        Namespace = task.Namespace,
        Shard = task.Shard,
    };

    private async Task<(TestLane Lane, TestRun Run)> RunAsync(string queue = "", DateTimeOffset? visibleAt = null, DateTimeOffset? deadlineAt = null)
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Task(Make.Task(run, 1, visibleAt ?? await NowAsync(), queue, deadlineAt: deadlineAt)).CommitAsync();
        return (lane, run);
    }

    private Task<TaskClaimResult> ClaimAsync(string[]? queues = null, string[]? known = null, int limit = 10, string[]? namespaces = null) =>
        Store.ClaimTasksAsync(new(Store.Groups[0], queues ?? [""], known ?? ["Charge"], limit, namespaces));

    private async Task<TaskState> BeatAsync(TaskRecord task, byte[]? details) =>
        (await Store.HeartbeatTasksAsync([new(task.Key, task.Token!.Value, TimeSpan.FromMinutes(1), details)]))[0];

    private async Task<bool> CompleteAsync(TaskRecord task, MessageRecord message) => (await Store.CompleteTasksAsync([new(task.Key, task.Token!.Value, message)]))[0];
}
