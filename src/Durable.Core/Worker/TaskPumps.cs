// The task pumps of a worker: one for each shard group that it serves, with places and slots in common.
using Durable.Engine.Diagnostics;
using Durable.Engine.Hosting;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>What the pumps of all groups share.</summary>
internal sealed class TaskPumps
{
    private readonly EngineServices services;
    private readonly ActivityRunner runner;
    private readonly EngineLog log;
    private volatile TaskPump[] pumps = [];
    private volatile bool draining;
    private long started;

    public TaskPumps(EngineServices services, ActivityRunner runner, LaneContext shared, EngineLog log)
    {
        (this.services, this.runner, this.log) = (services, runner, log);
        Queues = ["", .. services.Options.ServedQueues.Where(queue => queue.Length > 0).Distinct()];
        runner.Freed = Wake;
        Limits = new QueueLimiter(services, shared, log, Queues, () => draining ? 0 : runner.Free) { Grown = Poke, Keep = StopSome };
    }

    /// <summary>The queues that are served, the default one included.</summary>
    public IReadOnlyList<string> Queues { get; }

    /// <summary>How many of which queue may run.</summary>
    public QueueLimiter Limits { get; }

    /// <summary>True once no more tasks are taken.</summary>
    public bool IsDraining => draining;

    /// <summary>True while tasks run or ends are to be reported.</summary>
    public bool IsBusy => Array.Exists(pumps, static pump => pump.IsBusy);

    /// <summary>The pump of another group.</summary>
    public TaskPump Open(ShardGroup group, LaneContext shared)
    {
        var pump = new TaskPump(services, runner, shared, log, this, group);
        pumps = [.. pumps, pump];
        return pump;
    }

    /// <summary>Where a task stands among those that this process has begun.</summary>
    public long NextOrder() => Interlocked.Increment(ref started);

    /// <summary>Takes no more tasks.</summary>
    public void Drain() => draining = true;

    /// <summary>Looks now.</summary>
    public void Poke()
    {
        foreach (var pump in pumps) pump.Poke();
    }

    /// <summary>Tells all tasks that the host stops: their next attempt is somebody else's.</summary>
    public void StopAll()
    {
        foreach (var pump in pumps) pump.StopAll();
    }

    /// <summary>Claims within what the limits leave. What a claim may take is reserved while it is under way; no pump waits for another, whose server may not answer.</summary>
    public async Task<TaskClaimResult> ClaimAsync(Func<IReadOnlyDictionary<string, int>, Task<TaskClaimResult>> claim)
    {
        var most = Limits.Most();
        IReadOnlyList<string> held = [];
        try
        {
            var claimed = await claim(most).ConfigureAwait(false);
            held = claimed.Held;
            return claimed;
        }
        finally
        {
            if (Limits.Claimed(most, held)) Poke();
        }
    }

    private void Wake()
    {
        foreach (var pump in pumps) pump.Wake();
    }

    // The youngest stop: the others have done more.
    private int StopSome(string queue, int keep)
    {
        var surplus = pumps.SelectMany(pump => pump.RunningOf(queue)).OrderBy(task => task.Order).Skip(keep).ToList();
        foreach (var task in surplus) task.Stop(givenBack: true);
        return surplus.Count;
    }
}
