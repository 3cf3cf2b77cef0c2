// Moves virtual time: only when nothing is runnable, and then straight to what is due next.
using System.Diagnostics;
using Durable.Engine.Worker;
using Durable.Storage;

namespace Durable.Testing;

/// <summary>Skips time while somebody waits, and moves it when the test says so.</summary>
internal sealed class TimePump(TestWorld world, TestWorker worker, Func<Guid, Task<string>> explain) : IAsyncDisposable
{
    private const int EagerTries = 200;                                                    // most turns take microseconds: a short time without sleeping
    private static readonly TimeSpan AttemptGrace = TimeSpan.FromSeconds(2);               // an attempt that takes longer waits for time to pass
    private static readonly TimeSpan LoopGrace = TimeSpan.FromSeconds(15);                 // a turn that takes longer holds its thread for good
    private static readonly TimeSpan NeverQuiet = TimeSpan.FromMinutes(1);
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly CancellationTokenSource stop = new();
    private Task loop = Task.CompletedTask;
    private long since;

    /// <summary>False: time stands still while tests wait.</summary>
    public bool Skips { get; set; } = world.Options.SkipTime;

    public void Start() => loop = Task.Run(LoopAsync);

    /// <summary>Waits until nothing is runnable. Time stands still.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await QuietAsync(withAttempts: true, Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            gate.Release();
        }

        world.ThrowIfFailed();
    }

    /// <summary>Moves time on; whatever becomes due on the way happens at its time, in order.</summary>
    public async Task AdvanceAsync(TimeSpan by, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var target = world.Clock.GetUtcNow() + by;
            for (var now = world.Clock.GetUtcNow(); ; now = world.Clock.GetUtcNow())
            {
                var next = await QuietAsync(withAttempts: true, AttemptGrace, cancellationToken).ConfigureAwait(false);
                if (now >= target) break;
                world.Clock.JumpTo(next is { } due && due < target && due > now ? due : target);
            }
        }
        finally
        {
            gate.Release();
        }

        world.ThrowIfFailed();
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task LoopAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            await world.Wanted.WaitAsync(stop.Token).ConfigureAwait(false);
            var (tries, idle) = (0, 0L);
            while (world.IsAwaited && !stop.IsCancellationRequested)
            {
                if (!Skips)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, stop.Token).ConfigureAwait(false);
                    continue;
                }

                var moved = false;
                await gate.WaitAsync(stop.Token).ConfigureAwait(false);
                try
                {
                    var state = await LookAsync(stop.Token).ConfigureAwait(false);
                    if (state.Busy is null && !state.IsWorking && world.IsAwaited)
                    {
                        if (state.Next is { } next)
                        {
                            world.Clock.JumpTo(next);
                            moved = true;
                        }
                        else if (idle == 0) idle = Stopwatch.GetTimestamp();
                        else if (Stopwatch.GetElapsedTime(idle) > world.Options.GiveUpAfter) await GiveUpAsync().ConfigureAwait(false);
                    }
                    else (idle, tries) = (0, Watch(state.Busy, tries));
                }
                finally
                {
                    gate.Release();
                }

                tries = moved ? 0 : tries + 1;
                await BreatheAsync(tries, stop.Token).ConfigureAwait(false);
            }
        }
    }

    // Nothing will ever happen by itself: the wait would last for ever.
    private async Task GiveUpAsync()
    {
        foreach (var runId in world.Awaited)
            world.Refuse(runId, new WorkflowTestException(DurableErrorCodes.RunInWrongState,
                $"The test waits for the end of a run that nothing moves any more: {await explain(runId).ConfigureAwait(false)} No timer is due, nothing runs, and no message is on its way. Send what it waits for before you wait for its end, or give it a time-out."));
    }

    // Waits until nothing is runnable and says what is due next. With a grace: attempts that do not end are left to themselves then.
    private async Task<DateTimeOffset?> QuietAsync(bool withAttempts, TimeSpan grace, CancellationToken cancellationToken)
    {
        var quiet = 0L;
        for (var tries = 0; ; tries++)
        {
            world.ThrowIfFailed();
            var state = await LookAsync(cancellationToken).ConfigureAwait(false);
            if (state.Busy is null && (!state.IsWorking || !withAttempts)) return state.Next;
            if (state.Busy is not null) quiet = 0;
            else if (quiet == 0) quiet = Stopwatch.GetTimestamp();
            else if (grace != Timeout.InfiniteTimeSpan && Stopwatch.GetElapsedTime(quiet) > grace) return state.Next;
            tries = Watch(state.Busy, tries);
            await BreatheAsync(tries, cancellationToken).ConfigureAwait(false);
        }
    }

    // A fault of the kit or of the engine, not of the test: said with what is known, instead of a test that never ends.
    private int Watch(string? busy, int tries)
    {
        if (busy is null || tries < EagerTries) since = Stopwatch.GetTimestamp();
        else if (Stopwatch.GetElapsedTime(since) > NeverQuiet)
            world.Fail(new WorkflowTestException(DurableErrorCodes.RunInWrongState, $"The worker has not come to rest for {NeverQuiet.TotalSeconds:0} s while time stood still: {busy}."));
        return tries;
    }

    private static async Task BreatheAsync(int tries, CancellationToken cancellationToken)
    {
        if (tries < EagerTries) await Task.Yield();
        else await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, cancellationToken).ConfigureAwait(false);
    }

    // The order matters: what is found runnable in the store first, then what runs, then the lane. So nothing can be between two of them unseen.
    private async Task<(string? Busy, bool IsWorking, DateTimeOffset? Next)> LookAsync(CancellationToken cancellationToken)
    {
        if (worker.Process is not { Worker.OpenLane: { } lane } process) return ("no worker process is open", false, null);
        var engine = process.Engine;
        var queues = new List<string> { "" };
        queues.AddRange(engine.Options.ServedQueues);
        var served = engine.Options.ServedNamespaces.Count == 0 ? null : engine.Options.ServedNamespaces.ToList();
        var found = await world.Store.LookAsync(new LookRequest(lane.Key, null, 100, engine.Registry.Serves, engine.Build, served, queues), cancellationToken).ConfigureAwait(false);
        var tasks = Tasks(process, queues);
        var isWorking = process.Worker.IsWorking || tasks.Held;
        if (await ProbeAsync(lane, cancellationToken).ConfigureAwait(false) is not { } probe) return ("the lane is not open", isWorking, null);
        if (found.Claimable.Count + found.Mail.Count > 0 || tasks.Due)
        {
            process.Worker.Poke();
            return ($"{found.Claimable.Count} runs can be claimed, {found.Mail.Count} have mail{(tasks.Due ? ", and a task is due" : "")}", isWorking, null);
        }

        return (probe.Busy, isWorking || process.Worker.IsWorking, Earliest(Earliest(probe.Next, found.NextDue), Earliest(tasks.Next, world.ClientClock.NextLimit)));
    }

    private (bool Due, bool Held, DateTimeOffset? Next) Tasks(TestProcess process, List<string> queues) => world.Store.Read(tables =>
    {
        var now = tables.Now;
        var (due, held, next) = (false, false, (DateTimeOffset?)null);
        foreach (var task in tables.Runs.Values.SelectMany(run => run.Tasks.Values))
        {
            if (task.Row.Queue == ActivityRunner.OwnerQueue) continue;
            if (task.Token is { } token && process.Store.Tokens.ContainsKey(token)) held = true;
            var mine = queues.Contains(task.Row.Queue) && process.Engine.Registry.Activity(task.Row.Activity) is not null;
            if (mine && task.VisibleAt <= now && !task.IsOver(now)) due = true;
            else if (mine && task.VisibleAt > now) next = Earliest(next, task.VisibleAt);
            if (task.DeadlineAt is { } deadline) next = Earliest(next, deadline > now ? deadline : now + TimeSpan.FromSeconds(5));
        }

        return (due, held, next);
    });

    // On the lane's own loop, so that what it says is one moment. Asking also wakes it for timers that are due now.
    private async Task<(string? Busy, DateTimeOffset? Next)?> ProbeAsync(Lane lane, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<(string?, DateTimeOffset?)>(TaskCreationOptions.RunContinuationsAsynchronously);
        lane.Post(() =>
        {
            try
            {
                answer.TrySetResult(StateOf(lane));
            }
            catch (Exception error)
            {
                answer.TrySetException(error);
            }
        });
        var since = Stopwatch.GetTimestamp();
        while (await Task.WhenAny(answer.Task, lane.Over, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, cancellationToken)).ConfigureAwait(false) is var first && first != answer.Task)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (first == lane.Over) return null;
            if (Stopwatch.GetElapsedTime(since) < LoopGrace || worker.Process?.Worker.OpenLane != lane) continue;
            world.Fail(new WorkflowTestException(DurableErrorCodes.NotDurable,
                $"Workflow code has held its thread for {LoopGrace.TotalSeconds:0} s without awaiting (Thread.Sleep, synchronous I/O, an endless loop). Put such work into an activity or a step."));
            return null;
        }

        return await answer.Task.ConfigureAwait(false);
    }

    private static (string? Busy, DateTimeOffset? Next) StateOf(Lane lane)
    {
        if (!lane.IsQuiet) return ($"the lane works on {string.Join(", ", lane.Slots.Values.Where(slot => !slot.IsIdle).Select(slot => $"'{slot.Run?.WorkflowId}' ({slot.State})").DefaultIfEmpty("a batch"))}", null);
        var (now, next) = (lane.Clock.Now, (DateTimeOffset?)null);
        foreach (var slot in lane.Slots.Values)
        {
            if (LaneExits.NextDue(slot) is not { } due) continue;
            if (due <= now) return ($"a timer of '{slot.Run.WorkflowId}' is due", null);
            next = Earliest(next, due);
        }

        return (null, next);
    }

    private static DateTimeOffset? Earliest(DateTimeOffset? one, DateTimeOffset? other) => one is null ? other : other is null || one < other ? one : other;
}
