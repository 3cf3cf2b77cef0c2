// Every SQL block of the operations guide, run in its order.
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
            Assert.That(blocks, Has.Count.EqualTo(6));
            Assert.That(await PostgresServer.ScalarAsync<string>($"select reason from {harness.Schema}.durable_stuck"), Is.EqualTo("paused"));
        }
        finally
        {
            await PostgresServer.ExecuteAsync($"drop owned by {role}; drop role {role}");
        }
    }

    [GeneratedRegex("```sql\\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
