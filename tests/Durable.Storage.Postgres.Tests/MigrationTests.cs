// Migrations: by the store, by another role, as a script; what they refuse; and the schema they make, as an approved file.
using System.Globalization;
using System.Text;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

/// <summary>From an empty database to a schema.</summary>
public sealed class MigrationTests
{
    private static int count;
    private string schema = "";

    [SetUp]
    public void SetUp() => schema = string.Create(CultureInfo.InvariantCulture, $"mig_{Environment.ProcessId}_{++count}");

    [TearDown]
    public Task TearDownAsync() => PostgresServer.ExecuteAsync($"drop schema if exists {schema} cascade");

    [Test]
    public async Task Migrating_twice_and_from_many_processes_at_once_applies_each_migration_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => PostgresMigrations.MigrateAsync(PostgresServer.ConnectionString, schema)));
        await PostgresMigrations.MigrateAsync(PostgresServer.ConnectionString, schema);
        Assert.That(await PostgresServer.ScalarAsync<long>($"select count(*) from {schema}.schema"), Is.EqualTo(Migration.All.Count));
        Assert.That(await PostgresServer.ScalarAsync<long>($"select count(*) from {schema}.installation"), Is.EqualTo(1));
    }

    [Test]
    public async Task The_script_makes_the_same_schema_as_the_migrator()
    {
        await PostgresServer.ExecuteAsync(PostgresMigrations.Script(schema));
        var script = await DumpAsync(schema);
        await PostgresServer.ExecuteAsync($"drop schema {schema} cascade");
        await PostgresMigrations.MigrateAsync(PostgresServer.ConnectionString, schema);
        Assert.That(await DumpAsync(schema), Is.EqualTo(script));
        await using var store = New();
        Assert.That((await store.InitializeAsync()).SchemaVersion, Is.EqualTo(Migration.All.Count));
    }

    [Test]
    public async Task The_schema_is_the_approved_one()
    {
        await PostgresMigrations.MigrateAsync(PostgresServer.ConnectionString, schema);
        var dump = (await DumpAsync(schema)).Replace(schema, "durable", StringComparison.Ordinal);
        var approved = Path.Combine(PostgresServer.Root(), "tests", "Durable.Storage.Postgres.Tests", "Schema.approved.txt");
        var before = File.Exists(approved) ? await File.ReadAllTextAsync(approved) : "";
        var received = Path.Combine(AppContext.BaseDirectory, "Schema.received.txt");
        if (before != dump) await File.WriteAllTextAsync(received, dump);
        Assert.That(dump, Is.EqualTo(before), $"a change of the schema is a new migration and a new approved file: see {received}");
    }

    [Test]
    public async Task Events_are_kept_in_months_for_two_years_and_a_default()
    {
        await PostgresMigrations.MigrateAsync(PostgresServer.ConnectionString, schema);
        Assert.That(await PartitionsAsync(), Is.EqualTo(EventPartitions.MonthsAhead + 2));
        await PostgresServer.ExecuteAsync($"drop table {schema}.{EventPartitions.Name(TimeProvider.System.GetUtcNow().AddMonths(EventPartitions.MonthsAhead))}");
        await PostgresMigrations.MigrateAsync(PostgresServer.ConnectionString, schema);
        Assert.That(await PartitionsAsync(), Is.EqualTo(EventPartitions.MonthsAhead + 2), "topped up");
    }

    [Test]
    public async Task A_run_id_goes_to_the_month_that_it_was_made_in()
    {
        var now = TimeProvider.System.GetUtcNow();
        await PostgresMigrations.MigrateAsync(PostgresServer.ConnectionString, schema);
        foreach (var (id, table) in new[] { (Guid.CreateVersion7(now), EventPartitions.Name(now)), (Guid.CreateVersion7(now.AddMonths(7)), EventPartitions.Name(now.AddMonths(7))), (Guid.Empty, "event_default") })
        {
            var where = await PostgresServer.ScalarAsync<string>($"insert into {schema}.event (run_id, at, sender_seq, gen, seq, ordinal, crc, shard, kind, encoding, schema, namespace) "
                + $"values ('{id}', now(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 'n') returning tableoid::regclass::text");
            Assert.That(where, Is.EqualTo($"{schema}.{table}"));
        }
    }

    [Test]
    public async Task A_migration_that_was_changed_is_refused()
    {
        await PostgresMigrations.MigrateAsync(PostgresServer.ConnectionString, schema);
        await PostgresServer.ExecuteAsync($"update {schema}.schema set hash = repeat('0', 64) where number = 1");
        Assert.That(await CodeAsync(migrate: true), Is.EqualTo("DUR1008"));
        Assert.That(await CodeAsync(migrate: false), Is.EqualTo("DUR1008"));
    }

    [Test]
    public async Task A_database_that_demands_a_newer_build_is_refused_and_one_with_newer_migrations_only_is_not()
    {
        await PostgresMigrations.MigrateAsync(PostgresServer.ConnectionString, schema);
        await PostgresServer.ExecuteAsync($"insert into {schema}.schema (number, name, hash, applied_at) values (9, 'later', 'x', now())");
        await using (var store = New(migrate: false)) Assert.That((await store.InitializeAsync()).SchemaVersion, Is.EqualTo(9));
        await PostgresServer.ExecuteAsync($"update {schema}.installation set min_build_format = {Migration.BuildFormat + 1}");
        Assert.That(await CodeAsync(migrate: true), Is.EqualTo("DUR1005"));
    }

    [Test]
    public async Task Half_a_migration_is_told_apart_from_an_empty_schema()
    {
        await PostgresServer.ExecuteAsync($"create schema {schema}; create table {schema}.run (x int)");
        Assert.That(await CodeAsync(migrate: true), Is.EqualTo("DUR1015"));
        Assert.That(await PostgresServer.ScalarAsync<long>($"select count(*) from {schema}.schema"), Is.Zero, "nothing of it was applied");
    }

    [Test]
    public async Task Without_the_right_to_migrate_a_missing_schema_is_said_to_be_missing()
    {
        Assert.That(await CodeAsync(migrate: false), Is.EqualTo("DUR1015"));
        await PostgresServer.ExecuteAsync(Migration.House.For(schema, partitions: true));
        Assert.That(await CodeAsync(migrate: false), Is.EqualTo("DUR1015"));
    }

    [TestCase("Durable")]
    [TestCase("1st")]
    [TestCase("a-b")]
    [TestCase("a b")]
    [TestCase("a;drop table x")]
    [TestCase("a\"b")]
    [TestCase("pg_mine")]
    [TestCase("durable\n")]
    [TestCase("")]
    [TestCase("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx")]
    public void A_schema_name_that_would_need_quoting_is_refused_before_anything_is_sent(string name)
    {
        var refused = Assert.Throws<DurableException>(() => _ = new PostgresStore(new PostgresOptions { Schema = name }, PostgresServer.ConnectionString));
        Assert.That(refused!.Code, Is.EqualTo("DUR1002"));
        Assert.That(Assert.Throws<DurableException>(() => PostgresMigrations.Script(name))!.Code, Is.EqualTo("DUR1002"));
    }

    [Test]
    public async Task Where_partitions_are_not_supported_events_are_one_table()
    {
        await using var store = new PostgresStore(new PostgresOptions { Schema = schema, Variant = new PostgresVariant { Partitions = false } }, PostgresServer.ConnectionString);
        await store.InitializeAsync();
        Assert.That(await PostgresServer.ScalarAsync<char>($"select relkind from pg_class where oid = '{schema}.event'::regclass"), Is.EqualTo('r'));
    }

    // A released migration is in databases that nobody can ask: what is to be different gets a migration of its own. Another line for each release.
    [TestCase(1, "35d3de57baa9d32da90b6f224ee7993f9ee02c3983664ef1bc64d5e0828c41ff")]        // 0.1.0
    public void A_released_migration_never_changes(int number, string hash) => Assert.That(Migration.All.Single(migration => migration.Number == number).Hash, Is.EqualTo(hash));

    [Test]
    public void Migrations_are_numbered_without_gaps()
    {
        Assert.That(Migration.All.Select(m => m.Number), Is.EqualTo(Enumerable.Range(1, Migration.All.Count)));
        Assert.That(Migration.All.Max(m => m.Format), Is.LessThanOrEqualTo(Migration.BuildFormat));
    }

    private PostgresStore New(bool migrate = true) => new(new PostgresOptions { Schema = schema, Migrate = migrate }, PostgresServer.ConnectionString);

    private async Task<string> CodeAsync(bool migrate)
    {
        await using var store = New(migrate);
        return (await Assert.ThrowsAsync<DurableException>(() => store.InitializeAsync()))!.Code;
    }

    private async Task<long> PartitionsAsync() => await PostgresServer.ScalarAsync<long>($"select count(*) from pg_inherits where inhparent = '{schema}.event'::regclass");

    // Tables, columns, constraints, indexes, views and settings from the catalogs: the partitions of the months are left out.
    private static async Task<string> DumpAsync(string schema)
    {
        var text = new StringBuilder();
        await using var connection = await PostgresServer.OpenAsync();
        foreach (var query in new[]
        {
            $"select 'table ' || relname || coalesce(' with ' || reloptions::text, '') || case relkind when 'p' then ' ' || pg_get_partkeydef(oid) else '' end from pg_class where relnamespace = '{schema}'::regnamespace and relkind in ('r', 'p') and relname not like 'event\\_%' order by 1",
            $"select format('column %s.%s %s%s%s', c.relname, attname, format_type(atttypid, atttypmod), case when attnotnull then ' not null' else '' end, case when atthasdef then ' default' else '' end) from pg_attribute a join pg_class c on c.oid = attrelid where relnamespace = '{schema}'::regnamespace and relkind in ('r', 'p') and relname not like 'event\\_%' and attnum > 0 order by c.relname, attnum",
            $"select format('constraint %s %s %s', c.relname, conname, pg_get_constraintdef(k.oid)) from pg_constraint k join pg_class c on c.oid = conrelid where relnamespace = '{schema}'::regnamespace and contype in ('p', 'u', 'c', 'f') and relname not like 'event\\_%' order by 1",
            $"select indexdef from pg_indexes where schemaname = '{schema}' and tablename not like 'event\\_%' order by 1",
            $"select format('view %s', c.relname) || E'\\n' || pg_get_viewdef(c.oid, true) from pg_class c where relnamespace = '{schema}'::regnamespace and relkind = 'v' order by 1",
        })
        {
            await using var command = new NpgsqlCommand(query, connection);
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync()) text.Append(reader.GetString(0)).Append('\n');
        }

        return text.ToString();
    }
}
