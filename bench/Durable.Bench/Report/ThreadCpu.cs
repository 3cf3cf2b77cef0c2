// CPU time of the calling thread, so that other threads of the machine do not count.
using System.Runtime.InteropServices;

namespace Durable.Bench;

/// <summary>Reads the thread's clock (Linux); elsewhere the process's.</summary>
internal static partial class ThreadCpu
{
    private const int ClockOfThread = 3;

    public static TimeSpan Now => OperatingSystem.IsLinux() && Read(ClockOfThread, out var time) == 0 ? TimeSpan.FromTicks((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / 100)) : Environment.CpuUsage.TotalTime;

    [DllImport("libc", EntryPoint = "clock_gettime")]
    private static extern int Read(int clock, out Time time);

    private readonly struct Time
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }
}
