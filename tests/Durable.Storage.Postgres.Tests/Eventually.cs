// Waiting for a condition instead of a time.
namespace Durable.Storage.Postgres.Tests;

/// <summary>Asks again until it is true.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    public static async Task IsTrueAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!await condition())
        {
            if (limit.IsCancellationRequested) Assert.Fail("The condition did not become true.");
            await Task.Yield();
        }
    }
}
