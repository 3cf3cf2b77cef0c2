// The schema as an approved text, and what the hot statements read.
using System.Reflection;
using System.Text;
using Durable.Storage.Contract;

namespace Durable.Storage.Sqlite.Tests;

public sealed class SchemaTests : SqliteFixture
{
    /// <summary>Rare statements that read a small or whole table on purpose; their headers say why.</summary>
    private static readonly string[] MayScan =
    [
        nameof(SqlText.OwnedOfLane), nameof(SqlText.LookAdopted), nameof(SqlText.DeadOwners), nameof(SqlText.SeenLanes), nameof(SqlText.PurgeLane),
        nameof(SqlText.FenceAllLanes), nameof(SqlText.HoldAllRuns), nameof(SqlText.HoldAllTasks), nameof(SqlText.HoldAllWakes), nameof(SqlText.OverdueHeld),
    ];

    private static IEnumerable<Sql> All => typeof(SqlText).GetProperties(BindingFlags.Static | BindingFlags.Public).Select(property => (Sql)property.GetValue(null)!);

    private static IEnumerable<Sql> Files => All.Where(sql => sql.Name != sql.Text);

    [Test]
    public async Task The_schema_is_the_approved_one()
    {
        await OpenAsync();
        var dump = new StringBuilder();
        using var command = Connect().CreateCommand();
        command.CommandText = "select sql from sqlite_master where sql is not null order by type = 'view', tbl_name, type = 'index', name";
        using var reader = command.ExecuteReader();
        while (reader.Read())
            dump.Append(reader.GetString(0)).Append(";\n");

        var approved = ReadResource("Schema.approved.sql");
        if (dump.ToString() != approved)
            File.WriteAllText(Path.Combine(AppContext.BaseDirectory, "Schema.received.sql"), dump.ToString());
        Assert.That(dump.ToString(), Is.EqualTo(approved), "If the change is meant, copy Schema.received.sql from the output folder over Schema.approved.sql.");
    }

    // A released migration is in databases that nobody can ask: what is to be different gets a migration of its own. Another line for each release.
    [TestCase(1, "dcf853fd74cde3193ad41834936a3c16bd9daa74b3a90f8c775a9eaf658c4eee")]        // 0.1.0
    public void A_released_migration_never_changes(int number, string hash) => Assert.That(Migration.All.Single(migration => migration.Number == number).Hash, Is.EqualTo(hash));

    [Test]
    public async Task Everything_in_the_file_has_the_prefix_and_is_known_to_the_migrator()
    {
        await OpenAsync();
        var names = Rows("select name from sqlite_master where name not like 'sqlite\\_%' escape '\\'").ConvertAll(row => (string)row[0]);
        Assert.That(names, Is.EquivalentTo(Migration.All.SelectMany(migration => migration.Makes)));
        Assert.That(names, Is.All.StartsWith("durable_"));
    }

    [Test]
    public void Every_statement_file_has_a_property_and_the_other_way_round()
    {
        Assert.That(Files.Select(sql => sql.Name), Is.EquivalentTo(Embedded.Names("Sql.").Select(name => name["Sql.".Length..])));
        Assert.That(All.Select(sql => sql.Index), Is.Unique.And.All.LessThan(Sql.MaxCount));
    }

    [TestCaseSource(nameof(Files))]
    public void A_statement_file_says_what_it_is_for_and_its_bound(object file)
    {
        var sql = (Sql)file;
        var header = sql.Text.Split('\n').TakeWhile(line => line.StartsWith("-- ", StringComparison.Ordinal)).ToList();
        Assert.That(header, Has.Count.GreaterThanOrEqualTo(2));
        Assert.That(string.Join(' ', header), Does.Contain("Bound: "));
        var writes = new[] { "insert", "update", "delete" }.Any(verb => sql.Text.Split('\n').Any(line => line.StartsWith(verb, StringComparison.Ordinal)));
        Assert.That(string.Join(' ', header).Contains("Lock: ", StringComparison.Ordinal), Is.EqualTo(writes));
    }

    [TestCaseSource(nameof(Files))]
    public async Task No_statement_reads_a_whole_table_or_sorts_one_unless_it_says_so(object file)
    {
        var sql = (Sql)file;
        await OpenAsync();
        var plan = Plan(sql);
        var scans = plan.Where(step => step.StartsWith("SCAN", StringComparison.Ordinal) && !step.Contains("json_each", StringComparison.Ordinal)
            && !step.Contains("CONSTANT", StringComparison.Ordinal) && !step.StartsWith("SCAN SUBQUERY", StringComparison.Ordinal) && !step.StartsWith("SCAN (", StringComparison.Ordinal)).ToList();
        var whole = scans.Concat(plan.Where(step => step.Contains("B-TREE", StringComparison.Ordinal)));
        Assert.That(whole.Any(), Is.EqualTo(MayScan.Contains(sql.Name)), string.Join('\n', plan));
    }

    [TestCase(nameof(SqlText.LookAsap), "durable_ready_asap (namespace=? AND due_at>? AND due_at<?)")]
    [TestCase(nameof(SqlText.LookDue), "durable_ready_due (namespace=? AND due_at>? AND due_at<?)")]
    [TestCase(nameof(SqlText.NextDue), "durable_ready_due (namespace=? AND due_at>? AND due_at<?)")]
    [TestCase(nameof(SqlText.NextAsapNamespace), "durable_ready_asap (namespace>?)")]
    [TestCase(nameof(SqlText.NextDueNamespace), "durable_ready_due (namespace>?)")]
    [TestCase(nameof(SqlText.OrphanNotices), "durable_ready_asap (namespace=? AND due_at<?)")]
    [TestCase(nameof(SqlText.TakeWake), "PRIMARY KEY (run_id=? AND sender=? AND sender_seq=?)")]
    [TestCase(nameof(SqlText.ConsumeNotice), "PRIMARY KEY (run_id=? AND sender=? AND sender_seq=?)")]
    [TestCase(nameof(SqlText.ConsumeMessage), "PRIMARY KEY (run_id=? AND sender=? AND sender_seq=?)")]
    [TestCase(nameof(SqlText.Fence), "PRIMARY KEY (lane_id=?)")]
    [TestCase(nameof(SqlText.Disown), "PRIMARY KEY (run_id=?)")]
    [TestCase(nameof(SqlText.CloseRun), "PRIMARY KEY (run_id=?)")]
    [TestCase(nameof(SqlText.StartRun), "durable_run_workflow (workflow_id=? AND namespace=?)")]
    [TestCase(nameof(SqlText.LoadEvents), "PRIMARY KEY (run_id=? AND gen=?)")]
    [TestCase(nameof(SqlText.LoadMessages), "PRIMARY KEY (run_id=?)")]
    [TestCase(nameof(SqlText.DueTasks), "durable_task_visible (queue=? AND namespace=? AND visible_at<?)")]
    [TestCase(nameof(SqlText.NextTask), "durable_task_visible (queue=? AND namespace=? AND visible_at>?)")]
    [TestCase(nameof(SqlText.NextTaskNamespace), "durable_task_visible (queue=? AND namespace>?)")]
    [TestCase(nameof(SqlText.FindSlot), "PRIMARY KEY (name=?)")]
    [TestCase(nameof(SqlText.ExpiredTasks), "durable_task_deadline (")]
    [TestCase(nameof(SqlText.PurgeableRuns), "durable_run_closed (")]
    [TestCase(nameof(SqlText.PurgeDocument), "durable_document_run (run_id=?)")]
    public async Task A_hot_statement_uses_the_index_that_it_was_written_for(string name, string index)
    {
        await OpenAsync();
        Assert.That(string.Join('\n', Plan(All.Single(sql => sql.Name == name))), Does.Contain(index));
    }

    [Test]
    public async Task The_views_show_runs_events_and_what_is_stuck_as_text()
    {
        var store = await OpenAsync();
        var lane = await TestLane.OpenAsync(store, "host-a");
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Event(run, 1, payload: """{"amount":5}""").Park(Make.Park(run, 2, hold: HoldReasons.Stalled, holdBuilds: ["build-1"], reason: """{"kind":"signal"}""")).CommitAsync();
        var closed = await lane.StartAsync("order-2");
        await lane.Batch().Event(closed, 1).Close(closed, outcome: "42").CommitAsync();

        Assert.That(Row("select workflow_id, status, wait_reason, owner from durable_runs where workflow_id = 'order-1'"), Is.EqualTo(new object[] { "order-1", "Running", """{"kind":"signal"}""", DBNull.Value }));
        Assert.That(Row("select status, outcome, closed_at from durable_runs where workflow_id = 'order-2'"), Is.EqualTo(new object[] { "Completed", "42", "2030-01-02T03:04:05Z" }));
        Assert.That(Row("select workflow_id, stalled, paused, hold_builds from durable_stuck"), Is.EqualTo(new object[] { "order-1", 1L, 0L, """["build-1"]""" }));
        Assert.That(Row("select payload from durable_events where seq = 1 order by length(payload) desc"), Is.EqualTo(new object[] { """{"amount":5}""" }));
    }

    [Test]
    public async Task The_log_of_commits_names_the_runs_that_a_batch_wrote()
    {
        var store = await OpenAsync();
        var lane = await TestLane.OpenAsync(store, "host-a");
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Event(run, 2).Event(run, 1).CommitAsync();
        await lane.Batch().CommitAsync();

        var log = Rows("select commit_seq, lower(hex(runs)) from durable_commit_log order by commit_seq");
        var id = Convert.ToHexStringLower(run.Id.ToByteArray(bigEndian: true));
        Assert.That(log, Is.EqualTo(new[] { [1L, id + "000000000000000000000000"], [2L, id + "000000000000000100000002"], new object[] { 3L, "" } }));
    }

    private object[] Row(string sql) => Rows(sql)[0];

    private List<object[]> Rows(string sql)
    {
        using var command = Connect().CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<object[]>();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }
        return rows;
    }

    /// <summary>The steps of the plan, in the words of any library since 3.35.</summary>
    private List<string> Plan(Sql sql)
    {
        using var session = Session.Borrow(Connect());
        using var statement = Statement.Prepare(session.Handle, Sql.Once("explain query plan " + string.Join('\n', sql.Text.Split('\n').Where(line => !line.StartsWith("--", StringComparison.Ordinal)))));
        return RowReader.All(statement, row => row.Text(3).Replace("TABLE ", "", StringComparison.Ordinal));
    }

    private static string ReadResource(string name)
    {
        using var stream = typeof(SchemaTests).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
