// The groups that are read from Citus' catalogue, and what is refused.
namespace Durable.Storage.Postgres.Tests;

/// <summary><see cref="CitusPlacement"/> on each catalogue there is.</summary>
[TestFixtureSource(typeof(CitusCluster), nameof(CitusCluster.All))]
public sealed class CitusPlacementTests(CitusCluster cluster)
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
    public async Task There_is_one_group_for_each_piece_that_has_a_shard_and_every_shard_is_in_one()
    {
        await cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema, 8));
        var map = await cluster.ReadAsync(schema);
        Assert.That(map.Modulus, Is.EqualTo(128));
        Assert.That(map.Groups.SelectMany(g => g.Group.Shards!).Order(), Is.EqualTo(Enumerable.Range(0, 128)));
        Assert.That(map.Groups, Has.Count.EqualTo(8), "none of 8 pieces is empty");
        Assert.That(map.Groups.Select(g => g.Group.Number), Is.EqualTo(Enumerable.Range(0, 8)));
        Assert.That(map.Groups.Select(g => g.Group.HomeShard), Is.EqualTo(map.Groups.Select(g => g.Group.Shards![0])).And.Ordered);
        foreach (var group in map.Groups)
        {
            var pieces = new HashSet<long>();
            foreach (var shard in group.Group.Shards!) pieces.Add(await PieceAsync(shard));
            Assert.That(pieces, Has.Count.EqualTo(1), $"group {group.Group.Number}");
        }

        Assert.That(map.Groups.Select(g => g.Host is null), Is.EqualTo(map.Groups.Select(g => g.Port is null)));
    }

    [Test]
    public async Task Moved_pieces_keep_their_groups_numbers_and_shards()
    {
        await cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema));
        await using var connections = cluster.Connect(schema);
        var placement = new CitusPlacement(new CitusOptions(), cluster.Catalogue);
        var before = await placement.ReadAsync(connections, CancellationToken.None);
        var piece = await PieceAsync(before.Groups[0].Group.HomeShard);
        var target = await OtherNodeAsync(piece);
        if (target is { } node) await cluster.ExecuteAsync($"select citus_move_shard_placement({piece}, {await NodeOfAsync(piece)}, '{node.Host}', {node.Port})");
        var after = await placement.ReadAsync(connections, CancellationToken.None);
        Assert.That(after.Groups.Select(g => (g.Group.Number, string.Join(' ', g.Group.Shards!))), Is.EqualTo(before.Groups.Select(g => (g.Group.Number, string.Join(' ', g.Group.Shards!)))));
        if (target is { } there) Assert.That((after.Groups[0].Host, after.Groups[0].Port), Is.EqualTo((there.Host, there.Port)));
        else Assert.That(after.Groups[0].Host, Is.EqualTo(before.Groups[0].Host), "a cluster of one node has nowhere to move a piece");
    }

    [Test]
    public async Task Addresses_are_those_of_the_catalogue_unless_the_user_turns_them_into_others()
    {
        await cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema));
        var asked = new HashSet<(string, int)>();
        var given = await cluster.ReadAsync(schema, new CitusOptions { NodeAddress = (host, port) => { asked.Add((host, port)); return ("mapped." + host, port + 1); } });
        var plain = await cluster.ReadAsync(schema);
        Assert.That(plain.Groups.Where(g => g.Host is not null).Select(g => (g.Host!, g.Port!.Value)).ToHashSet(), Is.EquivalentTo(asked));
        Assert.That(given.Groups.Select(g => g.Host), Is.EqualTo(plain.Groups.Select(g => g.Host is null ? null : "mapped." + g.Host)));
        Assert.That(given.Groups.Select(g => g.Port), Is.EqualTo(plain.Groups.Select(g => g.Port + 1)));
        var through = await cluster.ReadAsync(schema, new CitusOptions { ConnectToNodes = false });
        Assert.That(through.Groups.All(g => g.Host is null && g.Port is null), Is.True);
        Assert.That(through.Groups, Has.Count.EqualTo(plain.Groups.Count));
    }

    [Test]
    public async Task A_schema_that_is_not_distributed_is_refused_table_by_table()
    {
        var words = await cluster.RefusalAsync(schema);
        foreach (var table in StoreTables.Spread) Assert.That(words, Does.Contain($"{schema}.{table} is not distributed, and must be by column shard"));
        foreach (var table in StoreTables.Everywhere) Assert.That(words, Does.Contain($"{schema}.{table} is not distributed, and must be a reference table"));
        Assert.That(words, Does.Contain("DistributeScript"));
    }

    [Test]
    public async Task A_table_that_was_distributed_otherwise_is_named_with_its_column()
    {
        await cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema));
        await cluster.ExecuteAsync($"select undistribute_table('{schema}.task'), undistribute_table('{schema}.lease'), undistribute_table('{schema}.document'), undistribute_table('{schema}.installation')");
        await cluster.ExecuteAsync($"select create_distributed_table('{schema}.task', 'task_no', colocate_with := 'none')");
        await cluster.ExecuteAsync($"select create_distributed_table('{schema}.lease', 'shard', colocate_with := 'none')");
        await cluster.ExecuteAsync($"select create_reference_table('{schema}.document')");
        var words = await cluster.RefusalAsync(schema);
        Assert.That(words, Does.Contain($"{schema}.task is distributed by column task_no, and must be by column shard"));
        Assert.That(words, Does.Contain($"{schema}.lease is not placed beside {schema}.run (colocation "));
        Assert.That(words, Does.Contain($"{schema}.document is a reference table, and must be distributed by column shard"));
        Assert.That(words, Does.Contain($"{schema}.installation is not distributed, and must be a reference table"));
        Assert.That(words, Does.Not.Contain($"{schema}.event").And.Not.Contain($"{schema}.ready"));
    }

    [Test]
    public async Task What_must_be_everywhere_and_was_spread_is_named()
    {
        await cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema));
        await cluster.ExecuteAsync($"select undistribute_table('{schema}.schema')");
        await cluster.ExecuteAsync($"select create_distributed_table('{schema}.schema', 'number', colocate_with := 'none')");
        Assert.That(await cluster.RefusalAsync(schema), Does.Contain($"{schema}.schema is distributed by column number, and must be a reference table"));
    }

    [Test]
    public async Task A_table_that_is_missing_is_named()
    {
        await cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema));
        await cluster.ExecuteAsync($"drop table {schema}.blob");
        Assert.That(await cluster.RefusalAsync(schema), Does.Contain($"{schema}.blob is missing"));
    }

    [Test]
    public async Task Another_number_of_shards_than_the_stored_one_is_refused()
    {
        await cluster.ExecuteAsync(PostgresMigrations.DistributeScript(schema));
        await cluster.ExecuteAsync($"update {schema}.installation set shard_modulus = 64");
        Assert.That(await cluster.RefusalAsync(schema), Does.Contain("64 shard values").And.Contain("128"));
    }

    private Task<string> NodeOfAsync(long piece) => cluster.ScalarAsync<string>(
        $"select format('%L, %s', n.nodename, n.nodeport) from pg_dist_placement p join pg_dist_node n on n.groupid = p.groupid and n.noderole::text = 'primary' where p.shardid = {piece}");

    private async Task<(string Host, int Port)?> OtherNodeAsync(long piece)
    {
        var found = await cluster.ScalarAsync<string>($"""
            select coalesce((select n.nodename || ' ' || n.nodeport from pg_dist_node n
                where n.groupid > 0 and n.noderole::text = 'primary' and n.groupid not in (select p.groupid from pg_dist_placement p where p.shardid = {piece}) order by n.groupid limit 1), '')
            """);
        return found.Split(' ') is [var host, var port] ? (host, int.Parse(port, System.Globalization.CultureInfo.InvariantCulture)) : null;
    }

    private Task<long> PieceAsync(short shard) => cluster.ScalarAsync<long>($"select get_shard_id_for_distribution_column('{schema}.run'::regclass, {shard}::smallint)");
}
