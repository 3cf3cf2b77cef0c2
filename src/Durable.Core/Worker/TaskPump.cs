// Takes activities that are rows: queued ones, those that heartbeat, those that are to be tried again. Any host that knows them may.
using System.Collections.Concurrent;
using System.Text.Json;
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Engine.Hosting;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Claims tasks, runs them, keeps them alive, and reports how they ended.</summary>
internal sealed class TaskPump
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ExpireEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(5);        // with a backlog, a claim for each place that becomes free costs more than the place
    private const int ClaimSize = 100;
    private readonly ConcurrentDictionary<TaskKey, RunningTask> running = new();
    private readonly ConcurrentQueue<(RunningTask Task, TaskEnd End)> ended = new();
    private readonly EngineServices services;
    private readonly ActivityRunner runner;
    private readonly LaneContext shared;
    private readonly EngineLog log;
    private readonly TaskPumps all;
    private readonly ShardGroup group;
    private readonly AsyncSignal wake;
    private readonly AsyncSignal finished;
    private readonly Lock gate = new();
    private DateTimeOffset nextKnown = DateTimeOffset.MaxValue;

    public TaskPump(EngineServices services, ActivityRunner runner, LaneContext shared, EngineLog log, TaskPumps all, ShardGroup group)
    {
        (this.services, this.runner, this.shared, this.log, this.all, this.group) = (services, runner, shared, log, all, group);
        (wake, finished) = (new(services.Machine), new(services.Machine));
    }

    private QueueLimiter Limits => all.Limits;

    private bool IsDraining => all.IsDraining;

    /// <summary>Says that a task can be taken at that time.</summary>
    public void Due(DateTimeOffset at)
    {
        lock (gate)
        {
            if (at >= nextKnown) return;
            nextKnown = at;
        }

        wake.Set();
    }

    /// <summary>A task's row is gone: its attempt here is wanted no more.</summary>
    public void Gone(TaskKey key)
    {
        if (running.TryGetValue(key, out var task)) task.Stop(givenBack: false);
    }

    /// <summary>Goes round once more: there may be room.</summary>
    public void Wake() => wake.Set();

    /// <summary>Attempts of a queue that are under way and were not told to stop.</summary>
    public IEnumerable<RunningTask> RunningOf(string queue) => running.Values.Where(task => task.Task.Queue == queue && !task.IsStopped && !task.HasEnded);

    /// <summary>Looks now.</summary>
    public void Poke() => Due(DateTimeOffset.MinValue);

    /// <summary>The loop that claims.</summary>
    public async Task ClaimLoopAsync(LaneClock clock, Action tick, CancellationToken stop)
    {
        using var alarm = services.Clock.CreateTimer(static signal => ((AsyncSignal)signal!).Set(), wake, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var known = services.Registry.ActivityNames;
        var (lastExpiry, lastClaim, more) = (0L, 0L, false);
        var namespaces = services.Options.ServedNamespaces.Count == 0 ? null : services.Options.ServedNamespaces.ToList();
        while (!stop.IsCancellationRequested && known.Count > 0)
        {
            tick();
            lock (gate) nextKnown = DateTimeOffset.MaxValue;
            var wait = Idle;
            var free = IsDraining ? 0 : runner.Free;
            if (more && free > 0 && free < services.Options.MaxConcurrentActivities / 4 && services.Clock.GetElapsedTime(lastClaim) is var since && since < Gather)
            {
                wait = Gather - since;
            }
            else if (free > 0)
            {
                if (services.IsDebugging) await BeatAsync(static _ => true, stop).ConfigureAwait(false);      // after a stand at a breakpoint its own tasks look forsaken
                var wanted = Math.Min(free, ClaimSize);
                lastClaim = services.Clock.GetTimestamp();
                var claimed = await all.ClaimAsync(most => ClaimAsync(new TaskClaim(group, all.Queues, known, wanted, namespaces) { Most = most }, clock, stop)).ConfigureAwait(false);
                more = claimed.Tasks.Count == wanted;
                if (claimed.Tasks.Count > 0) wait = TimeSpan.Zero;
                else if (claimed.NextVisible is { } next && next - claimed.Now < wait) wait = next - claimed.Now;
            }

            if (services.Clock.GetElapsedTime(lastExpiry) >= ExpireEvery)
            {
                lastExpiry = services.Clock.GetTimestamp();
                await ExpireAsync(stop).ConfigureAwait(false);
            }

            lock (gate)
                if (nextKnown - clock.Now is var until && until < wait) wait = until;
            if (wait <= TimeSpan.Zero) continue;
            alarm.Change(wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait, Timeout.InfiniteTimeSpan);
            await wake.WaitAsync().AsTask().WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        while (!stop.IsCancellationRequested) await Supervisor.PauseAsync(TimeSpan.FromHours(1), services.Clock, tick, stop).ConfigureAwait(false);      // nothing to do here, for ever
    }

    /// <summary>The loop that reports ends, many in one transaction.</summary>
    public async Task ReportLoopAsync(Action tick, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            tick();
            var page = new List<(RunningTask Task, TaskEnd End)>();
            while (page.Count < 500 && ended.TryDequeue(out var one)) page.Add(one);
            if (page.Count > 0) await ReportAsync(page).ConfigureAwait(false);
            else await Supervisor.WaitAsync(finished, services.Clock, tick, stop).ConfigureAwait(false);
        }
    }

    /// <summary>The loop that keeps taken tasks alive and hears that the run wants them to stop.</summary>
    public async Task BeatLoopAsync(Action tick, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            tick();
            await BeatAsync(task => task.BeatDue(services.Clock), stop).ConfigureAwait(false);
            foreach (var silent in running.Values) silent.CheckSilence(services.Clock);
            runner.SendAway(IsDraining ? TimeSpan.Zero : services.Options.DispatchTimeout);

            await Task.Delay(TimeSpan.FromMilliseconds(250), services.Clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task BeatAsync(Func<RunningTask, bool> which, CancellationToken stop)
    {
        var due = running.Values.Where(which).OrderBy(task => (task.Task.RunId, task.Task.TaskNo)).ToList();
        if (due.Count == 0) return;
        var states = await services.Store.HeartbeatTasksAsync([.. due.Select(task => task.Beat())], stop).ConfigureAwait(false);
        for (var i = 0; i < due.Count; i++)
            if (!states[i].Held || states[i].Cancel) due[i].Stop(givenBack: false);
    }

    /// <summary>Tells all tasks that the host stops: their next attempt is somebody else's.</summary>
    public void StopAll()
    {
        foreach (var task in running.Values.OrderBy(task => (task.Task.RunId, task.Task.TaskNo))) task.Stop(givenBack: true);
    }

    /// <summary>True while tasks run or ends are to be reported.</summary>
    public bool IsBusy => !running.IsEmpty || !ended.IsEmpty;

    private async Task ExpireAsync(CancellationToken stop)
    {
        var runs = await (services.Groups.IsOne ? services.Store.ExpireTasksAsync(100, Expired, stop) : ((IGroupedStore)services.Store).ExpireTasksAsync(group, 100, Expired, stop)).ConfigureAwait(false);
        foreach (var run in runs) shared.Hint(run);
    }

    private MessageRecord Expired(TaskRecord task)
    {
        var failure = new OperationFailure
        {
            Code = DurableErrorCodes.ActivityTimedOut, Attempts = task.LogicalAttempt, Failure = new Failure(typeof(TimeoutException).FullName!, "The time of all attempts together (schedule-to-close) is over."),
            History = task.Failures is null ? null : JsonSerializer.Deserialize(Plain(task, task.Failures, "Failures of earlier attempts"), HistoryJson.Default.IReadOnlyListAttemptFailure),
        };
        return Message(task, EventKind.ActivityFailed, JsonSerializer.SerializeToUtf8Bytes(failure, HistoryJson.Default.OperationFailure));
    }

    private async Task<TaskClaimResult> ClaimAsync(TaskClaim claim, LaneClock clock, CancellationToken stop)
    {
        var claimed = await services.Store.ClaimTasksAsync(claim, stop).ConfigureAwait(false);
        clock.Set(claimed.Now);
        foreach (var task in claimed.Tasks) Start(task, clock);
        return claimed;
    }

    private void Start(TaskRecord task, LaneClock clock)
    {
        var one = new RunningTask(task, services.Clock, services.Machine, all.NextOrder());
        if (running.TryGetValue(task.Key, out var before)) before.Stop(givenBack: false);      // it was silent for too long, or its renewal did not arrive: this one is the attempt now
        running[task.Key] = one;
        if (Limits.TryStart(task.Queue))
        {
            runner.Start(() => _ = RunAsync(one, clock), new Claimed(this, one));
            return;
        }

        GiveBack(one);                                   // the claim took longer than its slot lasted
    }

    // It never began: its row is somebody else's at once.
    private void GiveBack(RunningTask one)
    {
        one.Stop(givenBack: true);
        one.HasEnded = true;
        ended.Enqueue((one, GivenBack(one.Task) with { NeverBegan = true }));
        finished.Set();
    }

    private async Task RunAsync(RunningTask one, LaneClock clock)
    {
        var task = one.Task;
        var since = services.Clock.GetTimestamp();
        try
        {
            var end = await EndOfAsync(one, clock, since).ConfigureAwait(false);
            if (end is not null)
            {
                ended.Enqueue((one, end));
                finished.Set();
                return;
            }

            running.TryRemove(KeyValuePair.Create(task.Key, one));
        }
        finally
        {
            one.HasEnded = true;
            runner.Done();
            Limits.Ended(task.Queue);
            wake.Set();
        }
    }

    private async Task<TaskEnd?> EndOfAsync(RunningTask one, LaneClock clock, long since)
    {
        var task = one.Task;
        CallOptions options = CallOptions.Default;
        System.Diagnostics.Activity? activity = null;
        var workflow = new WorkflowInfo("", task.RunId, "", 0) { Namespace = task.Namespace, Generation = task.Gen };
        if (one.IsGivenBack) return GivenBack(task) with { NeverBegan = true };
        if (one.IsStopped) return null;                      // told so before it had a place
        try
        {
            var document = JsonSerializer.Deserialize(Codecs.Decode(services.Serializer.Codec, task.Payload, task.Encoding, task.Namespace, task.RunId, $"Call of {task.Activity}"), HistoryJson.Default.TaskDocument)!;
            options = document.Options;
            one.Begin(services.IsDebugging ? null : options.Heartbeat, services.Clock);
            workflow = new WorkflowInfo(document.Workflow.WorkflowId, task.RunId, document.Workflow.Workflow, document.Workflow.Version) { Namespace = task.Namespace, Generation = task.Gen, StartedAt = document.Workflow.StartedAt };
            activity = Telemetry.StartAttempt(task.Activity, task.Attempt, workflow, document.Workflow.Trace);
            if (options.AtMostOnce && task.Attempt > task.LogicalAttempt + 1) throw RetryRules.InDoubt();
            var definition = services.Registry.Activity(task.Activity) ?? throw new NonRetryableException($"Activity '{task.Activity}' is not registered here.");
            var call = new AttemptCall
            {
                Name = task.Activity, What = definition.ResultText, Number = task.Attempt, Workflow = workflow, Options = options, Attempt = one, Activity = definition,
                Result = definition.Result, Arguments = JsonText.Of(document.Arguments), Details = Plain(task, task.Details, "Heartbeat details"), Beat = details => one.Details(Stored(task, details)!),
                Remaining = task.DeadlineAt - clock.Now,
            };
            var result = await runner.ExecuteAsync(call).ConfigureAwait(false);
            Telemetry.AttemptEnded(activity, task.Activity, "completed", services.Clock.GetElapsedTime(since), null);
            return new TaskEnd(task.Key, task.Token!.Value, Message(task, EventKind.ActivityCompleted, result));
        }
        catch (Exception thrown)
        {
            if (one.IsGivenBack) return GivenBack(task);      // the host stops, or its slot is lost: an engine attempt
            if (one.IsStopped) return null;              // lost, or not wanted any more: the row belongs to somebody else
            var error = one.IsSilent ? RetryRules.Silence(task.Activity, options.Heartbeat!.Value) : thrown is System.Reflection.TargetInvocationException { InnerException: { } inner } ? inner : thrown;
            Telemetry.AttemptEnded(activity, task.Activity, "failed", services.Clock.GetElapsedTime(since), error);
            var after = RetryRules.After(error, options, task.Attempt, task.LogicalAttempt + 1, Plain(task, task.Failures, "Failures of earlier attempts"), clock.Now, task.DeadlineAt, EventKind.ActivityFailed, services.Machine.NextDouble());
            log.AttemptFailed(workflow, task.Activity, task.Attempt, error, after.RetryAfter);
            return after.RetryAfter is { } delay
                ? new TaskEnd(task.Key, task.Token!.Value, null, delay, after.LogicalAttempt, Stored(task, after.Failures))
                : new TaskEnd(task.Key, task.Token!.Value, Message(task, EventKind.ActivityFailed, after.Payload));
        }
        finally
        {
            activity?.Dispose();
        }
    }

    private static TaskEnd GivenBack(TaskRecord task) => new(task.Key, task.Token!.Value, null, TimeSpan.Zero, task.LogicalAttempt, task.Failures);

    private async Task ReportAsync(List<(RunningTask Task, TaskEnd End)> page)
    {
        for (var pause = 20; ; pause = Math.Min(pause * 2, 1_000))
        {
            try
            {
                var accepted = await services.Store.CompleteTasksAsync([.. page.Select(one => one.End)]).ConfigureAwait(false);
                for (var i = 0; i < page.Count; i++)
                {
                    running.TryRemove(KeyValuePair.Create(page[i].Task.Task.Key, page[i].Task));
                    if (!accepted[i] && !page[i].Task.IsGivenBack) Telemetry.LateResults.Add(1, new KeyValuePair<string, object?>("activity", page[i].Task.Task.Activity));
                    else if (accepted[i] && page[i].End.Message is { } message) shared.Hint(message.RunId);
                }

                shared.Announce();
                foreach (var retry in page.Where(one => one.End.Message is null)) Due(DateTimeOffset.MinValue);
                return;
            }
            catch (Exception error)
            {
                log.StoreAway("complete tasks", error);
                await Task.Delay(TimeSpan.FromMilliseconds(pause), services.Clock).ConfigureAwait(false);
            }
        }
    }

    // Details and failures are payloads too: what the host's codec hides is hidden there as in histories.
    private byte[]? Plain(TaskRecord task, byte[]? stored, string what) => Codecs.Decode(services.Serializer.Codec, stored, task.Encoding, task.Namespace, task.RunId, what);

    private byte[]? Stored(TaskRecord task, byte[]? plain) => task.Encoding == 1 ? Codecs.Encode(services.Serializer.Codec, plain, task.Namespace, task.RunId) : plain;

    private MessageRecord Message(TaskRecord task, EventKind kind, byte[]? payload) => TaskMessages.Of(services.Serializer, task, kind, payload);

    /// <summary>A claimed task in the line: a claim says that it begins, and if it does not, another host is to have it.</summary>
    private sealed class Claimed(TaskPump pump, RunningTask task) : IWaiter
    {
        public bool MayLeave => !task.IsStopped;

        public void Leave()
        {
            Telemetry.Overflows.Add(1, new KeyValuePair<string, object?>("activity", task.Task.Activity));
            pump.Limits.Ended(task.Task.Queue);
            pump.GiveBack(task);
        }
    }
}
