// What only a look-alike can be made to say: servers in the wrong role, catalogues with holes, no extension at all.
namespace Durable.Storage.Postgres.Tests;

/// <summary>Refusals of <see cref="CitusPlacement"/>.</summary>
public sealed class CitusRefusalTests
{
    private readonly LookAlikeCluster cluster = new();
    private string schema = "";

    [SetUp]
    public async Task SetUpAsync()
    {
        await cluster.StartAsync();
        schema = $"spread_{Environment.ProcessId}_{Guid.NewGuid():N}"[..24];
        await cluster.MigrateAsync(schema);
        await cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema));
    }

    [TearDown]
    public async Task TearDownAsync()
    {
        await cluster.StopAsync();
        await PostgresServer.ExecuteAsync($"drop schema if exists {schema} cascade");
    }

    [Test]
    public async Task A_database_without_the_extension_is_refused()
    {
        await cluster.ExecuteAsync($"delete from {cluster.Schema}.pg_extension");
        Assert.That(await cluster.RefusalAsync(schema), Does.Contain("no extension citus").And.Contain("leave UseCitus out"));
    }

    [Test]
    public async Task A_plain_server_is_refused()
    {
        await using var connections = cluster.Connect(schema);
        var refused = await Assert.ThrowsAsync<DurableException>(() => new PostgresOptions().UseCitus().Placement.ReadAsync(connections, CancellationToken.None));
        Assert.That(refused!.Code, Is.EqualTo("DUR1017"));
        Assert.That(refused.Message, Does.Contain("no extension citus").And.Contain(schema));
    }

    [Test]
    public void The_option_takes_its_options_and_gives_the_same_object_back()
    {
        var postgres = new PostgresOptions();
        Assert.That(postgres.UseCitus(citus => citus.ConnectToNodes = false), Is.SameAs(postgres));
        Assert.That(((CitusPlacement)postgres.Placement).Options.ConnectToNodes, Is.False);
        Assert.That(postgres.Placement.IsSpread, Is.True);
    }

    [Test]
    public async Task A_data_node_given_as_the_coordinator_is_refused_with_the_coordinators_address()
    {
        await cluster.ExecuteAsync("update pg_dist_local_group set groupid = 2");
        Assert.That(await cluster.RefusalAsync(schema), Does.Contain("this is data node 2").And.Contain("coordinator:5432"));
        await cluster.ExecuteAsync("delete from pg_dist_node where groupid = 0");
        Assert.That(await cluster.RefusalAsync(schema), Does.Contain("this is data node 2").And.Not.Contain("which its nodes know as"));
    }

    [TestCase(0, "the coordinator answers there")]
    [TestCase(3, "data node 3 answers there")]
    public async Task Another_server_at_the_address_of_a_data_node_is_refused(int answering, string words)
    {
        await using var connections = cluster.Connect(schema);
        var placement = new CitusPlacement(new CitusOptions(), cluster.Catalogue);
        await cluster.ExecuteAsync("update pg_dist_placement set groupid = 1 where groupid > 0");
        var map = await placement.ReadAsync(connections, CancellationToken.None);
        await cluster.ExecuteAsync($"update pg_dist_local_group set groupid = {answering}");
        var refused = await Assert.ThrowsAsync<DurableException>(() => placement.ProbeAsync(connections, map, _ => connections, CancellationToken.None));
        Assert.That(refused!.Code, Is.EqualTo("DUR1017"));
        Assert.That(refused.Message, Does.Contain("data node 1 was looked for at data-1:5432").And.Contain(words));
    }

    [Test]
    public async Task A_server_without_Citus_at_the_address_of_a_data_node_is_refused()
    {
        await using var connections = cluster.Connect(schema);
        var placement = new CitusPlacement(new CitusOptions(), cluster.Catalogue);
        var map = await placement.ReadAsync(connections, CancellationToken.None);
        await cluster.ExecuteAsync($"delete from {cluster.Schema}.pg_extension");
        var refused = await Assert.ThrowsAsync<DurableException>(() => placement.ProbeAsync(connections, map, _ => connections, CancellationToken.None));
        Assert.That(refused!.Message, Does.Contain("without the extension citus answers there"));
    }

    [Test]
    public async Task A_data_node_that_is_away_is_passed_over_and_the_others_are_tried()
    {
        await using var connections = cluster.Connect(schema);
        var placement = new CitusPlacement(new CitusOptions(), cluster.Catalogue);
        var map = await placement.ReadAsync(connections, CancellationToken.None);
        await cluster.ExecuteAsync("update pg_dist_local_group set groupid = 1");
        await using var nowhere = new EngineConnections(new PostgresOptions { Schema = schema }, "Host=127.0.0.1;Port=1;Username=x;Password=x;Timeout=5", source: null, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await placement.ProbeAsync(connections, map, group => group.Host == "data-1" ? connections : nowhere, CancellationToken.None);
        var refused = await Assert.ThrowsAsync<DurableException>(() => placement.ProbeAsync(connections, map, group => group.Host == "data-2" ? connections : nowhere, CancellationToken.None));
        Assert.That(refused!.Message, Does.Contain("data node 2 was looked for"));
    }

    [Test]
    public async Task The_trials_pass_on_plain_PostgreSQL_under_pieces_that_the_coordinator_holds_itself()
    {
        await cluster.ExecuteAsync("update pg_dist_placement set groupid = 0");
        await using var connections = cluster.Connect(schema);
        var placement = new CitusPlacement(new CitusOptions(), cluster.Catalogue);
        var map = await placement.ReadAsync(connections, CancellationToken.None);
        Assert.That(map.Groups.All(g => g.Host is null), Is.True);
        await placement.ProbeAsync(connections, map, _ => throw new InvalidOperationException("nobody is to be connected to"), CancellationToken.None);
        Assert.That(await cluster.ScalarAsync<long>($"select count(*) from {schema}.lease"), Is.Zero, "the trials leave nothing");
    }

    [Test]
    public async Task A_shard_that_no_node_holds_and_one_that_two_hold_are_named()
    {
        var piece = await cluster.ScalarAsync<long>($"select get_shard_id_for_distribution_column('{schema}.run'::regclass, 5::smallint)");
        await cluster.ExecuteAsync($"insert into pg_dist_placement (shardid, groupid) select {piece}, 1 + groupid % 3 from pg_dist_placement where shardid = {piece}");
        Assert.That(await cluster.RefusalAsync(schema), Does.Contain("2 nodes hold shard").And.Contain("shard_replication_factor"));
        await cluster.ExecuteAsync($"delete from pg_dist_placement where shardid = {piece}");
        Assert.That(await cluster.RefusalAsync(schema), Does.Contain("no node of the catalogue holds shard").And.Contain($"Citus shard {piece}"));
    }

    [Test]
    public async Task Pieces_that_were_split_under_a_running_host_are_refused()
    {
        await using var connections = cluster.Connect(schema);
        var placement = new CitusPlacement(new CitusOptions(), cluster.Catalogue);
        var before = await placement.ReadAsync(connections, CancellationToken.None);
        foreach (var table in StoreTables.Spread) await cluster.ExecuteAsync($"select undistribute_table('{schema}.{table}')");
        await cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema, 64));
        var refused = await Assert.ThrowsAsync<DurableException>(() => placement.ReadAsync(connections, CancellationToken.None));
        Assert.That(refused!.Message, Does.Contain("split or joined under running hosts"));
        Assert.That((await cluster.ReadAsync(schema)).Groups, Has.Count.GreaterThan(before.Groups.Count), "a host that starts now takes them");
    }
}
