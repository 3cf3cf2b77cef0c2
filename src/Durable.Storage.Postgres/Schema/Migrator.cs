// Applies migrations: numbered, immutable, hash-checked, one transaction each, under the lock of the installation row.
using System.Text;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>Brings a schema up to this build.</summary>
internal static class Migrator
{
    // Two processes that create the same schema at once: one of them sees a unique violation in the catalogs and looks again.
    private const int MaxTries = 10;

    /// <summary>Applies what is missing and adds partitions.</summary>
    public static async Task RunAsync(EngineConnections connections, ILogger log, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await connections.ProbeAsync(cancellationToken).ConfigureAwait(false);
                await using var connection = await connections.OpenAsync(cancellationToken).ConfigureAwait(false);
                await HouseAsync(connection, connections.Options.Schema, cancellationToken).ConfigureAwait(false);
                await ApplyAsync(connection, connections, log, cancellationToken).ConfigureAwait(false);
                await TopUpAsync(connection, connections, log, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (PostgresException e) when (attempt < MaxTries && e.SqlState is "23505" or "42P06" or "40001" or "40P01" or "XX000" && attempt < MaxTries)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(10, 100)), cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException e) when (e.SqlState is "42P07" or "42710")
            {
                throw new DurableException(DurableErrorCodes.SchemaNotReady, $"{connections.Description} holds half of a migration, or tables of somebody else: {e.MessageText}. "
                    + "Restore the schema from a backup, or drop it if it was never used.", e);
            }
            catch (PostgresException e) when (e.SqlState == "42501")
            {
                throw new DurableException(DurableErrorCodes.RightMissing, $"{connections.Description} cannot be migrated: {e.MessageText}. "
                    + $"Grant CREATE on the database and on schema {connections.Options.Schema}, or migrate with another role (PostgresMigrations) and set Migrate to false.", e);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
            {
                throw Sqlstates.ToDurable(e, "migrate", connections.Description);
            }
        }
    }

    /// <summary>All migrations as one text.</summary>
    public static string Script(string schema, DateTimeOffset now)
    {
        var text = new StringBuilder();
        text.Append("-- Schema ").Append(schema).Append(". The workers' role needs: grant usage on schema ").Append(schema).Append(" to <role>;\n")
            .Append("-- grant select, insert, update, delete on all tables in schema ").Append(schema).Append(" to <role>;\n\n")
            .Append("begin;\n").Append(Migration.House.For(schema, partitions: true))
            .Append("insert into ").Append(schema).Append(".installation (one, installation_id, shard_modulus, min_build_format, accepted_at) values (1, gen_random_uuid(), 128, 0, clock_timestamp()) on conflict do nothing;\n")
            .Append("commit;\n");
        foreach (var migration in Migration.All)
        {
            text.Append("\nbegin;\n").Append(Record(migration, schema)).Append(";\n").Append(migration.For(schema, partitions: true));
            if (migration.Number == 1)
            {
                text.Append(EventPartitions.Default(schema)).Append(";\n");
                foreach (var month in EventPartitions.Months(schema, now)) text.Append(month).Append(";\n");
            }

            text.Append("commit;\n");
        }

        return text.ToString();
    }

    /// <summary>Checks what was applied against what is shipped.</summary>
    /// <returns>Number of the newest migration applied.</returns>
    public static int Check(string store, IReadOnlyList<(int Number, string Hash)> applied, int minBuildFormat)
    {
        if (minBuildFormat > Migration.BuildFormat)
            throw new DurableException(DurableErrorCodes.SchemaNewer, $"{store} was migrated by a newer release and needs a build of format {minBuildFormat}; this one has {Migration.BuildFormat}.");
        foreach (var (number, hash) in applied)
            if (Migration.All.FirstOrDefault(m => m.Number == number) is { } known && known.Hash != hash)
                throw new DurableException(DurableErrorCodes.MigrationChanged, $"{store}: migration {number} was applied with another content ({hash[..12]}… instead of {known.Hash[..12]}…).");
        return applied.Count == 0 ? 0 : applied.Max(a => a.Number);
    }

    /// <summary>What was applied.</summary>
    public static async Task<List<(int Number, string Hash)>> AppliedAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"select number, hash from {schema}.schema order by number", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        return await RowReader.AllAsync(reader, r => (r.GetInt32(0), r.GetString(1)), cancellationToken).ConfigureAwait(false);
    }

    // The tables of migrations themselves. Looked for first, because "create … if not exists" needs rights even where nothing is to be created.
    private static async Task HouseAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        await using (var look = new NpgsqlCommand("select to_regclass($1) is not null and to_regclass($2) is not null", connection))
        {
            look.Parameters.Add(PgBatch.Text(schema + ".installation"));
            look.Parameters.Add(PgBatch.Text(schema + ".schema"));
            if (await look.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not true)
            {
                var exists = await ExistsAsync(connection, schema, cancellationToken).ConfigureAwait(false);
                var text = Migration.House.For(schema, partitions: true);
                if (exists) text = text.Replace($"create schema if not exists {schema};", "", StringComparison.Ordinal);
                await ExecuteAsync(connection, text, cancellationToken).ConfigureAwait(false);
            }
        }

        await ExecuteAsync(connection, $"insert into {schema}.installation (one, installation_id, shard_modulus, min_build_format, accepted_at) "
            + $"values (1, '{Guid.NewGuid()}', 128, 0, clock_timestamp()) on conflict do nothing", cancellationToken).ConfigureAwait(false);
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select to_regnamespace($1) is not null", connection);
        command.Parameters.Add(PgBatch.Text(schema));
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true;
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, EngineConnections connections, ILogger log, CancellationToken cancellationToken)
    {
        var schema = connections.Options.Schema;
        foreach (var migration in Migration.All)
        {
            try
            {
                await ApplyAsync(connection, connections, migration, connections.Options.Variant.Partitions, log, cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException e) when (connections.Options.Variant.Partitions && Sqlstates.IsUnsupported(e))
            {
                Log.PartitionsNotAdded(log, connections.Description, e.MessageText);
                await ApplyAsync(connection, connections, migration, partitions: false, log, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, EngineConnections connections, Migration migration, bool partitions, ILogger log, CancellationToken cancellationToken)
    {
        var schema = connections.Options.Schema;
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        int minBuildFormat;
        await using (var row = new NpgsqlCommand($"select min_build_format from {schema}.installation where one = 1 for update", connection))
        {
            minBuildFormat = (int)(await row.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }

        var applied = await AppliedAsync(connection, schema, cancellationToken).ConfigureAwait(false);
        Check(connections.Description, applied, minBuildFormat);
        if (applied.Any(a => a.Number == migration.Number)) return;
        await ExecuteAsync(connection, migration.For(schema, partitions), cancellationToken).ConfigureAwait(false);
        if (migration.Number == 1 && partitions) await ExecuteAsync(connection, EventPartitions.Default(schema), cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(connection, Record(migration, schema), cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        Log.Migrated(log, connections.Description, migration.Number, migration.Name);
    }

    // DECISIONS 10: adds months where the role may. One that may not, or rows that stand in the way, is no reason to stop.
    private static async Task TopUpAsync(NpgsqlConnection connection, EngineConnections connections, ILogger log, CancellationToken cancellationToken)
    {
        var schema = connections.Options.Schema;
        DateTimeOffset now;
        bool due;
        await using (var look = new NpgsqlCommand("select clock_timestamp(), coalesce((select relkind = 'p' from pg_class where oid = to_regclass($1)), false), to_regclass($2) is null", connection))
        {
            look.Parameters.Add(PgBatch.Text(schema + ".event"));
            look.Parameters.Add(PgBatch.Text(schema + "." + EventPartitions.Name(TimeProvider.System.GetUtcNow().AddMonths(EventPartitions.MonthsAhead))));
            await using var reader = await look.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            now = RowReader.Time(reader, 0);
            due = reader.GetBoolean(1) && reader.GetBoolean(2);
        }

        if (!due) return;
        foreach (var month in EventPartitions.Months(schema, now))
        {
            try
            {
                await ExecuteAsync(connection, month, cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException e) when (e.SqlState is "42501" or "23514" or "42P07" or "42P17")
            {
                Log.PartitionsNotAdded(log, connections.Description, e.MessageText);
                if (e.SqlState == "42501") return;
            }
        }
    }

    private static string Record(Migration migration, string schema) =>
        $"insert into {schema}.schema (number, name, hash, applied_at) values ({migration.Number}, '{migration.Name}', '{migration.Hash}', clock_timestamp());\n"
        + $"update {schema}.installation set min_build_format = greatest(min_build_format, {migration.Format}) where one = 1";

    private static async Task ExecuteAsync(NpgsqlConnection connection, string text, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(text, connection);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
