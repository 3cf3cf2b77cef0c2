// The samples as a newcomer runs them: as processes, in an empty folder, also killed in the middle and run again.
using Microsoft.Data.Sqlite;

namespace Durable.EndToEnd.Tests;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase), Parallelizable(ParallelScope.All)]
public sealed class SampleTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private TempFolder folder = null!;

    private static string Hello => Repository.Program("samples/01-Hello", "Samples.Hello");

    private static string Orders => Repository.Program("samples/02-Orders", "Samples.Orders");

    [SetUp]
    public void MakeFolder() => folder = new();

    [TearDown]
    public void RemoveFolder() => folder.Dispose();

    [Test]
    public async Task Hello_prints_its_greeting()
    {
        using var run = await HostProcess.Start(Hello, folder.Path).EndAsync(Limit);
        Assert.That((run.ExitCode, run.Text), Is.EqualTo((0, $"Hello Ada from {Environment.MachineName}")));
    }

    [Test]
    public async Task Hello_killed_in_its_pause_goes_on_where_it_was()
    {
        using (var first = HostProcess.Start(Hello, folder.Path))
        {
            await Until.TrueAsync(() => Recorded("hello.db").Count == 1, Limit, "the step is recorded");
            await first.KillAsync();
        }

        var recorded = Recorded("hello.db");
        using var second = await HostProcess.Start(Hello, folder.Path).EndAsync(Limit);
        Assert.That((second.ExitCode, second.Text), Is.EqualTo((0, $"Hello Ada from {Environment.MachineName}")));
        Assert.That(Recorded("hello.db"), Is.EqualTo(recorded), "the step was not run again");
        Assert.That(Scalar("hello.db", "select count(*) from durable_run"), Is.EqualTo(1));
    }

    [Test]
    public async Task The_order_sample_ends_with_its_id_and_Completed()
    {
        using var run = await HostProcess.Start(Orders, folder.Path).EndAsync(Limit);
        Assert.That(run.ExitCode, Is.Zero, run.Text);
        Assert.That(run.Lines[0], Does.Match("^Starting order-[0-9a-f]{8}\\.$"));
        var id = run.Lines[0].Split(' ')[1].TrimEnd('.');
        Assert.That(run.Lines[^1], Is.EqualTo($"{id} Completed"));
        Assert.That(run.Lines, Has.Some.Contains("RunStarted").And.Some.Contains("ChildCompleted").And.Some.Contains("RunCompleted"), "the timeline");
        Assert.That(Effects().Select(effect => effect.What), Is.EquivalentTo(new[] { "charge", "stamp", "pick", "pick", "pick", "ship" }));
    }

    [Test]
    public async Task An_order_killed_at_a_random_moment_is_resumed_at_once_and_no_recorded_effect_is_repeated([Range(1, 3)] int series)
    {
        const int loops = 4;
        for (var loop = 1; loop <= loops; loop++)
        {
            using var crashed = await HostProcess.Start(Orders, folder.Path, "--crash").EndAsync(Limit);
            var id = crashed.Lines[0].Split(' ')[1].TrimEnd('.');
            Assert.That(crashed.ExitCode, Is.Not.Zero, $"series {series}, loop {loop}: it was to die\n{crashed.Text}");
            var recorded = Recorded("orders.db");
            var before = Effects();

            using var resumed = await HostProcess.Start(Orders, folder.Path).EndAsync(Limit);
            Assert.That(resumed.ExitCode, Is.Zero, resumed.Text);
            Assert.That(resumed.Lines[0], Is.EqualTo($"Resuming {id}, which was left in the middle."));
            Assert.That(resumed.Lines[^1], Is.EqualTo($"{id} Completed"));
            var after = Effects();
            Assert.That(after.Take(before.Count), Is.EqualTo(before));
            Assert.That(after.Skip(before.Count).Select(effect => effect.Key).Intersect(recorded), Is.Empty, "what was recorded is not done again");
            Assert.That(Scalar("orders.db", "select count(*) from durable_runs where type = 'OrderWorkflow' and status = 'Completed'"), Is.EqualTo(loop), "one order a loop");
            Assert.That(Scalar("orders.db", "select count(*) from durable_runs where status <> 'Completed'"), Is.Zero);
            Assert.That(Scalar("orders.db", "select count(*) from durable_lane"), Is.EqualTo(1), "it took its own lane back: nobody waited for the lease to end");
        }

        foreach (var attempts in Effects().GroupBy(effect => effect.Key))
        {
            Assert.That(attempts.Select(effect => effect.Attempt), Is.Ordered.Ascending.And.Unique, attempts.Key);
            Assert.That(attempts.Select(effect => effect.What).Distinct().Count(), Is.EqualTo(1), attempts.Key);
            Assert.That(attempts.Count(), Is.LessThanOrEqualTo(2), "one crash an order: one attempt in flight at most");
        }
    }

    /// <summary>Idempotency keys of the activities and steps whose result is in a history.</summary>
    private List<string> Recorded(string file)
    {
        if (!File.Exists(folder.File(file))) return [];
        using var connection = Open(file);
        using var command = connection.CreateCommand();
        command.CommandText = "select run_id || '/' || gen || '/' || ordinal from durable_events where kind in (1, 3) order by 1";
        var keys = new List<string>();
        try
        {
            using var rows = command.ExecuteReader();
            while (rows.Read()) keys.Add(rows.GetString(0));
        }
        catch (SqliteException error) when (error.SqliteErrorCode == 1)
        {
            return [];                        // the process has not made its tables yet
        }

        return keys;
    }

    private long Scalar(string file, string sql)
    {
        using var connection = Open(file);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection($"Data Source={folder.File(file)};Pooling=False");
        connection.Open();
        return connection;
    }

    private List<(string Key, string What, int Attempt, string Result)> Effects() => !File.Exists(folder.File("effects.log")) ? []
        : [.. File.ReadAllLines(folder.File("effects.log")).Select(line => line.Split('\t')).Select(part => (part[0], part[1], int.Parse(part[2]), part[3]))];
}
