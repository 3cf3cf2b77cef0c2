// Verbs inside a user's own transaction: the same statements on his connection; his commit is ours.
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Durable.Storage.Sqlite;

/// <summary>Runs work in a transaction that somebody else ends.</summary>
internal static class Enlisted
{
    /// <param name="transaction">The user's.</param>
    /// <param name="file">The engine's file.</param>
    /// <param name="work">The statements; whole or not at all, whatever the user does after an error.</param>
    /// <exception cref="DurableException">DUR1012, DUR1006.</exception>
    public static T Run<T>(DbTransaction transaction, DatabaseFile file, Func<Session, T> work)
    {
        if (transaction is not SqliteTransaction { Connection: { } connection })
        {
            throw SqliteErrors.ForeignTransaction(transaction is SqliteTransaction
                ? "The transaction has ended, or its connection is closed." : $"The store is SQLite, the transaction is a {transaction.GetType().Name}.");
        }
        // Not together with the end of a step whose time is over: between its rollback and the statements below these would commit alone.
        lock (connection)
            return Run(connection, file, work);
    }

    private static T Run<T>(SqliteConnection connection, DatabaseFile file, Func<Session, T> work)
    {
        using var session = Session.Borrow(connection);
        if (session.FileName != file.FileName)
            throw SqliteErrors.ForeignTransaction($"The transaction is on {session.FileName}, the engine's file is {file.FileName}.");
        if (!session.InTransaction)
            throw SqliteErrors.ForeignTransaction("The transaction has been rolled back already, by an error or because its time was over.");
        try
        {
            session.Execute("savepoint durable");
            try
            {
                var result = work(session);
                session.Execute("release durable");
                return result;
            }
            catch
            {
                if (session.InTransaction)
                    session.Execute("rollback to durable; release durable");
                throw;
            }
        }
        catch (SqliteFailure failure)
        {
            throw SqliteErrors.Translate(failure, file.Path);
        }
    }
}
