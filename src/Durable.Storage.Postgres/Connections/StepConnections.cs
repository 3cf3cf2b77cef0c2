// Connections of transactional steps: the application's own settings, never the engine's pins, bounded in number.
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>Begins transactions for the code of steps.</summary>
internal sealed class StepConnections(EngineConnections connections, Calls calls, ILogger log)
{
    private readonly SemaphoreSlim places = new(connections.Options.MaxTransactions);

    /// <summary>Begins one; waits while as many as allowed are open.</summary>
    public async Task<IUserTransaction> BeginAsync(CancellationToken cancellationToken)
    {
        await places.WaitAsync(cancellationToken).ConfigureAwait(false);
        NpgsqlConnection? connection = null;
        try
        {
            connection = await connections.OpenForUserAsync(cancellationToken).ConfigureAwait(false);
            return new StepTransaction(this, connection, await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            if (connection is not null) await connection.DisposeAsync().ConfigureAwait(false);
            places.Release();
            throw e is NpgsqlException or TimeoutException or IOException ? Sqlstates.ToDurable(e, "begin a transactional step", connections.Description) : e;
        }
    }

    // The session is ended from outside: a connection that somebody uses cannot be rolled back by anybody else. A pooler's process ids are not the server's.
    private async Task EndSessionAsync(int processId)
    {
        if (connections.Pooler) return;
        try
        {
            await calls.RunAsync("end an abandoned step", async (connection, ct) =>
            {
                await using var command = new NpgsqlCommand("select pg_terminate_backend($1)", connection) { Parameters = { PgBatch.Int(processId) } };
                return await command.ExecuteScalarAsync(ct).ConfigureAwait(false);
            }, CancellationToken.None).ConfigureAwait(false);
        }
        catch (DurableException e)
        {
            NotEnded(processId, e);                  // it is rolled back when its code ends
        }
    }

    private void NotEnded(int processId, Exception error) => Log.StepNotEnded(log, processId, error);

    private sealed class StepTransaction(StepConnections owner, NpgsqlConnection connection, NpgsqlTransaction transaction) : IUserTransaction
    {
        private bool disposed;

        public System.Data.Common.DbTransaction Transaction => transaction;

        public UserTransactionState State => HomeCheck.IsOpen(transaction) ? UserTransactionState.Open : UserTransactionState.Ended;

        public Task CommitAsync() => transaction.CommitAsync(CancellationToken.None);

        public async Task AbandonAsync(Task code)
        {
            await owner.EndSessionAsync(connection.ProcessID).ConfigureAwait(false);
            _ = EndAsync();

            async Task EndAsync()
            {
                await code.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await DisposeAsync().ConfigureAwait(false);
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (disposed) return;
            disposed = true;
            try
            {
                await transaction.DisposeAsync().ConfigureAwait(false);      // rolls back what was not committed
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException or InvalidOperationException)
            {
                owner.NotEnded(connection.ProcessID, e);                    // the server rolls back when the connection is gone
            }

            await connection.DisposeAsync().ConfigureAwait(false);
            owner.places.Release();
        }
    }
}
