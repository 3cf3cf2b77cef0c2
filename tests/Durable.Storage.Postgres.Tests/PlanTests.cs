// Plans on tables that were never analyzed, or in the moment in which they were empty: each row must be reached by a key, whatever the planner believes about sizes (CEILING §3.1, 3.2, 3.5).
using System.Text.Json;
using Durable.Storage.Contract;
using Npgsql;
using NpgsqlTypes;

namespace Durable.Storage.Postgres.Tests;

/// <summary>EXPLAIN of the hot statements, generic and custom, with the parameters that the provider sends.</summary>
public sealed class PlanTests
{
    private PostgresHarness harness = null!, empty = null!, emptied = null!, thinned = null!;

    /// <summary>What the planner may believe about the sizes of the tables.</summary>
    public enum Tables
    {
        /// <summary>Nothing, and they are empty.</summary>
        Empty,

        /// <summary>Nothing, and they are full.</summary>
        Filled,

        /// <summary>That they are empty, though they are full: a vacuum came when no row lived in them for a moment. Rows of owned, ready and task come and go by the thousand.</summary>
        Emptied,

        /// <summary>That a few rows are in them, far apart: it came when nearly all had gone.</summary>
        Thinned,
    }

    [OneTimeSetUp]
    public async Task FillAsync()
    {
        harness = await PostgresHarness.NewAsync(own: true);     // a schema of its own: never analyzed
        empty = await PostgresHarness.NewAsync(own: true);
        emptied = await PostgresHarness.NewAsync(own: true);
        thinned = await PostgresHarness.NewAsync(own: true);
        foreach (var each in new[] { harness, empty, emptied, thinned }) await each.Store.InitializeAsync();
        foreach (var each in new[] { harness, emptied, thinned }) await FillAsync(each.Schema);
        foreach (var (each, rows) in new[] { (emptied, 0), (thinned, 20) })
            await PostgresServer.ExecuteAsync($"""
                update pg_class c set reltuples = {rows}, relpages = pg_relation_size(c.oid) / 8192
                where c.relnamespace = '{each.Schema}'::regnamespace and c.relkind in ('r', 'i') and pg_relation_size(c.oid) > 0
                """);
    }

    private static async Task FillAsync(string s)
    {
        await PostgresServer.ExecuteAsync($$"""
            do $$ declare t text; begin
            foreach t in array array['run', 'message', 'ready', 'owned', 'task', 'lane', 'commit_log', 'document'] loop execute format('alter table {{s}}.%I set (autovacuum_enabled = off)', t); end loop; end $$;
            insert into {{s}}.run (run_id, created_at, gen, first_gen, ordinal, version, priority, shard, status, encoding, namespace, workflow_id, type, host_build, queue, secret)
                select ('019f0000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, now(), 0, 0, 1, 1, 0, 0, 1, 0, 'n', 'w' || i, 'Order', 'b', '', '\x00000000000000000000000000000000' from generate_series(1, 5000) i;
            insert into {{s}}.owned select run_id, 1, 0, 1, 1, 0, namespace from {{s}}.run where run_id < '019f0000-0000-7000-8000-0000000009c4';
            insert into {{s}}.ready select run_id, '00000000-0000-0000-0000-000000000000', 0, 'infinity', 0, 1, 1, 0, 0, 0, 0, false, false, false, 'n', 'Order', '' from {{s}}.run where run_id >= '019f0000-0000-7000-8000-0000000009c4';
            insert into {{s}}.event select run_id, now(), null, 0, 0, q, 0, 0, 0, 1, 0, 0, 'n' from {{s}}.run, generate_series(0, 2) q;
            insert into {{s}}.task select run_id, now() + interval '1 h', null, null, interval '1 s', 0, 1, 0, 0, 0, 0, 0, false, 'n', 'Charge', '' from {{s}}.run;
            insert into {{s}}.message select run_id, '00000000-0000-0000-0000-00000000000a', 1, now(), -1, 0, 0, 1, 0, false, 'n' from {{s}}.run;
            insert into {{s}}.ready select run_id, '00000000-0000-0000-0000-00000000000a', 1, now(), 0, 0, 0, 0, 0, 0, 0, true, true, false, 'n', '', '' from {{s}}.run limit 1000;
            insert into {{s}}.document select 'update', run_id::text, 0, 'n', 1, run_id, now(), '{}' from {{s}}.run;
            """);
    }

    [OneTimeTearDown]
    public async Task TearDownAsync()
    {
        foreach (var each in new[] { harness, empty, emptied, thinned }) await each.DisposeAsync();
    }

    [Test]
    public async Task Statements_reach_their_rows_by_key_without_statistics([Values("force_generic_plan", "force_custom_plan")] string mode, [Values] Tables tables, [Values(1, 300, 2_000)] int rows)
    {
        var looked = 0;
        await using var connection = await PostgresServer.OpenAsync(PostgresServer.ConnectionString + $";Pooling=false;Options={EngineConnections.Pins}");
        await using var batch = PlanCases.All(connection, (tables switch { Tables.Empty => empty, Tables.Filled => harness, Tables.Emptied => emptied, _ => thinned }).Schema, rows);
        var faults = new List<string>();
        foreach (NpgsqlBatchCommand command in batch.Commands)
        {
            using var plan = JsonDocument.Parse(await ExplainAsync(connection, command, mode));
            CheckPlan(plan.RootElement[0].GetProperty("Plan"), faults, command.CommandText, inner: false);
            looked++;
        }

        Assert.That(faults, Is.Empty, mode);
        Assert.That(looked, Is.GreaterThan(40));
    }

    [Test]
    public async Task A_page_of_the_list_begins_at_its_key([Values("force_generic_plan", "force_custom_plan")] string mode)
    {
        await using var connections = new EngineConnections(new PostgresOptions { Schema = harness.Schema }, PostgresServer.ConnectionString, null, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await connections.ProbeAsync(default);
        await using var connection = await connections.OpenOwnAsync("plans", default);
        await using var page = new Catalog(new Calls(connections)).Page(connection, new RunQuery("n", null, [], null, null, null, null, new Guid("019f0000-0000-7000-8000-000000000100"), 10));
        for (var i = 0; i < page.Commands.Count - 1; i++) await ExecuteAsync(connection, page.Commands[i].CommandText);
        using var plan = JsonDocument.Parse(await ExplainAsync(connection, page.Commands[^1], mode));
        var scan = plan.RootElement[0].GetProperty("Plan").GetProperty("Plans")[0];
        Assert.That(scan.GetProperty("Node Type").GetString(), Is.EqualTo("Index Scan"), plan.RootElement.GetRawText());
        Assert.That(scan.GetProperty("Index Cond").GetString(), Does.Contain("run_id <"));
    }

    [Test]
    public async Task The_pins_are_on_in_engine_connections_and_off_in_the_users()
    {
        await using var connections = new EngineConnections(new PostgresOptions { Schema = harness.Schema }, PostgresServer.ConnectionString, null, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, planOnce: true);
        await connections.ProbeAsync(default);
        Assert.That(connections.Pooler, Is.False);
        await using var engine = await connections.OpenAsync(default);
        foreach (var (setting, value) in new[] { ("enable_seqscan", "off"), ("enable_hashjoin", "off"), ("enable_mergejoin", "off"), ("jit", "off"), ("plan_cache_mode", "force_generic_plan") })
        {
            await using var command = new NpgsqlCommand("show " + setting, engine);
            Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo(value), setting);
        }

        Assert.That(await PostgresServer.ScalarAsync<string>("show enable_seqscan"), Is.EqualTo("on"));
        Assert.That(await PostgresServer.ScalarAsync<string>("show plan_cache_mode"), Is.EqualTo("auto"));
    }

    // The inner side of a nested loop must be a lookup with a condition on its index, or something that is not walked again for each outer row.
    private static void CheckPlan(JsonElement node, List<string> faults, string text, bool inner)
    {
        var type = node.GetProperty("Node Type").GetString()!;
        var where = $"{node.GetRawText()[..Math.Min(300, node.GetRawText().Length)]}\nin {text}";
        if (type is "Seq Scan") faults.Add($"a table is read as a whole: {where}");
        if (type is "Hash Join" or "Merge Join") faults.Add($"a join without keys: {where}");
        if (inner && type is "Index Scan" or "Index Only Scan" && !node.TryGetProperty("Index Cond", out _)) faults.Add($"an index is walked as a whole inside a loop: {where}");
        if (inner && type is "CTE Scan" or "Materialize" && inner) faults.Add($"two row sets meet without a key: {where}");
        if (!node.TryGetProperty("Plans", out var plans)) return;
        if (type == "Nested Loop" && plans.EnumerateArray().ToArray() is [var outer, var rows] && IsParameters(rows) && ReadsTable(outer)) faults.Add($"parameters are walked again for each row of a table: {where}");
        foreach (var child in plans.EnumerateArray())
        {
            var side = child.TryGetProperty("Parent Relationship", out var relation) ? relation.GetString() : null;
            var passes = inner && type is "Subquery Scan" or "Limit" or "LockRows" && inner;
            CheckPlan(child, faults, text, inner: (type == "Nested Loop" && side == "Inner") || (passes && side is "Outer" or "Subquery" && passes));
        }
    }

    private static bool IsParameters(JsonElement node) => node.GetProperty("Node Type").GetString() switch
    {
        "Function Scan" => true,
        "Subquery Scan" or "Limit" or "Materialize" => node.GetProperty("Plans").EnumerateArray().All(IsParameters),
        _ => false,
    };

    private static bool ReadsTable(JsonElement node) => node.TryGetProperty("Relation Name", out _) || (node.TryGetProperty("Plans", out var plans) && plans.EnumerateArray().Any(ReadsTable));

    private static async Task<string> ExplainAsync(NpgsqlConnection connection, NpgsqlBatchCommand command, string mode)
    {
        var types = string.Join(", ", command.Parameters.Select(p => TypeName(p.NpgsqlDbType)));
        await ExecuteAsync(connection, "set plan_cache_mode = " + mode);
        await ExecuteAsync(connection, $"prepare p{(types.Length == 0 ? "" : $"({types})")} as {command.CommandText}");
        await using var explain = new NpgsqlCommand($"explain (format json) execute p{await LiteralsAsync(connection, command)}", connection);
        var plan = (string)(await explain.ExecuteScalarAsync())!;
        await ExecuteAsync(connection, "deallocate p");
        return plan;
    }

    // EXECUTE takes no parameters of its own inside EXPLAIN: the server writes them as literals first.
    private static async Task<string> LiteralsAsync(NpgsqlConnection connection, NpgsqlBatchCommand command)
    {
        if (command.Parameters.Count == 0) return "";
        await using var texts = new NpgsqlCommand("select " + string.Join(", ", command.Parameters.Select((p, i) => $"quote_nullable(${i + 1}::text) || '::{TypeName(p.NpgsqlDbType)}'")), connection);
        foreach (NpgsqlParameter p in command.Parameters) texts.Parameters.Add(p.Clone());
        await using var reader = await texts.ExecuteReaderAsync();
        await reader.ReadAsync();
        return "(" + string.Join(", ", Enumerable.Range(0, reader.FieldCount).Select(reader.GetString)) + ")";
    }

    private static string TypeName(NpgsqlDbType type) => (type & ~NpgsqlDbType.Array) switch
    {
        NpgsqlDbType.Uuid => "uuid",
        NpgsqlDbType.Smallint => "smallint",
        NpgsqlDbType.Integer => "int",
        NpgsqlDbType.Bigint => "bigint",
        NpgsqlDbType.Text => "text",
        NpgsqlDbType.Bytea => "bytea",
        NpgsqlDbType.Boolean => "boolean",
        NpgsqlDbType.TimestampTz => "timestamptz",
        NpgsqlDbType.Interval => "interval",
        var other => throw new InvalidOperationException($"No name for {other}."),
    } + ((type & NpgsqlDbType.Array) != 0 ? "[]" : "");

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
