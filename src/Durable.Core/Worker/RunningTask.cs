// One attempt of a task row in this process: its signs of life, and how it is told to stop.
using Durable.Engine.Hosting;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>An attempt that the task pump started.</summary>
internal sealed class RunningTask(TaskRecord task, TimeProvider clock, Machine machine, long order) : IAttempt
{
    private readonly Lock gate = new();
    private byte[]? details;
    private long lastBeat = clock.GetTimestamp();
    private long lastSign = clock.GetTimestamp();
    private TimeSpan? limit;
    private bool renewed;
    private bool dirty;

    public TaskRecord Task { get; } = task;

    /// <summary>Rises from attempt to attempt.</summary>
    public long Order { get; } = order;

    /// <summary>True once its code has ended; its end may not be stored yet.</summary>
    public bool HasEnded { get; set; }

    public CancellationTokenSource Cancellation { get; } = new();

    public string Key => ActivityRunner.KeyOf(Task.RunId, Task.Gen, Task.TaskNo);

    public bool IsStopped { get; private set; }

    /// <summary>True if the host stops: the row is given back.</summary>
    public bool IsGivenBack { get; private set; }

    /// <summary>True if its code was silent for longer than it may be.</summary>
    public bool IsSilent { get; private set; }

    /// <summary>The attempt begins now.</summary>
    public void Begin(TimeSpan? heartbeat, TimeProvider time)
    {
        lock (gate)
        {
            limit = heartbeat;
            renewed = heartbeat is null;             // without a limit the host renews it while it runs; else only its own code does
            lastSign = time.GetTimestamp();
        }
    }

    /// <summary>Ends an attempt whose code says nothing: the store would give it to another host only after a grace.</summary>
    public void CheckSilence(TimeProvider time)
    {
        lock (gate)
        {
            if (limit is not { } most || IsSilent || IsStopped || time.GetElapsedTime(lastSign) <= most) return;
            IsSilent = true;
        }

        machine.Cancel(Cancellation);
    }

    public bool BeatDue(TimeProvider time)
    {
        lock (gate) return (dirty || renewed) && !IsSilent && time.GetElapsedTime(lastBeat) >= Task.Visibility / 4;
    }

    public void Details(byte[] value)
    {
        lock (gate)
        {
            details = value;
            dirty = true;
            lastSign = clock.GetTimestamp();
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

    public void Stop(bool givenBack)
    {
        IsGivenBack = givenBack && !IsStopped;
        IsStopped = true;
        machine.Cancel(Cancellation);
    }
}
