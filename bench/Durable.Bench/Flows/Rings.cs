// A workflow that signals another one when it is told to (WG).
using System.Diagnostics;

namespace Durable.Bench;

/// <summary>Passes each ring on to a <see cref="Pong"/>.</summary>
[Workflow("bench-ringer")]
public sealed class Ringer(WorkflowContext workflow)
{
    private int rung;

    /// <summary>Runs it.</summary>
    [Run]
    public async Task RunAsync(string bell, int rings)
    {
        for (var i = 1; i <= rings; i++)
        {
            var wanted = i;
            await workflow.WaitUntilAsync(() => rung >= wanted);
            Rings.Send();
            await workflow.GetRun<Pong>(bell).SignalAsync(w => w.Ping(wanted));
        }
    }

    /// <summary>One ring.</summary>
    [Signal]
    public void Ring(int number) => rung = number;
}

/// <summary>When the last ring was passed on.</summary>
internal static class Rings
{
    private static long sent;

    public static long Sent => Volatile.Read(ref sent);

    /// <summary>Outside of the history on purpose, as the bench is about the moment itself.</summary>
    public static void Send() => Volatile.Write(ref sent, Stopwatch.GetTimestamp());
}
