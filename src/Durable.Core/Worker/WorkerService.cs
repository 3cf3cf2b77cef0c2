// The hosted service: opens the lanes, keeps the loops, drains on shutdown; and the short cuts that the client of this process takes.
using System.Security.Cryptography;
using System.Text;
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Engine.Hosting;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;
using Microsoft.Extensions.Hosting;

namespace Durable.Engine.Worker;

/// <summary>One worker: lanes, activities, loops.</summary>
internal sealed class WorkerService(EngineServices services, ActivityRunner runner, RunWatch watch, LaneContext shared, EngineLog log, WorkerIdentity identity) : IHostedLifecycleService, ILocalWorker, IDisposable, IAsyncDisposable
{
    private static readonly TimeSpan WatchdogWarn = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan WatchdogLeave = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan GiveBackTime = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource stop = new();
    private readonly Supervisor supervisor = new(services, log);
    private readonly Loops loops = new(services, shared, log);
    private readonly TaskPump tasks = new(services, runner, shared, log);
    private volatile Lane? lane;
    private IAsyncDisposable? listening;
    private int disposed;

    /// <summary>Loops that have not come round for so long.</summary>
    public IReadOnlyList<string> DeadLoops(TimeSpan after) => supervisor.Dead(after);

    /// <summary>Why the worker claims nothing, or null.</summary>
    public string? Refusal { get; private set; }

    /// <summary>True once a lane is open.</summary>
    public bool IsOpen => lane is not null;

    /// <summary>The open lane, or null.</summary>
    public Lane? OpenLane => lane;

    /// <summary>True while attempts are under way in this process.</summary>
    public bool IsWorking => runner.Running > 0 || tasks.IsBusy;

    /// <summary>Code was changed while the process runs: what the old code made in memory is made again from the histories. Any change may matter, so nothing is kept.</summary>
    public void CodeChanged(IReadOnlyCollection<Type>? types)
    {
        if (lane is not { } open) return;
        open.Post(() =>
        {
            var slots = open.Slots.Values.Where(static slot => slot is { State: SlotState.Active, Execution: not null }).ToList();
            log.CodeChanged(types?.Count ?? 0, slots.Count);
            foreach (var slot in slots) open.Exits.ReadAgain(slot);
        });
    }

    /// <summary>Looks for runs and tasks now.</summary>
    public void Poke()
    {
        loops.Poke();
        tasks.Poke();
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await BeginAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (DurableException error) when (PassingFaults.MayPass(error))
        {
            // A database that is only away must not end the host: the application does its other work, and readiness says why this one waits.
            log.StoreAway("start", error);
            supervisor.Run("start", BeginLaterAsync, stop.Token);
        }
    }

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        var info = await services.ReadyAsync(cancellationToken).ConfigureAwait(false);
        shared.TaskDue = tasks.Due;
        shared.Hint = HintHere;
        shared.Poke = loops.Poke;
        shared.TaskGone = tasks.Gone;
        shared.HasPeers = () => loops.HasPeers;
        shared.Lost = lost => _ = ReopenAsync(lost);
        if (services.Store is IWakeUps wakeUps)
        {
            shared.Announce = wakeUps.Announce;
            listening ??= wakeUps.Listen(() =>
            {
                loops.Poke();
                if (services.Options.ServedQueues.Count == 0) return;
                tasks.Poke();
                tasks.Limits.Retry();
            });
        }

        Refusal = null;
        if (info.PlaceChanged)
        {
            Refusal = $"{DurableErrorCodes.StoreRestored}: this database was restored or copied from another place. Nothing is claimed until AcceptRestoredStoreAsync is called.";
            log.PlaceChanged(services.Store.Description);
            supervisor.Run("acceptance", AwaitAcceptanceAsync, stop.Token);
            return;
        }

        await JsonFingerprint.CheckAsync(services, log, cancellationToken).ConfigureAwait(false);
        await OpenAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        lane?.Drain();
        tasks.Drain();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (lane is { } open)
        {
            open.Drain();
            tasks.Drain();
            await DrainAsync(() => runner.Running > 0 || tasks.IsBusy, services.Options.DrainTimeout, cancellationToken).ConfigureAwait(false);
            tasks.StopAll();
            await DrainAsync(() => tasks.IsBusy, GiveBackTime, CancellationToken.None).ConfigureAwait(false);      // those that obey are given back at once
            await tasks.Limits.ReleaseAsync().ConfigureAwait(false);
            await open.StopAsync().WaitAsync(TimeSpan.FromSeconds(10), services.Clock, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await CloseAsync(open).ConfigureAwait(false);
            lane = null;
        }

        await services.Machine.Run(() =>
        {
            stop.Cancel();
            return Task.CompletedTask;
        }).ConfigureAwait(false);
        await supervisor.WaitAsync().WaitAsync(TimeSpan.FromSeconds(5), services.Clock, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (listening is not null) await listening.DisposeAsync().ConfigureAwait(false);
        log.Stopped(identity.Name);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;      // the container knows it under two names
        await stop.CancelAsync().ConfigureAwait(false);
        if (lane is { } open) await open.DisposeAsync().ConfigureAwait(false);
        stop.Dispose();
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    public async Task<bool?> TryStartAsync(StartRecord start, CancellationToken cancellationToken)
    {
        if (lane is not { IsDraining: false } open || start.DueAt is not null || services.Registry.Find(start.Type, start.Version) is null || !runner.Serves(start.Queue)
            || (runner.Free <= 0 && loops.IsAboveShare(open))      // others would be quicker
            || (services.Options.ServedNamespaces.Count > 0 && !services.Options.ServedNamespaces.Contains(start.Namespace))) return null;
        shared.Ends.Expect(start.RunId);
        var started = await open.AskAsync(answer => open.Turns.Start(start, answer), cancellationToken).ConfigureAwait(false);      // a loop that has ended answers nothing: then the store decides, under the same run id
        if (started != true) shared.Ends.Left(start.RunId);
        return started;
    }

    public Task<RunRecord?>? WaitHere(Guid runId) => shared.Ends.Find(runId);

    public void Hint(Guid runId)
    {
        HintHere(runId);
        loops.Poke();
        shared.Announce();
    }

    public Task<RunStatus> WaitClosedAsync(Guid runId, CancellationToken cancellationToken) => watch.WaitAsync(runId, cancellationToken);

    public async Task<(bool Owned, byte[]? Answer)> TryQueryAsync(Guid runId, HandlerDefinition query, object?[] arguments, CancellationToken cancellationToken)
    {
        if (lane is not { } open) return (false, null);
        var answer = services.Machine.NewSource<(bool, byte[]?)>();
        open.Post(Ask);
        await Task.WhenAny(answer.Task, open.Over).WaitAsync(cancellationToken).ConfigureAwait(false);
        return answer.Task.IsCompleted ? await answer.Task.ConfigureAwait(false) : (false, null);

        void Ask()
        {
            if (!open.Slots.TryGetValue(runId, out var slot) || slot.State != SlotState.Active || slot.Execution is not { Started: not null } execution) answer.TrySetResult((false, null));
            else if (slot.LastBatch is { } batch)
            {
                batch.AfterCommit.Add((runId, () => open.Post(Ask)));      // only what is durable is told
                batch.AfterLoss.Add((runId, _ => answer.TrySetResult((false, null))));
            }
            else
            {
                try
                {
                    answer.TrySetResult((true, open.Guarded(slot, () => services.Serializer.Encode(execution.Query(query, arguments), query.ReturnType, $"Answer of query '{query.Name}'"), () => Blocked(slot))));
                }
                catch (Exception error) when (error is not LaneLeftException)
                {
                    answer.TrySetException(error is System.Reflection.TargetInvocationException { InnerException: { } inner } ? inner : error);
                }
            }
        }

        // The query's thread is still in the run's objects: they are made anew (M10).
        void Blocked(RunSlot slot)
        {
            answer.TrySetException(new DurableException(DurableErrorCodes.NotDurable, $"Query '{query.Name}' held its thread for {WatchdogLeave.TotalSeconds:0} s. A query only reads the workflow's fields."));
            open.Exits.ReadAgain(slot);
        }
    }

    public async Task<IReadOnlyList<WaitDocument>?> TryExplainAsync(Guid runId, CancellationToken cancellationToken)
    {
        if (lane is not { } open) return null;
        var answer = services.Machine.NewSource<IReadOnlyList<WaitDocument>?>();
        open.Post(() => answer.TrySetResult(open.Slots.TryGetValue(runId, out var slot) && slot is { State: SlotState.Active, Execution: { } execution } ? WaitReasons.Of(execution) : null));
        await Task.WhenAny(answer.Task, open.Over).WaitAsync(cancellationToken).ConfigureAwait(false);
        return answer.Task.IsCompleted ? await answer.Task.ConfigureAwait(false) : null;
    }

    private void HintHere(Guid runId) => lane?.Hint(runId);

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        var key = KeyOf(identity.Name, 0);
        var opened = await TryOpenAsync(key, takeover: true, cancellationToken).ConfigureAwait(false)
            ?? throw new DurableException(DurableErrorCodes.StoreUnavailable, "The lane could not be opened.");
        var made = new Lane(services, shared, key);
        lane = made;
        HotReload.Add(this);
        made.Start(opened);
        log.Opened(identity.Name, services.Store.Description, opened.Owned.Count);
        supervisor.Run("heartbeat", (tick, token) => loops.HeartbeatAsync(made, tick, token), stop.Token);
        supervisor.Run("look", (tick, token) => loops.LookAsync(made, tick, token), stop.Token);
        supervisor.Run("reap", (tick, token) => loops.ReapAsync(made, tick, token), stop.Token);
        supervisor.Run("purge", loops.PurgeAsync, stop.Token);
        supervisor.Run("tasks", (tick, token) => tasks.ClaimLoopAsync(made.Clock, tick, token), stop.Token);
        if (tasks.Limits.HasSlots) supervisor.Run("queue slots", tasks.Limits.RunAsync, stop.Token);
        supervisor.Run("task ends", tasks.ReportLoopAsync, stop.Token);
        supervisor.Run("task heartbeats", tasks.BeatLoopAsync, stop.Token);
        if (!shared.IsDebugging) supervisor.Run("watchdog", (tick, token) => WatchdogAsync(made, tick, token), stop.Token);
    }

    private Task<OpenedLane?> TryOpenAsync(LaneKey key, bool takeover, CancellationToken cancellationToken) =>
        services.Store.OpenLaneAsync(new OpenLane(key, services.Options.Lease, takeover, services.Build, services.Registry.Serves), cancellationToken);

    // A process that finds itself fenced goes on under a random name: two live hosts with one name settle after one fence (O4).
    private async Task ReopenAsync(Lane lost)
    {
        for (var pause = 50; !stop.IsCancellationRequested; pause = Math.Min(pause * 2, 2_000))
        {
            try
            {
                var key = KeyOf($"{identity.Name}~{services.Machine.NewGuid():N}", 0);
                if (await TryOpenAsync(key, takeover: false, stop.Token).ConfigureAwait(false) is not { } opened) continue;
                log.Renamed(identity.Name, key.Identity);
                lost.Restart(key, opened);
                return;
            }
            catch (Exception error) when (error is not OperationCanceledException || !stop.IsCancellationRequested)
            {
                log.StoreAway("open lane", error);
                await Task.Delay(TimeSpan.FromMilliseconds(pause), services.Clock, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private LaneKey KeyOf(string name, int number)
    {
        var group = services.Store.Groups[0];
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{name}\0{identity.Engine}\0{group.Number}\0{number}"));
        return new LaneKey(System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(hash), group, services.Machine.NewGuid(), name);
    }

    // A failure ends the round; the supervisor comes back after a pause.
    private async Task BeginLaterAsync(Action tick, CancellationToken token)
    {
        try
        {
            await BeginAsync(token).ConfigureAwait(false);
        }
        catch (DurableException error) when (!PassingFaults.MayPass(error))
        {
            Refusal = error.Message;
            throw;
        }

        await RestAsync(tick, token).ConfigureAwait(false);
    }

    // The loop has done its work, and is to count as alive.
    private async Task RestAsync(Action tick, CancellationToken token)
    {
        while (!token.IsCancellationRequested) await Supervisor.PauseAsync(TimeSpan.FromMinutes(1), services.Clock, tick, token).ConfigureAwait(false);
    }

    private async Task AwaitAcceptanceAsync(Action tick, CancellationToken token)
    {
        while (!token.IsCancellationRequested)
        {
            tick();
            if (!(await services.Store.InitializeAsync(token).ConfigureAwait(false)).PlaceChanged)
            {
                services.Refresh();
                Refusal = null;
                await OpenAsync(token).ConfigureAwait(false);
                await RestAsync(tick, token).ConfigureAwait(false);
            }

            await Task.Delay(TimeSpan.FromSeconds(1), services.Clock, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // M10: reports a turn that takes too long, then leaves its thread to it.
    private async Task WatchdogAsync(Lane watched, Action tick, CancellationToken token)
    {
        var warned = false;
        while (!token.IsCancellationRequested)
        {
            tick();
            var time = watched.TurnTime;
            if (time < WatchdogWarn) warned = false;
            else if (!warned)
            {
                warned = true;
                log.TurnSlow(identity.Name, time);
            }

            if (time > WatchdogLeave) watched.LeaveThread(WatchdogLeave, $"Workflow code held its thread for {time.TotalSeconds:0} s without awaiting (Thread.Sleep, synchronous I/O, an endless loop). Put such work into an activity or a step.");
            await Task.Delay(TimeSpan.FromMilliseconds(500), services.Clock, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task DrainAsync(Func<bool> isBusy, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var since = services.Clock.GetTimestamp();
        while (isBusy() && services.Clock.GetElapsedTime(since) < atMost && !cancellationToken.IsCancellationRequested)
            await Task.Delay(TimeSpan.FromMilliseconds(10), services.Clock, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task CloseAsync(Lane open)
    {
        try
        {
            await services.Store.CloseLaneAsync(open.Key, open.Epoch).ConfigureAwait(false);
            shared.Announce();
        }
        catch (Exception error)
        {
            log.StoreAway("close lane", error);          // its lease ends by itself
        }
    }
}

/// <summary>The configured name of a worker.</summary>
/// <param name="Name">Equal after a restart: a restarted host takes its own runs over at once.</param>
/// <param name="Engine">Name of the engine in this process.</param>
internal sealed record WorkerIdentity(string Name, string Engine);
