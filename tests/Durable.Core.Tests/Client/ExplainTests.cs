// Every sentence of an explanation.
using System.Text.Json;
using Durable.Engine.Client;
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Core.Tests.Client;

[TestFixture]
public sealed class ExplainTests : ClientFixture
{
    private static readonly DateTimeOffset Now = new(2030, 1, 2, 12, 0, 0, TimeSpan.Zero);
    private static readonly LaneRow Serving = new(1, "host-a", "b", ["Order@1"], Now, true, 0);
    private static readonly LaneRow Other = new(2, "host-b", "b", ["Cart@2"], Now, true, 0);

    private static IEnumerable<TestCaseData> Situations()
    {
        yield return Case("Completed", Run(RunStatus.Completed, closedAt: Now), Place(), "It completed at 2030-01-02 12:00:00Z and will not move again.");
        yield return Case("Failed", Run(RunStatus.Failed, closedAt: Now), Place(), "It failed at 2030-01-02 12:00:00Z and will not move again. Its outcome and its history say why.");
        yield return Case("Timed_out", Run(RunStatus.TimedOut), Place(), "It ran out of time and was closed and will not move again. Its outcome and its history say why.");
        yield return Case("Stalled_with_the_difference", Run(RunStatus.Stalled), Place(Wake(hold: HoldReasons.Stalled)),
            "Stalled: DUR4001 Recorded: Activity 'A' #1. Attempted: Timer '' #1. A fixed build goes on by itself; ResumeAsync tries again at once; TerminateAsync ends it.",
            [new("hold", "Stalled", Now, null, "DUR4001 Recorded: Activity 'A' #1. Attempted: Timer '' #1.")]);
        yield return Case("Quarantined", Run(RunStatus.Quarantined), Place(Wake(hold: HoldReasons.Quarantined)),
            "Quarantined: its workers died each time they had it, or its history is broken. Find the cause, then let it go on with ResumeAsync or end it with TerminateAsync.");
        yield return Case("Paused_and_cancelled_with_mail", Run(RunStatus.Cancelling), Place(Wake(hold: HoldReasons.Paused), messages: 2),
            "Paused, by an operator or by an import. ResumeAsync lets it go on. It was asked to cancel, which is handled when the hold ends. 2 messages wait to be taken.");
        yield return Case("Pending_without_any_worker", Run(RunStatus.Pending), Place(Wake(asap: true)),
            "No live worker serves 'Order' version 1 (Order@1): start a host that registers it with AddWorkflow. No worker is alive.", lanes: []);
        yield return Case("Pending_with_other_workers_and_a_queue", Run(RunStatus.Pending, queue: "gpu"), Place(Wake(asap: true, queue: "gpu")),
            "No live worker serves 'Order' version 1 (Order@1) on queue 'gpu': start a host that registers it with AddWorkflow. Alive: 'host-b' (Cart@2).", lanes: [Other]);
        yield return Case("Due_just_now", Run(RunStatus.Pending), Place(Wake(asap: true, dueAt: Now.AddSeconds(-1))), "It is due and will be taken by one of 1 live worker in a moment.");
        yield return Case("Overdue", Run(RunStatus.Running), Place(Wake(asap: true, dueAt: Now.AddMinutes(-3), queue: "gpu"), wakeAttempt: 2),
            "Overdue: it could be taken since 2030-01-02 11:57:00Z (3 minutes), and 1 live worker serves its class, but none has. Does one of them serve queue 'gpu'? (ServedQueues.) They may be overloaded, or not serve its namespace (ServedNamespaces). It was claimed 2 times without progress.");
        yield return Case("Delayed", Run(RunStatus.Pending), Place(Wake(dueAt: Now.AddHours(3))), "It was started with a delay and begins at 2030-01-02 15:00:00Z (in 3 hours).");
        yield return Case("A_timer", Run(RunStatus.Running), Place(Wake(dueAt: Now.AddDays(3))),
            "Waits for a timer since 2030-01-02 11:00:00Z, until 2030-01-05 12:00:00Z (in 3 days).", [new("timer", "timer", Now.AddHours(-1), Now.AddDays(3))]);
        yield return Case("A_timer_that_nobody_could_serve", Run(RunStatus.Running), Place(Wake(dueAt: Now.AddDays(3))),
            "Waits for a timer since 2030-01-02 11:00:00Z, until 2030-01-05 12:00:00Z (in 3 days). No live worker serves 'Order' version 1 (Order@1): start a host that registers it with AddWorkflow. Alive: 'host-b' (Cart@2).",
            [new("timer", "timer", Now.AddHours(-1), Now.AddDays(3))], lanes: [Other]);
        yield return Case("A_mailbox_and_more", Run(RunStatus.Running), Place(Wake()), "Waits for an item in mailbox 'Commands' since 2030-01-02 11:00:00Z. And for 1 more.",
            [new("promise", "promise", Now), new("mailbox", "Commands", Now.AddHours(-1))]);
        yield return Case("A_condition", Run(RunStatus.Running), Place(Wake()), "Waits for a condition (WaitUntilAsync) since 2030-01-02 12:00:00Z.", [new("condition", "condition", Now)]);
        yield return Case("A_promise", Run(RunStatus.Running), Place(Wake()), "Waits for a promise to be settled from outside since 2030-01-02 12:00:00Z.", [new("promise", "promise", Now)]);
        yield return Case("A_child", Run(RunStatus.Running), Place(Wake()), "Waits for child run 'order-1//0.1' since 2030-01-02 12:00:00Z: Cart.", [new("child", "order-1//0.1", Now, null, "Cart")]);
        yield return Case("A_signal", Run(RunStatus.Running), Place(Wake()), "Waits for signal 'Approve' since 2030-01-02 12:00:00Z.", [new("signal", "Approve", Now)]);
        yield return Case("Something_new", Run(RunStatus.Running), Place(Wake()), "Waits for lock 'stock' since 2030-01-02 12:00:00Z.", [new("lock", "stock", Now)]);
        yield return Case("Nothing_in_particular", Run(RunStatus.Running), Place(Wake()), "Waits for a message: a signal, an update, an item, or the answer of something that it asked for.");
        yield return Case("A_failing_activity", Run(RunStatus.Running), Place(Wake(), tasks: Task(2, Now.AddMinutes(4), failed: "System.IO.IOException")),
            "Waits for activity 'Shop.Charge' since 2030-01-02 11:00:00Z, until 2030-01-02 12:04:00Z (in 4 minutes): attempt 3 begins then; the last one failed with System.IO.IOException.",
            [new("activity", "Shop.Charge", Now.AddHours(-1))]);
        yield return Case("A_queued_activity", Run(RunStatus.Running), Place(Wake(), tasks: Task(0, Now.AddMinutes(-4), queue: "gpu")),
            "Waits for activity 'Shop.Charge' since 2030-01-02 10:00:00Z: attempt 1 waits on queue 'gpu' for a worker since 2030-01-02 11:56:00Z.");
        yield return Case("An_activity_under_way", Run(RunStatus.Running), Place(Wake(), tasks: Task(3, Now.AddMinutes(4), token: Guid.NewGuid())),
            "Waits for activity 'Shop.Charge' since 2030-01-02 10:00:00Z: attempt 3 is under way.");
        yield return Case("Owned_and_waiting", Run(RunStatus.Cancelling), Place(owner: "host-a", alive: true, attempt: 1), "Owned by 'host-a'. Waits for a condition (WaitUntilAsync) since 2030-01-02 12:00:00Z. It was asked to cancel.",
            [new("condition", "condition", Now)]);
        yield return Case("Owned_elsewhere", Run(RunStatus.Running), Place(owner: "host-a", alive: true, attempt: 3),
            "Owned by 'host-a' (attempt 3: each one before ended with the death of its worker, without progress). What it waits for is in that process's memory; ask there.", null);
        yield return Case("Owned_and_busy", Run(RunStatus.Running), Place(owner: "host-a", alive: true, attempt: 1, messages: 1), "Owned by 'host-a'. It is busy: nothing is awaited. 1 message waits to be taken.");
        yield return Case("Owned_by_a_dead_lane", Run(RunStatus.Running), Place(owner: "host-a", alive: false, attempt: 1), "Its owner 'host-a' is gone: the lease has run out. Another worker takes it over within a lease.");
        yield return Case("Handed_over", Run(RunStatus.Running), Place(), "It is being handed over from one worker to another; ask again in a moment.");

        static TestCaseData Case(string name, RunRecord run, RunPlacement place, string summary, WaitDocument[]? waits = null, LaneRow[]? lanes = null) =>
            new TestCaseData(new RunSituation(run, place, lanes ?? [Serving, Other], name == "Owned_elsewhere" ? null : waits ?? [], Now), summary).SetName(name);
    }

    [TestCaseSource(nameof(Situations))]
    public void Explained(object situation, string summary) => Assert.That(Explainer.Explain((RunSituation)situation).Summary, Is.EqualTo(summary));

    [Test]
    public void A_missing_worker_is_a_wait_of_its_own()
    {
        var waits = Explainer.Explain(new RunSituation(Run(RunStatus.Pending), Place(Wake(asap: true, dueAt: Now.AddHours(-1))), [Other], [], Now)).Waits;
        Assert.That(waits, Is.EqualTo([new WaitReason("worker", "Order@1", Now.AddHours(-1), null, null)]));
    }

    [Test]
    public void Waits_are_told_longest_first()
    {
        var situation = new RunSituation(Run(RunStatus.Running), Place(Wake()), [Serving], [new("promise", "b", Now), new("child", "a", Now.AddHours(-1)), new("timer", "c", Now.AddHours(-2), Now)], Now);
        Assert.That(Explainer.Explain(situation).Waits.Select(wait => wait.Target), Is.EqualTo(["c", "a", "b"]));
    }

    [Test]
    public void A_run_is_stuck_if_it_is_held_or_nobody_serves_it()
    {
        Assert.That(Explainer.IsStuck(new(Run(RunStatus.Paused), Place(Wake(hold: HoldReasons.Paused)), [Serving], [], Now)), Is.True);
        Assert.That(Explainer.IsStuck(new(Run(RunStatus.Running), Place(Wake()), [Other], [], Now)), Is.True);
        Assert.That(Explainer.IsStuck(new(Run(RunStatus.Running), Place(Wake()), [Serving with { Alive = false }], [], Now)), Is.True);
        Assert.That(Explainer.IsStuck(new(Run(RunStatus.Running), Place(Wake()), [Serving], [], Now)), Is.False);
        Assert.That(Explainer.IsStuck(new(Run(RunStatus.Running), Place(owner: "host-a", alive: true), [], null, Now)), Is.False);
        Assert.That(Explainer.IsStuck(new(Run(RunStatus.Completed), Place(), [], [], Now)), Is.False);
    }

    [Test]
    public async Task A_stored_run_is_explained()
    {
        var handle = await StartAsync("order-1");
        Assert.That((await handle.ExplainAsync()).Summary, Does.StartWith("No live worker serves 'Order' version 1"));
        var worker = await WorkerAsync();
        await worker.BeginAsync(handle.RunId!.Value);
        Assert.That((await handle.ExplainAsync()).Summary, Does.StartWith("Owned by 'host-a'."));
        await worker.ParkAsync(waits: new WaitDocument("condition", "condition", Clock.GetUtcNow()));
        var explanation = await handle.ExplainAsync();
        Assert.That((explanation.Status, explanation.Waits.Single().Kind), Is.EqualTo((RunStatus.Running, "condition")));
        await worker.Lane.ClaimAsync(new Durable.Storage.Contract.TestRun(handle.RunId!.Value, "default", "order-1", 0, "Order", 1));
        await worker.CloseAsync(RunStatus.Completed);
        Assert.That((await handle.ExplainAsync()).Summary, Does.StartWith("It completed at "));
    }

    private static RunRecord Run(RunStatus status, string queue = "", DateTimeOffset? closedAt = null) => new()
    {
        RunId = Guid.Empty, Namespace = "default", WorkflowId = "order-1", Ordinal = 1, Shard = 0, Type = "Order", Version = 1, Status = status, Gen = 0, CreatedAt = Now.AddHours(-2), ClosedAt = closedAt, Queue = queue,
    };

    private static ParkRecord Wake(short hold = 0, bool asap = false, DateTimeOffset? dueAt = null, string queue = "") =>
        new() { RunId = Guid.Empty, Shard = 0, Namespace = "default", Type = "Order", Version = 1, Gen = 0, NextSeq = 1, Hold = hold, Asap = asap, DueAt = dueAt, Queue = queue };

    private static RunPlacement Place(ParkRecord? wake = null, int wakeAttempt = 0, string? owner = null, bool alive = false, int attempt = 0, int messages = 0, params TaskRecord[] tasks) =>
        new(wake, wakeAttempt, owner, alive, attempt, messages, tasks);

    private static TaskRecord Task(int attempt, DateTimeOffset visibleAt, string queue = "", Guid? token = null, string? failed = null) => new()
    {
        RunId = Guid.Empty, Gen = 0, TaskNo = 1, Shard = 0, Namespace = "default", Activity = "Shop.Charge", Queue = queue, VisibleAt = visibleAt, Visibility = TimeSpan.FromMinutes(1), Attempt = attempt, Token = token,
        Failures = failed is null ? null : JsonSerializer.SerializeToUtf8Bytes([new AttemptFailure(1, Now, new Failure(failed, "secret text"))], HistoryJson.Default.IReadOnlyListAttemptFailure),
    };
}
