// Continue-as-new: what is carried, what is kept, what is trimmed.
using Durable.Core.Tests.Kit;

namespace Durable.Core.Tests.Worker;

[TestFixture(1)]
[TestFixture(8)]
public sealed class ContinueAsNewTests(int groups) : Situation
{
    private protected override int Groups => groups;

    [Test]
    public async Task Two_hundred_generations_are_one_run_and_old_ones_are_trimmed()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Counter>());

        var run = await node.Client.StartAsync((Counter w) => w.RunAsync(0, 200));

        Assert.That(await run.ResultAsync(), Is.EqualTo(200));
        Assert.That(Bench.Count("tick"), Is.EqualTo(200));
        var rows = await World.Store.ReadEventsAsync(run.RunId!.Value, 0, 0, 10_000);
        Assert.That(rows.Select(row => row.Gen).Distinct(), Is.EqualTo(new[] { 199, 200 }).Or.EqualTo(new[] { 198, 199, 200 }));
    }

    [Test]
    public async Task Generations_that_wait_for_nothing_do_not_nest()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Spinner>());

        var run = await node.Client.StartAsync((Spinner w) => w.RunAsync(2_000));

        Assert.That(await run.ResultAsync(), Is.EqualTo("spun"));
    }

    [Test]
    public async Task A_run_that_continues_for_ever_without_waiting_leaves_room_for_others_and_can_be_terminated()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Spinner>().AddWorkflow<Counter>());
        var endless = await node.Client.StartAsync((Spinner w) => w.RunAsync(int.MaxValue));

        Assert.That(await (await node.Client.StartAsync((Counter w) => w.RunAsync(0, 3))).ResultAsync(), Is.EqualTo(3));

        await endless.TerminateAsync("enough");
        await Reaches(endless, RunStatus.Terminated);
    }

    [Test]
    public async Task Unread_items_go_along_in_order_through_generations_that_end_at_once()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Postman>());
        var run = await node.Client.StartAsync((Postman w) => w.RunAsync(3, new List<string>()));
        for (var i = 0; i < 6; i++) await run.SendAsync(w => w.Letters, $"{i}");
        await run.SignalAsync(w => w.Go());

        Assert.That(await run.ResultAsync(), Is.EqualTo(new[] { "0", "1", "2", "3", "4", "5" }));
    }

    [TestCase(StoreKind.Memory)]
    [TestCase(StoreKind.Sqlite)]
    public async Task Items_of_several_senders_are_neither_lost_nor_doubled_nor_reordered_while_generations_change(StoreKind kind)
    {
        Make(kind);
        var node = await World.StartAsync(d => d.AddWorkflow<Sorter>());
        var run = await node.Client.StartAsync((Sorter w) => w.RunAsync(new List<string>(), 90), new() { Id = "s" });
        var clients = new List<Node>();
        for (var i = 0; i < 3; i++) clients.Add(await World.StartAsync(d => d.AddWorkflow<Sorter>().WithoutWorker(), $"client-{i}"));

        await Task.WhenAll(clients.Select((client, at) => Task.Run(async () =>
        {
            for (var i = 0; i < 30; i++) await client.Client.GetRun<Sorter>("s").SendAsync(w => w.Items, $"{at}:{i:00}");
        })));

        var got = await run.ResultAsync();
        Assert.That(got, Is.Unique);
        Assert.That(got, Has.Count.EqualTo(90));
        for (var at = 0; at < 3; at++) Assert.That(got.Where(item => item[0] - '0' == at), Is.EqualTo(Enumerable.Range(0, 30).Select(i => $"{at}:{i:00}")));
    }

    [Test]
    public async Task An_activity_that_the_old_generation_did_not_await_is_neither_applied_nor_left_behind()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Leaver>());
        Bench.Block("left");

        var run = await node.Client.StartAsync((Leaver w) => w.RunAsync(0));

        Assert.That(await run.ResultAsync(), Is.EqualTo("over"));
        Assert.That((await World.Store.ReadPlacementAsync(run.RunId!.Value)).Tasks, Is.Empty);
    }

    [Test]
    public async Task A_generation_whose_first_turn_is_refused_leaves_the_one_before_in_place()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Stumbler>(o => o.OnUnhandledException = UnhandledExceptionPolicy.Hold));
        var run = await node.Client.StartAsync((Stumbler w) => w.RunAsync("first"), new() { Id = $"s{groups}" });
        await Reaches(run, RunStatus.Stalled);
        Assert.That((await run.ExplainAsync()).Summary, Does.Contain("not yet"));

        Bench["mood"] = _ => Task.FromResult("good");
        Stumbler.Fixed[run.WorkflowId!] = true;
        await run.ResumeAsync();

        Assert.That(await run.ResultAsync(), Is.EqualTo("second"));
    }

    public sealed class Counter(WorkflowContext workflow, IWork work)
    {
        [Run]
        public async Task<int> RunAsync(int done, int upTo)
        {
            if (done == upTo) return done;
            await work.DoAsync("tick");
            return workflow.ContinueAsNew(() => RunAsync(done + 1, upTo));
        }
    }

    public sealed class Spinner(WorkflowContext workflow)
    {
        [Run]
        public Task<string> RunAsync(int left) => Task.FromResult(left == 0 ? "spun" : workflow.ContinueAsNew(() => RunAsync(left - 1)));
    }

    public sealed class Postman(WorkflowContext workflow)
    {
        private bool go;

        public Mailbox<string> Letters { get; } = workflow.CreateMailbox<string>();

        [Run]
        public async Task<List<string>> RunAsync(int generations, List<string> got)
        {
            if (generations == 3)
            {
                await workflow.WaitUntilAsync(() => go);
                got.Add(await Letters.ReceiveAsync());
            }

            if (generations > 0) return workflow.ContinueAsNew(() => RunAsync(generations - 1, got));
            while (got.Count < 6) got.Add(await Letters.ReceiveAsync());
            return got;
        }

        [Signal]
        public void Go() => go = true;
    }

    public sealed class Sorter(WorkflowContext workflow, IWork work)
    {
        public Mailbox<string> Items { get; } = workflow.CreateMailbox<string>();

        [Run]
        public async Task<List<string>> RunAsync(List<string> got, int upTo)
        {
            for (var i = 0; i < 4 && got.Count < upTo; i++)
            {
                got.Add(await Items.ReceiveAsync());
                await work.DoAsync("sort");
            }

            return got.Count == upTo ? got : workflow.ContinueAsNew(() => RunAsync(got, upTo));
        }
    }

    public sealed class Leaver(WorkflowContext workflow, IWork work)
    {
        [Run]
        public async Task<string> RunAsync(int generation)
        {
            _ = work.DoAsync("left");
            _ = work.BeatAsync("left");
            if (generation == 3) return "over";
            await workflow.DelayAsync(TimeSpan.FromMilliseconds(1));
            _ = work.BeatAsync("left");
            return workflow.ContinueAsNew(() => RunAsync(generation + 1));
        }
    }

    public sealed class Stumbler(WorkflowContext workflow)
    {
        public static System.Collections.Concurrent.ConcurrentDictionary<string, bool> Fixed { get; } = new();

        [Run]
        public async Task<string> RunAsync(string which)
        {
            if (which == "second" && !Fixed.ContainsKey(workflow.Info.WorkflowId)) throw new InvalidOperationException("not yet");
            await workflow.DelayAsync(TimeSpan.FromMilliseconds(1));
            return which == "second" ? which : workflow.ContinueAsNew(() => RunAsync("second"));
        }
    }
}
