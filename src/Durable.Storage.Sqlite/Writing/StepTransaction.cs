// The transaction of a transactional step (K4): on a connection of its own, in a turn that the writer gave away.
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Durable.Storage.Sqlite;

/// <summary>Rolled back when its time is over, also while somebody uses it: it holds the file's only write lock (Q2, DECISIONS 23).</summary>
internal sealed class StepTransaction(SqliteConnection connection, SqliteTransaction transaction, WriterTurn turn) : IUserTransaction
{
    private volatile bool ending;
    private bool expired;
    private bool disposed;

    public DbTransaction Transaction => transaction;

    public UserTransactionState State
    {
        get
        {
            lock (connection)
                return expired ? UserTransactionState.Expired : !disposed && IsStillOpen() ? UserTransactionState.Open : UserTransactionState.Ended;
        }
    }

    public Task CommitAsync()
    {
        try
        {
            lock (connection)
            {
                ending = true;
                transaction.Commit();
            }
            return Task.CompletedTask;
        }
        catch (Exception e) when (e is SqliteException or InvalidOperationException)
        {
            Close();        // the writer must not wait for who asks it whether the commit counted
            return Task.FromException(e);
        }
        finally
        {
            turn.End();
        }
    }

    public Task AbandonAsync(Task code)
    {
        Expire();
        turn.End();
        _ = EndAsync();
        return Task.CompletedTask;

        async Task EndAsync()
        {
            await code.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Close();
        }
    }

    /// <summary>Rolls back on behalf of somebody else. Code that still uses the connection gets errors, and can write no more: not even outside of the transaction.</summary>
    public void Expire()
    {
        Interrupt();
        lock (connection)
        {
            if (ending || disposed || expired)
                return;
            expired = true;
            using var session = Session.Borrow(connection);
            session.Execute("pragma query_only=on");
            if (session.InTransaction)
                session.Execute("rollback");
        }
    }

    public ValueTask DisposeAsync()
    {
        Close();
        turn.End();
        return ValueTask.CompletedTask;
    }

    private void Close()
    {
        lock (connection)
        {
            if (disposed)
                return;
            (ending, disposed) = (true, true);
            if (IsStillOpen())
                transaction.Dispose();
            connection.Dispose();       // rolls back whatever is left
        }
    }

    // A statement under way ends at once; a commit must not.
    private void Interrupt()
    {
        try
        {
            if (!ending && connection.Handle is { } handle)
                SQLitePCL.raw.sqlite3_interrupt(handle);
        }
        catch (ObjectDisposedException)
        {
            ending = true;          // closed at the same moment: there is nothing left to end
        }
    }

    // The driver would roll back what is no longer there, and complain.
    private bool IsStillOpen() => transaction.Connection is not null && SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0;
}
