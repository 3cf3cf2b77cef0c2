// Starts: ids, policies, delays, attributes; and limits that a run meets.
using Durable.Core.Tests.Kit;

namespace Durable.Core.Tests.Worker;

public sealed class StartTests : Situation
{
    private static readonly AttributeKey<string> Customer = new("customer");
    private static readonly AttributeKey<int> Stage = new("stage");

    [TestCase(IdConflictPolicy.Reject)]
    [TestCase(IdConflictPolicy.UseExisting)]
    [TestCase(IdConflictPolicy.TerminateExisting)]
    public async Task A_start_of_an_open_id_obeys_its_conflict_policy(IdConflictPolicy policy)
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Staged>());
        var first = await node.Client.StartAsync((Staged w) => w.RunAsync("wait"), new() { Id = "s" });

        if (policy == IdConflictPolicy.Reject)
        {
            var error = await Assert.ThrowsAsync<RunConflictException>(() => node.Client.StartAsync((Staged w) => w.RunAsync("go"), new() { Id = "s", IdConflict = policy }));
            Assert.That(error!.Code, Is.EqualTo("DUR2002"));
            return;
        }

        var second = await node.Client.StartAsync((Staged w) => w.RunAsync("go"), new() { Id = "s", IdConflict = policy });
        Assert.That(second.RunId == first.RunId, Is.EqualTo(policy == IdConflictPolicy.UseExisting));
        if (policy == IdConflictPolicy.TerminateExisting) Assert.That(await second.ResultAsync(), Is.EqualTo("go"));
    }

    [TestCase(IdReusePolicy.Allow, true, true)]
    [TestCase(IdReusePolicy.AllowIfFailed, true, false)]
    [TestCase(IdReusePolicy.AllowIfFailed, false, true)]
    [TestCase(IdReusePolicy.Reject, false, false)]
    public async Task A_start_of_a_closed_id_obeys_its_reuse_policy(IdReusePolicy policy, bool completed, bool again)
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Staged>());
        var first = await node.Client.StartAsync((Staged w) => w.RunAsync(completed ? "go" : "fail"), new() { Id = "s" });
        await Reaches(first, completed ? RunStatus.Completed : RunStatus.Failed);

        var start = () => node.Client.StartAsync((Staged w) => w.RunAsync("go"), new() { Id = "s", IdReuse = policy });

        if (again) Assert.That((await start()).RunId, Is.Not.EqualTo(first.RunId));
        else Assert.That(async () => await start(), Throws.InstanceOf<RunConflictException>());
    }

    [Test]
    public async Task A_request_that_is_sent_twice_from_many_threads_starts_one_run()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Staged>());

        var handles = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => node.Client.StartAsync((Staged w) => w.RunAsync("go"), StartOptions.Once("s")))));

        Assert.That(handles.Select(handle => handle.RunId).Distinct().Count(), Is.EqualTo(1));
        Assert.That(await handles[7].ResultAsync(), Is.EqualTo("go"));
    }

    [Test]
    public async Task A_delayed_start_begins_no_sooner()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Staged>());
        var asked = World.Clock.GetUtcNow();

        var run = await node.Client.StartAsync((Staged w) => w.RunAsync("go"), new() { Delay = TimeSpan.FromMinutes(2) });
        Assert.That((await run.DescribeAsync()).Status, Is.EqualTo(RunStatus.Pending));

        Assert.That(await Result(run.ResultAsync(), 500), Is.EqualTo("go"));
        Assert.That((await HistoryOf(run))[0].At - asked, Is.GreaterThanOrEqualTo(TimeSpan.FromMinutes(2)));
    }

    [Test]
    public async Task Attributes_of_start_and_code_are_merged_and_survive_a_crash_right_after_the_start()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Staged>(), faults: store => store.OnCommit = batch => batch.Starts.Count > 0 ? CommitFault.DieAfter : CommitFault.None);
        _ = node.Client.StartAsync((Staged w) => w.RunAsync("wait"), new() { Id = "s", Attributes = { { Customer, "acme" } } });
        await node.Store.Died;
        await node.KillAsync();

        var second = await World.StartAsync(d => d.AddWorkflow<Staged>());

        var run = second.Client.GetRun("s");
        await World.UntilAsync(async () => (await run.DescribeAsync()).Attributes.Get(Stage) == 1, "the code's attribute is there");
        Assert.That((await run.DescribeAsync()).Attributes.Get(Customer), Is.EqualTo("acme"));
    }

    [Test]
    public async Task Too_large_arguments_are_refused_and_nothing_is_stored()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Staged>());
        var huge = new string('x', 2 * 1024 * 1024 + 1);

        var error = await Assert.ThrowsAsync<DurableException>(() => node.Client.StartAsync((Staged w) => w.RunAsync(huge), new() { Id = "s" }));

        Assert.That(error!.Code, Is.EqualTo("DUR2007"));
        Assert.That(await World.Store.FindRunAsync("default", "s", null), Is.Null);
    }

    [Test]
    public async Task More_pending_commands_than_allowed_fail_the_run_with_the_way_out()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Wide>(), options: o => o.MaxPendingCommands = 50);

        var run = await node.Client.StartAsync((Wide w) => w.RunAsync(51));

        var error = await Assert.ThrowsAsync<RunFailedException>(() => run.ResultAsync());
        Assert.That(error!.Failure!.Message, Does.Contain("ForEachAsync"));
    }

    [Test]
    public async Task A_history_at_its_limit_fails_the_run_and_a_long_one_is_warned_about_once()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Long>(), options: o =>
        {
            o.MaxHistoryEvents = 40;
            o.WarnHistoryEvents = 20;
        });

        var run = await node.Client.StartAsync((Long w) => w.RunAsync());

        var error = await Assert.ThrowsAsync<RunFailedException>(() => run.CompletionAsync());
        Assert.That(error!.Failure!.Message, Does.Contain("DUR3005"));
        Assert.That((await KindsOf(run)), Has.Count.LessThanOrEqualTo(45));
        Assert.That(World.Logs.Entries.Count(entry => entry.Id == 302), Is.EqualTo(1));
    }

    public sealed class Staged(WorkflowContext workflow)
    {
        [Run]
        public async Task<string> RunAsync(string how)
        {
            workflow.SetAttribute(Stage, 1);
            if (how == "fail") throw new InvalidOperationException("as asked");
            if (how == "wait") await workflow.WaitUntilAsync(() => false);
            return how;
        }
    }

    public sealed class Wide(IWork work)
    {
        [Run]
        public async Task<int> RunAsync(int count) => (await Task.WhenAll(Enumerable.Range(0, count).Select(i => work.DoAsync($"{i}")))).Length;
    }

    public sealed class Long(IWork work)
    {
        [Run]
        public async Task RunAsync()
        {
            while (true) await work.DoAsync("more");
        }
    }
}
