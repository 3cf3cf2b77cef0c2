// What tests of the Citus placement run on: a look-alike of its catalogue on the plain server, and a real cluster where one was named.
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

/// <summary>A database whose tables can be distributed.</summary>
public abstract class CitusCluster
{
    /// <summary>Names the coordinator of a real cluster.</summary>
    public const string Variable = "DURABLE_TEST_CITUS";

    /// <summary>The look-alike always; a real cluster if there is one. Without it, its tests are not there.</summary>
    public static IEnumerable<TestFixtureData> All
    {
        get
        {
            yield return new TestFixtureData(new LookAlikeCluster()).SetArgDisplayNames("look-alike");
            if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } real) yield return new TestFixtureData(new RealCluster(real)).SetArgDisplayNames("Citus");
        }
    }

    /// <summary>A connection string of the coordinator, under which the functions of Citus are found.</summary>
    public abstract string ConnectionString { get; }

    /// <summary>Where the catalogue is.</summary>
    internal abstract CitusCatalogue Catalogue { get; }

    /// <summary>Makes it ready, once.</summary>
    public abstract Task StartAsync();

    /// <summary>Removes what <see cref="StartAsync"/> made.</summary>
    public abstract Task StopAsync();

    /// <summary>Makes the store's tables. Without the partitions of the months it is much quicker.</summary>
    internal async Task MigrateAsync(string schema, bool partitions = false)
    {
        await using var connections = Connect(schema, new PostgresVariant { Partitions = partitions });
        await Migrator.RunAsync(connections, NullLogger.Instance, CancellationToken.None);
    }

    /// <summary>Runs statements on the coordinator.</summary>
    public Task ExecuteAsync(string sql) => PostgresServer.ExecuteAsync(sql, ConnectionString);

    /// <summary>Reads one value on the coordinator.</summary>
    public Task<T> ScalarAsync<T>(string sql) => PostgresServer.ScalarAsync<T>(sql, ConnectionString);

    /// <summary>Reads a placement.</summary>
    internal async Task<PlacementMap> ReadAsync(string schema, CitusOptions? options = null)
    {
        await using var connections = Connect(schema);
        return await new CitusPlacement(options ?? new CitusOptions(), Catalogue).ReadAsync(connections, CancellationToken.None);
    }

    /// <summary>The engine's connections to the server of a group.</summary>
    internal EngineConnections Connect(string schema, PlacedGroup group) =>
        new(new PostgresOptions { Schema = schema }, new NpgsqlConnectionStringBuilder(ConnectionString) { Host = group.Host, Port = group.Port!.Value }.ConnectionString, source: null, NullLogger.Instance);

    /// <summary>The engine's connections to the coordinator.</summary>
    internal EngineConnections Connect(string schema, PostgresVariant? variant = null) =>
        new(new PostgresOptions { Schema = schema, Variant = variant ?? new(), CommandTimeout = TimeSpan.FromMinutes(5) }, ConnectionString, source: null, NullLogger.Instance);

    /// <summary>The refusal of a placement.</summary>
    internal async Task<string> RefusalAsync(string schema)
    {
        var refused = await Assert.ThrowsAsync<DurableException>(() => ReadAsync(schema));
        Assert.That(refused!.Code, Is.EqualTo("DUR1017"), refused.Message);
        return refused.Message;
    }
}

/// <summary>A cluster of the user's.</summary>
/// <param name="connectionString">Its coordinator.</param>
public sealed class RealCluster(string connectionString) : CitusCluster
{
    // Hundreds of tables are made on each node: on a loaded machine that takes its time.
    /// <inheritdoc/>
    public override string ConnectionString { get; } = new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 600 }.ConnectionString;

    /// <inheritdoc/>
    internal override CitusCatalogue Catalogue { get; } = new();

    /// <inheritdoc/>
    public override Task StartAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public override Task StopAsync() => Task.CompletedTask;
}

/// <summary>Tables and functions with the names and columns of Citus' catalogue, in a schema of the plain server. Nothing is moved: the functions only record, and the hash is
/// PostgreSQL's own, which is Citus' too.</summary>
public sealed class LookAlikeCluster : CitusCluster
{
    /// <summary>Data nodes that it pretends to have.</summary>
    public const int Nodes = 3;

    private readonly string schema = $"citus_{Environment.ProcessId}_{Guid.NewGuid():N}"[..30];

    /// <summary>The schema of the look-alikes.</summary>
    public string Schema => schema;

    /// <inheritdoc/>
    public override string ConnectionString => new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString) { SearchPath = schema }.ConnectionString;

    /// <inheritdoc/>
    internal override CitusCatalogue Catalogue => new(schema);

    /// <inheritdoc/>
    public override Task StartAsync() => PostgresServer.ExecuteAsync($"create schema {schema}; set search_path = {schema};" + Text.Replace("$schema", schema, StringComparison.Ordinal).Replace("$nodes", $"{Nodes}", StringComparison.Ordinal) + "reset search_path");

    /// <inheritdoc/>
    public override Task StopAsync() => PostgresServer.ExecuteAsync($"drop schema {schema} cascade");

    private const string Text = """
        create table $schema.pg_extension (extname name);
        insert into $schema.pg_extension values ('citus');
        create table pg_dist_local_group (groupid int);
        insert into pg_dist_local_group values (0);
        create table pg_dist_node (nodeid int, groupid int, nodename text, nodeport int, noderole text default 'primary', isactive boolean default true, hasmetadata boolean default true, shouldhaveshards boolean default true);
        insert into pg_dist_node (nodeid, groupid, nodename, nodeport) select i + 1, i, case i when 0 then 'coordinator' else 'data-' || i end, 5432 from generate_series(0, $nodes) i;
        create table pg_dist_partition (logicalrelid regclass primary key, partmethod "char", partkey text, colocationid int, repmodel "char");
        create table pg_dist_shard (logicalrelid regclass, shardid bigint, shardstorage "char" default 't', shardminvalue text, shardmaxvalue text);
        create table pg_dist_placement (placementid bigint generated always as identity, shardid bigint, shardstate int default 1, shardlength bigint default 0, groupid int);
        create table called (n bigint generated always as identity, call text);
        create sequence shardids start 102008;
        create sequence colocations start 7;

        create function column_to_column_name(logicalrelid regclass, partkey text) returns text language sql as $f$ select partkey $f$;

        create function create_distributed_table(table_name regclass, distribution_column text, distribution_type text default 'hash', colocate_with text default 'default', shard_count int default null)
        returns void language plpgsql as $f$
        declare beside pg_dist_partition; pieces int; width bigint; piece bigint;
        begin
            insert into called (call) values (format('create_distributed_table(%s, %s, %s, %s)', table_name, distribution_column, colocate_with, shard_count));
            if colocate_with not in ('none', 'default') then
                select * into strict beside from pg_dist_partition where logicalrelid = colocate_with::regclass;
                select count(*) into pieces from pg_dist_shard where logicalrelid = beside.logicalrelid;
            else
                pieces := coalesce(shard_count, 32);
            end if;
            insert into pg_dist_partition values (table_name, 'h', distribution_column, coalesce(beside.colocationid, nextval('colocations')), 's');
            width := 4294967296 / pieces;
            for i in 0 .. pieces - 1 loop
                piece := nextval('shardids');
                insert into pg_dist_shard values (table_name, piece, 't', (-2147483648 + i * width)::text, (case i when pieces - 1 then 2147483647 else -2147483648 + (i + 1) * width - 1 end)::text);
                insert into pg_dist_placement (shardid, groupid) values (piece, 1 + i % $nodes);
            end loop;
        end $f$;

        create function create_reference_table(table_name regclass) returns void language plpgsql as $f$
        declare piece bigint := nextval('shardids');
        begin
            insert into called (call) values (format('create_reference_table(%s)', table_name));
            insert into pg_dist_partition values (table_name, 'n', null, 1, 't');
            insert into pg_dist_shard values (table_name, piece, 't', null, null);
            insert into pg_dist_placement (shardid, groupid) select piece, groupid from pg_dist_node;
        end $f$;

        create function undistribute_table(table_name regclass) returns void language sql as $f$
            delete from pg_dist_placement where shardid in (select shardid from pg_dist_shard where logicalrelid = table_name);
            delete from pg_dist_shard where logicalrelid = table_name;
            delete from pg_dist_partition where logicalrelid = table_name;
        $f$;

        create function truncate_local_data_after_distributing_table(function_table_name regclass) returns void language sql as $f$
            insert into called (call) values (format('truncate_local_data_after_distributing_table(%s)', function_table_name)) $f$;

        create function citus_set_coordinator_host(host text, port int) returns void language sql as $f$ update pg_dist_node set nodename = host, nodeport = port where groupid = 0 $f$;

        create function citus_add_node(nodename text, nodeport int) returns int language sql as $f$
            insert into pg_dist_node (nodeid, groupid, nodename, nodeport) select max(n.nodeid) + 1, max(n.groupid) + 1, citus_add_node.nodename, citus_add_node.nodeport from pg_dist_node n returning nodeid $f$;

        create function citus_move_shard_placement(shard_id bigint, source_node_name text, source_node_port int, target_node_name text, target_node_port int, shard_transfer_mode text default 'auto')
        returns void language plpgsql as $f$
        begin
            update pg_dist_placement set groupid = (select groupid from pg_dist_node where nodename = target_node_name and nodeport = target_node_port)
            where shardid = shard_id and groupid = (select groupid from pg_dist_node where nodename = source_node_name and nodeport = source_node_port);
            if not found then raise exception 'shard % is not on %', shard_id, source_node_name; end if;
        end $f$;

        create function citus_rebalance_start(shard_transfer_mode text) returns bigint language sql as $f$ insert into called (call) values (format('citus_rebalance_start(%s)', shard_transfer_mode)) returning n $f$;

        create function citus_drain_node(nodename text, nodeport int, shard_transfer_mode text) returns void language sql as $f$
            insert into called (call) values (format('citus_drain_node(%s, %s)', nodename, shard_transfer_mode)) $f$;

        create function get_shard_id_for_distribution_column(table_name regclass, distribution_value anyelement) returns bigint language sql as $f$
            select shardid from pg_dist_shard where logicalrelid = table_name and hashint2(distribution_value::smallint) between shardminvalue::int and shardmaxvalue::int $f$;
        """;
}
