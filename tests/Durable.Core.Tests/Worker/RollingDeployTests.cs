// Old and new hosts side by side: a run stays with hosts that have its version, however its host goes away.
using System.Collections.Concurrent;
using Durable.Core.Tests.Kit;
using Durable.Storage;

namespace Durable.Core.Tests.Worker;

public sealed class RollingDeployTests : Situation
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentQueue<Guid> claimedByOld = new();

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_run_of_the_new_version_is_never_handed_to_an_old_host(bool graceful)
    {
        Make(manual: true);
        var old = await World.StartAsync(Old, "old", faults: Record);
        var fresh = await World.StartAsync(d => New(d).AddActivities<INewWork, NewWork>(), "new");
        var run = await fresh.Client.StartAsync((OrderV2 w) => w.RunAsync());
        await World.UntilAsync(async () => (await PlaceAsync(run)).Owner == "new", "the new host has it", Step);
        if (graceful) await EndAsync(fresh.StopAsync());
        else await fresh.KillAsync();

        await World.UntilAsync(async () => (await PlaceAsync(run)).Wake is not null, "it is given back, or was released", Step);
        var until = World.Clock.GetUtcNow().AddMinutes(2);
        await World.UntilAsync(() => World.Clock.GetUtcNow() > until, "it is long due", Step);
        Assert.That((await PlaceAsync(run)).Wake, Is.Not.Null);
        Assert.That(claimedByOld, Is.Empty);

        var next = await World.StartAsync(d => New(d).AddActivities<INewWork, NewWork>(), "newer");
        Assert.That(await Result(next.Client.GetRun<OrderV2, string>(run.WorkflowId).ResultAsync(), 100), Is.EqualTo("two"));
        Assert.That(await Result((await old.Client.StartAsync((OrderV1 w) => w.RunAsync())).ResultAsync(), 100), Is.EqualTo("one"), "old runs go on meanwhile");
    }

    [Test]
    public async Task A_run_keeps_its_version_on_a_host_that_has_both()
    {
        Make(manual: true);
        var old = await World.StartAsync(Old, "old");
        var run = await old.Client.StartAsync((OrderV1 w) => w.RunAsync());
        await EndAsync(old.StopAsync());
        var fresh = await World.StartAsync(d => New(d).AddActivities<INewWork, NewWork>(), "new");
        Assert.That(await Result(fresh.Client.GetRun<OrderV1, string>(run.WorkflowId).ResultAsync(), 100), Is.EqualTo("one"));
    }

    [Test]
    public async Task A_host_that_is_rolled_back_under_its_name_gives_back_what_it_cannot_run()
    {
        Make(manual: true);
        var fresh = await World.StartAsync(d => New(d).AddActivities<INewWork, NewWork>(), "host");
        var run = await fresh.Client.StartAsync((OrderV2 w) => w.RunAsync());
        await World.UntilAsync(async () => (await PlaceAsync(run)).Owner == "host", "it has it", Step);
        await fresh.KillAsync();

        await World.StartAsync(Old, "host");
        await World.UntilAsync(async () => (await PlaceAsync(run)).Wake is not null, "the old build has adopted it and given it back", Step);
        Assert.That((await World.Store.FindRunAsync("default", run.WorkflowId, null))!.Status, Is.EqualTo(RunStatus.Running));
        var next = await World.StartAsync(d => New(d).AddActivities<INewWork, NewWork>(), "other");
        Assert.That(await Result(next.Client.GetRun<OrderV2, string>(run.WorkflowId).ResultAsync(), 100), Is.EqualTo("two"));
    }

    [Test]
    public async Task An_activity_that_only_the_new_build_has_waits_for_a_host_that_has_it()
    {
        Make(manual: true);
        var old = await World.StartAsync(Old, "old", o => o.ServedQueues.Add("mail"));
        var fresh = await World.StartAsync(d => New(d).AddActivities<INewWork, NewWork>(), "new");
        var run = await fresh.Client.StartAsync((Caller w) => w.RunAsync());
        await World.UntilAsync(async () => (await PlaceAsync(run)).Tasks.Count == 1, "the task waits", Step);
        var until = World.Clock.GetUtcNow().AddMinutes(1);
        await World.UntilAsync(() => World.Clock.GetUtcNow() > until, "the old host has looked often", Step);
        Assert.That((await PlaceAsync(run)).Tasks.Single().Attempt, Is.Zero);

        await World.StartAsync(d => New(d).AddActivities<INewWork, NewWork>(), "newer", o => o.ServedQueues.Add("mail"));
        Assert.That(await Result(run.ResultAsync(), 100), Is.EqualTo("new"));
        Assert.That(old.Store.Calls.ContainsKey("CompleteTasks"), Is.False);
    }

    private static void Old(DurableBuilder durable) => durable.AddWorkflow<OrderV1>();

    private static DurableBuilder New(DurableBuilder durable) => durable.AddWorkflow<OrderV1>().AddWorkflow<OrderV2>().AddWorkflow<Caller>();

    private void Record(FaultyStore store) => store.OnCommit = batch =>
    {
        foreach (var run in batch.Claims) claimedByOld.Enqueue(run);
        return CommitFault.None;
    };

    private Task EndAsync(Task stopping) => World.UntilAsync(() => stopping.IsCompleted, "the host has stopped", Step);

    private async Task<RunPlacement> PlaceAsync(RunHandle run) => await World.Store.ReadPlacementAsync((await World.Store.FindRunAsync("default", run.WorkflowId, null))!.RunId);

    [Workflow("RollingOrder", Version = 1)]
    public sealed class OrderV1(WorkflowContext workflow)
    {
        [Run]
        public async Task<string> RunAsync()
        {
            await workflow.DelayAsync(TimeSpan.FromSeconds(30));
            return "one";
        }
    }

    [Workflow("RollingOrder", Version = 2)]
    public sealed class OrderV2(WorkflowContext workflow)
    {
        [Run]
        public async Task<string> RunAsync()
        {
            await workflow.DelayAsync(TimeSpan.FromSeconds(30));
            return "two";
        }
    }

    public interface INewWork
    {
        Task<string> DoNewAsync();
    }

    public sealed class NewWork : INewWork
    {
        public Task<string> DoNewAsync() => Task.FromResult("new");
    }

    public sealed class Caller(WorkflowContext workflow, INewWork work)
    {
        [Run]
        public Task<string> RunAsync() => workflow.With(work, new() { Queue = "mail" }).DoNewAsync();
    }
}
