// A host that somebody debugs stands still for minutes: nobody takes its work away meanwhile, and when it is stopped there nobody waits for longer than the hour of its lane (DECISIONS 26).
using Durable.Core.Tests.Kit;
using Durable.Engine.Hosting;
using Durable.Engine.Worker;
using Durable.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Durable.Core.Tests.Worker;

public sealed class DebuggerTests : Situation
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);
    private TaskCompletionSource? stand;

    [Test]
    public async Task A_host_at_a_breakpoint_keeps_its_runs_beside_others_whose_lease_is_short()
    {
        Make(manual: true);
        var debugged = await DebuggedAsync();
        var gate = Bench.Block("call");
        var run = await debugged.Client.StartAsync((Caller w) => w.RunAsync("call"), new() { Id = "r" });
        await World.UntilAsync(() => Bench.Count("call") == 1, "the activity runs", Step);
        await OtherAsync();

        StandStill();
        await PassAsync(TimeSpan.FromMinutes(40));
        Assert.That(await OwnerAsync(run), Is.EqualTo("debugged"));
        GoOn();
        gate.SetResult("done");

        Assert.That(await Result(run.ResultAsync()), Is.EqualTo("done"));
        Assert.That(Bench.Count("call"), Is.EqualTo(1));
        Assert.That(World.Logs.Entries.Select(entry => entry.Text), Has.None.Contains("was lost").And.Some.Contains("A debugger is attached"));
    }

    [Test]
    public async Task A_host_that_was_stopped_in_the_debugger_loses_its_runs_after_its_hour_or_at_once_to_its_successor()
    {
        Make(manual: true);
        var debugged = await DebuggedAsync();
        Bench.Block("call");
        var run = await debugged.Client.StartAsync((Caller w) => w.RunAsync("call"), new() { Id = "r" });
        await World.UntilAsync(() => Bench.Count("call") == 1, "the activity runs", Step);
        await debugged.KillAsync();
        var successor = await DebuggedAsync();
        await World.UntilAsync(() => Bench.Count("call") == 2, "its next start goes on at once", Step);

        await successor.KillAsync();
        var killed = World.Clock.GetUtcNow();
        Bench["call"] = _ => Task.FromResult("done");
        var other = await OtherAsync();
        Assert.That(await World.GetAsync(other.Client.GetRun<Caller, string>("r").ResultAsync(), "the other takes it over", TimeSpan.FromSeconds(5)), Is.EqualTo("done"));
        Assert.That(World.Clock.GetUtcNow() - killed, Is.InRange(TimeSpan.FromMinutes(45), TimeSpan.FromMinutes(70)));
        Assert.That(run.WorkflowId, Is.EqualTo("r"));
    }

    [Test]
    public async Task An_activity_at_a_breakpoint_is_neither_silent_nor_taken_again()
    {
        Make(manual: true);
        var debugged = await DebuggedAsync();
        var gate = Bench.Block("beat");
        var run = await debugged.Client.StartAsync((Beater w) => w.RunAsync("beat"));
        await World.UntilAsync(() => Bench.Count("beat") == 1, "the activity runs", Step);

        StandStill();
        await PassAsync(TimeSpan.FromMinutes(5));
        GoOn();
        await PassAsync(TimeSpan.FromMinutes(5));
        gate.SetResult("done");

        Assert.That(await Result(run.ResultAsync()), Is.EqualTo("done"));
        Assert.That(Bench.Count("beat"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_slot_outlives_a_breakpoint_and_not_the_host()
    {
        Make(manual: true);
        var debugged = await DebuggedAsync(Limit);
        var gate = Bench.Block("first");
        var first = await debugged.Client.StartAsync((Queued w) => w.RunAsync("first"));
        await World.UntilAsync(() => Bench.Count("first") == 1, "the activity has its slot", Step);
        StandStill();
        await PassAsync(TimeSpan.FromMinutes(5));
        GoOn();
        await PassAsync(TimeSpan.FromMinutes(1));
        gate.SetResult("done");
        Assert.That(await Result(first.ResultAsync()), Is.EqualTo("done"));
        Assert.That(Bench.Count("first"), Is.EqualTo(1));

        Bench.Block("second");
        await debugged.Client.StartAsync((Queued w) => w.RunAsync("second"));
        await World.UntilAsync(() => Bench.Count("second") == 1, "the second has its slot", Step);
        await debugged.KillAsync();
        var killed = World.Clock.GetUtcNow();
        var other = await OtherAsync(Limit);
        var third = await other.Client.StartAsync((Queued w) => w.RunAsync("third"));
        Assert.That(await Result(third.ResultAsync()), Is.EqualTo("third!"));
        Assert.That(World.Clock.GetUtcNow() - killed, Is.LessThan(TimeSpan.FromMinutes(5)));
    }

    // The same without a debugger, while a longer lease is rolled out.
    [Test]
    public async Task A_host_with_a_long_lease_is_not_taken_for_one_whose_lease_cannot_be()
    {
        Make(manual: true);
        var slow = await World.StartAsync(Register, "slow", o => o.Lease = TimeSpan.FromMinutes(10));
        var gate = Bench.Block("call");
        var run = await slow.Client.StartAsync((Caller w) => w.RunAsync("call"));
        await World.UntilAsync(() => Bench.Count("call") == 1, "the activity runs", Step);
        await OtherAsync();
        await PassAsync(TimeSpan.FromMinutes(4));
        Assert.That(await OwnerAsync(run), Is.EqualTo("slow"));
        gate.SetResult("done");
        Assert.That(await Result(run.ResultAsync()), Is.EqualTo("done"));
        Assert.That(World.Logs.Entries.Select(entry => entry.Text), Has.None.Contains("was lost"));
    }

    [TestCase("00:00:20", 1)]
    [TestCase("01:00:00", 2)]
    [TestCase("00:00:01.5000000", 2)]
    public void A_lane_says_how_long_its_lease_is_if_that_is_unusual(string lease, int said)
    {
        var length = TimeSpan.Parse(lease, System.Globalization.CultureInfo.InvariantCulture);
        var serves = LaneLease.Mention(["Order@1"], length);
        Assert.That(serves, Has.Count.EqualTo(said));
        Assert.That(LaneLease.Of(new LaneRow(1, "a", "b", serves, default, true, 0)), Is.EqualTo(length));
    }

    private static void Register(DurableBuilder durable) => durable.AddWorkflow<Caller>().AddWorkflow<Beater>().AddWorkflow<Queued>();

    private static void Limit(DurableOptions options)
    {
        options.ServedQueues.Add("mail");
        options.QueueLimits["mail"] = new QueueLimit { Cluster = 1 };
    }

    private Task<Node> DebuggedAsync(Action<DurableOptions>? options = null) => World.StartAsync(Register, "debugged", options, services => services.AddSingleton(new DebuggerState(IsAttached: true)),
        store => store.Before = _ => Volatile.Read(ref stand)?.Task ?? Task.CompletedTask);

    private Task<Node> OtherAsync(Action<DurableOptions>? options = null) => World.StartAsync(Register, "other", options);

    // Nothing that it does reaches the store, as if all of its threads stood still.
    private void StandStill() => Volatile.Write(ref stand, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    private void GoOn() => Interlocked.Exchange(ref stand, null)!.SetResult();

    private async Task<string?> OwnerAsync(RunHandle run) => (await World.Store.ReadPlacementAsync(run.RunId!.Value)).Owner;

    private async Task PassAsync(TimeSpan time)
    {
        var until = World.Clock.GetUtcNow() + time;
        await World.UntilAsync(() => World.Clock.GetUtcNow() >= until, "the time has passed", Step);
    }

    public sealed class Caller(IWork work)
    {
        [Run]
        public Task<string> RunAsync(string name) => work.DoAsync(name);
    }

    public sealed class Beater(IWork work)
    {
        [Run]
        public Task<string> RunAsync(string name) => work.BeatAsync(name);
    }

    public sealed class Queued(WorkflowContext workflow, IWork work)
    {
        [Run]
        public Task<string> RunAsync(string name) => workflow.With(work, new() { Queue = "mail" }).DoAsync(name);
    }
}
