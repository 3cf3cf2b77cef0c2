// Replay.Verify and HistoryBuilder.
using System.Text.Json;

namespace Durable.Testing.Tests.Replays;

/// <summary>The approval of another day: it asks twice.</summary>
[Workflow("Approval")]
public sealed class ApprovalThatAsksTwice(WorkflowContext workflow, IPost post)
{
    private string? by;

    [Run]
    public async Task<string> RunAsync(string what)
    {
        var saga = workflow.StartSaga();
        var letter = await post.SendAsync(what, 1);
        saga.OnFailure(() => post.TakeBackAsync(letter));
        await post.SendAsync(what, 2);
        if (!await workflow.WaitUntilAsync(() => by is not null, TimeSpan.FromDays(3))) return await saga.CompensateAsync("expired");
        return $"approved by {by}";
    }

    [Signal]
    public void Approve(string who) => by = who;
}

/// <summary>The same behind a patch.</summary>
[Workflow("Approval")]
public sealed class ApprovalPatched(WorkflowContext workflow, IPost post)
{
    private string? by;

    [Run]
    public async Task<string> RunAsync(string what)
    {
        var saga = workflow.StartSaga();
        var letter = await post.SendAsync(what, 1);
        saga.OnFailure(() => post.TakeBackAsync(letter));
        if (workflow.Patched("asks-twice")) await post.SendAsync(what, 2);
        if (!await workflow.WaitUntilAsync(() => by is not null, TimeSpan.FromDays(3))) return await saga.CompensateAsync("expired");
        return $"approved by {by}";
    }

    [Signal]
    public void Approve(string who) => by = who;
}

[TestFixture]
public sealed class VerifyTests
{
    private static JsonElement Expired() => new HistoryBuilder<Approval>("box", w => w.RunAsync("box")).Completes("Post.Send", "letter-1").FiresTimer().Completes("Post.TakeBack").Build();

    [Test]
    public void A_built_history_fits_the_class_that_made_it()
    {
        var report = Replay.Verify<Approval>(Expired());
        Assert.That((report.Runs, report.IsCompatible), Is.EqualTo((1, true)));
        Assert.That(report.Events, Is.GreaterThan(6));
        Assert.That(report.ToMarkdown(), Does.Contain("All of 1 replayed runs fit").And.Contain("| Approval | 1 | 1 |"));
    }

    [Test]
    public void A_change_is_told_with_recorded_attempted_and_line()
    {
        var error = Assert.Throws<DurableException>(() => Replay.Verify<ApprovalThatAsksTwice>(Expired()));
        Assert.That(error.Code, Is.EqualTo(DurableErrorCodes.Diverged));
        Assert.That(error.Message, Does.Contain("Recorded: Timer").And.Contain("Attempted: Activity 'Post.Send'").And.Contain("ApprovalThatAsksTwice.RunAsync").And.Contain("VerifyTests.cs:line 18").And.Contain("Patched"));
    }

    [Test]
    public void A_patch_makes_it_fit_again() => Assert.That(Replay.Verify<ApprovalPatched>(Expired()).IsCompatible, Is.True);

    [Test]
    public async Task A_recorded_run_of_a_host_fits_and_its_history_can_go_on_elsewhere()
    {
        JsonElement export;
        await using (var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Approval>().AddFake<IPost>()))
        {
            var run = await host.Client.StartAsync((Approval w) => w.RunAsync("letter"), new() { Id = "letter" });
            await host.SettleAsync();
            export = await run.ExportAsync();
        }

        Replay.Verify<Approval>(export);
        Replay.Verify(export.GetRawText(), durable => durable.AddWorkflow<Approval>().AddActivities<IPost>(new NoPost()));
        await using var other = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Approval>().AddFake<IPost>());
        var imported = (RunHandle)await other.Client.ImportAsync(export);
        await imported.ResumeAsync();
        var same = other.Client.GetRun<Approval, string>(imported.WorkflowId);
        await same.SignalAsync(w => w.Approve("ada"));
        Assert.That(await same.ResultAsync(), Is.EqualTo("approved by ada"));
    }

    [Test]
    public void A_folder_gives_one_report()
    {
        var folder = Directory.CreateTempSubdirectory("durable-histories-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "expired.json"), Expired().GetRawText());
            File.WriteAllText(Path.Combine(folder, "approved.json"), new HistoryBuilder<Approval>("two", w => w.RunAsync("two")).Completes("Post.Send", "x").Receives(w => w.Approve("ada")).Build().GetRawText());
            Assert.That(Replay.VerifyFolder(folder, durable => durable.AddWorkflow<Approval>().AddFake<IPost>()).Runs, Is.EqualTo(2));
            var report = Replay.CheckFolder(folder, durable => durable.AddWorkflow<ApprovalThatAsksTwice>().AddFake<IPost>());
            Assert.That(report.Incompatible.Select(run => run.WorkflowId), Is.EqualTo(["box", "two"]));
            Assert.That(report.ToMarkdown(), Does.Contain("2 of 2 replayed runs do not fit").And.Contain("- recorded: `Timer").And.Contain("- in your code: `at ApprovalThatAsksTwice.RunAsync"));
            Assert.That(() => Replay.VerifyFolder(Path.Combine(folder, "none"), durable => durable.AddWorkflow<Approval>()), Throws.TypeOf<DirectoryNotFoundException>());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void What_is_no_history_of_the_class_is_refused_in_words()
    {
        Assert.That(() => Replay.Verify<TenDays>(Expired()), Throws.TypeOf<DurableException>().With.Message.Contains("'Approval' version 1"));
        Assert.That(() => Replay.Verify<Approval>("{}"), Throws.TypeOf<DurableException>().With.Message.Contains("not an exported run"));
        Assert.That(() => Replay.Verify<Approval>(Expired().GetRawText().Replace("letter-1", "letter-2", StringComparison.Ordinal)), Throws.TypeOf<DurableException>().With.Message.Contains("checksum"));
        Assert.That(() => new HistoryBuilder<Approval>("box", w => w.RunAsync("box")).Completes("Post.TakeBack"), Throws.TypeOf<WorkflowTestException>().With.Message.Contains("It waits for Activity 'Post.Send' #1"));
    }

    private sealed class NoPost : IPost
    {
        public Task<string> SendAsync(string to, int number) => throw new InvalidOperationException("Replay calls nothing.");

        public Task TakeBackAsync(string letter) => throw new InvalidOperationException("Replay calls nothing.");
    }
}
