// The trials through the coordinator and on each data node, and what the role's settings have to do with it.
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

/// <summary>What <see cref="CitusPlacement.ProbeAsync"/> finds on each cluster there is.</summary>
[TestFixtureSource(typeof(CitusCluster), nameof(CitusCluster.All))]
public sealed class CitusProbeTests(CitusCluster cluster)
{
    private readonly List<EngineConnections> opened = [];
    private string schema = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        await cluster.StartAsync();
        schema = $"spread_{Environment.ProcessId}_{Guid.NewGuid():N}"[..24];
        await cluster.MigrateAsync(schema);
        await cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema, 4));
        if (cluster is LookAlikeCluster) await cluster.ExecuteAsync("update pg_dist_placement set groupid = 0");       // its data nodes are names only
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await cluster.ExecuteAsync($"drop schema if exists {schema} cascade");
        if (cluster is RealCluster) await CitusGroup.PinAsync();           // what the other tests rely on
        await cluster.StopAsync();
    }

    [TearDown]
    public async Task TearDownAsync()
    {
        foreach (var connections in opened) await connections.DisposeAsync();
        opened.Clear();
    }

    [Test]
    public async Task All_trials_pass_on_every_server_once_the_role_has_the_settings()
    {
        if (cluster is RealCluster) await CitusGroup.PinAsync();
        await ProbeAsync();
        Assert.That(await cluster.ScalarAsync<long>($"select count(*) from {schema}.lease"), Is.Zero, "the trials leave nothing");
    }

    [Test]
    public async Task A_host_has_one_piece_of_advice_where_the_role_has_no_settings()
    {
        if (cluster is RealCluster)
        {
            await CitusGroup.PinAsync(on: false);
            var refused = await Assert.ThrowsAsync<DurableException>(ProbeAsync);
            Assert.That(refused!.Code, Is.EqualTo("DUR1018"), refused.Message);
            Assert.That(refused.Message, Does.Contain("settings where the rows are: enable_seqscan, enable_hashjoin, enable_mergejoin").And.Contain("alter role"));
            foreach (var name in EngineProbes.All.Select(probe => probe.Name).Except(["settings where the rows are"])) Assert.That(refused.Message, Does.Not.Contain(name + ":"));
        }
        else
        {
            Assert.That(ProbeAsync, Throws.Nothing, "one server: a session's settings are in force where its rows are");
        }
    }

    [Test]
    public async Task A_pipeline_without_begin_is_whole_on_one_server_and_not_through_a_coordinator()
    {
        await using var coordinator = cluster.Connect(schema);
        var map = await new CitusPlacement(new CitusOptions(), cluster.Catalogue).ReadAsync(coordinator, CancellationToken.None);
        async Task TryAsync() => await EngineProbes.RequireAsync(coordinator, map.Groups.OrderBy(g => g.Host is null).First().Group.HomeShard, isSpread: true, CancellationToken.None, [new WithoutBegin()]);
        if (map.Groups.All(g => g.Host is null)) Assert.That(TryAsync, Throws.Nothing);
        else Assert.That((await Assert.ThrowsAsync<DurableException>(TryAsync))!.Message, Does.Contain("left the row of its first one"));
    }

    [Test]
    public async Task The_coordinator_where_a_data_node_is_meant_and_the_other_way_round_are_refused()
    {
        if (cluster is LookAlikeCluster)
        {
            await using var same = cluster.Connect(schema);
            Assert.That((await new CitusPlacement(new CitusOptions(), cluster.Catalogue).ReadAsync(same, CancellationToken.None)).Groups.All(g => g.Host is null), Is.True, "its roles are turned in CitusRefusalTests");
            return;
        }

        await using var coordinator = cluster.Connect(schema);
        var map = await new CitusPlacement(new CitusOptions(), cluster.Catalogue).ReadAsync(coordinator, CancellationToken.None);
        if (map.Groups.FirstOrDefault(g => g.Host is not null) is not { } placed)
        {
            Assert.That(map.Groups, Is.Not.Empty, "a cluster of one node has nothing to be mistaken for");
            return;
        }

        await using var node = cluster.Connect(schema, placed);
        var refused = await Assert.ThrowsAsync<DurableException>(() => new CitusPlacement(new CitusOptions(), cluster.Catalogue).ReadAsync(node, CancellationToken.None));
        Assert.That((refused!.Code, refused.Message), Is.EqualTo(("DUR1017", refused.Message)));
        Assert.That(refused.Message, Does.Contain("this is data node").And.Contain("must name the coordinator"));
        var home = new NpgsqlConnectionStringBuilder(cluster.ConnectionString);
        var options = new PostgresOptions { Schema = schema, WakeUps = false, Variant = new PostgresVariant { Partitions = false } }.UseCitus(citus => citus.NodeAddress = (_, _) => (home.Host!, home.Port));
        await CitusGroup.PinAsync();
        await using var store = new PostgresStore(options, cluster.ConnectionString);
        refused = await Assert.ThrowsAsync<DurableException>(() => store.InitializeAsync());
        Assert.That((refused!.Code, refused.Message), Is.EqualTo(("DUR1017", refused.Message)));
        Assert.That(refused.Message, Does.Contain("was looked for at").And.Contain("the coordinator answers there"));
    }

    private async Task ProbeAsync()
    {
        var coordinator = cluster.Connect(schema);
        opened.Add(coordinator);
        var placement = new CitusPlacement(new CitusOptions(), cluster.Catalogue);
        var map = await placement.ReadAsync(coordinator, CancellationToken.None);
        await placement.ProbeAsync(coordinator, map, Connect, CancellationToken.None);

        EngineConnections Connect(PlacedGroup group)
        {
            var node = cluster.Connect(schema, group);
            lock (opened) opened.Add(node);
            return node;
        }
    }

    private sealed class WithoutBegin : AtomicityProbe
    {
        protected override NpgsqlBatch NewBatch(NpgsqlConnection connection, ProbeRoom room, params ReadOnlySpan<NpgsqlBatchCommand> commands)
        {
            var batch = new NpgsqlBatch(connection);
            foreach (var command in commands) batch.BatchCommands.Add(command);
            return batch;
        }
    }
}
