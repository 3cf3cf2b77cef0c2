// docs/operations.md, done: its SQL on a file in use, its backup restored, its verbs called.
using System.Collections.Concurrent;
using Durable.TestHost;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Durable.EndToEnd.Tests;

public sealed class OperationsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private static readonly Plan Waiting = new([new(Act.Effect), new(Act.Signals, 1), new(Act.Effect)]);
    private TempFolder folder = null!;

    [SetUp]
    public void MakeFolder() => folder = new();

    [TearDown]
    public void RemoveFolder() => folder.Dispose();

    [Test]
    public async Task Every_SQL_block_of_the_operations_guide_runs_against_a_file_in_use()
    {
        var blocks = Markdown.Of("docs/operations.md").Blocks("sql");
        var rows = new List<int>();
        using (var host = await StartAsync("engine.db"))
        {
            var client = host.Services.GetRequiredService<DurableClient>();
            await BeginAsync(client, "order-1");
            var ended = await BeginAsync(client, "order-2");
            await ended.TerminateAsync("it will never end");
            Assert.That(await ended.WaitAsync(Limit), Is.Not.Null);
            foreach (var block in blocks.Where(block => block.Trim() != "vacuum;")) rows.Add(Run(block));
            await host.StopAsync();
        }

        foreach (var block in blocks.Where(block => block.Trim() == "vacuum;")) Run(block);
        Assert.That(blocks, Has.Count.EqualTo(10));
        Assert.That(rows.Take(2).Append(rows[3]).Append(rows[4]).Append(rows[5]), Is.All.GreaterThan(0), "statuses, open runs, events, ends and workers are seen");
        Assert.That(File.Exists(folder.File("backup.db")));
    }

    [TestCase(RestoredStorePolicy.Continue, false)]
    [TestCase(RestoredStorePolicy.HoldAllRuns, false)]
    [TestCase(RestoredStorePolicy.Continue, true)]
    public async Task A_backup_of_a_file_in_use_is_restored_and_goes_on_when_somebody_says_so(RestoredStorePolicy policy, bool written)
    {
        using (var host = await StartAsync("engine.db"))
        {
            await BeginAsync(host.Services.GetRequiredService<DurableClient>(), "order-1");
            Run("vacuum into 'backup.db'");
            await host.StopAsync();
        }

        if (written) WriteOver(folder.File("backup.db"), folder.File("engine.db"));
        else File.Move(folder.File("backup.db"), folder.File("engine.db"), overwrite: true);
        using var restored = await StartAsync("engine.db");
        var client = restored.Services.GetRequiredService<DurableClient>();
        var run = client.GetRun<GeneratedWorkflow, Report>("order-1");
        var refused = await Assert.ThrowsAsync<DurableException>(() => run.SignalAsync(w => w.Hear(1)));
        Assert.That(refused!.Code, Is.EqualTo(DurableErrorCodes.StoreRestored));
        Assert.That((await run.DescribeAsync()).Status, Is.EqualTo(RunStatus.Running), "reading is allowed");

        await client.AcceptRestoredStoreAsync(policy);
        await Until.TrueAsync(async () => await CanWriteAsync(run), Limit, "the decision is known everywhere");
        if (policy == RestoredStorePolicy.HoldAllRuns)
        {
            Assert.That((await run.DescribeAsync()).Status, Is.EqualTo(RunStatus.Paused));
            Assert.That((await run.ExplainAsync()).Summary, Does.Contain("ResumeAsync"));
            await run.ResumeAsync();
        }

        var outcome = await run.OutcomeAsync(Limit);
        Assert.That((outcome?.Status, outcome?.Result?.Effects.Count), Is.EqualTo((RunStatus.Completed, 2)));
        await restored.StopAsync();
    }

    [Test]
    public async Task A_run_is_explained_cancelled_terminated_and_purged_through_the_client()
    {
        using var host = await StartAsync("engine.db");
        var client = host.Services.GetRequiredService<DurableClient>();
        var (one, two) = (await BeginAsync(client, "order-1"), await BeginAsync(client, "order-2"));
        Assert.That((await one.ExplainAsync()).Summary, Does.Contain("condition"));
        Assert.That((await Assert.ThrowsAsync<RunConflictException>(() => one.PurgeAsync()))!.Code, Is.EqualTo(DurableErrorCodes.RunInWrongState));

        await one.TerminateAsync("it will never end");
        Assert.That((await one.WaitAsync(Limit))?.Status, Is.EqualTo(RunStatus.Terminated));
        await two.CancelAsync("the customer called");
        Assert.That((await two.WaitAsync(Limit))?.Status, Is.EqualTo(RunStatus.Cancelled));
        await one.PurgeAsync();
        await Assert.ThrowsAsync<RunNotFoundException>(() => one.DescribeAsync());
        Assert.That(await client.CountAsync(), Is.EqualTo(1));
        await host.StopAsync();
    }

    // As `cp` does: the file stays what it is, only its content is another.
    private static void WriteOver(string backup, string file)
    {
        using var target = new FileStream(file, FileMode.Truncate, FileAccess.Write);
        target.Write(File.ReadAllBytes(backup));
    }

    private static async Task<bool> CanWriteAsync(RunHandle<GeneratedWorkflow, Report> run)
    {
        try
        {
            await run.SignalAsync(w => w.Hear(1));
            return true;
        }
        catch (DurableException waiting) when (waiting.Code == DurableErrorCodes.StoreRestored)
        {
            return false;
        }
    }

    private async Task<IHost> StartAsync(string file)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(new Hands(new ConcurrentQueue<Happened>(), 1));
        builder.Services.AddDurable(durable => durable.UseSqlite(folder.File(file)).AddWorkflow<GeneratedWorkflow>().AddActivities<IEffects, QuickEffects>());
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>A run that has had its first effect and waits for a signal.</summary>
    private static async Task<RunHandle<GeneratedWorkflow, Report>> BeginAsync(DurableClient client, string id)
    {
        var run = await client.StartAsync((GeneratedWorkflow w) => w.RunAsync(Waiting, Report.Empty), new() { Id = id });
        await Until.TrueAsync(async () => await run.QueryAsync(w => w.Seen) == 1, Limit, "it waits");
        return run;
    }

    /// <summary>Runs statements as a tool in the file's folder would, and counts the rows.</summary>
    private int Run(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={folder.File("engine.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql.Replace("'backup.db'", $"'{folder.File("backup.db")}'", StringComparison.Ordinal);
        using var reader = command.ExecuteReader();
        var rows = 0;
        while (reader.Read()) rows++;
        return rows;
    }
}
