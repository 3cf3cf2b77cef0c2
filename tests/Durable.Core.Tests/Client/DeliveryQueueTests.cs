// Deliveries of many callers share calls of the store; none of them sees another's failure.
using Durable.Core.Tests.Kit;
using Durable.Engine.Client;
using Durable.Engine.Hosting;
using Durable.Storage;
using Durable.Storage.Contract;

namespace Durable.Core.Tests.Client;

[TestFixture]
public sealed class DeliveryQueueTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);

    private ManualTime time = null!;
    private TaskCompletionSource first = null!;
    private ShapedStore store = null!;
    private Deliveries queue = null!;

    [SetUp]
    public void Create()
    {
        (time, first) = (new ManualTime(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        store = new ShapedStore(new InMemoryStore(new ManualClock()));
        queue = new Deliveries(store, static _ => 0, Machine.Real, time);
    }

    [TearDown]
    public ValueTask Dispose() => store.DisposeAsync();

    [Test]
    public async Task A_caller_who_is_alone_goes_straight_to_the_store()
    {
        var delivery = Start(1);
        var result = await queue.DeliverAsync(delivery, default);
        Assert.That(store.Sent.Single(), Is.SameAs(delivery));
        Assert.That(result.Starts.Single().Started, Is.True);
    }

    [Test]
    public async Task A_thousand_starts_at_once_are_two_calls_of_the_store()
    {
        var all = await BehindTheFirstAsync(Enumerable.Range(1, 1_000).Select(Start));
        Assert.That(all.Select(result => result.Starts.Single().Started), Has.All.True);
        Assert.That(store.Sent.Select(call => call.Starts.Count), Is.EqualTo([1, 1_000]));
        Assert.That((await store.ReadReadyDepthAsync()).Count, Is.EqualTo(1_001));
    }

    [Test]
    public async Task A_call_has_at_most_a_thousand_rows_and_four_megabytes()
    {
        await BehindTheFirstAsync(Enumerable.Range(1, 2_500).Select(Start));
        Assert.That(store.Sent.Select(call => call.Starts.Count), Is.EqualTo([1, 1_000, 1_000, 500]));

        await Dispose();
        Create();
        await BehindTheFirstAsync(Enumerable.Range(1, 6).Select(number => Message(number, 1, new string('x', 2 << 20))));
        Assert.That(store.Sent.Select(call => call.Messages.Count), Is.EqualTo([0, 2, 2, 2]));
    }

    [Test]
    public async Task The_order_of_the_calls_is_kept()
    {
        await BehindTheFirstAsync(Enumerable.Range(1, 1_500).Select(number => Message(7, number)));
        Assert.That(store.Sent.SelectMany(call => call.Messages).Select(message => message.SenderSeq), Is.EqualTo(Enumerable.Range(1, 1_500)));
    }

    [Test]
    public async Task Each_caller_gets_the_outcome_of_its_own_rows()
    {
        var all = await BehindTheFirstAsync([Start(1), Both(2), Start(1), Message(3, 1), Message(3, 1), Start(4)]);
        Assert.That(store.Sent, Has.Count.EqualTo(2));
        Assert.That(all.Select(result => string.Join(' ', result.Starts.Select(start => start.Started).Concat(result.Accepted))), Is.EqualTo(["True", "True True", "True", "True", "False", "True"]));

        var other = Make.Start(Make.Run("run-1"));
        var refused = await queue.DeliverAsync(new Delivery([], [other]), default);
        Assert.That((refused.Starts[0].Started, refused.Starts[0].Existing!.WorkflowId), Is.EqualTo((false, "run-1")));
    }

    [Test]
    public async Task Rows_that_the_store_refuses_fail_their_own_caller_only()
    {
        store.Each = call => call.Starts.Any(start => start.WorkflowId == "run-5") ? throw new DurableException(DurableErrorCodes.StoreUnavailable, "Bad rows.") : Task.CompletedTask;
        var all = Enumerable.Range(1, 20).Select(Start).ToList();
        var calls = await HeldAsync(all);
        first.SetResult();
        foreach (var (call, number) in calls.Select((call, number) => (call, number + 1)))
        {
            if (number == 5) Assert.That(async () => await call.WaitAsync(Longest), Throws.InstanceOf<DurableException>().With.Message.EndsWith("Bad rows."));
            else Assert.That((await call.WaitAsync(Longest)).Starts.Single().Started, Is.True);
        }

        Assert.That(store.Sent.Skip(1).Select(call => call.Starts.Count).Order(), Is.EqualTo(Enumerable.Repeat(1, 20).Append(20)));
    }

    [Test]
    public async Task Who_stops_waiting_before_his_rows_are_sent_takes_them_back()
    {
        using var stop = new CancellationTokenSource();
        var calls = await HeldAsync([Start(1)]);
        var cancelled = queue.DeliverAsync(Start(2), stop.Token);
        calls.Add(queue.DeliverAsync(Start(3), default));
        await stop.CancelAsync();
        Assert.That(async () => await cancelled.WaitAsync(Longest), Throws.InstanceOf<OperationCanceledException>());
        first.SetResult();
        await Task.WhenAll(calls).WaitAsync(Longest);
        Assert.That(store.Sent.SelectMany(call => call.Starts).Select(start => start.WorkflowId), Is.EqualTo(["run-0", "run-1", "run-3"]));
    }

    [Test]
    public async Task Who_stops_waiting_for_rows_under_way_does_not_stop_them()
    {
        using var stop = new CancellationTokenSource();
        var (sent, go) = (new TaskCompletionSource(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var calls = await HeldAsync([Start(1)]);
        var cancelled = queue.DeliverAsync(Start(2), stop.Token);
        var held = store.Each!;
        store.Each = call =>
        {
            if (call.Starts.Count < 2) return held(call);
            sent.SetResult();
            return go.Task;
        };
        first.SetResult();
        await sent.Task.WaitAsync(Longest);
        await stop.CancelAsync();
        Assert.That(async () => await cancelled.WaitAsync(Longest), Throws.InstanceOf<OperationCanceledException>());
        go.SetResult();
        await Task.WhenAll(calls).WaitAsync(Longest);
        Assert.That(await store.FindRunAsync("default", "run-2", null), Is.Not.Null);
    }

    [Test]
    public async Task Others_go_ahead_of_a_call_that_waits_for_something()
    {
        var calls = await HeldAsync([Start(1), Start(2)]);
        time.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAll(calls).WaitAsync(Longest);
        Assert.That(first.Task.IsCompleted, Is.False);
        var third = await queue.DeliverAsync(Start(3), default).WaitAsync(Longest);
        Assert.That(third.Starts.Single().Started, Is.True);
        first.SetResult();
    }

    /// <summary>Calls that wait while the first one is under way; they go when it ends.</summary>
    private async Task<DeliverResult[]> BehindTheFirstAsync(IEnumerable<Delivery> deliveries)
    {
        var calls = await HeldAsync(deliveries);
        first.TrySetResult();
        return await Task.WhenAll(calls).WaitAsync(Longest);
    }

    private async Task<List<Task<DeliverResult>>> HeldAsync(IEnumerable<Delivery> deliveries)
    {
        var begun = new TaskCompletionSource();
        var then = store.Each;
        store.Each = call =>
        {
            if (!begun.TrySetResult()) return then?.Invoke(call) ?? Task.CompletedTask;
            return first.Task;
        };
        _ = queue.DeliverAsync(Start(0), default);
        await begun.Task.WaitAsync(Longest);
        return [.. deliveries.Select(delivery => queue.DeliverAsync(delivery, default))];
    }

    private static readonly TestRun[] Runs = [.. Enumerable.Range(0, 2_501).Select(number => Make.Run($"run-{number}"))];

    private static Delivery Start(int number) => new([], [Make.Start(Runs[number])]);

    private static Delivery Message(int number, long seq, string payload = "{}") => new([Make.Message(Runs[number], 1, seq, payload: payload)], []);

    private static Delivery Both(int number) => new([Make.Message(Runs[number], 1, 1)], [Make.Start(Runs[number])]);
}
