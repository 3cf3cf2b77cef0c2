// Tells when a process was not run for so long that its leases may have ended: on a machine with too much to do that happens to a worker whom nobody has frozen.
using System.Diagnostics;
using System.Globalization;

namespace Durable.Chaos.Workers;

/// <summary>A heart that is not the engine's. What it misses is an injury like a freeze: it explains attempts that were made again.</summary>
internal static class Pulse
{
    /// <summary>The event id of its lines.</summary>
    public const int Id = 900;

    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(50);

    /// <summary>Beats on a thread of its own, and each time once through the thread pool, until the process ends.</summary>
    public static void Begin(TimeSpan longest)
    {
        var thread = new Thread(() => Run(longest)) { IsBackground = true, Name = "pulse" };
        thread.Start();
    }

    /// <summary>Begin and end of what a line tells, in milliseconds.</summary>
    public static (long From, long To) Read(string text)
    {
        var parts = text.Split(' ');
        return (long.Parse(parts[1], CultureInfo.InvariantCulture), long.Parse(parts[2], CultureInfo.InvariantCulture));
    }

    private static void Run(TimeSpan longest)
    {
        using var beaten = new ManualResetEventSlim();
        while (true)
        {
            var (since, from) = (Stopwatch.GetTimestamp(), Moment.Now);
            beaten.Reset();
            ThreadPool.UnsafeQueueUserWorkItem(static beat => beat.Set(), beaten, preferLocal: false);
            beaten.Wait();
            Thread.Sleep(Beat);
            if (Stopwatch.GetElapsedTime(since) > longest + Beat)
                LineLog.Say(string.Create(CultureInfo.InvariantCulture, $"LOG\t{Moment.Now}\t{Id}\tInformation\tstarved {from} {Moment.Now}"));
        }
    }
}
