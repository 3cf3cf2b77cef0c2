namespace Durable.Storage;

/// <summary>
/// Optional part of a store: tells other hosts that something may be due for them, so that they need not wait for their next look.
/// Nothing depends on it; looks alone must be enough.
/// </summary>
public interface IWakeUps
{
    /// <summary>Something may be due for other hosts. Returns at once; calls are gathered (for long at most 100 signals a second, a few more at once), and may be lost.</summary>
    void Announce();

    /// <summary>Begins to listen for what other hosts announce.</summary>
    /// <param name="onWake">Called on any thread, now and then without reason, never for this process's own announcements; must not block.</param>
    /// <returns>Dispose it to stop.</returns>
    IAsyncDisposable Listen(Action onWake);
}
