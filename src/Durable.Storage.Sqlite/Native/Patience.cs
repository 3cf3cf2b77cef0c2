// Waiting for another process's lock, in our own way: the common native library cannot sleep less than a second, and the driver waits in steps of 150 ms.
namespace Durable.Storage.Sqlite;

/// <summary>Tries again while the file is busy, for a bounded time of the machine's own clock.</summary>
internal static class Patience
{
    /// <summary>How long a writer waits for the lock before its callers are told: a quarter of the usual lease, so that none is lost by waiting.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private static readonly ManualResetEventSlim Never = new(false);

    /// <summary>Begins a write transaction.</summary>
    /// <exception cref="SqliteFailure">Still busy after <see cref="Limit"/>; nothing happened.</exception>
    public static void Begin(Session session) => Retry(() => session[SqlText.BeginImmediate].Run());

    /// <summary>Runs something that fails as busy before it has any effect.</summary>
    public static void Retry(Action attempt)
    {
        var end = Environment.TickCount64 + (long)Limit.TotalMilliseconds;
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
