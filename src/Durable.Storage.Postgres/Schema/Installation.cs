// Which database this is, and whether it still stands where it was accepted (DECISIONS 8, 9).
using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Reads and accepts the installation row.</summary>
internal sealed class Installation(EngineConnections connections, Calls calls, HomeCheck home, ILogger log)
{
    /// <summary>Checks versions and place.</summary>
    public Task<StoreInfo> ReadAsync(CancellationToken cancellationToken) => calls.RunAsync("read the installation", async (connection, ct) =>
    {
        var schema = calls.Options.Schema;
        await RequireAsync(connection, schema, ct).ConfigureAwait(false);
        var applied = await Migrator.AppliedAsync(connection, schema, ct).ConfigureAwait(false);
        await using var command = new NpgsqlCommand($"select installation_id, shard_modulus, min_build_format, place from {schema}.installation where one = 1", connection);
        Guid id;
        int modulus, minBuildFormat;
        string? stored;
        await using (var reader = await command.ExecuteReaderAsync(ct).ConfigureAwait(false))
        {
            if (!await reader.ReadAsync(ct).ConfigureAwait(false)) throw NotReady("the installation row is missing");
            (id, modulus, minBuildFormat, stored) = (reader.GetGuid(0), reader.GetInt16(1), reader.GetInt32(2), RowReader.Text(reader, 3));
        }

        var version = Migrator.Check(connections.Description, applied, minBuildFormat);
        if (version < Migration.All[^1].Number) throw NotReady($"it has migration {version} and this build needs {Migration.All[^1].Number}");
        var here = await Place.ReadAsync(connection, ct).ConfigureAwait(false);
        home.Expect(id, here.Database);
        var changed = await CompareAsync(connection, stored, here, ct).ConfigureAwait(false);
        await WarnAsync(connection, schema, ct).ConfigureAwait(false);
        return new StoreInfo(version, id, changed, modulus);
    }, cancellationToken);

    /// <summary>Records that the database may be worked on here.</summary>
    /// <param name="policy">What becomes of open runs.</param>
    /// <param name="held">True: all runs are held already, group by group.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task AcceptAsync(RestoredStorePolicy policy, bool held, CancellationToken cancellationToken) => calls.RunAsync("accept the place", async (connection, ct) =>
    {
        var here = await Place.ReadAsync(connection, ct).ConfigureAwait(false);
        await using var batch = calls.Batch(connection, transaction: true);
        if (policy == RestoredStorePolicy.HoldAllRuns && !held) AddHolds(batch);
        await batch.Add("AcceptPlace", PgBatch.Text(here.ToString()), PgBatch.Text(policy.ToString())).ExecuteAsync(ct).ConfigureAwait(false);
        return true;
    }, cancellationToken);

    /// <summary>DECISIONS 9, HoldAllRuns: what is done to runs. Done again, it changes nothing more.</summary>
    public static PgBatch AddHolds(PgBatch batch) => batch.Add("HoldLanes").Add("HoldOwned").Add("HoldOwnedDelete").Add("HoldRuns").Add("HoldStatuses").Add("HoldTasks");

    private async Task RequireAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        await using var look = new NpgsqlCommand("select to_regclass($1) is not null and to_regclass($2) is not null", connection);
        look.Parameters.Add(PgBatch.Text(schema + ".installation"));
        look.Parameters.Add(PgBatch.Text(schema + ".schema"));
        if (await look.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not true) throw NotReady("the schema or its tables are missing");
    }

    // The first worker of a fresh database accepts the place where it stands; a promotion inside the cluster raises the timeline and passes.
    private async Task<bool> CompareAsync(NpgsqlConnection connection, string? stored, Place here, CancellationToken cancellationToken)
    {
        var before = stored is null ? null : Place.Parse(stored);
        if (before is not null && before.DiffersFrom(here)) return true;
        if (before is not null && before.Timeline >= here.Timeline) return false;
        if (before is not null) Log.Promoted(log, connections.Description, here.Timeline);
        await using var update = new NpgsqlCommand($"update {calls.Options.Schema}.installation set place = $1 where one = 1 and place is not distinct from $2", connection)
        { Parameters = { PgBatch.Text(here.ToString()), PgBatch.OrNull(stored, NpgsqlDbType.Text) } };
        await update.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        return false;
    }

    private async Task WarnAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        await using var look = new NpgsqlCommand("select coalesce((select relkind = 'p' from pg_class where oid = to_regclass($1)), false) and to_regclass($2) is null", connection);
        look.Parameters.Add(PgBatch.Text(schema + ".event"));
        look.Parameters.Add(PgBatch.Text(schema + "." + EventPartitions.Name(TimeProvider.System.GetUtcNow().AddMonths(2))));
        if (await look.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true) Log.PartitionsRunOut(log, connections.Description);
    }

    private DurableException NotReady(string what) =>
        new(DurableErrorCodes.SchemaNotReady, $"{connections.Description}: {what}. Set Migrate to true, or run PostgresMigrations with a role that may.");

    /// <summary>What identifies server and database. A part that may not be read is 0 and matches everything.</summary>
    private sealed record Place(long System, int Timeline, long Database)
    {
        public bool DiffersFrom(Place other) => (System != 0 && other.System != 0 && System != other.System) || (Database != 0 && other.Database != 0 && Database != other.Database)
            || (Timeline != 0 && other.Timeline != 0 && other.Timeline < Timeline);

        public static Place? Parse(string text) => text.Split('/') is [var system, var timeline, var database]
            && long.TryParse(system, CultureInfo.InvariantCulture, out var s) && int.TryParse(timeline, CultureInfo.InvariantCulture, out var t)
            && long.TryParse(database, CultureInfo.InvariantCulture, out var d) ? new Place(s, t, d) : null;

        public static async Task<Place> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
        {
            var database = await ScalarAsync(connection, "select oid::bigint from pg_database where datname = current_database()", cancellationToken).ConfigureAwait(false);
            var system = await ScalarAsync(connection, "select system_identifier from pg_control_system()", cancellationToken).ConfigureAwait(false);
            var timeline = await ScalarAsync(connection, "select timeline_id::bigint from pg_control_checkpoint()", cancellationToken).ConfigureAwait(false);
            return new Place(system, (int)timeline, database);
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{System}/{Timeline}/{Database}");

        private static async Task<long> ScalarAsync(NpgsqlConnection connection, string text, CancellationToken cancellationToken)
        {
            try
            {
                await using var command = new NpgsqlCommand(text, connection);
                return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is long value ? value : 0;
            }
            catch (PostgresException e) when (e.SqlState is "42501" or "42883" or "0A000" or "42P01")
            {
                return 0;                // not readable here: the other parts decide
            }
        }
    }
}
