// A row that its target will not take, whatever is done (docs/decisions/0018): its sender waits, the others go on, somebody is told, and a mended target gets it.
using Durable.Core.Tests.Kit;
using Durable.Engine.History;
using Durable.Engine.Worker;
using Durable.Storage;
using Durable.Storage.Contract;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Rows = Durable.Storage.Contract.Make;

namespace Durable.Core.Tests.Worker;

public sealed class RefusedRowTests : Situation
{
    private const int RefusedLog = 211;
    private const int Count = 5;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);
    private bool refusing = true;

    private protected override int Groups => 2;

    private static void Register(DurableBuilder durable) => durable.AddWorkflow<Teller>().AddWorkflow<Listener>().AddWorkflow<Parent>().AddWorkflow<Child>();

    [Test]
    public async Task What_its_target_refuses_holds_up_its_sender_alone_and_arrives_in_order_when_that_is_mended()
    {
        Make(manual: true);
        var node = await World.StartAsync(Register, faults: store => store.OnDeliver = delivery => RefuseIf(delivery.Messages.Any(message => CrossingNumbers.Is(message.SenderSeq) && message.Shard == ShardOf("bad", 1) && Text(message) == "[2]")));
        foreach (var (from, to) in new[] { ("bad", "bad"), ("good", "good") })
        {
            await DeliverAsync<Listener>(In(1, to), "");
            await DeliverAsync<Teller>(In(0, from), In(1, to));
        }

        Assert.That(await Result(node.Client.GetRun<Listener, List<int>>(In(1, "good")).ResultAsync()), Is.EqualTo(Enumerable.Range(0, Count)));
        await World.UntilAsync(() => Refusals().Count > 0, "the refusal is told", Step);
        await Reaches(node.Client.GetRun(In(0, "bad")), RunStatus.Completed, Step);
        await World.UntilAsync(async () => (await OutgoingAsync()).Count == 3, "what came before it has arrived", Step);
        var told = Refusals()[0];
        var sender = (await World.Store.FindRunAsync("default", In(0, "bad"), null))!;
        Assert.That(told.Text, Does.Contain(DurableErrorCodes.CrossingRefused).And.Contain("23514").And.Contain($"{sender.RunId}").And.Contain("SignalReceived"));
        var health = await new DurableReadiness(node.Services).CheckHealthAsync(new HealthCheckContext());
        Assert.That((health.Status, health.Description!.StartsWith(DurableErrorCodes.CrossingRefused, StringComparison.Ordinal)), Is.EqualTo((HealthStatus.Degraded, true)));

        Volatile.Write(ref refusing, false);
        Assert.That(await Result(node.Client.GetRun<Listener, List<int>>(In(1, "bad")).ResultAsync()), Is.EqualTo(Enumerable.Range(0, Count)));
        await World.UntilAsync(async () => (await OutgoingAsync()).Count == 0, "nothing is left to forward", Step);
        await World.UntilAsync(async () => (await new DurableReadiness(node.Services).CheckHealthAsync(new HealthCheckContext())).Status == HealthStatus.Healthy, "it is healthy again", Step);
    }

    [Test]
    public async Task What_a_run_sends_while_an_earlier_row_is_refused_stays_behind_it()
    {
        Make(manual: true);
        var node = await World.StartAsync(Register, faults: store => store.OnDeliver = delivery => RefuseIf(delivery.Messages.Any(message => CrossingNumbers.Is(message.SenderSeq) && Text(message) == "[0]")));
        await DeliverAsync<Listener>(In(1, "to"), "");
        await DeliverAsync<Teller>(In(0, "from"), In(1, "to"));
        await World.UntilAsync(() => Refusals().Count > 0, "the first is refused", Step);
        await Reaches(node.Client.GetRun(In(0, "from")), RunStatus.Completed, Step);
        await World.UntilAsync(() => Refusals().Count > 2, "it was tried again and again", Step);

        var listener = (await World.Store.FindRunAsync("default", In(1, "to"), null))!;
        Assert.That((await World.Store.LoadAsync(new LoadRequest([listener.RunId], MessagesOnly: true)))[0].Messages, Is.Empty);
        Assert.That((await World.Store.ReadEventsAsync(listener.RunId, 0, 0, 100)).Where(row => CrossingNumbers.Is(row.SenderSeq)), Is.Empty);
        Volatile.Write(ref refusing, false);
        Assert.That(await Result(node.Client.GetRun<Listener, List<int>>(In(1, "to")).ResultAsync()), Is.EqualTo(Enumerable.Range(0, Count)));
    }

    [Test]
    public async Task A_child_whose_start_is_refused_starts_when_that_is_mended_and_its_parent_waits_meanwhile()
    {
        Make(manual: true);
        var node = await World.StartAsync(Register, faults: store => store.OnDeliver = delivery => RefuseIf(delivery.Starts.Any(start => start.Parent is not null)));
        await DeliverAsync<Parent>(In(0, "parent"), In(1, "child"));
        await World.UntilAsync(() => Refusals().Count > 1, "the start is refused again and again", Step);
        Assert.That((await World.Store.FindRunAsync("default", In(0, "parent"), null))!.Status, Is.LessThan(RunStatus.Completed));

        Volatile.Write(ref refusing, false);
        Assert.That(await Result(node.Client.GetRun<Parent, string>(In(0, "parent")).ResultAsync()), Is.EqualTo("child"));
        await World.UntilAsync(async () => (await OutgoingAsync()).Count == 0, "nothing is left to forward", Step);
    }

    [Test]
    public async Task A_row_that_an_operator_gives_up_lets_go_what_stands_behind_it()
    {
        Make(manual: true);
        var node = await World.StartAsync(Register, faults: store => store.OnDeliver = delivery => RefuseIf(delivery.Messages.Any(message => CrossingNumbers.Is(message.SenderSeq) && Text(message) == "[0]")));
        await DeliverAsync<Listener>(In(1, "to"), "1");
        await DeliverAsync<Teller>(In(0, "from"), In(1, "to"));
        await World.UntilAsync(async () => Refusals().Count > 0 && (await OutgoingAsync()).Count == Count, "all wait behind the first", Step);

        await ((IGroupedStore)World.Store).RemoveOutgoingAsync([(await OutgoingAsync())[0].Record.Key]);

        Assert.That(await Result(node.Client.GetRun<Listener, List<int>>(In(1, "to")).ResultAsync()), Is.EqualTo(Enumerable.Range(1, Count - 1)));
    }

    [Test]
    public async Task Rows_that_nobody_can_carry_do_not_hide_those_behind_them()
    {
        const int more = 1_200;                          // than two pages of a sweep
        Make(manual: true);
        var dead = await TestLane.OpenAsync(World.Store, "dead");
        var (first, second, target) = (Rows.Run(In(0, "first")), Rows.Run(In(0, "second")), Rows.Run(In(1, "target")));
        await World.Store.DeliverAsync(new Delivery([], [Rows.Start(first), Rows.Start(second), Rows.Start(target)]));
        var batch = new LaneBatch { Lane = dead.Key, Epoch = dead.Epoch, CommitSeq = dead.CommitSeq + 1, Lease = dead.Lease };
        for (var i = 0; i < more; i++) batch.Outgoing.Add(RowOf(first, target, i));
        batch.Outgoing.Add(RowOf(second, target, 0));
        await dead.CommitAsync(batch);
        var node = await World.StartAsync(Register, faults: store => store.OnDeliver = delivery => RefuseIf(delivery.Messages.Any(message => message.Sender == first.Id)));

        await World.UntilAsync(async () => (await World.Store.LoadAsync(new LoadRequest([target.Id], MessagesOnly: true)))[0].Messages is [{ } only] && only.Sender == second.Id, "the second sender's row has arrived", Step);
        Volatile.Write(ref refusing, false);
        await World.UntilAsync(async () => (await OutgoingAsync()).Count == 0, "all have arrived", Step);
        Assert.That(node.Store.Calls["Deliver"], Is.GreaterThan(2));
    }

    [Test]
    public async Task A_page_is_tried_in_halves_until_only_what_is_refused_and_what_stands_behind_it_is_left_out()
    {
        const int senders = 64;
        const int each = 4;
        var runs = Enumerable.Range(0, senders).Select(i => Rows.Run($"sender-{i}")).ToList();
        var target = Rows.Run("target");
        var page = Enumerable.Range(0, each).SelectMany(i => runs.Select(run => RowOf(run, target, i))).ToList();
        var refused = new[] { page[17 + 2 * senders].Key, page[40].Key };
        var store = new FaultyStore(World.Store) { OnDeliver = delivery => RefuseIf(delivery.Messages.Any(message => refused.Contains(new OutgoingKey(message.Sender, message.SenderSeq, runs[0].Shard)) || refused.Any(key => key.Sender == message.Sender && key.Seq == message.SenderSeq))) };

        var sent = await OutgoingDelivery.SendAsync(store, page);

        Assert.That(sent.Refused.Select(one => one.Row.Key), Is.EquivalentTo(refused));
        Assert.That(sent.Arrived, Has.Count.EqualTo((senders * each) - 2 - 4));
        foreach (var sender in sent.Arrived.GroupBy(row => row.Message.Sender)) Assert.That(sender.Select(row => row.Message.SenderSeq), Is.Ordered.Ascending);
        Assert.That(sent.Arrived.Where(row => row.Message.Sender == runs[40].Id), Is.Empty);
        Assert.That(sent.Arrived.Count(row => row.Message.Sender == runs[17].Id), Is.EqualTo(2));
        Assert.That(store.Calls["Deliver"], Is.LessThan(40));
    }

    [Test]
    public async Task A_target_that_is_away_is_not_asked_row_by_row()
    {
        var store = new FaultyStore(World.Store) { OnDeliver = _ => throw RefusedByServer.As(null) };
        var page = Enumerable.Range(0, 10).Select(i => RowOf(Rows.Run("a"), Rows.Run("b"), i)).ToList();

        await Assert.ThatAsync(() => OutgoingDelivery.SendAsync(store, page), Throws.TypeOf<DurableException>());
        Assert.That(store.Calls["Deliver"], Is.EqualTo(1));
    }

    [TestCase("23514", true)]
    [TestCase("22001", true)]
    [TestCase("22P05", true)]
    [TestCase("42703", true)]
    [TestCase("42501", true)]
    [TestCase("54000", true)]
    [TestCase("P0001", true)]
    [TestCase("40001", false)]
    [TestCase("53100", false)]
    [TestCase("57P03", false)]
    [TestCase("57014", false)]
    [TestCase("25006", false)]
    [TestCase("08006", false)]
    [TestCase(null, false)]
    public void What_a_server_says_is_about_the_row_or_about_the_server(string? state, bool isOfTheRow) => Assert.That(Engine.Worker.Refusals.IsOfTheRows(RefusedByServer.As(state)), Is.EqualTo(isOfTheRow));

    private void RefuseIf(bool condition)
    {
        if (condition && Volatile.Read(ref refusing)) throw RefusedByServer.As("23514");
    }

    private List<Logged> Refusals() => [.. World.Logs.Entries.Where(entry => entry.Id == RefusedLog)];

    private async Task<List<OutgoingRow>> OutgoingAsync()
    {
        var rows = new List<OutgoingRow>();
        foreach (var group in World.Store.Groups) rows.AddRange(await ((IGroupedStore)World.Store).ReadOutgoingAsync(new OutgoingQuery(group, null, TimeSpan.Zero, 10_000)));
        return rows;
    }

    private static OutgoingRecord RowOf(TestRun from, TestRun to, int number) => new(from.Shard, new MessageRecord
    {
        RunId = to.Id, Sender = from.Id, SenderSeq = CrossingNumbers.First(0, number + 1, closing: false), Kind = (short)EventKind.SignalReceived, Target = "Add", Payload = Rows.Bytes($"[{number}]"), Namespace = "default", Shard = to.Shard,
    });

    private static string Text(MessageRecord message) => System.Text.Encoding.UTF8.GetString(message.Payload ?? []);

    // A workflow id whose shard is in the group.
    private static string In(int group, string name) => Enumerable.Range(0, 100).Select(i => $"{name}-{i}").First(id => Shards.Of("default", id) % 2 == group);

    private static short ShardOf(string name, int group) => Shards.Of("default", In(group, name));

    private Task DeliverAsync<T>(string id, string argument)
    {
        var run = Rows.Run(id, type: typeof(T).Name);
        return World.Store.DeliverAsync(new Delivery([], [new StartRecord
        {
            RunId = run.Id, Namespace = "default", WorkflowId = id, Shard = run.Shard, Type = typeof(T).Name, Version = 1, Build = "test", Secret = new byte[32], Gate = StartGate.AnyClosed,
            Input = System.Text.Encoding.UTF8.GetBytes($$"""{"seed":1,"input":["{{argument}}"],"rollOverSteps":50,"rollOverBytes":1048576,"maxPending":2000}"""),
        }]));
    }

    public sealed class Teller(WorkflowContext workflow)
    {
        [Run]
        public async Task RunAsync(string whom)
        {
            for (var i = 0; i < Count; i++)
            {
                await workflow.GetRun<Listener>(whom).SignalAsync(w => w.Add(i));
                await workflow.DelayAsync(TimeSpan.FromMilliseconds(20));       // a batch of its own for each
            }
        }
    }

    public sealed class Listener(WorkflowContext workflow)
    {
        private readonly List<int> got = [];

        [Run]
        public async Task<List<int>> RunAsync(string without)
        {
            await workflow.WaitUntilAsync(() => got.Count >= Count - without.Length);
            return got;
        }

        [Signal]
        public void Add(int item) => got.Add(item);
    }

    public sealed class Parent(WorkflowContext workflow)
    {
        [Run]
        public Task<string> RunAsync(string child) => workflow.RunChildAsync((Child w) => w.RunAsync("child"), new() { Id = child });
    }

    public sealed class Child
    {
        [Run]
        public Task<string> RunAsync(string what) => Task.FromResult(what);
    }
}
