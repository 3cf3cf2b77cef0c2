// What passed through a store: the counts that do not depend on how fast the machine is.
using System.Diagnostics;
using Durable.Storage;

namespace Durable.Bench;

/// <summary>Counts commits, rows and reads; with <see cref="Timed"/> also where a lane's time goes.</summary>
internal sealed class StoreCounts
{
    private long commits, rows, deliveries, reads, others, commitTicks, gapTicks, lastEnd;

    /// <summary>True: commits are timed too (<c>--profile</c>).</summary>
    public bool Timed { get; init; }

    /// <summary>Gets each batch before it is sent; for <see cref="Template"/>.</summary>
    public Action<LaneBatch>? Recorder { get; init; }

    public long Commits => Volatile.Read(ref commits);

    /// <summary>Rows inserted by batches, the row of the commit log left out.</summary>
    public long Rows => Volatile.Read(ref rows);

    public long Deliveries => Volatile.Read(ref deliveries);

    /// <summary>Calls of all verbs.</summary>
    public long Calls => Commits + Deliveries + Reads + Volatile.Read(ref others);

    public long Reads => Volatile.Read(ref reads);

    /// <summary>Time with a commit under way.</summary>
    public TimeSpan CommitTime => Stopwatch.GetElapsedTime(0, Volatile.Read(ref commitTicks));

    /// <summary>Time between the end of a commit and the beginning of the next: the lane's own work, or nothing to do.</summary>
    public TimeSpan GapTime => Stopwatch.GetElapsedTime(0, Volatile.Read(ref gapTicks));

    public void Sent(LaneBatch batch)
    {
        Recorder?.Invoke(batch);
        Interlocked.Increment(ref commits);
        Interlocked.Add(ref rows, batch.Starts.Sum(RowsOf) + batch.Children.Sum(RowsOf) + batch.Events.Count + batch.Parks.Count + (2 * batch.Sends.Count) + batch.Claims.Count
            + batch.Tasks.Count + batch.Documents.Count);
    }

    public void Delivered(Delivery delivery)
    {
        Interlocked.Increment(ref deliveries);
        Interlocked.Add(ref rows, (2 * delivery.Messages.Count) + delivery.Starts.Sum(RowsOf));
    }

    public void Read() => Interlocked.Increment(ref reads);

    public void Other() => Interlocked.Increment(ref others);

    public void Took(long from, long to)
    {
        Interlocked.Add(ref commitTicks, to - from);
        var before = Interlocked.Exchange(ref lastEnd, to);
        if (before != 0) Interlocked.Add(ref gapTicks, Math.Max(0, from - before));
    }

    private static int RowsOf(StartRecord start) => start.FirstEvent is null ? 2 : 3;
}
