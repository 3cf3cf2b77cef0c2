// A store in a schema of its own. Its time passes by moving what is stored: the database's clock is nobody's to set.
using System.Data.Common;
using System.Text;
using Durable.Storage.Contract;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

/// <summary>An empty store for one test. Schemas are migrated once and emptied between tests, because 25 partitions take their time.</summary>
internal sealed class PostgresHarness : StoreHarness
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<(PostgresVariant, bool Conflicts, string? Rows, CitusGroup? Citus), Stack<string>> Free = [];
    private static readonly List<(string Schema, string? Rows)> All = [];
    private static int count;

    private readonly PostgresOptions options;
    private readonly bool own;
    private readonly string connectionString;
    private readonly PostgresStore store;
    private readonly IDurableStore used;
    private readonly bool conflicts;
    private readonly string? rows;
    private readonly CitusGroup? citus;
    private readonly List<NpgsqlConnection> users = [];

    private PostgresHarness(PostgresOptions options, bool own, string connectionString, bool conflicts, string? rows, CitusGroup? citus = null)
    {
        this.rows = rows;
        this.citus = citus;
        this.conflicts = conflicts;
        this.connectionString = connectionString;
        this.own = own;
        this.options = options;
        store = new PostgresStore(options, connectionString);
        used = conflicts ? Conflicts.Patiently(store) : store;
    }

    public override IDurableStore Store => used;

    /// <summary>The schema, for tests that look into it.</summary>
    public string Schema => options.Schema;

    /// <summary>The server, or the coordinator, on which users begin their transactions.</summary>
    public string Server => rows ?? PostgresServer.ConnectionString;

    /// <summary>The store as what it is.</summary>
    public PostgresStore Postgres => store;

    /// <summary>A harness on an emptied schema; the store is not initialized.</summary>
    /// <param name="variant">What the engine lacks.</param>
    /// <param name="own">True: a schema that no other test has used or will use.</param>
    /// <param name="through">A connection string that leads to the same server another way, or null.</param>
    /// <param name="conflicts">True: transactions of the store meet injected serialization failures, and are sent again as the engine does.</param>
    /// <param name="rows">The server that holds the rows, if it is another one than that of the connection string.</param>
    /// <param name="placement">Where the groups are, or null for plain PostgreSQL.</param>
    public static async Task<PostgresHarness> NewAsync(PostgresVariant? variant = null, bool own = false, string? through = null, bool conflicts = false, string? rows = null, IPlacement? placement = null)
    {
        variant ??= new PostgresVariant();
        string? schema;
        lock (Gate) schema = !own && Free.TryGetValue((variant, conflicts, rows, null), out var free) && free.TryPop(out var found) ? found : null;
        var fresh = schema is null;
        if (schema is not null) await EmptyAsync(schema, rows);
        else schema = NewSchema(null);
        var harness = new PostgresHarness(new PostgresOptions { Schema = schema, Variant = variant, WakeUps = false, Placement = placement ?? SinglePlacement.Instance }, own, through ?? PostgresServer.ConnectionString, conflicts, rows);
        if (fresh && rows is not null && placement is { IsSpread: true }) await PostgresMigrations.MigrateAsync(rows, schema);      // plain servers that only seem to be one database
        if (!conflicts) return harness;
        await harness.store.InitializeAsync();
        await Conflicts.InjectAsync(schema);
        return harness;
    }

    public static async Task<StoreHarness> CreateAsync() => await NewAsync();

    /// <summary>A harness on one group of a real cluster, with the store as a host makes it.</summary>
    public static async Task<PostgresHarness> OnCitusAsync(CitusGroup group)
    {
        var (coordinator, variant) = (CitusGroup.Coordinator!, new PostgresVariant());
        string? schema;
        lock (Gate) schema = Free.TryGetValue((variant, false, coordinator, group), out var free) && free.TryPop(out var found) ? found : null;
        if (schema is null) await group.PrepareAsync(schema = NewSchema(coordinator));
        else await EmptyAsync(schema, coordinator);
        var options = new PostgresOptions { Schema = schema, Variant = variant, WakeUps = false, Placement = group.NewPlacement() };
        return new PostgresHarness(options, own: false, coordinator, conflicts: false, coordinator, group);
    }

    /// <summary>Removes all schemas of this process.</summary>
    public static async Task DropAllAsync()
    {
        foreach (var (schema, rows) in All) await PostgresServer.ExecuteAsync($"drop schema if exists {schema} cascade", rows);
        All.Clear();
    }

    // Those of a throw-away server go with it; those of a cluster are removed.
    private static string NewSchema(string? cluster)
    {
        lock (Gate)
        {
            All.Add(($"test_{Environment.ProcessId}_{++count}", cluster));
            return All[^1].Schema;
        }
    }

    public override async Task AdvanceAsync(TimeSpan by)
    {
        var script = new StringBuilder();
        await using var connection = await PostgresServer.OpenAsync(rows);
        await using (var command = new NpgsqlCommand("select table_name, string_agg(format('%1$I = (%1$I at time zone ''UTC'' - $1) at time zone ''UTC''', column_name), ', ') from information_schema.columns c "
            + "where table_schema = $1 and data_type = 'timestamp with time zone' and exists (select 1 from pg_class where oid = to_regclass(table_schema || '.' || table_name) "
            + "and relkind in ('r', 'p') and not relispartition) group by 1", connection))
        {
            command.Parameters.Add(PgBatch.Text(Schema));
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync()) script.Append($"update {Schema}.{reader.GetString(0)} set {reader.GetString(1).Replace("$1", $"interval '{by.TotalMicroseconds} microseconds'", StringComparison.Ordinal)};");
        }

        await using var update = new NpgsqlCommand(script.ToString(), connection);
        await update.ExecuteNonQueryAsync();
    }

    public override Task<IDurableStore?> OpenAgainAsync() =>
        Task.FromResult<IDurableStore?>(conflicts ? Conflicts.Patiently(new PostgresStore(options, connectionString)) : new PostgresStore(options, connectionString));

    public override async Task<DbTransaction> BeginAsync()
    {
        var connection = await PostgresServer.OpenAsync((rows ?? PostgresServer.ConnectionString) + ";SearchPath=" + Schema);
        users.Add(connection);
        return await connection.BeginTransactionAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        foreach (var user in users) await user.DisposeAsync();
        if (own) return;
        lock (Gate)
        {
            var kind = (options.Variant, conflicts, rows, citus);
            if (!Free.TryGetValue(kind, out var free)) Free.Add(kind, free = new());
            free.Push(Schema);
        }
    }

    // Deleting is quicker than truncating 27 almost empty tables.
    private static Task EmptyAsync(string schema, string? rows)
    {
        string[] tables = ["run", "event", "message", "ready", "owned", "task", "lane", "commit_log", "outgoing", "schedule", "lease", "document", "blob"];
        return PostgresServer.ExecuteAsync($"drop table if exists {schema}.contract_effect;" + string.Concat(tables.Select(t => $"delete from {schema}.{t};")), rows);
    }
}
