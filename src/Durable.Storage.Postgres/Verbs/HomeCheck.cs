// Whether a user's transaction is one on this database: what it writes must commit together with what the store writes.
using System.Collections.Concurrent;
using System.Data.Common;
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>Refuses transactions on other databases (DUR1012).</summary>
/// <param name="connections">Connections to ours.</param>
/// <param name="anyDatabase">True where the engine spreads one installation over databases of several servers: each of them will do.</param>
internal sealed class HomeCheck(EngineConnections connections, bool anyDatabase = false)
{
    private readonly ConcurrentDictionary<(string? Host, int Port, string? Database), bool> known = new();
    private (Guid Installation, long Database)? expected;

    /// <summary>Says which database is ours.</summary>
    public void Expect(Guid installation, long databaseOid)
    {
        expected = (installation, databaseOid);
        known.Clear();
    }

    /// <summary>The transaction as the driver's, if it is one on this database.</summary>
    public async Task<NpgsqlTransaction> RequireAsync(DbTransaction transaction, CancellationToken cancellationToken)
    {
        if (transaction is not NpgsqlTransaction own) throw Foreign($"it is a {transaction.GetType().Name}");
        if (!IsOpen(own) || own.Connection is not { } connection) throw Foreign("it has ended");
        if (expected is null && connections.IsNode) await ReadAsync(cancellationToken).ConfigureAwait(false);
        if (expected is not { } ours) throw new DurableException(DurableErrorCodes.SchemaNotReady, $"{connections.Description} is not initialized yet.");
        var place = (connection.Host, connection.Port, connection.Database);
        if (known.ContainsKey(place)) return own;
        var schema = connections.Options.Schema;

        // to_regclass answers null where there is no such table: asking must not abort the user's transaction.
        await using (var probe = new NpgsqlCommand("select to_regclass($1) is not null, (select oid::bigint from pg_database where datname = current_database())", connection, own))
        {
            probe.Parameters.Add(PgBatch.Text(schema + ".installation"));
            await using var reader = await probe.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (!reader.GetBoolean(0) || (!anyDatabase && reader.GetInt64(1) != ours.Database)) throw Foreign($"it is on {connection.Host}/{connection.Database}");
        }

        await using var command = new NpgsqlCommand($"select installation_id from {SchemaName.Checked(schema)}.installation", connection, own);
        if (await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not Guid id || id != ours.Installation) throw Foreign($"it is on {connection.Host}/{connection.Database}");
        if (known.Count < 100) known.TryAdd(place, true);
        return own;
    }

    // The coordinator's is read at start; that of another server when it is first asked for.
    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        await using var connection = await connections.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var command = new NpgsqlCommand($"select i.installation_id, (select oid::bigint from pg_database where datname = current_database()) from {SchemaName.Checked(connections.Options.Schema)}.installation i where i.one = 1", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        if (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) Expect(reader.GetGuid(0), reader.GetInt64(1));
    }

    /// <summary>True if the transaction can still do something. The driver has no public word for it, but refuses to answer.</summary>
    public static bool IsOpen(NpgsqlTransaction transaction)
    {
        try
        {
            return transaction.IsolationLevel != System.Data.IsolationLevel.Chaos && transaction.Connection is not null;
        }
        catch (InvalidOperationException)
        {
            return false;           // completed, or disposed
        }
    }

    private DurableException Foreign(string what) => new(DurableErrorCodes.TransactionForeign,
        $"The transaction does not belong to {connections.Description}: {what}. Begin it on a connection to the engine's own database.");
}
