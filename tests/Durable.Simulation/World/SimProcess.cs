// One life of a process: what it queued dies with it; frozen, it holds it back. A restarted process is a new object.
using Durable.Engine.Hosting;

namespace Durable.Simulation;

/// <summary>A process with a clock and threads of its own, all on the simulation's thread.</summary>
internal sealed class SimProcess
{
    public SimProcess(World world, string name, int number)
    {
        World = world;
        Name = name;
        Number = number;
        Clock = new SimClock(this);
        Machine = new SimMachine(this);
    }

    public World World { get; }

    public string Name { get; }

    public int Number { get; }

    public SimClock Clock { get; }

    public SimMachine Machine { get; }

    public bool IsDead { get; private set; }

    /// <summary>When it died, in ticks of the world.</summary>
    public long DiedAt { get; private set; }

    public bool IsFrozen { get; private set; }

    /// <summary>What came while it was frozen.</summary>
    public List<Action> Held { get; } = [];

    public void Schedule(TimeSpan delay, Action work) => World.Schedule(this, delay, work);

    /// <summary>The groups in which it has opened a lane, and not closed it.</summary>
    public HashSet<int> OpenLanes { get; } = [];

    /// <summary>Called when the process ends by itself.</summary>
    public Action? OnEnd { get; set; }

    /// <summary>The process ends by itself.</summary>
    public void End()
    {
        Kill();
        OnEnd?.Invoke();
    }

    /// <summary>kill -9: nothing of it runs again.</summary>
    public void Kill()
    {
        IsDead = true;
        DiedAt = World.Now;
        Held.Clear();
        World.Note($"{Name} dies");
    }

    /// <summary>How often it was frozen.</summary>
    public int Freezes { get; private set; }

    public void Freeze() => (IsFrozen, Freezes) = (true, Freezes + 1);

    public void Thaw()
    {
        IsFrozen = false;
        foreach (var work in Held) Schedule(TimeSpan.Zero, work);
        Held.Clear();
    }
}

/// <summary>Threads: everything queued is an event of the world, usually at once, now and then a while later.</summary>
internal sealed class SimMachine(SimProcess process) : Machine
{
    public override void Queue(Action work, bool soonest = false)
    {
        var random = process.World.Random;
        var dice = random.Below(100);
        process.Schedule(dice < 88 ? TimeSpan.Zero : dice < 98 ? random.Millis(0, 2) : random.Millis(0, 40), work);
    }

    public override Task Run(Func<Task> loop)
    {
        var end = new TaskCompletionSource();
        Queue(() => _ = RunAsync());
        return end.Task;

        async Task RunAsync()
        {
            try
            {
                await loop().ConfigureAwait(false);
                end.SetResult();
            }
            catch (Exception error)
            {
                end.SetException(error);
            }
        }
    }

    // A cancelled pause goes on in the thread pool, so the process ends here: of what is left nothing reaches the store.
    public override Task EndAsync(CancellationTokenSource source)
    {
        if (!process.IsDead) process.End();
        return new TaskCompletionSource().Task;
    }

    public override TaskCompletionSource<T> NewSource<T>() => new();

    public override void Fill(Span<byte> bytes) => process.World.Random.Fill(bytes);

    public override double NextDouble() => process.World.Random.Fraction();
}
