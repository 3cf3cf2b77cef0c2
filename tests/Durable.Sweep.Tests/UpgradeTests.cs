// N-1 and N on one file: the test host as release 0.1.0 had it, kept as a fixture, beside today's (DECISIONS 8).
using System.IO.Compression;
using Durable.EndToEnd.Tests;

namespace Durable.Sweep.Tests;

[Platform(Include = "Linux")]
[NonParallelizable]
public sealed class UpgradeTests
{
    private const string Program = "Durable.TestHost.dll";
    private const int Workflows = 12;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private TempFolder old = null!;
    private TempFolder folder = null!;

    private static string Today => Repository.Program("tests/Durable.TestHost", "Durable.TestHost");

    private string Old => old.File(Program);

    // The release's own files from the fixture; those of others are today's, and older ones would do.
    [OneTimeSetUp]
    public void Unpack()
    {
        old = new TempFolder();
        ZipFile.ExtractToDirectory(Repository.PathOf("tests/Durable.Sweep.Tests/Frozen/TestHost-0.1.0.zip"), old.Path);
        var today = Path.GetDirectoryName(Today)!;
        foreach (var file in Directory.EnumerateFiles(today, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(old.Path, Path.GetRelativePath(today, file));
            if (File.Exists(target) || Path.GetFileName(file).StartsWith("Durable.", StringComparison.Ordinal)) continue;
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    [OneTimeTearDown]
    public void Remove() => old.Dispose();

    [SetUp]
    public void MakeFolder() => folder = new TempFolder();

    [TearDown]
    public void RemoveFolder() => folder.Dispose();

    [Test]
    public async Task A_file_of_the_old_release_with_live_runs_is_finished_by_the_new_one()
    {
        const int seed = 4711;
        int before;
        using (var host = Driver(Old, seed, "one", pace: 400))
        {
            await host.LineAsync(line => line == "all sent", Limit);
            await Until.TrueAsync(() => Effects(host) >= 3, Limit, "the old release has had effects");
            await host.KillAsync();
            before = Effects(host);
        }

        using var next = Driver(Today, seed, "one", pace: 20);
        Assert.That((await next.EndAsync(Limit)).ExitCode, Is.Zero, next.Text);
        Assert.That(before, Is.GreaterThan(0));
        Assert.That(Effects(next), Is.GreaterThan(0));
        await new Audit(folder.Path, seed, Workflows).CheckAsync();
    }

    [Test]
    public async Task Hosts_go_to_the_new_release_half_of_them_back_and_all_back_under_load()
    {
        const int seed = 815;
        // Old and new side by side.
        var first = Driver(Old, seed, "first", pace: 600);
        await first.LineAsync(line => line == "all sent", Limit);
        var second = Worker(Today, "second");
        await Until.TrueAsync(() => Effects(first) >= 2, Limit, "the old release works");
        await first.KillAsync();
        await Until.TrueAsync(() => Effects(second) >= 2, Limit, "the new release goes on with what the old one began");

        // All new, then half of them back.
        var third = Driver(Today, seed, "first", pace: 600);
        await third.LineAsync(line => line == "open", Limit);
        await Until.TrueAsync(() => Effects(third) >= 1, Limit, "all hosts are new");
        await third.KillAsync();
        var fourth = Driver(Old, seed, "first", pace: 300);
        await fourth.LineAsync(line => line == "open", Limit);
        await Until.TrueAsync(() => Effects(fourth) >= 1, Limit, "the old release goes on with what the new one wrote");

        // All back: the old release ends everything alone.
        second.EndInput();
        Assert.That((await second.EndAsync(Limit)).ExitCode, Is.Zero, second.Text);
        Assert.That((await fourth.EndAsync(Limit)).ExitCode, Is.Zero, fourth.Text);
        foreach (var host in new[] { first, second, third, fourth })
        {
            Assert.That(host.Text, Does.Not.Contain("Stalled").And.Not.Contain("Quarantined").And.Not.Contain("DUR1005"), "nothing was refused, nothing stalled");
            host.Dispose();
        }

        await new Audit(folder.Path, seed, Workflows, frozen: true).CheckAsync();
    }

    private HostProcess Driver(string program, int seed, string identity, int pace) =>
        HostProcess.Start(program, folder.Path, "--shared", "--lease", "2", "--identity", identity, "--pace", $"{pace}", "--seed", $"{seed}", "--count", $"{Workflows}");

    private HostProcess Worker(string program, string identity) => HostProcess.Start(program, folder.Path, "--shared", "--lease", "2", "--identity", identity, "--pace", "600", "--work-only");

    private int Effects(HostProcess host) => LedgerLine.Read(folder.Path, host.Id).Count(line => !line.Failed);
}
