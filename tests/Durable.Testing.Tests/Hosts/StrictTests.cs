// Strict mode: what it finds, and that it is silent on code that is as it should be.
namespace Durable.Testing.Tests.Hosts;

[TestFixture]
[Parallelizable(ParallelScope.All)]
public sealed class StrictTests
{
    [TestCase("id")]
    [TestCase("branch")]
    [TestCase("thread")]
    public async Task What_differs_the_second_time_is_found_with_its_line(string mode)
    {
        var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Unsteady>().AddFake<IPost>());
        try
        {
            var run = await host.Client.StartAsync((Unsteady w) => w.RunAsync(mode));
            var error = await Assert.ThrowsAsync<WorkflowTestException>(() => run.ResultAsync());
            Assert.That(error!.Code, Is.EqualTo(DurableErrorCodes.Diverged));
            Assert.That(error.Message, Does.Contain("Recorded:").And.Contain("Attempted:").And.Contain("second instance"));
            Assert.That(error.SourceLine, Does.Contain("Unsteady.RunAsync").And.Contain("Workflows.cs:line "));
        }
        finally
        {
            await host.DisposeAsync();           // it has been told, so this is silent
        }
    }

    [TestCase("fine", "")]
    [TestCase("culture", "")]                    // every turn runs in one culture, whatever the thread's is
    public async Task Steady_code_is_left_alone(string mode, string expected)
    {
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Unsteady>().AddFake<IPost>());
        var run = await host.Client.StartAsync((Unsteady w) => w.RunAsync(mode));
        Assert.That(await run.ResultAsync(), Is.EqualTo(expected));
    }

    [Test]
    public async Task Without_it_the_difference_stays_hidden()
    {
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Unsteady>().AddFake<IPost>(), options => options.Strict = false);
        var run = await host.Client.StartAsync((Unsteady w) => w.RunAsync("id"));
        Assert.That(await run.ResultAsync(), Is.EqualTo(""));
    }

    [Test]
    public async Task A_difference_that_no_call_has_thrown_is_thrown_at_the_end()
    {
        var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Unsteady>().AddFake<IPost>(), options => options.SkipTime = false);
        await host.Client.StartAsync((Unsteady w) => w.RunAsync("id"));
        Assert.That(() => host.AdvanceAsync(TimeSpan.FromHours(2)), Throws.TypeOf<WorkflowTestException>());
        await host.DisposeAsync();
        var other = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Unsteady>().AddFake<IPost>(), options => options.SkipTime = false);
        await other.Client.StartAsync((Unsteady w) => w.RunAsync("id"));
        other.World.Clock.JumpTo(other.Time.GetUtcNow() + TimeSpan.FromHours(2));
        await WaitFor.TrueAsync(() => other.World.Failure is not null);
        Assert.That(async () => await other.DisposeAsync(), Throws.TypeOf<WorkflowTestException>());
    }

    [Test]
    public async Task A_long_run_does_not_make_it_slow()
    {
        await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<Hours>());
        var run = await host.Client.StartAsync((Hours w) => w.RunAsync(1_500));
        Assert.That(await run.ResultAsync(), Is.EqualTo(1_500));
    }
}
