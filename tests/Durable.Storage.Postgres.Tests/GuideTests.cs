// Every SQL block of the guides, run in their order.
using System.Text.RegularExpressions;
using Durable.Storage.Contract;

namespace Durable.Storage.Postgres.Tests;

public sealed partial class GuideTests
{
    [Test]
    public async Task Every_SQL_block_of_the_PostgreSQL_guide_runs_against_a_schema_in_use()
    {
        await using var harness = await PostgresHarness.NewAsync(own: true);
        await harness.Store.InitializeAsync();
        var lane = await TestLane.OpenAsync(harness.Store, "host-a");
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Event(run, 1).Park(Make.Park(run, 2, hold: 1, asap: true)).CommitAsync();
        var role = $"durable_guide_{Environment.ProcessId}";
        await PostgresServer.ExecuteAsync($"create role {role}");
        try
        {
            await PostgresServer.ExecuteAsync(PostgresMigrations.RowSecurityScript(harness.Schema));
            var blocks = Block().Matches(await File.ReadAllTextAsync(Path.Combine(PostgresServer.Root(), "docs", "operations-postgres.md"))).Select(match => match.Groups[1].Value).ToList();
            foreach (var block in blocks)
                await PostgresServer.ExecuteAsync(block.Replace("durable_worker", role, StringComparison.Ordinal).Replace("durable.", harness.Schema + ".", StringComparison.Ordinal).Replace("schema durable ", $"schema {harness.Schema} ", StringComparison.Ordinal));
            Assert.That(blocks, Has.Count.EqualTo(7));
            Assert.That(await PostgresServer.ScalarAsync<string>($"select reason from {harness.Schema}.durable_stuck"), Is.EqualTo("paused"));
        }
        finally
        {
            await PostgresServer.ExecuteAsync($"drop owned by {role}; drop role {role}");
        }
    }

    [Test]
    public async Task Every_SQL_block_of_the_guide_to_many_nodes_runs_on_a_cluster_in_use()
    {
        var cluster = new LookAlikeCluster();
        var schema = $"guide_{Environment.ProcessId}_{Guid.NewGuid():N}"[..24];
        var role = $"durable_guide_{Environment.ProcessId}";
        await cluster.StartAsync();
        await PostgresServer.ExecuteAsync($"create role {role}");
        try
        {
            // The cluster of the guide is made by the guide; its pieces stand on what the guide calls data-1.
            await cluster.ExecuteAsync("delete from pg_dist_node where groupid > 0");
            await cluster.MigrateAsync(schema, partitions: true);
            await using var store = new PostgresStore(new PostgresOptions { Schema = schema, Migrate = false, WakeUps = false }, cluster.ConnectionString);
            await store.InitializeAsync();
            var lane = await TestLane.OpenAsync(store, "host-a");
            var run = await lane.StartAsync("order-1");
            await lane.Batch().Event(run, 1).Park(Make.Park(run, 2, asap: true)).CommitAsync();
            var text = await File.ReadAllTextAsync(Path.Combine(PostgresServer.Root(), "docs", "scaling.md"));
            await cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema));
            await cluster.ExecuteAsync("update pg_dist_placement set groupid = 1");
            var blocks = Block().Matches(text).Select(match => match.Groups[1].Value).ToList();
            foreach (var block in blocks)
                await cluster.ExecuteAsync(block.Replace("durable_worker", role, StringComparison.Ordinal).Replace("durable.", schema + ".", StringComparison.Ordinal).Replace("'durable'", $"'{schema}'", StringComparison.Ordinal));
            Assert.That(blocks, Has.Count.EqualTo(14));
            Assert.That(Regex.Count(text, "```sql citus\n"), Is.EqualTo(1), "what no test can run is the extension itself");
            var map = await cluster.ReadAsync(schema);
            Assert.That(map.Groups.Where(g => g.Host == "data-3.internal").SelectMany(g => g.Group.Shards!), Does.Contain((short)17), "the guide has moved a piece");
            Assert.That(await cluster.ScalarAsync<long>("select count(*) from called where call like 'truncate%'"), Is.EqualTo(StoreTables.Spread.Count));
        }
        finally
        {
            await PostgresServer.ExecuteAsync($"drop owned by {role}; drop role {role}; drop schema if exists {schema} cascade");
            await cluster.StopAsync();
        }
    }

    [GeneratedRegex("```sql\\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
