// A connection with wake-ups between processes, which are lost, doubled and late: nothing may depend on them.
using Durable.Storage;

namespace Durable.Simulation;

/// <summary>Who listens.</summary>
internal sealed class WakeUpBoard
{
    public List<(SimProcess Process, Action OnWake)> Listeners { get; } = [];
}

/// <summary>The store of a process, with wake-ups.</summary>
internal sealed class WakingConnection(SimProcess process, SimDatabase database, Profile profile, Action<SimProcess>? onCrash, WakeUpBoard board) : SimConnection(process, database, profile, onCrash), IWakeUps
{
    private readonly SimProcess own = process;

    public void Announce()
    {
        var world = own.World;
        if (own.IsDead) return;
        foreach (var (listener, onWake) in board.Listeners)
        {
            if (listener == own || listener.IsDead) continue;
            var dice = world.Random.Below(10);
            if (dice < 3) continue;              // lost
            for (var times = dice == 9 ? 2 : 1; times > 0; times--) listener.Schedule(world.Random.Millis(0, 100), onWake);
        }
    }

    public IAsyncDisposable Listen(Action onWake)
    {
        board.Listeners.Add((own, onWake));
        return new Unlisten(() => board.Listeners.RemoveAll(one => one.Process == own));
    }

    private sealed class Unlisten(Action end) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            end();
            return ValueTask.CompletedTask;
        }
    }
}
