// The hosted service: opens the lanes, keeps the loops, drains on shutdown; and the short cuts that the client of this process takes.
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
    private static readonly TimeSpan GiveBackTime = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource stop = new();
    private readonly Supervisor supervisor = new(services, log);
    private readonly TaskPumps tasks = new(services, runner, shared, log);
    private volatile WorkerLane[] lanes = [];
    private IAsyncDisposable? listening;
    private int disposed;

    /// <summary>Loops that have not come round for so long.</summary>
    public IReadOnlyList<string> DeadLoops(TimeSpan after) => supervisor.Dead(after);

    /// <summary>Why the worker claims nothing, or null.</summary>
    public string? Refusal { get; private set; }

    /// <summary>True once a lane is open.</summary>
    public bool IsOpen => OpenLane is not null;

    /// <summary>The first open lane, or null.</summary>
    public Lane? OpenLane => Array.Find(lanes, static one => one.Lane is not null)?.Lane;

    /// <summary>True while attempts are under way in this process.</summary>
    public bool IsWorking => runner.Running > 0 || tasks.IsBusy;

    /// <summary>Code was changed while the process runs: what the old code made in memory is made again from the histories. Any change may matter, so nothing is kept.</summary>
    public void CodeChanged(IReadOnlyCollection<Type>? types)
    {
        foreach (var open in lanes.Select(static one => one.Lane).OfType<Lane>())
        {
            open.Post(() =>
            {
                var slots = open.Slots.Values.Where(static slot => slot is { State: SlotState.Active, Execution: not null }).ToList();
                log.CodeChanged(types?.Count ?? 0, slots.Count);
                foreach (var slot in slots) open.Exits.ReadAgain(slot);
            });
        }
    }

    /// <summary>Looks for runs and tasks now.</summary>
    public void Poke()
    {
        PokeLanes();
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
        shared.Hint = HintHere;
        shared.PokeAll = PokeLanes;
        if (services.Store is IWakeUps wakeUps)
        {
            shared.Announce = wakeUps.Announce;
            listening ??= wakeUps.Listen(() =>
            {
                PokeLanes();
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
        Drain();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (IsOpen)
        {
            Drain();
            await DrainAsync(() => runner.Running > 0 || tasks.IsBusy, services.Options.DrainTimeout, cancellationToken).ConfigureAwait(false);
            tasks.StopAll();
            await DrainAsync(() => tasks.IsBusy, GiveBackTime, CancellationToken.None).ConfigureAwait(false);      // those that obey are given back at once
            await supervisor.WithinAsync(tasks.Limits.ReleaseAsync()).ConfigureAwait(false);
            await Task.WhenAll(lanes.Select(one => one.StopAsync(supervisor))).ConfigureAwait(false);
        }

        await services.Machine.EndAsync(stop).ConfigureAwait(false);
        await supervisor.WaitAsync().WaitAsync(TimeSpan.FromSeconds(5), services.Clock, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (listening is not null) await listening.DisposeAsync().ConfigureAwait(false);
        log.Stopped(identity.Name);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;      // the container knows it under two names
        await stop.CancelAsync().ConfigureAwait(false);
        foreach (var open in lanes) await (open.Lane?.DisposeAsync() ?? ValueTask.CompletedTask).ConfigureAwait(false);
        stop.Dispose();
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    public async Task<bool?> TryStartAsync(StartRecord start, CancellationToken cancellationToken)
    {
        if (LaneOf(start.Shard) is not { Lane: { IsDraining: false } open } one || start.DueAt is not null || services.Registry.Find(start.Type, start.Version) is null || !runner.Serves(start.Queue)
            || (runner.Free <= 0 && one.IsAboveShare)      // others would be quicker
            || (services.Options.ServedNamespaces.Count > 0 && !services.Options.ServedNamespaces.Contains(start.Namespace))) return null;
        shared.Ends.Expect(start.RunId);
        var started = await open.AskAsync(answer => open.Turns.Start(start, answer), cancellationToken).ConfigureAwait(false);      // a loop that has ended answers nothing: then the store decides, under the same run id
        if (started != true) shared.Ends.Left(start.RunId);
        return started;
    }

    public Task<RunRecord?>? WaitHere(Guid runId) => shared.Ends.Find(runId);

    public void Hint(Guid runId)
    {
        if (LaneOf(Shards.Of(runId))?.Lane is { } open) open.Hint(runId);
        else shared.Announce();
    }

    public RunRecord? FindOpen(Guid runId) => shared.Ends.FindOpen(runId);

    public Task<RunStatus> WaitClosedAsync(Guid runId, CancellationToken cancellationToken) => watch.WaitAsync(runId, cancellationToken);

    public async Task<(bool Owned, byte[]? Answer)> TryQueryAsync(Guid runId, HandlerDefinition query, object?[] arguments, CancellationToken cancellationToken)
    {
        if (LaneOf(Shards.Of(runId))?.Lane is not { } open) return (false, null);
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
            answer.TrySetException(new DurableException(DurableErrorCodes.NotDurable, $"Query '{query.Name}' held its thread for {WorkerLane.WatchdogLeave.TotalSeconds:0} s. A query only reads the workflow's fields."));
            open.Exits.ReadAgain(slot);
        }
    }

    public async Task<IReadOnlyList<WaitDocument>?> TryExplainAsync(Guid runId, CancellationToken cancellationToken)
    {
        if (LaneOf(Shards.Of(runId))?.Lane is not { } open) return null;
        var answer = services.Machine.NewSource<IReadOnlyList<WaitDocument>?>();
        open.Post(() => answer.TrySetResult(open.Slots.TryGetValue(runId, out var slot) && slot is { State: SlotState.Active, Execution: { } execution } ? WaitReasons.Of(execution) : null));
        await Task.WhenAny(answer.Task, open.Over).WaitAsync(cancellationToken).ConfigureAwait(false);
        return answer.Task.IsCompleted ? await answer.Task.ConfigureAwait(false) : null;
    }

    private void HintHere(Guid runId) => LaneOf(Shards.Of(runId))?.Lane?.Hint(runId);

    private void PokeLanes()
    {
        foreach (var one in lanes) one.Poke();
    }

    private void Drain()
    {
        foreach (var one in lanes) one.Lane?.Drain();
        tasks.Drain();
    }

    // The lane of a shard's group, if this worker serves it.
    private WorkerLane? LaneOf(short shard) => lanes is [var only] && services.Groups.IsOne ? only : Array.Find(lanes, one => one.Group.Number == services.Groups.Of(shard));

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        var groups = services.Groups.IsOne ? services.Groups.All : await ServedGroups.ChooseAsync(services, identity, cancellationToken).ConfigureAwait(false);
        if (lanes.Length == 0) lanes = [.. groups.Select(group => new WorkerLane(services, shared.ForLane(groups.Count), log, identity, tasks, group, stop.Token))];
        var away = new List<WorkerLane>();
        Exception? first = null;
        await Task.WhenAll(lanes.Select(async one =>
        {
            try
            {
                await one.OpenAsync(supervisor, cancellationToken).ConfigureAwait(false);
            }
            catch (DurableException error) when (lanes.Length > 1 && PassingFaults.MayPass(error))
            {
                lock (away) away.Add(one);
                first ??= error;
            }
        })).ConfigureAwait(false);
        if (away.Count == lanes.Length) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first!);
        HotReload.Add(this);
        if (tasks.Limits.HasSlots) supervisor.Run("queue slots", tasks.Limits.RunAsync, stop.Token);
        foreach (var open in lanes.Except(away)) open.Begin(supervisor);
        foreach (var late in away)
        {
            log.GroupAway(late.Group.Number, first!);
            supervisor.Run($"lane of group {late.Group.Number}", (tick, token) => OpenLateAsync(late, tick, token), stop.Token);
        }
    }

    // A group whose server was away at start: its runs wait, the others go on. A failure ends the round; the supervisor comes back after a pause.
    private async Task OpenLateAsync(WorkerLane late, Action tick, CancellationToken token)
    {
        tick();
        await late.OpenAsync(supervisor, token).ConfigureAwait(false);
        late.Begin(supervisor);
        await RestAsync(tick, token).ConfigureAwait(false);
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

    private async Task DrainAsync(Func<bool> isBusy, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var since = services.Clock.GetTimestamp();
        while (isBusy() && services.Clock.GetElapsedTime(since) < atMost && !cancellationToken.IsCancellationRequested)
            await Task.Delay(TimeSpan.FromMilliseconds(10), services.Clock, CancellationToken.None).ConfigureAwait(false);
    }
}

/// <summary>The configured name of a worker.</summary>
/// <param name="Name">Equal after a restart: a restarted host takes its own runs over at once.</param>
/// <param name="Engine">Name of the engine in this process.</param>
internal sealed record WorkerIdentity(string Name, string Engine);
