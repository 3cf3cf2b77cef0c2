// Stopping and continuing a process as the operating system does it.
using System.Runtime.InteropServices;

namespace Durable.Chaos.Workers;

/// <summary>Signals to processes that the campaign started.</summary>
internal static partial class Signals
{
    private const int Kill = 9;
    private const int Terminate = 15;
    private const int Continue = 18;
    private const int Stop = 19;

    public static bool TryKill(int process) => Send(process, Kill) == 0;

    public static bool TryTerminate(int process) => Send(process, Terminate) == 0;

    public static bool TryFreeze(int process) => Send(process, Stop) == 0;

    public static bool TryThaw(int process) => Send(process, Continue) == 0;

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int process, int signal);
}
