// Virtual time: what is skipped, what is not.
namespace Durable.Testing.Tests.Hosts;

[TestFixture]
[Parallelizable(ParallelScope.All)]
public sealed class TimeTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Test]
    public async Task Ten_days_pass_while_a_test_waits_for_the_result()
    {
        var post = new ActivityFake<IPost>().Returns(p => p.SendAsync("", 0), "letter");
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<TenDays>().AddFake(post));
        var run = await host.Client.StartAsync((TenDays w) => w.RunAsync("ada"));
        Assert.That(await run.ResultAsync(), Is.EqualTo(10));
        Assert.That(host.Time.GetUtcNow() - Start, Is.EqualTo(TimeSpan.FromDays(10)));
        Assert.That(post.Calls.Single(), Is.EqualTo(post.Calls[0] with { Method = "SendAsync" }));
        Assert.That(post.Calls[0].Argument<int>(1), Is.EqualTo(10));
        (await host.HistoryAsync(run)).Has("RunStarted", "TimerStarted", "TimerFired", "ActivityScheduled Post.Send", "ActivityCompleted", "RunCompleted").HasNo("ActivityFailed");
    }

    [Test]
    public async Task Nothing_moves_while_the_test_does_not_wait()
    {
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Approval>().AddFake<IPost>());
        var run = await host.Client.StartAsync((Approval w) => w.RunAsync("letter"));
        await host.SettleAsync();
        await run.SignalAsync(w => w.Approve("ada"));
        Assert.That(await run.ResultAsync(), Is.EqualTo("approved by ada"));
        Assert.That(host.Time.GetUtcNow(), Is.EqualTo(Start));
    }

    [Test]
    public async Task A_time_out_comes_at_once_when_it_is_all_there_is_to_wait_for()
    {
        var post = new ActivityFake<IPost>();
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Approval>().AddFake(post));
        var run = await host.Client.StartAsync((Approval w) => w.RunAsync("letter"));
        Assert.That(await run.ResultAsync(), Is.EqualTo("expired"));
        Assert.That(host.Time.GetUtcNow() - Start, Is.EqualTo(TimeSpan.FromDays(3)));
        Assert.That(post.Count(p => p.TakeBackAsync("")), Is.EqualTo(1));
    }

    [Test]
    public async Task Time_that_is_moved_by_hand_stops_where_it_was_told_to()
    {
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<TenDays>().AddFake<IPost>(), options => options.SkipTime = false);
        var run = await host.Client.StartAsync((TenDays w) => w.RunAsync("ada"));
        await host.AdvanceAsync(TimeSpan.FromDays(2.5));
        Assert.That(host.Time.GetUtcNow() - Start, Is.EqualTo(TimeSpan.FromDays(2.5)));
        Assert.That((await host.HistoryAsync(run)).Count("TimerFired"), Is.EqualTo(2));
        await host.AdvanceAsync(TimeSpan.FromDays(7.5));
        Assert.That((await run.DescribeAsync()).Status, Is.EqualTo(RunStatus.Completed));
    }

    [Test]
    public async Task An_update_that_takes_hours_is_answered_at_once()
    {
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Approval>().AddFake<IPost>());
        var run = await host.Client.StartAsync((Approval w) => w.RunAsync("letter"));
        Assert.That(await run.UpdateAsync(w => w.AskAsync("well")), Is.EqualTo("well!"));
        Assert.That(host.Time.GetUtcNow() - Start, Is.EqualTo(TimeSpan.FromHours(5)), "not a day more");
        Assert.That(await run.QueryAsync(w => w.State), Is.EqualTo("open"));
    }

    [Test]
    public async Task A_limited_wait_ends_when_its_time_has_passed()
    {
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Waiting>());
        var run = await host.Client.StartAsync((Waiting w) => w.RunAsync());
        Assert.That(await run.WaitAsync(TimeSpan.FromDays(30)), Is.Null);
        Assert.That(host.Time.GetUtcNow() - Start, Is.EqualTo(TimeSpan.FromDays(30)));
    }

    [Test]
    public async Task Children_signals_and_generations_have_the_same_time()
    {
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Parent>().AddWorkflow<Child>().AddWorkflow<Generations>());
        var parent = await host.Client.StartAsync((Parent w) => w.RunAsync("all"));
        Assert.That(await parent.ResultAsync(), Is.EqualTo("all done"));
        Assert.That(host.Time.GetUtcNow() - Start, Is.EqualTo(TimeSpan.FromDays(395)));
        var again = await host.Client.StartAsync((Generations w) => w.RunAsync(4));
        Assert.That(await again.ResultAsync(), Is.EqualTo(4));
    }

    [Test]
    public async Task Attempts_that_fail_are_repeated_after_hours_that_nobody_waits_for()
    {
        var post = new ActivityFake<IPost>().Returns(p => p.SendAsync("", 0), "at last").Fails(p => p.SendAsync("", 0), new IOException("no stamps"), times: 12);
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Approval>().AddFake(post));
        var run = await host.Client.StartAsync((Approval w) => w.RunAsync("letter"));
        Assert.That(await run.ResultAsync(), Is.EqualTo("expired"));
        Assert.That(post.Count(p => p.SendAsync("", 0)), Is.EqualTo(13));
        Assert.That(post.Calls.Where(call => call.Method == "SendAsync").Select(call => call.IdempotencyKey).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_run_that_nothing_moves_any_more_ends_the_wait_with_what_it_waits_for()
    {
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Waiting>(), options => options.GiveUpAfter = TimeSpan.FromMilliseconds(50));
        var run = await host.Client.StartAsync((Waiting w) => w.RunAsync(), new() { Id = "waits" });
        var error = await Assert.ThrowsAsync<WorkflowTestException>(() => run.CompletionAsync());
        Assert.That(error!.Message, Does.Contain("'waits'").And.Contain("nothing moves any more"));
    }

    [Test]
    public async Task A_crash_loses_nothing_and_handles_live_on()
    {
        var post = new ActivityFake<IPost>().Returns(p => p.SendAsync("", 0), "letter");
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<TenDays>().AddFake(post));
        var run = await host.Client.StartAsync((TenDays w) => w.RunAsync("ada"));
        for (var day = 0; day < 9; day++)
        {
            await host.AdvanceAsync(TimeSpan.FromDays(1));
            await host.CrashAsync();
        }

        Assert.That(await run.ResultAsync(), Is.EqualTo(10));
        Assert.That((await host.HistoryAsync(run)).Count("TimerStarted"), Is.EqualTo(10));
    }
}
