// A host that stands still for longer than its lease, and goes on: others have its runs by then, and it may write nothing.
using Microsoft.Data.Sqlite;

namespace Durable.EndToEnd.Tests;

[Platform(Include = "Linux")]
public sealed class FreezeTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private const int Workflows = 20;

    private static string Host => Repository.Program("tests/Durable.TestHost", "Durable.TestHost");

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_frozen_host_that_goes_on_writes_nothing_over_what_another_host_did(bool whileTheOtherIsStillAtWork)
    {
        using var folder = new TempFolder();
        var seed = Random.Shared.Next(1_000_000);
        TestContext.Out.WriteLine($"seed {seed}");
        using var slow = HostProcess.Start(Host, folder.Path, "--shared", "--lease", "2", "--identity", "slow", "--pace", "1500", "--seed", $"{seed}", "--count", $"{Workflows}");
        await slow.LineAsync(line => line == "all sent", Limit);
        await FreezeOutsideOfTransactionsAsync(slow, folder);
        Assert.That(Open(folder), Is.GreaterThan(0), "there is work in its hands");

        using var quick = HostProcess.Start(Host, folder.Path, "--shared", "--lease", "2", "--identity", "quick", "--pace", whileTheOtherIsStillAtWork ? "500" : "20", "--work-only");
        await quick.LineAsync(line => line == "open", Limit);
        await (whileTheOtherIsStillAtWork
            ? Until.TrueAsync(() => LedgerLine.Read(folder.Path, quick.Id).Count > 0, Limit, "the other host takes runs over")
            : Until.TrueAsync(() => Open(folder) == 0, Limit, "the other host takes all runs over and ends them"));
        var before = LedgerLine.Read(folder.Path, slow.Id).Count;

        await slow.ThawAsync();
        await slow.EndAsync(Limit);
        Assert.That(slow.ExitCode, Is.Zero, slow.Text);
        Assert.That(slow.Text, Does.Contain("was lost"), "its lane was refused");
        quick.EndInput();
        await quick.EndAsync(Limit);

        var late = LedgerLine.Read(folder.Path, slow.Id).Skip(before).ToList();
        Assert.That(late.Where(line => !line.Failed), Is.Not.Empty, "it did go on with its attempts");
        await new Audit(folder.Path, seed, Workflows, frozen: true).CheckAsync();
        TestContext.Out.WriteLine($"{late.Count} effects of the thawed host");
    }

    /// <summary>A process that is frozen inside a transaction keeps the file's write lock until it goes on: true of every SQLite file, and not what is tested here.</summary>
    private static async Task FreezeOutsideOfTransactionsAsync(HostProcess process, TempFolder folder)
    {
        for (var attempt = 0; attempt < 20; attempt++)
        {
            await process.FreezeAsync();
            if (IsFree(folder)) return;
            await process.ThawAsync();
            await Until.TrueAsync(() => IsFree(folder), Limit, "the transaction ends");
        }

        Assert.Fail("The process was inside a transaction twenty times.");
    }

    private static bool IsFree(TempFolder folder)
    {
        using var connection = new SqliteConnection($"Data Source={folder.File("work.db")};Pooling=False;Default Timeout=1");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "begin immediate; rollback";
        try
        {
            command.ExecuteNonQuery();
            return true;
        }
        catch (SqliteException error) when (error.SqliteErrorCode == 5)
        {
            return false;
        }
    }

    private static long Open(TempFolder folder)
    {
        using var connection = new SqliteConnection($"Data Source={folder.File("work.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select count(*) from durable_run where status < 10";
        return (long)command.ExecuteScalar()!;
    }
}
