// A crash at every commit: on code that stands it, and on invariants that do not hold.
using System.Collections.Concurrent;

namespace Durable.Testing.Tests.Crashes;

[TestFixture]
[Parallelizable(ParallelScope.All)]
public sealed class CrashEverywhereTests
{
    /// <summary>Counts effects as the outside world would: by key.</summary>
    private class Letters : CrashProgram<string>
    {
        private readonly ActivityFake<IPost> post = new ActivityFake<IPost>();
        private readonly ConcurrentDictionary<string, int> sent = new();

        public Letters() => post.Answers(p => p.SendAsync("", 0), call => Task.FromResult($"{call.Argument<string>(0)}-{sent.AddOrUpdate(call.IdempotencyKey, 1, (_, count) => count + 1) * 0 + 1}"));

        protected int Keys => sent.Count;

        public override void Configure(DurableBuilder durable) => durable.AddWorkflow<Approval>().AddWorkflow<Parent>().AddWorkflow<Child>().AddFake(post);

        public override async Task<string> RunAsync(WorkflowTestHost host)
        {
            var approval = await host.Client.StartAsync((Approval w) => w.RunAsync("box"), StartOptions.Once("box"));
            var parent = await host.Client.StartAsync((Parent w) => w.RunAsync("all"), StartOptions.Once("parent"));
            await approval.SignalAsync(w => w.Approve("ada"));
            return $"{await approval.ResultAsync()}, {await parent.ResultAsync()}";
        }

        public override void Check(string result) => Assert.That(Keys, Is.EqualTo(1), "one letter, however often it was tried");
    }

    private sealed class Impatient : Letters
    {
        public override void Check(string result)
        {
            if (Keys != 0) throw new InvalidOperationException("I expected no letter at all.");
        }
    }

    /// <summary>Not durable: it counts in a static field how often it was begun.</summary>
    public sealed class Forgetful(WorkflowContext workflow)
    {
        internal static int Begun;

        [Run]
        public async Task<int> RunAsync()
        {
            var begun = await workflow.StepAsync("begin", () => Task.FromResult(Interlocked.Increment(ref Begun)));
            await workflow.DelayAsync(TimeSpan.FromDays(1));
            return begun;
        }
    }

    [Test]
    public async Task Nothing_that_dies_changes_what_comes_out()
    {
        var lines = new ConcurrentQueue<string>();
        var report = await CrashEverywhere.RunAsync(() => new Letters(), options => (options.Log, options.RandomRuns) = (lines.Enqueue, 5));
        Assert.That(report.Commits, Is.GreaterThan(8));
        Assert.That(report.Cases, Does.Contain("kill-before:1").And.Contain("kill-after:2").And.Contain("expired-lease:3").And.Contain("redelivery:2"));
        Assert.That(report.Cases.Count(name => name.StartsWith("random:", StringComparison.Ordinal)), Is.GreaterThan(0));
        Assert.That(lines, Has.Count.EqualTo(report.Commits * 4 + 5));
    }

    [Test]
    public async Task A_broken_invariant_is_told_with_the_case_that_broke_it()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => CrashEverywhere.RunAsync(() => new Impatient()));
        Assert.That(error!.Message, Does.Contain("no letter at all"), "it does not even hold undisturbed");
    }

    [Test]
    public async Task A_result_that_a_crash_changes_is_found_and_its_case_can_be_run_alone()
    {
        static async Task<int> Run(WorkflowTestHost host)
        {
            Forgetful.Begun = 0;
            return await (await host.Client.StartAsync((Forgetful w) => w.RunAsync(), StartOptions.Once("f"))).ResultAsync();
        }

        var error = await Assert.ThrowsAsync<WorkflowTestException>(() => CrashEverywhere.RunAsync(durable => durable.AddWorkflow<Forgetful>(), Run));
        Assert.That(error!.Message, Does.Contain("The result is another one").And.Contain("options.Only = \""));
        var name = error.Message.Split('"')[1];
        var again = await Assert.ThrowsAsync<WorkflowTestException>(() => CrashEverywhere.RunAsync(durable => durable.AddWorkflow<Forgetful>(), Run, options => options.Only = name));
        Assert.That(again!.Message, Does.Contain($"Case {name}"));
    }
}
