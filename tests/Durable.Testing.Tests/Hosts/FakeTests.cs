// Fakes and assertions on histories.
namespace Durable.Testing.Tests.Hosts;

[TestFixture]
[Parallelizable(ParallelScope.All)]
public sealed class FakeTests
{
    [Test]
    public async Task A_fake_answers_from_the_arguments_and_keeps_the_calls()
    {
        var post = new ActivityFake<IPost>().Answers(p => p.SendAsync("", 0), call => Task.FromResult($"{call.Argument<string>(0)}-{call.Argument<int>(1)}"));
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Approval>().AddFake(post));
        var run = await host.Client.StartAsync((Approval w) => w.RunAsync("box"));
        await run.ResultAsync();
        Assert.That(post.Calls.Select(call => call.Method), Is.EqualTo(["SendAsync", "TakeBackAsync"]));
        Assert.That(post.Calls[1].Argument<string>(0), Is.EqualTo("box-1"));
    }

    [Test]
    public async Task A_fake_replaces_an_implementation()
    {
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Approval>().AddActivities<IPost, NoPost>().AddFake(new ActivityFake<IPost>().Returns(p => p.SendAsync("", 0), "fake")));
        var run = await host.Client.StartAsync((Approval w) => w.RunAsync("box"));
        Assert.That(await run.ResultAsync(), Is.EqualTo("expired"));
    }

    [Test]
    public async Task What_is_not_as_expected_in_a_history_is_said_with_the_history()
    {
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<TenDays>().AddFake<IPost>());
        var run = await host.Client.StartAsync((TenDays w) => w.RunAsync("ada"), new() { Id = "letters" });
        await run.ResultAsync();
        var history = await host.HistoryAsync(run);
        Assert.That(history.Activities, Is.EqualTo(["Post.Send"]));
        Assert.That(history.Steps, Is.Empty);
        Assert.That(() => history.Has("ActivityCompleted", "TimerFired"), Throws.TypeOf<WorkflowTestException>().With.Message.Contains("'TimerFired' is not there after 'ActivityCompleted'").And.Message.Contains("'letters'"));
        Assert.That(() => history.HasNo("ActivityScheduled Post.Send"), Throws.TypeOf<WorkflowTestException>());
        Assert.That(() => new ActivityFake<IPost>().Returns(p => Task.FromResult("x"), "y"), Throws.ArgumentException);
    }

    private sealed class NoPost : IPost
    {
        public Task<string> SendAsync(string to, int number) => throw new InvalidOperationException("The real one must not be called.");

        public Task TakeBackAsync(string letter) => throw new InvalidOperationException("The real one must not be called.");
    }
}
