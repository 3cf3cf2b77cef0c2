// Signals, mailboxes, promises, updates and queries.
using Durable.Core.Tests.Kit;

namespace Durable.Core.Tests.Worker;

[TestFixture(1)]
[TestFixture(8)]
public sealed class MessageTests(int groups) : Situation
{
    private protected override int Groups => groups;

    [Test]
    public async Task Signals_of_one_sender_arrive_in_order_and_once()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Collector>());
        var run = await node.Client.StartAsync((Collector w) => w.RunAsync(200));

        for (var i = 0; i < 200; i++) await run.SignalAsync(w => w.Add(i));

        Assert.That(await run.ResultAsync(), Is.EqualTo(Enumerable.Range(0, 200)));
    }

    [Test]
    public async Task A_signal_to_a_run_that_this_process_has_is_not_preceded_by_a_read_but_reaches_no_other_run_by_its_id()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Collector>());
        var run = await node.Client.StartAsync((Collector w) => w.RunAsync(3), new() { Id = "c" });
        var reads = node.Store.Calls.GetValueOrDefault("FindRun");
        for (var i = 0; i < 2; i++) await run.SignalAsync(w => w.Add(i));
        Assert.That(node.Store.Calls.GetValueOrDefault("FindRun"), Is.EqualTo(reads));

        Assert.That(async () => await node.Client.GetRun<Collector>("other", run.RunId).SignalAsync(w => w.Add(7)), Throws.InstanceOf<RunNotFoundException>());
        Assert.That(async () => await node.Client.ForNamespace("tenant").GetRun<Collector>("c", run.RunId).SignalAsync(w => w.Add(8)), Throws.InstanceOf<RunNotFoundException>());

        await run.SignalAsync(w => w.Add(2));
        Assert.That(await run.ResultAsync(), Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That(async () => await run.SignalAsync(w => w.Add(9)), Throws.InstanceOf<RunConflictException>());
    }

    [Test]
    public async Task Signals_from_several_clients_are_each_in_order_and_none_is_lost()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Collector>());
        var clients = new List<Node>();
        for (var i = 0; i < 3; i++) clients.Add(await World.StartAsync(d => d.AddWorkflow<Collector>().WithoutWorker(), $"client-{i}"));
        var run = await node.Client.StartAsync((Collector w) => w.RunAsync(150), new() { Id = "c" });

        await Task.WhenAll(clients.Select((client, at) => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++) await client.Client.GetRun<Collector>("c").SignalAsync(w => w.Add(at * 1_000 + i));
        })));

        var got = await run.ResultAsync();
        Assert.That(got, Is.Unique);
        for (var at = 0; at < 3; at++) Assert.That(got.Where(item => item / 1_000 == at), Is.EqualTo(Enumerable.Range(at * 1_000, 50)));
    }

    [Test]
    public async Task A_signal_sent_with_the_start_is_there_before_the_code_waits_for_it()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Collector>());

        await node.Client.SignalWithStartAsync((Collector w) => w.RunAsync(1), w => w.Add(7), new() { Id = "c" });

        Assert.That(await node.Client.GetRun<Collector, List<int>>("c").ResultAsync(), Is.EqualTo(new[] { 7 }));
    }

    [Test]
    public async Task A_client_without_a_worker_tells_the_hosts_what_it_stored()
    {
        var client = await World.StartAsync(d => d.AddWorkflow<Collector>().WithoutWorker(), "client");

        var run = await client.Client.StartAsync((Collector w) => w.RunAsync(1));
        Assert.That(client.Store.Announced, Is.EqualTo(1));
        await run.SignalAsync(w => w.Add(1));

        Assert.That(client.Store.Announced, Is.EqualTo(2), "else they would find it with their next poll only");
    }

    [Test]
    public async Task A_signal_to_a_run_of_the_same_host_is_told_to_no_other()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Collector>(), options: o => o.ParkAfter = TimeSpan.FromHours(1));
        var run = await node.Client.StartAsync((Collector w) => w.RunAsync(3));
        await World.UntilAsync(async () => (await run.DescribeAsync()).Status == RunStatus.Running, "it waits");
        var before = node.Store.Announced;

        for (var i = 0; i < 3; i++) await run.SignalAsync(w => w.Add(i));

        Assert.That(await run.ResultAsync(), Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That(node.Store.Announced, Is.EqualTo(before));
    }

    [Test]
    public async Task A_signal_without_a_handler_is_recorded_and_ignored()
    {
        var client = await World.StartAsync(d => d.AddWorkflow<NewerCollector>().WithoutWorker(), "client");
        var node = await World.StartAsync(d => d.AddWorkflow<Collector>());
        var run = await node.Client.StartAsync((Collector w) => w.RunAsync(1), new() { Id = "c" });

        await client.Client.GetRun<NewerCollector>("c").SignalAsync(w => w.Undo());
        await World.UntilAsync(async () => (await KindsOf(run)).Contains("SignalReceived"), "the unknown signal is recorded");      // of two senders nobody is first
        await run.SignalAsync(w => w.Add(1));

        Assert.That(await run.ResultAsync(), Is.EqualTo(new[] { 1 }));
        Assert.That(await KindsOf(run), Has.Exactly(2).EqualTo("SignalReceived"));
    }

    [Test]
    public async Task A_mailbox_keeps_items_until_somebody_receives_and_gives_null_on_timeout()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Reader>());
        var run = await node.Client.StartAsync((Reader w) => w.RunAsync(3));
        await run.SendAsync(w => w.Notes, "one");
        await run.SendAsync(w => w.Notes, "two");

        Assert.That(await Result(run.ResultAsync(), 200), Is.EqualTo(new[] { "one", "two", "(none)" }));
    }

    [Test]
    public async Task A_receive_that_timed_out_consumes_nothing()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Reader>());
        var run = await node.Client.StartAsync((Reader w) => w.RunAsync(2));
        await World.UntilAsync(async () => (await KindsOf(run)).Contains("TimerFired"), "the first receive has timed out", TimeSpan.FromMilliseconds(200));

        await run.SendAsync(w => w.Notes, "late");

        Assert.That(await Result(run.ResultAsync(), 200), Is.EqualTo(new[] { "(none)", "late" }));
    }

    [Test]
    public async Task A_promise_is_settled_from_outside_by_its_token_once()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<PatientPromiser>());
        var run = await node.Client.StartAsync((PatientPromiser w) => w.RunAsync());
        var token = await run.QueryAsync(w => w.Token);

        await node.Client.CompleteAsync(token, "first");
        await node.Client.CompleteAsync(token, "second");        // the run is still open: one that has closed says that it came too late
        await run.SignalAsync(w => w.GoOn());

        Assert.That(await run.ResultAsync(), Is.EqualTo("first"));
    }

    [Test]
    public async Task A_promise_failed_from_outside_throws_in_the_code()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Promiser>());
        var run = await node.Client.StartAsync((Promiser w) => w.RunAsync());

        await node.Client.FailAsync(await run.QueryAsync(w => w.Token), "the link has expired");

        Assert.That(await run.ResultAsync(), Does.StartWith("failed: ").And.Contain("the link has expired"));
    }

    [Test]
    public async Task A_forged_token_is_refused()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Promiser>());
        var run = await node.Client.StartAsync((Promiser w) => w.RunAsync());
        var token = await run.QueryAsync(w => w.Token);
        var forged = token[..^4] + (token[^4] == 'A' ? 'B' : 'A') + token[^3..];

        Assert.That(async () => await node.Client.CompleteAsync(forged, "mine"), Throws.InstanceOf<DurableException>());

        await node.Client.CompleteAsync(token, "yours");
        Assert.That(await run.ResultAsync(), Is.EqualTo("yours"));
    }

    [Test]
    public async Task An_update_is_answered_and_its_effect_is_seen_by_queries()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Account>());
        var run = await node.Client.StartAsync((Account w) => w.RunAsync());

        Assert.That(await run.UpdateAsync(w => w.AddAsync(5)), Is.EqualTo(5));
        Assert.That(await run.UpdateAsync(w => w.AddAsync(6)), Is.EqualTo(11));
        Assert.That(await run.QueryAsync(w => w.Sum), Is.EqualTo(11));
    }

    [Test]
    public async Task An_update_with_a_known_id_is_done_once()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Account>());
        var run = await node.Client.StartAsync((Account w) => w.RunAsync());

        Assert.That(await run.UpdateAsync(w => w.AddAsync(5), new() { Id = "u" }), Is.EqualTo(5));
        Assert.That(await run.UpdateAsync(w => w.AddAsync(5), new() { Id = "u" }), Is.EqualTo(5));
        Assert.That(await run.QueryAsync(w => w.Sum), Is.EqualTo(5));
    }

    [Test]
    public async Task A_rejected_update_leaves_no_event()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Account>());
        var run = await node.Client.StartAsync((Account w) => w.RunAsync());

        var error = await Assert.ThrowsAsync<UpdateRejectedException>(() => run.UpdateAsync(w => w.AddAsync(-1)));

        Assert.That((error!.Code, error.Failure.Message), Is.EqualTo(("DUR2004", "not below zero")));
        Assert.That(await KindsOf(run), Does.Not.Contain("UpdateReceived"));
        Assert.That(await run.UpdateAsync(w => w.AddAsync(1)), Is.EqualTo(1));
    }

    [Test]
    public async Task An_update_that_throws_tells_its_caller_and_the_run_goes_on()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Account>());
        var run = await node.Client.StartAsync((Account w) => w.RunAsync());

        var error = await Assert.ThrowsAsync<UpdateRejectedException>(() => run.UpdateAsync(w => w.AddAsync(13)));

        Assert.That((error!.Code, error.Failure.Message), Is.EqualTo(("DUR2011", "thirteen")));
        Assert.That(await run.UpdateAsync(w => w.AddAsync(1)), Is.EqualTo(1));
    }

    [Test]
    public async Task A_query_is_answered_live_parked_and_closed()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Account>(), options: o => o.ParkAfter = TimeSpan.Zero);
        var run = await node.Client.StartAsync((Account w) => w.RunAsync());
        await run.UpdateAsync(w => w.AddAsync(3));
        Assert.That(await run.QueryAsync(w => w.Sum), Is.EqualTo(3));

        await Parks(run);
        Assert.That(await run.QueryAsync(w => w.Sum), Is.EqualTo(3));

        await run.SignalAsync(w => w.Close());
        Assert.That(await run.ResultAsync(), Is.EqualTo(3));
        Assert.That(await run.QueryAsync(w => w.Sum), Is.EqualTo(3));
    }

    public sealed class Collector(WorkflowContext workflow)
    {
        private readonly List<int> items = [];

        [Run]
        public async Task<List<int>> RunAsync(int count)
        {
            await workflow.WaitUntilAsync(() => items.Count >= count);
            return items;
        }

        [Signal]
        public void Add(int item) => items.Add(item);
    }

    [Workflow("Collector")]
    public sealed class NewerCollector
    {
        [Run]
        public Task<List<int>> RunAsync(int count) => Task.FromResult(new List<int> { count });

        [Signal]
        public void Undo()
        {
        }
    }

    public sealed class Reader(WorkflowContext workflow)
    {
        public Mailbox<string> Notes { get; } = workflow.CreateMailbox<string>();

        [Run]
        public async Task<List<string>> RunAsync(int times)
        {
            var all = new List<string>();
            for (var i = 0; i < times; i++) all.Add(await Notes.ReceiveAsync(TimeSpan.FromMinutes(1)) ?? "(none)");
            return all;
        }
    }

    public sealed class Promiser(WorkflowContext workflow)
    {
        private Promise<string>? promise;

        [Query]
        public string Token => promise!.Token;

        [Run]
        public async Task<string> RunAsync()
        {
            promise = workflow.CreatePromise<string>();
            try
            {
                return await promise.Task;
            }
            catch (DurableException error)
            {
                return "failed: " + error.Message;
            }
        }
    }

    public sealed class PatientPromiser(WorkflowContext workflow)
    {
        private Promise<string>? promise;
        private bool goesOn;

        [Query]
        public string Token => promise!.Token;

        [Run]
        public async Task<string> RunAsync()
        {
            promise = workflow.CreatePromise<string>();
            var first = await promise.Task;
            await workflow.WaitUntilAsync(() => goesOn);
            return first;
        }

        [Signal]
        public void GoOn() => goesOn = true;
    }

    public sealed class Account(WorkflowContext workflow)
    {
        private bool closed;

        [Query]
        public int Sum { get; private set; }

        [Run]
        public async Task<int> RunAsync()
        {
            await workflow.WaitUntilAsync(() => closed);
            return Sum;
        }

        [Signal]
        public void Close() => closed = true;

        [Update(Validator = nameof(MayAdd))]
        public Task<int> AddAsync(int amount)
        {
            if (amount == 13) throw new InvalidOperationException("thirteen");
            Sum += amount;
            return Task.FromResult(Sum);
        }

        public void MayAdd(int amount)
        {
            if (amount < 0) throw new ArgumentException("not below zero");
        }
    }
}
