// Waiting for another process's lock, in our own way: the common native library cannot sleep less than a second, and the driver waits in steps of 150 ms.
namespace Durable.Storage.Sqlite;

/// <summary>Tries again while the file is busy, for a bounded time of the machine's own clock.</summary>
internal static class Patience
{
    private static readonly ManualResetEventSlim Never = new(false);

    /// <summary>Begins a write transaction.</summary>
    /// <exception cref="SqliteFailure">Still busy at the end; nothing happened.</exception>
    public static void Begin(Session session, TimeSpan limit) => Retry(() => session[SqlText.BeginImmediate].Run(), limit);

    /// <summary>Runs something that fails as busy before it has any effect.</summary>
    public static void Retry(Action attempt, TimeSpan limit)
    {
        var end = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        for (var delay = 1; ; delay = Math.Min(delay * 2, 25))
        {
            try
            {
                attempt();
                return;
            }
            catch (SqliteFailure failure) when (failure.IsBusy && Environment.TickCount64 < end)
            {
                _ = Never.Wait(delay);
            }
        }
    }
}
