// One lane of a worker with the loops that belong to it: those of a shard group ask for that group alone, so the loss of its server stops nothing else.
using System.Security.Cryptography;
using System.Text;
using Durable.Engine.Diagnostics;
using Durable.Engine.Hosting;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>The lane of one shard group.</summary>
internal sealed class WorkerLane
{
    private static readonly TimeSpan WatchdogWarn = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan WatchdogPeriod = TimeSpan.FromMilliseconds(500);
    private readonly EngineServices services;
    private readonly LaneContext shared;
    private readonly EngineLog log;
    private readonly WorkerIdentity identity;
    private readonly Loops loops;
    private readonly TaskPump tasks;
    private readonly CancellationToken stop;
    private volatile Lane? lane;

    public WorkerLane(EngineServices services, LaneContext shared, EngineLog log, WorkerIdentity identity, TaskPumps pumps, ShardGroup group, CancellationToken stop)
    {
        (this.services, this.shared, this.log, this.identity, this.stop, Group) = (services, shared, log, identity, stop, group);
        loops = new Loops(services, shared, log);
        tasks = pumps.Open(group, shared);
        shared.TaskDue = tasks.Due;
        shared.TaskGone = tasks.Gone;
        shared.Poke = loops.Poke;
        shared.HasPeers = () => loops.HasPeers;
        shared.Lost = lost => _ = ReopenAsync(lost);
    }

    /// <summary>After so long the watchdog leaves a thread that does not come back.</summary>
    public static TimeSpan WatchdogLeave { get; } = TimeSpan.FromSeconds(10);

    /// <summary>The group.</summary>
    public ShardGroup Group { get; }

    /// <summary>The lane, once it is open and until it is closed.</summary>
    public Lane? Lane => lane;

    /// <summary>True if the lane has more runs than its share, and others could run them.</summary>
    public bool IsAboveShare => lane is { } open && loops.IsAboveShare(open);

    /// <summary>Looks for runs now.</summary>
    public void Poke() => loops.Poke();

    /// <summary>Opens the lane and starts its loops.</summary>
    public async Task OpenAsync(Supervisor supervisor, CancellationToken cancellationToken)
    {
        var key = KeyOf(identity.Name, 0);
        var opened = await TryOpenAsync(key, takeover: true, cancellationToken).ConfigureAwait(false)
            ?? throw new DurableException(DurableErrorCodes.StoreUnavailable, "The lane could not be opened.");
        var made = new Lane(services, shared, key);
        lane = made;
        made.Start(opened);
        log.Opened(identity.Name, services.Store.Description, opened.Owned.Count);
        var of = services.Groups.IsOne ? "" : $" of group {Group.Number}";
        supervisor.Run("heartbeat" + of, (tick, token) => loops.HeartbeatAsync(made, tick, token), stop);
        supervisor.Run("look" + of, (tick, token) => loops.LookAsync(made, tick, token), stop);
        supervisor.Run("reap" + of, (tick, token) => loops.ReapAsync(made, tick, token), stop);
        if (Group.Number == services.Groups.All[0].Number) supervisor.Run("purge", loops.PurgeAsync, stop);
        supervisor.Run("tasks" + of, (tick, token) => tasks.ClaimLoopAsync(made.Clock, tick, token), stop);
    }

    /// <summary>Starts the loops that follow those of the whole worker.</summary>
    public void Begin(Supervisor supervisor)
    {
        var made = lane!;
        var of = services.Groups.IsOne ? "" : $" of group {Group.Number}";
        supervisor.Run("task ends" + of, tasks.ReportLoopAsync, stop);
        supervisor.Run("task heartbeats" + of, tasks.BeatLoopAsync, stop);
        if (!services.Groups.IsOne) supervisor.Run("outgoing" + of, new OutgoingSweep(services, log, Group, shared.Hint).RunAsync, stop);
        if (!services.IsDebugging) supervisor.Run("watchdog" + of, (tick, token) => WatchdogAsync(made, tick, token), stop);
    }

    /// <summary>Parks all runs, gives the lane up, and ends its loop.</summary>
    public async Task StopAsync(Supervisor supervisor)
    {
        if (lane is not { } open) return;
        await supervisor.WithinAsync(open.StopAsync()).ConfigureAwait(false);
        await supervisor.WithinAsync(CloseAsync(open)).ConfigureAwait(false);
        lane = null;
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

    private Task<OpenedLane?> TryOpenAsync(LaneKey key, bool takeover, CancellationToken cancellationToken) =>
        services.Store.OpenLaneAsync(new OpenLane(key, services.LaneLease, takeover, services.Build, services.LaneServes), cancellationToken);

    // A process that finds itself fenced goes on under a random name: two live hosts with one name settle after one fence (O4).
    private async Task ReopenAsync(Lane lost)
    {
        for (var pause = 50; !stop.IsCancellationRequested; pause = Math.Min(pause * 2, 2_000))
        {
            try
            {
                var key = KeyOf($"{identity.Name}~{services.Machine.NewGuid():N}", 0);
                if (await TryOpenAsync(key, takeover: false, stop).ConfigureAwait(false) is not { } opened) continue;
                log.Renamed(identity.Name, key.Identity);
                lost.Restart(key, opened);
                return;
            }
            catch (Exception error) when (error is not OperationCanceledException || !stop.IsCancellationRequested)
            {
                log.StoreAway("open lane", error);
                await Task.Delay(TimeSpan.FromMilliseconds(pause), services.Clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private LaneKey KeyOf(string name, int number)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{name}\0{identity.Engine}\0{Group.Number}\0{number}"));
        return new LaneKey(System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(hash), Group, services.Machine.NewGuid(), name);
    }

    // M10: reports a turn that takes too long, then leaves its thread to it. Only time that the watchdog has seen pass counts, and of a late round no more than of a punctual one: where it gets no turn of the processor the code gets none either.
    private async Task WatchdogAsync(Lane watched, Action tick, CancellationToken token)
    {
        var (turn, held, warned, last) = (0L, TimeSpan.Zero, false, services.Clock.GetTimestamp());
        while (!token.IsCancellationRequested)
        {
            tick();
            var (before, now) = (turn, services.Clock.GetTimestamp());
            turn = watched.TurnNumber;
            var passed = services.Clock.GetElapsedTime(last, now);
            last = now;
            held = turn == 0 || turn != before ? TimeSpan.Zero : held + (passed < WatchdogPeriod ? passed : WatchdogPeriod);
            if (held < WatchdogWarn) warned = false;
            else if (!warned)
            {
                warned = true;
                log.TurnSlow(identity.Name, held);
            }

            if (held > WatchdogLeave) watched.LeaveThread(WatchdogLeave, $"Workflow code held its thread for {held.TotalSeconds:0} s without awaiting (Thread.Sleep, synchronous I/O, an endless loop). Put such work into an activity or a step.");
            await Task.Delay(WatchdogPeriod, services.Clock, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
