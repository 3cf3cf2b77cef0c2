// Waits for conditions, never for a time.
using System.Diagnostics;

namespace Durable.Testing.Tests;

internal static class WaitFor
{
    public static async Task TrueAsync(Func<bool> condition)
    {
        var since = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(since) > TimeSpan.FromMinutes(2)) Assert.Fail("Waited two minutes in vain.");
            await Task.Delay(1);
        }
    }
}
