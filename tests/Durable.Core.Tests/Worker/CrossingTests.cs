// What goes from one shard group to another (PROTOCOL §8): stored beside its sender, forwarded, removed; once and in order whatever dies.
using Durable.Core.Tests.Kit;
using Durable.Engine.Worker;
using Durable.Storage;
using Durable.Storage.Contract;
using Rows = Durable.Storage.Contract.Make;

namespace Durable.Core.Tests.Worker;

public sealed class CrossingTests : Situation
{
    private const int Count = 5;

    private protected override int Groups => 2;

    // Of both hosts: who takes over waits for the dead one's lease.
    private static void Brief(DurableOptions options) => options.Lease = TimeSpan.FromSeconds(1);

    private static void Register(DurableBuilder durable) => durable.AddWorkflow<Teller>().AddWorkflow<Listener>();

    [Test]
    public async Task Messages_arrive_once_and_in_order_however_their_host_dies_at_a_commit()
    {
        var (from, to) = Apart(World.Store);
        foreach (var fault in new[] { CommitFault.DieBefore, CommitFault.DieAfter, CommitFault.UnknownAfter, CommitFault.UnknownBefore })
        {
            for (var at = 1; ; at++)
            {
                await using var world = new World(groups: Groups);
                var commits = 0;
                var first = await world.StartAsync(Register, options: Brief, faults: store => store.OnCommit = _ => Interlocked.Increment(ref commits) == at ? fault : CommitFault.None);
                var survived = await TalkAsync(world, first, from, to);
                await ContinueAsync(world, from, to, $"{fault} at commit {at}");
                if (survived && commits < at) break;
            }
        }
    }

    [TestCase("Deliver")]
    [TestCase("RemoveOutgoing")]
    public async Task Messages_arrive_once_and_in_order_if_their_host_dies_before_it_carries_or_removes_them(string verb)
    {
        var (from, to) = Apart(World.Store);
        for (var at = 1; at <= Count; at++)
        {
            await using var world = new World(groups: Groups);
            var calls = 0;
            var first = await world.StartAsync(Register, options: Brief, faults: store => store.Before = called =>
            {
                if (called == verb && Interlocked.Increment(ref calls) == at) store.Cut();
                return Task.CompletedTask;
            });
            await TalkAsync(world, first, from, to);
            await ContinueAsync(world, from, to, $"{verb} {at}");
        }
    }

    [Test]
    public async Task A_group_that_does_not_answer_holds_up_nobody_else_and_its_messages_wait()
    {
        var (from, to) = Apart(World.Store);
        var away = true;
        var node = await World.StartAsync(Register, faults: store => store.Before = verb => verb == "Deliver" && Volatile.Read(ref away) ? throw new DurableException("DUR5001", "away") : Task.CompletedTask);
        var listener = Listen(World, to);
        await listener;
        await World.Store.DeliverAsync(new Delivery([], [StartOf<Teller>(World, from, to)]));

        await Reaches(node.Client.GetRun(from), RunStatus.Completed);       // it has told all, as far as it can know
        Assert.That((await World.Store.FindRunAsync("default", to, null))!.Status, Is.LessThan(RunStatus.Completed));
        Volatile.Write(ref away, false);

        Assert.That(await node.Client.GetRun<Listener, List<int>>(to).ResultAsync(), Is.EqualTo(Enumerable.Range(0, Count)));
        await World.UntilAsync(async () => (await OutgoingAsync(World)).Count == 0, "nothing is left to forward");
    }

    [Test]
    public async Task A_message_that_comes_again_after_a_long_time_and_many_generations_is_known()
    {
        Make(manual: true);
        var (from, to) = Apart(World.Store);
        var node = await World.StartAsync(Register);
        await Listen(World, to, rollAfter: 2);
        await World.Store.DeliverAsync(new Delivery([], [StartOf<Teller>(World, from, to)]));
        await Reaches(node.Client.GetRun(from), RunStatus.Completed, TimeSpan.FromMilliseconds(50));
        await World.UntilAsync(async () => (await OutgoingAsync(World)).Count == 0 && (await World.Store.FindRunAsync("default", to, null))!.Gen == 2, "two generations are over", TimeSpan.FromMilliseconds(50));
        var run = (await World.Store.FindRunAsync("default", to, null))!;
        var told = (await World.Store.ReadEventsAsync(run.RunId, 0, 0, 100)).First(row => CrossingNumbers.Is(row.SenderSeq));

        World.Manual!.Advance(TimeSpan.FromHours(2));
        await World.Store.DeliverAsync(new Delivery([new MessageRecord
        {
            RunId = run.RunId, Sender = told.Sender, SenderSeq = told.SenderSeq, Kind = told.Kind, Target = told.Target, Payload = told.Payload, Namespace = "default", Shard = run.Shard,
        }], []));
        await World.UntilAsync(async () => (await World.Store.LoadAsync(new LoadRequest([run.RunId], MessagesOnly: true)))[0].Messages.Count == 0, "the late one is consumed", TimeSpan.FromMilliseconds(50));
        await node.Client.GetRun<Listener>(to).SignalAsync(w => w.Stop());

        Assert.That(await Result(node.Client.GetRun<Listener, List<int>>(to).ResultAsync()), Is.EqualTo(Enumerable.Range(0, Count)));
    }

    [Test]
    public async Task A_batch_that_mixes_groups_is_refused()
    {
        var (from, to) = Apart(World.Store);
        var lane = await TestLane.OpenAsync(World.Store, "host-a");
        var (own, other) = (Make(from), Make(to));
        if (lane.Key.Group.Shards!.Contains(other.Shard)) (own, other) = (other, own);

        var result = await lane.Batch().Start(Rows.OwnedStart(own)).Start(Rows.OwnedStart(other)).TryCommitAsync();

        Assert.That((result.Outcome, result.Error), Is.EqualTo((CommitOutcome.Rejected, $"A start of shard {other.Shard} is in a batch of group 0.")));

        static TestRun Make(string id) => Rows.Run(id);
    }

    [Test]
    public async Task Numbers_rise_with_every_batch_of_a_run_whoever_writes_it()
    {
        var places = from gen in new[] { 0, 1, 2, 70_000, int.MaxValue } from rows in new[] { 0, 1, 2, 51_200 } from closing in new[] { false, true } select (gen, rows, closing);
        var firsts = places.Select(place => CrossingNumbers.First(place.gen, place.rows, place.closing)).ToList();

        Assert.That(firsts, Is.Ordered.Ascending.And.Unique);
        Assert.That(firsts, Has.All.Matches<long>(CrossingNumbers.Is));
        Assert.That(firsts.Zip(firsts.Skip(1)), Has.All.Matches<(long, long)>(pair => pair.Item2 - pair.Item1 >= 8_192));
        await Task.CompletedTask;
    }

    [Test]
    public void The_start_of_a_child_travels_whole_also_where_numbers_are_zero()
    {
        var to = new MessageRecord { RunId = Guid.Empty, Sender = Guid.Empty, SenderSeq = 0, Kind = 0, Namespace = "n", Shard = 0 };
        var start = new StartRecord { RunId = Guid.Empty, Namespace = "n", WorkflowId = "w", Shard = 0, Type = "t", Version = 0, Build = "b", Secret = new byte[32], Gate = StartGate.AnyClosed, Status = RunStatus.Pending, IfRefused = to };
        var row = new OutgoingRecord(0, new MessageRecord { RunId = Guid.Empty, Sender = Guid.Empty, SenderSeq = -1, Kind = 1, Namespace = "n", Shard = 0, Payload = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(start, OutgoingJson.Default.StartRecord) });

        var arrived = LaneForwards.StartOf(row);

        Assert.That((arrived.WorkflowId, arrived.Shard, arrived.Version, arrived.Status, arrived.IfRefused!.Shard, arrived.IfRefused.ReplyGen), Is.EqualTo(("w", (short)0, 0, RunStatus.Pending, (short)0, -1)));
    }

    // The conversation, until it is over or the host has died. True if it lived.
    private static async Task<bool> TalkAsync(World world, Node node, string from, string to)
    {
        await Listen(world, to);
        await world.Store.DeliverAsync(new Delivery([], [StartOf<Teller>(world, from, to)]));
        await world.UntilAsync(async () => node.Store.Died.IsCompleted || await IsOverAsync(world, from, to), "it died or ended");
        return !node.Store.Died.IsCompleted;
    }

    private static async Task ContinueAsync(World world, string from, string to, string what)
    {
        var second = await world.StartAsync(Register, "b", Brief);
        await world.UntilAsync(() => IsOverAsync(world, from, to), $"it is over: {what}");
        Assert.That(await second.Client.GetRun<Listener, List<int>>(to).ResultAsync(), Is.EqualTo(Enumerable.Range(0, Count)), what);
        await world.UntilAsync(async () => (await OutgoingAsync(world)).Count == 0, $"nothing is left to forward: {what}");
    }

    private static async Task<bool> IsOverAsync(World world, string from, string to) =>
        (await world.Store.FindRunAsync("default", from, null))?.Status == RunStatus.Completed && (await world.Store.FindRunAsync("default", to, null))?.Status == RunStatus.Completed;

    private static async Task<IReadOnlyList<OutgoingRow>> OutgoingAsync(World world)
    {
        var rows = new List<OutgoingRow>();
        foreach (var group in world.Store.Groups) rows.AddRange(await ((IGroupedStore)world.Store).ReadOutgoingAsync(new OutgoingQuery(group, null, TimeSpan.Zero, 1_000)));
        return rows;
    }

    // Two workflow ids of different groups.
    private static (string From, string To) Apart(IDurableStore store)
    {
        var group = (string id) => store.Groups.Single(g => g.Shards!.Contains(Shards.Of("default", id))).Number;
        return ("teller", Enumerable.Range(0, 100).Select(i => $"listener-{i}").First(id => group(id) != group("teller")));
    }

    private static Task Listen(World world, string to, int rollAfter = 0) => world.Store.DeliverAsync(new Delivery([], [StartOf<Listener>(world, to, $"{rollAfter}")]));

    private static StartRecord StartOf<T>(World world, string id, string argument)
    {
        var run = Rows.Run(id, type: typeof(T).Name);
        return new StartRecord
        {
            RunId = run.Id, Namespace = "default", WorkflowId = id, Shard = run.Shard, Type = typeof(T).Name, Version = 1, Build = "test", Secret = new byte[32], Gate = StartGate.AnyClosed,
            Input = System.Text.Encoding.UTF8.GetBytes($$"""{"seed":1,"input":["{{argument}}"],"rollOverSteps":50,"rollOverBytes":1048576,"maxPending":2000}"""),
        };
    }

    public sealed class Teller(WorkflowContext workflow)
    {
        [Run]
        public async Task RunAsync(string whom)
        {
            for (var i = 0; i < Count - 1; i++) await workflow.GetRun<Listener>(whom).SignalAsync(w => w.Add(i));
            _ = workflow.GetRun<Listener>(whom).SignalAsync(w => w.Add(Count - 1));      // not awaited: the end takes it along
        }
    }

    public sealed class Listener(WorkflowContext workflow)
    {
        private readonly List<int> got = [];
        private bool stopped;
        private int rollAfter;

        [Run]
        public async Task<List<int>> RunAsync(string roll, List<int>? before = null)
        {
            rollAfter = int.Parse(roll, System.Globalization.CultureInfo.InvariantCulture);
            got.InsertRange(0, before ?? []);
            var had = before?.Count ?? 0;
            await workflow.WaitUntilAsync(() => stopped || (rollAfter == 0 ? got.Count >= Count : got.Count - had >= rollAfter));
            return stopped || rollAfter == 0 ? got : workflow.ContinueAsNew(() => RunAsync(roll, got));
        }

        [Signal]
        public void Add(int item) => got.Add(item);

        [Signal]
        public void Stop() => stopped = true;
    }
}
