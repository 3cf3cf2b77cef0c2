// Waits for a condition, never for a time.
namespace Durable.EndToEnd.Tests;

internal static class Until
{
    /// <summary>Looks again and again until the condition holds; fails the test after the limit.</summary>
    public static async Task TrueAsync(Func<bool> condition, TimeSpan limit, string what)
    {
        var until = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        while (!condition())
        {
            if (Environment.TickCount64 > until) Assert.Fail($"Not within {limit.TotalSeconds} s: {what}");
            await Task.Delay(5);
        }
    }

    /// <inheritdoc cref="TrueAsync(Func{bool}, TimeSpan, string)"/>
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan limit, string what)
    {
        var until = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        while (!await condition())
        {
            if (Environment.TickCount64 > until) Assert.Fail($"Not within {limit.TotalSeconds} s: {what}");
            await Task.Delay(5);
        }
    }
}
