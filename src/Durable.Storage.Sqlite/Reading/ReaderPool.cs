// Connections that read: beside the writer, which they neither block nor wait for.
using System.Collections.Concurrent;

namespace Durable.Storage.Sqlite;

/// <summary>A bounded pool. Reads run on the thread pool, so that a lane's loop does not wait for the disk.</summary>
internal sealed class ReaderPool(Func<Session> open, TimeSpan busyLimit, string path) : IDisposable
{
    /// <summary>Connections at most: each has a cache of pages; more readers than cores gain nothing.</summary>
    private const int Size = 4;

    private readonly SemaphoreSlim slots = new(Size);
    private readonly ConcurrentBag<Session> idle = [];
    private volatile bool disposed;

    /// <summary>Runs a read on a connection of its own, in no transaction; it may begin one.</summary>
    public async Task<T> ReadAsync<T>(Func<Session, T> read, CancellationToken cancellationToken)
    {
        await slots.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(() => Read(read), cancellationToken);
        }
        finally
        {
            slots.Release();
        }
    }

    /// <summary>Closes the connections; those in use close when they come back.</summary>
    public void Dispose()
    {
        disposed = true;
        while (idle.TryTake(out var session))
            session.Dispose();
    }

    private T Read<T>(Func<Session, T> read)
    {
        if (disposed)
            throw SqliteErrors.NotInitialized();
        Session? session = null;
        try
        {
            T result = default!;
            Patience.Retry(() =>
            {
                session ??= idle.TryTake(out var taken) ? taken : open();
                try
                {
                    result = read(session);
                }
                finally
                {
                    if (session.InTransaction)
                        session[SqlText.Rollback].Run();        // it only read
                }
            }, busyLimit);
            Return(session!);
            return result;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            session?.Dispose();
            throw SqliteErrors.Translate(e is Microsoft.Data.Sqlite.SqliteException driver ? new SqliteFailure(driver.SqliteExtendedErrorCode, driver.Message, "read") : e, path);
        }
    }

    private void Return(Session session)
    {
        idle.Add(session);
        if (disposed)
            Dispose();
    }
}
