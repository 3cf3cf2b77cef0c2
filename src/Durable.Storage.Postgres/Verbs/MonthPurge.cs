// P2, whole months: where the role owns the partitions of event, a month whose runs are all past their time is dropped, which gives its space back at once. Elsewhere rows go one by one.
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>Drops partitions of <c>event</c>. The rows of their runs in other tables are left to the purge by pages.</summary>
/// <param name="calls">Calls to the server that holds the month, or to the coordinator of an engine that spreads it: there it is one table, and goes on all nodes or on none.</param>
/// <param name="log">Where a drop is told.</param>
/// <param name="isSpread">True for a coordinator.</param>
internal sealed class MonthPurge(Calls calls, ILogger log, bool isSpread = false)
{
    // A drop takes the parent's lock for a moment. Behind a reader who keeps it, nobody is to wait for us.
    private const string Patience = "set local lock_timeout = '250ms'";

    // The run that kept a month the last time: before it all were past their time, so the next look begins there.
    private readonly Dictionary<string, Guid> kept = [];

    private string Schema => calls.Options.Schema;

    /// <summary>Drops what may go.</summary>
    /// <returns>How many months went.</returns>
    public async Task<int> DropAsync(NpgsqlConnection connection, DateTimeOffset closedBefore, CancellationToken cancellationToken)
    {
        var dropped = 0;
        foreach (var name in await OwnMonthsAsync(connection, cancellationToken).ConfigureAwait(false))
        {
            // A day beyond its end: ids are made by the clocks of hosts.
            if (EventPartitions.MonthOf(name) is not { } month || month.AddMonths(1).AddDays(1) > closedBefore) continue;
            var (from, to) = (RunIds.Bound(month), RunIds.Bound(month.AddMonths(1)));
            if (await KeeperAsync(connection, null, kept.GetValueOrDefault(name, from), to, closedBefore, cancellationToken).ConfigureAwait(false) is { } keeper) kept[name] = keeper;
            else if (await TryDropAsync(connection, name, from, to, closedBefore, cancellationToken).ConfigureAwait(false)) dropped++;
        }

        return dropped;
    }

    private async Task<List<string>> OwnMonthsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid "
            + "where i.inhparent = to_regclass($1) and c.relname like 'event\\_2%' and pg_has_role(c.relowner, 'USAGE') order by c.relname", connection);
        command.Parameters.Add(PgBatch.Text(Schema + ".event"));
        try
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            return await RowReader.AllAsync(reader, r => r.GetString(0), cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (Sqlstates.IsUnsupported(e) || Sqlstates.IsMissing(e) || e.SqlState is "42883" or "42501")
        {
            return [];                        // an engine without partitions
        }
    }

    // Under the lock the look is repeated over the whole month: an import may have put an open run into it. One that is still under way holds a lock of its own.
    private async Task<bool> TryDropAsync(NpgsqlConnection connection, string name, Guid from, Guid to, DateTimeOffset closedBefore, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (isSpread) await ExecuteAsync(transaction, "set local citus.propagate_set_commands = 'local'", cancellationToken).ConfigureAwait(false);      // else the nodes would wait for ever
            await ExecuteAsync(transaction, Patience, cancellationToken).ConfigureAwait(false);
            await ExecuteAsync(transaction, $"lock table {Schema}.{name} in access exclusive mode", cancellationToken).ConfigureAwait(false);
            if (await KeeperAsync(connection, transaction, from, to, closedBefore, cancellationToken).ConfigureAwait(false) is not null) return false;
            await ExecuteAsync(transaction, $"drop table {Schema}.{name}", cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            kept.Remove(name);
            Log.MonthDropped(log, Schema, name);
            return true;
        }
        catch (PostgresException e) when (e.SqlState is "55P03" or "40P01" or "40001" or "42501" or "42P01" or "2BP01" || (isSpread && e.SqlState.StartsWith("08", StringComparison.Ordinal)))
        {
            return false;                     // somebody reads it, another purger was first, or a node is away: the rows go by pages
        }
    }

    private async Task<Guid?> KeeperAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, Guid from, Guid to, DateTimeOffset closedBefore, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"select r.run_id from {Schema}.run r where r.run_id >= $1 and r.run_id < $2 and (r.status < 10 or r.closed_at >= $3) order by r.run_id limit 1", connection, transaction);
        command.Parameters.Add(PgBatch.Uuid(from));
        command.Parameters.Add(PgBatch.Uuid(to));
        command.Parameters.Add(PgBatch.From(closedBefore));
        return (Guid?)await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task ExecuteAsync(NpgsqlTransaction transaction, string text, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(text, transaction.Connection, transaction);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
