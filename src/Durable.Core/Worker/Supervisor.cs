// Keeps loops alive: an exception ends a round, never the loop.
using System.Collections.Concurrent;
using Durable.Engine.Diagnostics;
using Durable.Engine.Hosting;

namespace Durable.Engine.Worker;

/// <summary>Runs loops, restarts them with a growing pause, and knows when one is dead.</summary>
internal sealed class Supervisor(EngineServices services, EngineLog log)
{
    private static readonly TimeSpan Breath = TimeSpan.FromSeconds(20);      // well below the minute after which a loop counts as dead
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);     // a store that is back is found within a second: less than any lease
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(30);       // of one outage, one line a loop and so often
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);
    private readonly TimeProvider clock = services.Clock;
    private readonly ConcurrentDictionary<string, long> lastTick = new();
    private readonly List<Task> loops = [];

    /// <summary>Starts a loop. It must call its tick each time it comes round.</summary>
    public void Run(string name, Func<Action, CancellationToken, Task> loop, CancellationToken stop)
    {
        lastTick[name] = clock.GetTimestamp();
        lock (loops) loops.Add(services.Machine.Run(() => KeepAsync(name, loop, stop)));
    }

    /// <summary>Names of loops that have not come round for so long.</summary>
    public IReadOnlyList<string> Dead(TimeSpan after)
    {
        var now = clock.GetTimestamp();
        return [.. lastTick.Where(loop => clock.GetElapsedTime(loop.Value, now) > after).Select(loop => loop.Key).Order(StringComparer.Ordinal)];
    }

    /// <summary>A pause of any length in which the loop still counts as alive.</summary>
    public static async Task PauseAsync(TimeSpan pause, TimeProvider clock, Action tick, CancellationToken stop)
    {
        for (var left = pause; left > TimeSpan.Zero && !stop.IsCancellationRequested; left -= Breath)
        {
            await Task.Delay(left < Breath ? left : Breath, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            tick();
        }
    }

    /// <summary>Waits for a signal in the same way.</summary>
    public static async Task WaitAsync(AsyncSignal signal, TimeProvider clock, Action tick, CancellationToken stop)
    {
        using var alarm = clock.CreateTimer(static woken => ((AsyncSignal)woken!).Set(), signal, Breath, Timeout.InfiniteTimeSpan);      // one waiter at a time: it comes round for a breath
        await signal.WaitAsync().AsTask().WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        tick();
    }

    /// <summary>Waits for a part of the worker's end, but not for ever: a store that never answers keeps no host from ending. Slots, lanes and runs end with their leases.</summary>
    public async Task WithinAsync(Task part) => await part.WaitAsync(StopPatience, clock, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Waits for all loops to end after they were told to stop.</summary>
    public Task WaitAsync()
    {
        lock (loops) return Task.WhenAll(loops.ToArray());
    }

    private async Task KeepAsync(string name, Func<Action, CancellationToken, Task> loop, CancellationToken stop)
    {
        var (pause, ticks, told) = (FirstPause, 0, 0L);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                ticks = 0;
                await loop(() =>
                {
                    lastTick[name] = clock.GetTimestamp();
                    if (++ticks > 1) (pause, told) = (FirstPause, 0);      // each loop ticks before its work: only the second tick says that a round went well
                }, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
            catch (Exception error)
            {
                if (told == 0 || clock.GetElapsedTime(told) >= TellEvery)
                {
                    log.StoreAway(name, error);
                    told = clock.GetTimestamp();
                }

                Telemetry.LoopFaults.Add(1, new KeyValuePair<string, object?>("loop", name));
                lastTick[name] = clock.GetTimestamp();         // it failed, but it is alive
                await Task.Delay(pause, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }

        lastTick.TryRemove(name, out _);
    }
}
