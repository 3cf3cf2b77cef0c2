// Why a run does not move, in words. Pure: everything it knows is in the situation, so every sentence can be tested.
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>What is known about a run at one moment.</summary>
/// <param name="Run">Its row.</param>
/// <param name="Place">Where it is.</param>
/// <param name="Lanes">The lanes that have a holder; not read when the run's owner is alive.</param>
/// <param name="Waits">What it waits for; null if only an owner elsewhere knows.</param>
/// <param name="Now">When it was read.</param>
internal sealed record RunSituation(RunRecord Run, RunPlacement Place, IReadOnlyList<LaneRow> Lanes, IReadOnlyList<WaitDocument>? Waits, DateTimeOffset Now)
{
    /// <summary><c>type@version</c>, as lanes name what they serve.</summary>
    public string Key => WorkflowDefinition.KeyOf(Run.Type, Run.Version);

    /// <summary>Live lanes that can run it.</summary>
    public int Serving => Lanes.Count(lane => lane.Alive && lane.Serves.Contains(Key, StringComparer.Ordinal));

    /// <summary>Why it is held, 0 if it is not.</summary>
    public short Hold => Place.Wake is { Hold: not 0 } wake ? wake.Hold : Run.Status switch
    {
        RunStatus.Paused => HoldReasons.Paused,
        RunStatus.Stalled => HoldReasons.Stalled,
        RunStatus.Quarantined => HoldReasons.Quarantined,
        _ => (short)0,
    };
}

/// <summary>Explains situations.</summary>
internal static class Explainer
{
    // Between a run's due time and its claim there is a look and a commit; below this nothing is wrong.
    private static readonly TimeSpan Overdue = TimeSpan.FromSeconds(5);

    /// <summary>True if the run cannot move without somebody's help.</summary>
    public static bool IsStuck(RunSituation situation) =>
        !RunLifecycle.IsClosed(situation.Run.Status) && (situation.Hold != 0 || (!situation.Place.OwnerAlive && situation.Serving == 0));

    /// <summary>Explains a situation.</summary>
    public static Explanation Explain(RunSituation situation)
    {
        var run = situation.Run;
        if (RunLifecycle.IsClosed(run.Status)) return new Explanation(run.Status, Closed(run), []);
        var waits = WaitsOf(situation);
        var parts = new List<string>();
        if (situation.Hold != 0) AddHold(parts, situation);
        else if (situation.Place.Owner is not null) AddOwner(parts, situation, waits);
        else if (situation.Place.Wake is { } wake) AddWake(parts, situation, wake, waits);
        else parts.Add("It is being handed over from one worker to another; ask again in a moment.");
        if (run.Status == RunStatus.Cancelling) parts.Add(situation.Hold != 0 ? "It was asked to cancel, which is handled when the hold ends." : "It was asked to cancel.");
        if (situation.Place.Messages > 0) parts.Add(situation.Place.Messages == 1 ? "1 message waits to be taken." : $"{situation.Place.Messages:N0} messages wait to be taken.");
        return new Explanation(run.Status, string.Join(' ', parts), [.. waits.OrderBy(wait => wait.Since)]);
    }

    private static string Closed(RunRecord run)
    {
        var how = run.Status switch
        {
            RunStatus.Completed => "It completed",
            RunStatus.Failed => "It failed",
            RunStatus.Cancelled => "It was cancelled",
            RunStatus.Terminated => "It was terminated",
            _ => "It ran out of time and was closed",
        };
        return $"{how}{(run.ClosedAt is { } at ? $" at {Say.Time(at)}" : "")} and will not move again.{(run.Status is RunStatus.Completed ? "" : " Its outcome and its history say why.")}";
    }

    private static void AddHold(List<string> parts, RunSituation situation)
    {
        var detail = situation.Waits?.FirstOrDefault(wait => wait.Kind == "hold")?.Detail;
        if ((situation.Hold & HoldReasons.Quarantined) != 0)
            parts.Add($"Quarantined: {detail ?? "its workers died each time they had it, or its history is broken"}. Find the cause, then let it go on with ResumeAsync or end it with TerminateAsync.".Replace("..", ".", StringComparison.Ordinal));
        if ((situation.Hold & HoldReasons.Stalled) != 0)
            parts.Add($"Stalled: {detail ?? "code and history do not fit, or the code threw"}. A fixed build goes on by itself; ResumeAsync tries again at once; TerminateAsync ends it.".Replace("..", ".", StringComparison.Ordinal));
        if ((situation.Hold & HoldReasons.Paused) != 0)
            parts.Add("Paused, by an operator or by an import. ResumeAsync lets it go on.");
    }

    private static void AddOwner(List<string> parts, RunSituation situation, List<WaitReason> waits)
    {
        var place = situation.Place;
        var attempt = place.Attempt > 1 ? $" (attempt {place.Attempt}: each one before ended with the death of its worker, without progress)" : "";
        if (!place.OwnerAlive)
        {
            parts.Add($"Its owner '{place.Owner}'{attempt} is gone: the lease has run out.");
            parts.Add(situation.Serving > 0 ? "Another worker takes it over within a lease." : NobodyServes(situation));
            return;
        }

        parts.Add($"Owned by '{place.Owner}'{attempt}.");
        if (waits.Count > 0) parts.Add(Waiting(waits, situation.Now));
        else parts.Add(situation.Waits is null ? "What it waits for is in that process's memory; ask there." : "It is busy: nothing is awaited.");
    }

    private static void AddWake(List<string> parts, RunSituation situation, ParkRecord wake, List<WaitReason> waits)
    {
        var due = wake.Asap || situation.Place.Messages > 0 || wake.DueAt <= situation.Now;
        if (due)
        {
            var since = wake.DueAt is { } at && at <= situation.Now ? at : situation.Now;
            var late = situation.Now - since > Overdue;
            if (situation.Serving == 0)
            {
                parts.Add(NobodyServes(situation));
                waits.Insert(0, new WaitReason("worker", situation.Key, since, null, QueueOf(situation) is { Length: > 0 } queue ? $"queue '{queue}'" : null));
            }
            else parts.Add(late ? TakenLate(situation, since) : $"It is due and will be taken by one of {situation.Serving} live worker{(situation.Serving == 1 ? "" : "s")} in a moment.");
            if (situation.Place.WakeAttempt > 0) parts.Add($"It was claimed {situation.Place.WakeAttempt} times without progress.");
            return;
        }

        parts.Add(situation.Run.Status == RunStatus.Pending && wake.DueAt is { } begin
            ? $"It was started with a delay and begins at {Say.Time(begin)} ({Say.Until(begin, situation.Now)})."
            : waits.Count > 0 ? Waiting(waits, situation.Now)
            : wake.DueAt is { } next ? $"Waits until {Say.Time(next)} ({Say.Until(next, situation.Now)})."
            : "Waits for a message: a signal, an update, an item, or the answer of something that it asked for.");
        if (situation.Serving == 0) parts.Add(NobodyServes(situation));
    }

    private static string NobodyServes(RunSituation situation)
    {
        var live = situation.Lanes.Where(lane => lane.Alive).ToList();
        var queue = QueueOf(situation) is { Length: > 0 } name ? $" on queue '{name}'" : "";
        var others = live.Count == 0 ? "No worker is alive." : $"Alive: {string.Join(", ", live.Take(5).Select(lane => $"'{lane.Identity}' ({string.Join(", ", lane.Serves.Take(10))})"))}{(live.Count > 5 ? " and others" : "")}.";
        return $"No live worker serves '{situation.Run.Type}' version {situation.Run.Version} ({situation.Key}){queue}: start a host that registers it with AddWorkflow. {others}";
    }

    // Lanes say which types they serve, not which queues and namespaces: those are named as what to look at.
    private static string TakenLate(RunSituation situation, DateTimeOffset since) =>
        $"Overdue: it could be taken since {Say.Time(since)} ({Say.Span(situation.Now - since)}), and {situation.Serving} live worker{(situation.Serving == 1 ? " serves" : "s serve")} its class, but none has. "
        + (QueueOf(situation) is { Length: > 0 } queue ? $"Does one of them serve queue '{queue}'? (ServedQueues.) " : "")
        + "They may be overloaded, or not serve its namespace (ServedNamespaces).";

    private static string QueueOf(RunSituation situation) => situation.Place.Wake?.Queue is { Length: > 0 } queue ? queue : situation.Run.Queue;

    private static string Waiting(List<WaitReason> waits, DateTimeOffset now)
    {
        var first = waits.MinBy(wait => wait.Since)!;
        var more = waits.Count == 1 ? "" : $" And for {waits.Count - 1} more.";
        return Sentence(first, now) + more;
    }

    private static string Sentence(WaitReason wait, DateTimeOffset now)
    {
        var what = wait.Kind switch
        {
            "timer" => "a timer",
            "condition" => "a condition (WaitUntilAsync)",
            "mailbox" => $"an item in mailbox '{wait.Target}'",
            "promise" => "a promise to be settled from outside",
            "child" => $"child run '{wait.Target}'",
            "activity" => $"activity '{wait.Target}'",
            "step" => $"step '{wait.Target}'",
            "signal" => wait.Target.Length == 0 ? "a signal" : $"signal '{wait.Target}'",
            _ => wait.Target.Length == 0 ? $"a {wait.Kind}" : $"{wait.Kind} '{wait.Target}'",
        };
        var until = wait.Until is { } end ? $", until {Say.Time(end)} ({Say.Until(end, now)})" : "";
        return $"Waits for {what} since {Say.Time(wait.Since)}{until}{(wait.Detail is { } detail ? $": {detail.TrimEnd('.')}" : "")}.";
    }

    // What the execution knows, with what the task rows add: attempts, failures, the next try.
    private static List<WaitReason> WaitsOf(RunSituation situation)
    {
        var waits = (situation.Waits ?? []).Select(RunInfos.Of).ToList();
        foreach (var task in situation.Place.Tasks)
        {
            var known = waits.FindIndex(wait => wait.Kind is "activity" or "step" && wait.Target == task.Activity && wait.Detail is null);
            var since = known >= 0 ? waits[known].Since : situation.Run.CreatedAt;
            if (known >= 0) waits.RemoveAt(known);
            waits.Add(OfTask(task, since, situation.Now));
        }

        return waits;
    }

    private static WaitReason OfTask(TaskRecord task, DateTimeOffset since, DateTimeOffset now)
    {
        var queue = task.Queue.Length == 0 ? "" : $" on queue '{task.Queue}'";
        var last = LastFailure(task) is { } type ? $"; the last one failed with {type}" : "";
        if (task.Token is not null) return new WaitReason("activity", task.Activity, since, task.DeadlineAt, $"attempt {task.Attempt} is under way{queue}{last}");
        return task.VisibleAt > now
            ? new WaitReason("activity", task.Activity, since, task.VisibleAt, $"attempt {task.Attempt + 1} begins then{queue}{last}")
            : new WaitReason("activity", task.Activity, since, task.DeadlineAt, $"attempt {task.Attempt + 1} waits{queue} for a worker since {Say.Time(task.VisibleAt)}{last}");
    }

    private static string? LastFailure(TaskRecord task)
    {
        if (task.Failures is not { Length: > 0 } || task.Encoding != 0) return null;
        try
        {
            return JsonSerializer.Deserialize(task.Failures, HistoryJson.Default.IReadOnlyListAttemptFailure) is { Count: > 0 } failures ? failures[^1].Failure.Type : null;
        }
        catch (JsonException)
        {
            return null;                     // a codec's output: the explanation does without it
        }
    }
}
