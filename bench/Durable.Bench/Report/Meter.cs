// What a stretch of time cost: wall clock, CPU of this process and of the server, garbage, WAL.
using System.Diagnostics;

namespace Durable.Bench;

/// <summary>A moment; the difference of two is what lies between.</summary>
internal sealed class Meter
{
    private readonly long since;
    private readonly TimeSpan cpu;
    private readonly TimeSpan paused;
    private readonly long allocated;
    private readonly ServerUse server;
    private readonly StoreKind kind;
    private readonly StoreCounts? counts;
    private readonly (long Commits, long Rows, long Reads) passed;

    private Meter(StoreKind kind, ServerUse server, StoreCounts? counts)
    {
        (this.kind, this.server, this.counts) = (kind, server, counts);
        passed = Passed;
        allocated = GC.GetTotalAllocatedBytes();
        paused = GC.GetTotalPauseDuration();
        cpu = Environment.CpuUsage.TotalTime;
        since = Stopwatch.GetTimestamp();
    }

    /// <summary>Begins after a collection, so that a round does not pay for the one before.</summary>
    /// <param name="kind">The store.</param>
    /// <param name="counts">What passes through it, where an engine is around.</param>
    public static async Task<Meter> BeginAsync(StoreKind kind, StoreCounts? counts = null)
    {
        GC.Collect();
        await kind.SettleAsync();
        return new Meter(kind, await kind.UseAsync(), counts);
    }

    /// <summary>Ends: figures per unit of work.</summary>
    public async Task<Cost> EndAsync(long units)
    {
        var elapsed = Stopwatch.GetElapsedTime(since);
        var used = Environment.CpuUsage.TotalTime - cpu;
        var garbage = GC.GetTotalAllocatedBytes() - allocated;
        var (commits, rows, reads) = (Passed.Commits - passed.Commits, Passed.Rows - passed.Rows, Passed.Reads - passed.Reads);
        var after = await kind.UseAsync();
        return new Cost(elapsed, used / units, (after.Cpu - server.Cpu) / units, (double)garbage / units, (GC.GetTotalPauseDuration() - paused) / elapsed, (double)(after.WalBytes - server.WalBytes) / units)
        {
            Passed = counts is null ? null : ((double)commits / units, (double)rows / units, (double)reads / units),
        };
    }

    private (long Commits, long Rows, long Reads) Passed => counts is null ? default : (counts.Commits + counts.Deliveries, counts.Rows, counts.Reads);
}

/// <summary>What a round cost.</summary>
/// <param name="Elapsed">Wall clock.</param>
/// <param name="ClientCpu">CPU of this process per unit.</param>
/// <param name="ServerCpu">CPU of the server per unit.</param>
/// <param name="Allocated">Bytes allocated per unit.</param>
/// <param name="Paused">Share of the time that all threads stood still for the collector.</param>
/// <param name="Wal">Bytes of WAL per unit; for SQLite all bytes that the process wrote, the log's way into the file included.</param>
internal sealed record Cost(TimeSpan Elapsed, TimeSpan ClientCpu, TimeSpan ServerCpu, double Allocated, double Paused, double Wal)
{
    /// <summary>Transactions of lanes and clients, rows inserted, calls that only read, per unit; null where no engine is around.</summary>
    public (double Commits, double Rows, double Reads)? Passed { get; init; }

    /// <summary>As details of a round.</summary>
    public IEnumerable<Detail> Details(string unit)
    {
        if (Passed is { } passed)
        {
            yield return new Detail($"commits/{unit}", passed.Commits);
            yield return new Detail($"rows/{unit}", passed.Rows);
            yield return new Detail($"reads/{unit}", passed.Reads);
        }

        yield return new Detail($"client CPU µs/{unit}", ClientCpu.TotalMicroseconds);
        if (ServerCpu > TimeSpan.Zero) yield return new Detail($"server CPU µs/{unit}", ServerCpu.TotalMicroseconds);
        yield return new Detail($"allocated B/{unit}", Allocated);
        yield return new Detail("GC pause share", Paused);
        if (Wal > 0) yield return new Detail($"WAL B/{unit}", Wal);
    }
}
