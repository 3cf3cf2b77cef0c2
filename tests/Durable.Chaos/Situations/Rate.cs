// How many small workflows finish each second, for as long as it is asked to.
using System.Diagnostics;
using Durable.Chaos.Workload;

namespace Durable.Chaos.Situations;

/// <summary>Runs workflows of five steps, so many at a time, and notes when each has finished.</summary>
internal sealed class Rate : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly List<double> ends = [];            // in order: a count is two searches, however long it has run
    private readonly List<double> lengths = [];         // of each, in the same order
    private readonly long since = Stopwatch.GetTimestamp();
    private readonly Task drivers;
    private int failures;
    private int wrong;

    public Rate(DurableClient client, int atOnce) => drivers = Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Task.Run(() => DriveAsync(client))));

    /// <summary>Seconds since it began.</summary>
    public double Now => Stopwatch.GetElapsedTime(since).TotalSeconds;

    public int Finished
    {
        get
        {
            lock (gate) return ends.Count;
        }
    }

    /// <summary>Calls that had to be repeated.</summary>
    public int Failures => failures;

    /// <summary>Runs with another result than theirs.</summary>
    public int Wrong => wrong;

    /// <summary>Runs per second from one time to another.</summary>
    public double Between(double from, double to)
    {
        lock (gate) return (Before(to) - Before(from)) / (to - from);
    }

    /// <summary>The runs that ended from one time to another and took longer than a second, in seconds, the longest first: what a rate below the usual is made of.</summary>
    public IReadOnlyList<double> Slow(double from, double to)
    {
        lock (gate) return [.. lengths.Skip(Before(from)).Take(Before(to) - Before(from)).Where(length => length > 1).OrderDescending()];
    }

    /// <summary>Lets it run on, and says at which rate.</summary>
    public async Task<double> ForAsync(double seconds)
    {
        var from = Now;
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        return Between(from, Now);
    }

    /// <summary>The first time from which on it is as fast as that again for a second, or null if not before the limit.</summary>
    public async Task<double?> RecoveredAsync(double from, double rate, double limit)
    {
        for (var seen = from; seen < from + limit; seen += 0.1)
        {
            while (Now < seen + 1.05) await Task.Delay(20);
            if (Between(seen, seen + 1) >= rate) return seen - from;
        }

        return null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await drivers;
        stop.Dispose();
    }

    private int Before(double time)
    {
        var at = ends.BinarySearch(time);
        return at < 0 ? ~at : at;
    }

    private async Task DriveAsync(DurableClient client)
    {
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var (id, begun) = ($"quick-{Guid.NewGuid():N}", Now);
            while (true)
            {
                try
                {
                    var run = await client.StartAsync((QuickWorkflow w) => w.RunAsync(number), StartOptions.Once(id), stop.Token);
                    if (await run.ResultAsync(stop.Token) != number + 5) Interlocked.Increment(ref wrong);
                    lock (gate)
                    {
                        ends.Add(Now);
                        lengths.Add(ends[^1] - begun);
                    }

                    break;
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    return;
                }
                catch (DurableException)
                {
                    Interlocked.Increment(ref failures);
                    await Task.Delay(20);
                }
            }
        }
    }
}
