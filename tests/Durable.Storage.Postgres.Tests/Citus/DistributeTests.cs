// The script that distributes a schema: it covers every table, may run again, and refuses where it would strand runs.
using Durable.Storage.Contract;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

/// <summary><see cref="PostgresMigrations.DistributeScript"/> on each cluster there is.</summary>
[TestFixtureSource(typeof(CitusCluster), nameof(CitusCluster.All))]
public sealed class DistributeTests(CitusCluster cluster)
{
    private string schema = "";

    [OneTimeSetUp]
    public Task StartAsync() => cluster.StartAsync();

    [OneTimeTearDown]
    public Task StopAsync() => cluster.StopAsync();

    [SetUp]
    public async Task SetUpAsync()
    {
        schema = $"spread_{Environment.ProcessId}_{Guid.NewGuid():N}"[..24];
        await cluster.MigrateAsync(schema);
    }

    [TearDown]
    public Task TearDownAsync() => cluster.ExecuteAsync($"drop schema if exists {schema} cascade");

    [Test]
    public async Task It_covers_exactly_the_tables_of_a_migrated_schema_and_may_run_again()
    {
        await cluster.ExecuteAsync($"drop schema {schema} cascade");
        await cluster.MigrateAsync(schema, partitions: true);
        for (var again = 0; again < 2; again++) await cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema));
        var tables = await TablesAsync();
        Assert.That(StoreTables.Spread.Concat(StoreTables.Everywhere), Is.EquivalentTo(tables), "a table that a migration adds belongs into one of the two lists");
        foreach (var table in tables)
            Assert.That(await cluster.ScalarAsync<string>($"select partmethod::text from pg_dist_partition where logicalrelid = '{schema}.{table}'::regclass"), Is.EqualTo(StoreTables.Spread.Contains(table) ? "h" : "n"), table);
        if (cluster is not LookAlikeCluster) return;
        Assert.That(await cluster.ScalarAsync<long>($"select count(*) from called where call like '%({schema}.%'"), Is.EqualTo(tables.Count), "the second time nothing is left to do");
        Assert.That(await cluster.ScalarAsync<string>($"select call from called where call like '%({schema}.run,%'"), Is.EqualTo($"create_distributed_table({schema}.run, shard, none, 32)"));
    }

    [Test]
    public async Task What_is_half_done_is_finished()
    {
        await cluster.ExecuteAsync($"select create_distributed_table('{schema}.run', 'shard', colocate_with := 'none', shard_count := 4)");
        await cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema));
        Assert.That((await cluster.ReadAsync(schema)).Groups, Has.Count.EqualTo(4));
    }

    [Test]
    public async Task Every_key_of_a_spread_table_contains_the_shard()
    {
        foreach (var table in StoreTables.Spread)
        {
            var loose = await cluster.ScalarAsync<long>($"""
                select count(*) from pg_index i where i.indrelid = '{schema}.{table}'::regclass and i.indisunique
                    and not exists (select 1 from pg_attribute a where a.attrelid = i.indrelid and a.attname = 'shard' and a.attnum = any (i.indkey))
                """);
            Assert.That(loose, Is.Zero, table);
            Assert.That(await cluster.ScalarAsync<string>($"select format_type(atttypid, atttypmod) || attnotnull from pg_attribute where attrelid = '{schema}.{table}'::regclass and attname = 'shard'"), Is.EqualTo("smallinttrue"), table);
        }
    }

    [Test]
    public async Task A_schema_whose_runs_are_in_the_hands_of_hosts_is_left_alone()
    {
        await cluster.ExecuteAsync($"insert into {schema}.owned (run_id, lane_id, gen, next_seq, attempt, shard, namespace) values (gen_random_uuid(), 1, 0, 1, 1, 5, '')");
        var refused = await Assert.ThrowsAsync<PostgresException>(() => cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema)));
        Assert.That(refused!.MessageText, Does.Contain("stop all hosts in order first"));
        Assert.That(await cluster.ScalarAsync<long>($"select count(*) from pg_dist_partition p join pg_class c on c.oid = p.logicalrelid where c.relnamespace = '{schema}'::regnamespace"), Is.Zero);
    }

    [Test]
    public async Task A_schema_that_is_not_migrated_or_has_another_modulus_is_refused()
    {
        await cluster.ExecuteAsync($"update {schema}.installation set shard_modulus = 64");
        Assert.That((await Assert.ThrowsAsync<PostgresException>(() => cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema))))!.MessageText, Does.Contain("another number of shard values than 128"));
        Assert.That((await Assert.ThrowsAsync<PostgresException>(() => cluster.ExecuteAsync(PostgresMigrations.DistributeScript("not_there"))))!.MessageText, Does.Contain("run the migrations first"));
    }

    [Test]
    public async Task The_views_show_the_same_as_before()
    {
        await using (var store = new PostgresStore(new PostgresOptions { Schema = schema, WakeUps = false }, cluster.ConnectionString))
        {
            await store.InitializeAsync();
            var lane = await TestLane.OpenAsync(store, "host-a");
            await lane.StartAsync("owned");
            var parked = await lane.StartAsync("parked");
            await lane.Batch().Event(parked, 1).Park(Make.Park(parked, 2, hold: 1, asap: true)).CommitAsync();
            await store.DeliverAsync(new([], [Make.Start(Make.Run("waiting"))]));
            var before = await ShowAsync();
            Assert.That(before, Does.Contain("host-a").And.Contain("paused"));
            if (cluster is LookAlikeCluster) await cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema).Replace($"select 1 from {schema}.owned", $"select 1 from {schema}.blob", StringComparison.Ordinal));
            Assert.That(await ShowAsync(), Is.EqualTo(before));
        }
    }

    [TestCase(0)]
    [TestCase(129)]
    public void A_number_of_pieces_that_shards_cannot_fill_is_refused(int count) =>
        Assert.That(Assert.Throws<DurableException>(() => PostgresMigrations.DistributeScript(schema, count))!.Code, Is.EqualTo("DUR1002"));

    [Test]
    public void A_schema_name_that_would_need_quoting_is_refused() => Assert.That(Assert.Throws<DurableException>(() => PostgresMigrations.DistributeScript("a;b"))!.Code, Is.EqualTo("DUR1002"));

    [Test]
    public async Task Without_Citus_the_script_says_so()
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => PostgresServer.ExecuteAsync(PostgresMigrations.DistributeScript(schema)));
        Assert.That(refused!.MessageText, Does.Contain("no extension citus"));
    }

    private async Task<List<string>> TablesAsync()
    {
        await using var connection = await PostgresServer.OpenAsync(cluster.ConnectionString);
        await using var command = new NpgsqlCommand($"select relname::text from pg_class where relnamespace = '{schema}'::regnamespace and relkind in ('r', 'p') and not relispartition order by 1", connection);
        await using var reader = await command.ExecuteReaderAsync();
        return await RowReader.AllAsync(reader, r => r.GetString(0), CancellationToken.None);
    }

    // All but what goes by the clock.
    private async Task<string> ShowAsync()
    {
        var runs = await cluster.ScalarAsync<string>($"select coalesce(json_agg(v order by v.run_id)::text, '') from {schema}.durable_runs v");
        return runs + await cluster.ScalarAsync<string>($"select coalesce(json_agg(json_build_array(v.workflow_id, v.reason, v.attempt, v.wait_reason, v.due_at) order by v.run_id)::text, '') from {schema}.durable_stuck v");
    }
}
