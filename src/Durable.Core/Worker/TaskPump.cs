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
internal sealed class TaskPump(EngineServices services, ActivityRunner runner, LaneContext shared, EngineLog log)
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ExpireEvery = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<TaskKey, RunningTask> running = new();
    private readonly ConcurrentQueue<(RunningTask Task, TaskEnd End)> ended = new();
    private readonly AsyncSignal wake = new(services.Machine);
    private readonly AsyncSignal finished = new(services.Machine);
    private readonly Lock gate = new();
    private DateTimeOffset nextKnown = DateTimeOffset.MaxValue;

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

    /// <summary>Looks now.</summary>
    public void Poke() => Due(DateTimeOffset.MinValue);

    /// <summary>The loop that claims.</summary>
    public async Task ClaimLoopAsync(LaneClock clock, Action tick, CancellationToken stop)
    {
        using var alarm = services.Clock.CreateTimer(static signal => ((AsyncSignal)signal!).Set(), wake, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var known = services.Registry.ActivityNames;
        IReadOnlyList<string> queues = ["", .. services.Options.ServedQueues.Where(queue => queue.Length > 0)];
        var lastExpiry = 0L;
        var namespaces = services.Options.ServedNamespaces.Count == 0 ? null : services.Options.ServedNamespaces.ToList();
        while (!stop.IsCancellationRequested && known.Count > 0)
        {
            tick();
            lock (gate) nextKnown = DateTimeOffset.MaxValue;
            var wait = Idle;
            var free = runner.Free;
            if (free > 0)
            {
                var claimed = await services.Store.ClaimTasksAsync(new TaskClaim(services.Store.Groups[0], queues, known, Math.Min(free, 100), namespaces), stop).ConfigureAwait(false);
                clock.Set(claimed.Now);
                foreach (var task in claimed.Tasks) Start(task, clock);
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

        await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
            else await finished.WaitAsync().AsTask().WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The loop that keeps taken tasks alive and hears that the run wants them to stop.</summary>
    public async Task BeatLoopAsync(Action tick, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            tick();
            var due = running.Values.Where(task => task.BeatDue(services.Clock)).OrderBy(task => (task.Task.RunId, task.Task.TaskNo)).ToList();
            if (due.Count > 0)
            {
                var states = await services.Store.HeartbeatTasksAsync([.. due.Select(task => task.Beat())], stop).ConfigureAwait(false);
                for (var i = 0; i < due.Count; i++)
                    if (!states[i].Held || states[i].Cancel) due[i].Stop();
            }

            await Task.Delay(TimeSpan.FromMilliseconds(250), services.Clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Tells all tasks that the host stops: their next attempt is somebody else's.</summary>
    public void StopAll()
    {
        foreach (var task in running.Values.OrderBy(task => (task.Task.RunId, task.Task.TaskNo))) task.Stop();
    }

    /// <summary>True while tasks run or ends are to be reported.</summary>
    public bool IsBusy => !running.IsEmpty || !ended.IsEmpty;

    private async Task ExpireAsync(CancellationToken stop)
    {
        var runs = await services.Store.ExpireTasksAsync(100, Expired, stop).ConfigureAwait(false);
        foreach (var run in runs) shared.Hint(run);
    }

    private MessageRecord Expired(TaskRecord task)
    {
        var failure = new OperationFailure
        {
            Code = DurableErrorCodes.ActivityTimedOut, Attempts = task.Attempt, Failure = new Failure(typeof(TimeoutException).FullName!, "The time of all attempts together (schedule-to-close) is over."),
            History = task.Failures is null ? null : JsonSerializer.Deserialize(task.Failures, HistoryJson.Default.IReadOnlyListAttemptFailure),
        };
        return Message(task, EventKind.ActivityFailed, JsonSerializer.SerializeToUtf8Bytes(failure, HistoryJson.Default.OperationFailure));
    }

    private void Start(TaskRecord task, LaneClock clock)
    {
        var one = new RunningTask(task, services.Clock, services.Machine);
        if (!running.TryAdd(task.Key, one)) return;
        runner.Start(() => _ = RunAsync(one, clock));
    }

    private async Task RunAsync(RunningTask one, LaneClock clock)
    {
        var task = one.Task;
        var since = services.Clock.GetTimestamp();
        using var activity = Telemetry.StartAttempt(task.Activity, task.Attempt, null);
        try
        {
            var end = await EndOfAsync(one, clock, activity, since).ConfigureAwait(false);
            if (end is not null)
            {
                ended.Enqueue((one, end));
                finished.Set();
                return;
            }

            running.TryRemove(task.Key, out _);
        }
        finally
        {
            runner.Done();
            wake.Set();
        }
    }

    private async Task<TaskEnd?> EndOfAsync(RunningTask one, LaneClock clock, System.Diagnostics.Activity? activity, long since)
    {
        var task = one.Task;
        CallOptions options = CallOptions.Default;
        var workflow = new WorkflowInfo("", task.RunId, "", 0) { Namespace = task.Namespace, Generation = task.Gen };
        try
        {
            var document = JsonSerializer.Deserialize(Codecs.Decode(services.Serializer.Codec, task.Payload, task.Encoding, task.Namespace, task.RunId, $"Call of {task.Activity}"), HistoryJson.Default.TaskDocument)!;
            options = document.Options;
            one.IsRenewedByHost = options.Heartbeat is null;
            workflow = new WorkflowInfo(document.Workflow.WorkflowId, task.RunId, document.Workflow.Workflow, document.Workflow.Version) { Namespace = task.Namespace, Generation = task.Gen, StartedAt = document.Workflow.StartedAt };
            if (options.AtMostOnce && task.Attempt > task.LogicalAttempt + 1) throw new NonRetryableException("The host was lost while the attempt ran; nobody knows whether it had its effect, and it may run at most once.");
            var definition = services.Registry.Activity(task.Activity) ?? throw new NonRetryableException($"Activity '{task.Activity}' is not registered here.");
            var call = new AttemptCall
            {
                Name = task.Activity, What = definition.ResultText, Number = task.Attempt, Workflow = workflow, Options = options, Key = ActivityRunner.KeyOf(task.RunId, task.Gen, task.TaskNo), Activity = definition,
                Result = definition.Result, Arguments = JsonText.Of(document.Arguments), Details = task.Details, Beat = one.Details,
            };
            var result = await runner.ExecuteAsync(call, one.Cancellation).ConfigureAwait(false);
            Telemetry.AttemptEnded(activity, task.Activity, "completed", services.Clock.GetElapsedTime(since), null);
            return new TaskEnd(task.Key, task.Token!.Value, Message(task, EventKind.ActivityCompleted, result));
        }
        catch (Exception thrown)
        {
            if (one.IsStopped) return null;              // lost, or not wanted any more: the row belongs to somebody else
            var error = thrown is System.Reflection.TargetInvocationException { InnerException: { } inner } ? inner : thrown;
            Telemetry.AttemptEnded(activity, task.Activity, "failed", services.Clock.GetElapsedTime(since), error);
            var after = RetryRules.After(error, options, task.Attempt, task.LogicalAttempt + 1, task.Failures, clock.Now, task.DeadlineAt, EventKind.ActivityFailed, services.Machine.NextDouble());
            log.AttemptFailed(workflow, task.Activity, task.Attempt, error, after.RetryAfter);
            return after.RetryAfter is { } delay
                ? new TaskEnd(task.Key, task.Token!.Value, null, delay, after.LogicalAttempt, after.Failures)
                : new TaskEnd(task.Key, task.Token!.Value, Message(task, EventKind.ActivityFailed, after.Payload));
        }
    }

    private async Task ReportAsync(List<(RunningTask Task, TaskEnd End)> page)
    {
        for (var pause = 20; ; pause = Math.Min(pause * 2, 1_000))
        {
            try
            {
                var accepted = await services.Store.CompleteTasksAsync([.. page.Select(one => one.End)]).ConfigureAwait(false);
                for (var i = 0; i < page.Count; i++)
                {
                    running.TryRemove(page[i].Task.Task.Key, out _);
                    if (!accepted[i]) Telemetry.LateResults.Add(1);
                    else if (page[i].End.Message is { } message) shared.Hint(message.RunId);
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

    private MessageRecord Message(TaskRecord task, EventKind kind, byte[]? payload) => TaskMessages.Of(services.Serializer, task, kind, payload);

    private sealed class RunningTask(TaskRecord task, TimeProvider clock, Machine machine)
    {
        private readonly Lock gate = new();
        private byte[]? details;
        private long lastBeat = clock.GetTimestamp();
        private bool dirty;

        public TaskRecord Task { get; } = task;

        public CancellationTokenSource Cancellation { get; } = new();

        public bool IsStopped { get; private set; }

        /// <summary>True for tasks without a heartbeat limit: the host renews them while they run. The others only their own code does.</summary>
        public bool IsRenewedByHost { get; set; }

        public bool BeatDue(TimeProvider time)
        {
            lock (gate) return (dirty || IsRenewedByHost) && time.GetElapsedTime(lastBeat) >= Task.Visibility / 4;
        }

        public void Details(byte[] value)
        {
            lock (gate)
            {
                details = value;
                dirty = true;
            }
        }

        public TaskBeat Beat()
        {
            lock (gate)
            {
                dirty = false;
                lastBeat = clock.GetTimestamp();
                var beat = new TaskBeat(Task.Key, Task.Token!.Value, Task.Visibility, details);
                details = null;
                return beat;
            }
        }

        public void Stop()
        {
            IsStopped = true;
            machine.Cancel(Cancellation);
        }
    }
}
