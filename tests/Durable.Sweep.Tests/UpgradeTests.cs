// N-1 and N on one file (DECISIONS 8). N-1 is the build under test; N is the same engine with one migration more, compiled while the test runs.
using Durable.Broken.Tests;
using Durable.EndToEnd.Tests;

namespace Durable.Sweep.Tests;

[Platform(Include = "Linux")]
[NonParallelizable]
public sealed class UpgradeTests
{
    private const int Workflows = 12;

    private const string Migration = """
        -- What a later release may add without asking older ones: columns, tables, indexes.
        alter table durable_run add column note text;
        alter table durable_event add column note text;
        alter table durable_ready add column note text;
        create table durable_notes (
            id integer not null primary key
        ) without rowid;
        """;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private TempFolder newer = null!;
    private TempFolder folder = null!;

    private static string Old => Repository.Program("tests/Durable.TestHost", "Durable.TestHost");

    private string New => newer.File("Durable.TestHost.dll");

    [OneTimeSetUp]
    public async Task BuildTheNextRelease()
    {
        newer = new TempFolder();
        var built = Path.GetDirectoryName(Old)!;
        foreach (var file in Directory.EnumerateFiles(built, "*", SearchOption.AllDirectories))
        {
            var target = newer.File(Path.GetRelativePath(built, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        var migration = newer.File("0002_notes.sql");
        await File.WriteAllTextAsync(migration, Migration);
        await Rebuild.CompileAsync("Durable.Storage.Sqlite", [new Change("File/Migrator.cs", "public const int BuildFormat = 1;", "public const int BuildFormat = 2;")], newer.File("Durable.Storage.Sqlite.dll"),
            $"/resource:{migration},Migration.0002_notes");
    }

    [OneTimeTearDown]
    public void Remove() => newer.Dispose();

    [SetUp]
    public void MakeFolder() => folder = new TempFolder();

    [TearDown]
    public void RemoveFolder() => folder.Dispose();

    [Test]
    public async Task Hosts_go_to_the_new_release_half_of_them_back_and_all_back_under_load()
    {
        const int seed = 815;
        // All old, then one of them new: the file is migrated under the other one's hands.
        using var first = Driver(Old, seed, "first", Workflows, pace: 600);
        await first.LineAsync(line => line == "all sent", Limit);
        Assert.That(Applied(), Is.EqualTo("1"));
        using var second = Worker(New, "second");
        await Until.TrueAsync(() => Effects(first) >= 2, Limit, "the old release works");
        await second.LineAsync(line => line == "open", Limit);
        Assert.That(Applied(), Is.EqualTo("1 2"));
        await Until.TrueAsync(() => Effects(first) >= 4, Limit, "the old release goes on in the new schema");
        await first.KillAsync();
        await Until.TrueAsync(() => Effects(second) >= 2, Limit, "the new release goes on with what the old one began");

        // All new.
        using var third = Driver(New, seed, "first", Workflows * 2, pace: 600);
        await third.LineAsync(line => line == "open", Limit);
        await Until.TrueAsync(() => Effects(third) >= 3, Limit, "all hosts are new");
        await third.KillAsync();

        // Half of them back: the old release starts on what the new one has migrated and written.
        using var fourth = Driver(Old, seed, "first", Workflows * 3, pace: 300);
        await fourth.LineAsync(line => line == "open", Limit);
        await Until.TrueAsync(() => Effects(fourth) >= 3, Limit, "the old release works on what the new one wrote");

        // All back: the old release ends everything alone.
        second.EndInput();
        Assert.That((await second.EndAsync(Limit)).ExitCode, Is.Zero, second.Text);
        Assert.That((await fourth.EndAsync(Limit)).ExitCode, Is.Zero, fourth.Text);
        foreach (var host in new[] { first, second, third, fourth })
            Assert.That(host.Text, Does.Not.Contain("Stalled").And.Not.Contain("Quarantined").And.Not.Contain("DUR1005").And.Not.Contain("DUR1008"), "nothing was refused, nothing stalled");
        await new Audit(folder.Path, seed, Workflows * 3, frozen: true).CheckAsync();
        var hands = LedgerLine.Read(folder.Path).Where(line => !line.Failed).GroupBy(line => line.Workflow).Select(lines => lines.Select(line => line.Process).Distinct().ToList()).ToList();
        Assert.That(hands.Count(hosts => hosts.Contains(first.Id) && hosts.Contains(second.Id)), Is.Positive, "runs went from the old release to the new one");
        TestContext.Out.WriteLine($"UPGRADE workflows={hands.Count} moved={hands.Count(hosts => hosts.Count > 1)}");
    }

    private string Applied()
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={folder.File("work.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select group_concat(number, ' ') from (select number from durable_schema_version order by number)";
        return (string)command.ExecuteScalar()!;
    }

    private HostProcess Driver(string program, int seed, string identity, int count, int pace) =>
        HostProcess.Start(program, folder.Path, "--shared", "--lease", "2", "--identity", identity, "--pace", $"{pace}", "--seed", $"{seed}", "--count", $"{count}");

    private HostProcess Worker(string program, string identity) => HostProcess.Start(program, folder.Path, "--shared", "--lease", "2", "--identity", identity, "--pace", "600", "--work-only");

    private int Effects(HostProcess host) => LedgerLine.Read(folder.Path, host.Id).Count(line => !line.Failed);
}
