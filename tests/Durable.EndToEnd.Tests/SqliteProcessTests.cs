// One SQLite file and more than one process; files that cannot be worked on. What the second process says is what its operator reads.
using Durable.TestHost;
using Microsoft.Data.Sqlite;

namespace Durable.EndToEnd.Tests;

public sealed class SqliteProcessTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private TempFolder folder = null!;

    private static string Host => Repository.Program("tests/Durable.TestHost", "Durable.TestHost");

    [SetUp]
    public void MakeFolder() => folder = new();

    [TearDown]
    public void RemoveFolder() => folder.Dispose();

    [Test]
    public async Task A_second_process_on_the_file_is_refused_while_the_first_works_on_and_let_in_after_its_death()
    {
        using var first = HostProcess.Start(Host, folder.Path, "--work-only");
        await first.LineAsync(line => line == "open", Limit);
        await RefusedAsync(DurableErrorCodes.DatabaseFileShared, folder.File("work.db"), "3.51.3", "AllowSharedFile");
        await RefusedWithAsync("--shared", DurableErrorCodes.DatabaseFileShared);
        Assert.That(first.HasExited, Is.False);

        await first.KillAsync();
        using var second = HostProcess.Start(Host, folder.Path, "--work-only");
        await second.LineAsync(line => line == "open", Limit);
        second.EndInput();
        Assert.That((await second.EndAsync(Limit)).ExitCode, Is.Zero, second.Text);
    }

    [Test]
    public async Task A_host_that_stops_leaves_one_whole_file()
    {
        using var host = HostProcess.Start(Host, folder.Path, "--count", "3");
        Assert.That((await host.EndAsync(Limit)).ExitCode, Is.Zero, host.Text);
        Assert.That(File.Exists(folder.File("work.db-wal")), Is.False, "the log is in the file");
    }

    [Test]
    public async Task A_file_that_is_no_database_is_said_to_be_none()
    {
        await File.WriteAllTextAsync(folder.File("work.db"), new string('x', 8192));
        await RefusedAsync(DurableErrorCodes.StoreUnavailable, "not an SQLite database");
    }

    [Test]
    public async Task A_file_of_a_newer_release_is_refused()
    {
        using (var host = HostProcess.Start(Host, folder.Path, "--count", "1")) await host.EndAsync(Limit);
        using (var connection = new SqliteConnection($"Data Source={folder.File("work.db")};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "update durable_schema set min_build_format = 99";
            command.ExecuteNonQuery();
        }

        await RefusedAsync(DurableErrorCodes.SchemaNewer, "format 99", "Deploy");
    }

    [Test]
    public async Task A_copied_file_is_not_worked_on_until_somebody_says_so()
    {
        using (var host = HostProcess.Start(Host, folder.Path, "--count", "3")) await host.EndAsync(Limit);
        Directory.CreateDirectory(folder.File("copy"));
        File.Copy(folder.File("work.db"), folder.File("copy/work.db"));
        using var copy = HostProcess.Start(Host, folder.File("copy"), "--work-only", "--shared");
        await copy.LineAsync(line => line.Contains("AcceptRestoredStoreAsync", StringComparison.Ordinal), Limit);
        await copy.LineAsync(line => line == "open", Limit);
        await using var client = await FileClient.OpenAsync(folder.File("copy/work.db"), shared: true);
        var plan = Plan.Of(1, 0);
        var refused = await Assert.ThrowsAsync<DurableException>(() => client.Client.StartAsync((GeneratedWorkflow w) => w.RunAsync(plan, Report.Empty)));
        Assert.That(refused!.Code, Is.EqualTo(DurableErrorCodes.StoreRestored));
        Assert.That(copy.Text, Does.Not.Contain("is open on"));

        await client.Client.AcceptRestoredStoreAsync(RestoredStorePolicy.Continue);
        await copy.LineAsync(line => line.Contains("is open on", StringComparison.Ordinal), Limit);
        copy.EndInput();
        await copy.EndAsync(Limit);
    }

    private Task RefusedAsync(string code, params string[] words) => RefusedWithAsync(null, code, words);

    private async Task RefusedWithAsync(string? argument, string code, params string[] words)
    {
        using var refused = await HostProcess.Start(Host, folder.Path, argument is null ? ["--work-only"] : ["--work-only", argument]).EndAsync(Limit);
        Assert.That(refused.ExitCode, Is.EqualTo(2), refused.Text);
        Assert.That(refused.Lines[^1], Does.StartWith(code));
        foreach (var word in words) Assert.That(refused.Lines[^1], Does.Contain(word));
    }
}
