// What all lanes of a worker share.
using Durable.Engine.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Durable.Engine.Worker;

/// <summary>Activities, waiters, loggers of one worker.</summary>
internal sealed class LaneContext(ActivityRunner activities, RunWatch watch, LocalEnds ends, ILoggerFactory loggers, EngineLog log)
{
    /// <summary>Runs activities and steps.</summary>
    public ActivityRunner Activities { get; } = activities;

    /// <summary>Who waits for the end of runs.</summary>
    public RunWatch Watch { get; } = watch;

    /// <summary>Ends of runs that this process started and owns.</summary>
    public LocalEnds Ends { get; } = ends;

    /// <summary>Makes loggers for the entries of workflow code.</summary>
    public ILoggerFactory Loggers { get; } = loggers;

    /// <summary>The engine's own log.</summary>
    public EngineLog Log { get; } = log;

    /// <summary>What bounds executions.</summary>
    public Replay.ExecutionLimits Limits { get; init; } = new();

    /// <summary>How many lanes share what this process keeps in memory.</summary>
    public int Lanes { get; private init; } = 1;

    /// <summary>Asks the task pump to look at the given time. Set by the worker.</summary>
    public Action<DateTimeOffset> TaskDue { get; set; } = static _ => { };

    /// <summary>Asks all lanes of this worker to look for mail of a run. Set by the worker.</summary>
    public Action<Guid> Hint { get; set; } = static _ => { };

    /// <summary>Looks for work now, in all groups. Set by the worker.</summary>
    public Action PokeAll { get; set; } = static () => { };

    /// <summary>Looks for work of this lane now. Set by the worker.</summary>
    public Action Poke { get; set; } = static () => { };

    /// <summary>Tells a task's attempt in this process to stop: its row is gone. Set by the worker.</summary>
    public Action<Durable.Storage.TaskKey> TaskGone { get; set; } = static _ => { };

    /// <summary>True if other hosts live that can run what this one can. Set by the worker.</summary>
    public Func<bool> HasPeers { get; set; } = static () => false;

    /// <summary>Tells other hosts that something may be due for them. Set by the worker.</summary>
    public Action Announce { get; set; } = static () => { };

    /// <summary>The same for one of so many lanes, with loops of its own.</summary>
    public LaneContext ForLane(int lanes) => new(Activities, Watch, Ends, Loggers, Log)
    {
        Limits = Limits, Lanes = lanes, Hint = id => Hint(id), PokeAll = () => PokeAll(), Announce = () => Announce(),
    };

    /// <summary>Opens the lane again after it was lost. Set by the worker.</summary>
    public Action<Lane> Lost { get; set; } = static _ => { };
}
