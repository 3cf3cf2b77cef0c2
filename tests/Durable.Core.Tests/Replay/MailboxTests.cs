// Mailboxes: every item is an event when it arrives, and is handed out once, in order.
using Durable.Engine.History;

namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Replay")]
[Parallelizable(ParallelScope.All)]
public sealed class MailboxTests
{
    [Test]
    public void Items_come_in_order_to_waiters_in_order()
    {
        var live = ReplayBench.For(async s =>
        {
            await Task.WhenAll(TakeAsync("w1"), TakeAsync("w2"));
            s.Trace((await s.Items.ReceiveAsync()).Name);

            async Task TakeAsync(string who) => s.Trace($"{who}={(await s.Items.ReceiveAsync()).Name}");
        }).Mail(new("a")).Mail(new("b")).Mail(new("c")).Passes();
        Assert.That(live.Trace, Is.EqualTo("w1=a w2=b c"));
    }

    [Test]
    public void Items_that_came_before_somebody_waits_are_kept()
    {
        var live = ReplayBench.For(async s =>
        {
            await s.Acts.DoAsync("x");
            s.Trace(s.Items.Count.ToString());
            s.Trace((await s.Items.ReceiveAsync()).Name);
            s.Trace(s.Items.Count.ToString());
        }).Mail(new("a"), 1).Mail(new("b"), 1).Passes();
        Assert.That(live.Trace, Is.EqualTo("2 a 1"));
        Assert.That(live.Execution.Mail.Unread.Select(row => row.Seq), Is.EqualTo(new[] { 2 }));
    }

    [Test]
    public void Items_that_came_before_the_mailbox_was_made_are_in_it()
    {
        var live = ReplayBench.For(async s =>
        {
            await s.Acts.DoAsync("x");
            var late = s.Workflow.CreateMailbox<Item>("Late");
            s.Trace(late.Count.ToString());
            s.Trace((await late.ReceiveAsync()).Name);
        }).Mail(new("early"), 1, "Late").Mail(new("elsewhere"), 1, "Nowhere").Passes();
        Assert.That(live.Trace, Is.EqualTo("1 early"));
        Assert.That(live.Execution.Mail.Unread.Select(row => row.Target), Is.EqualTo(new[] { "Nowhere" }));
    }

    [Test]
    public void A_waiter_that_timed_out_consumes_nothing()
    {
        var live = ReplayBench.For(async s =>
        {
            s.Trace((await s.Items.ReceiveAsync(TimeSpan.FromSeconds(1)))?.Name ?? "nothing");
            await s.Acts.DoAsync("x");
            s.Trace((await s.Items.ReceiveAsync()).Name);
        }).TimersRest().Inject(EventKind.TimerFired, null, null, 1, 1).Mail(new("late")).Passes();
        Assert.That(live.Trace, Is.EqualTo("nothing late"));
    }

    [Test]
    public void A_waiter_whose_token_is_cancelled_consumes_nothing()
    {
        var live = ReplayBench.For(async s =>
        {
            using var source = new CancellationTokenSource();
            var lost = s.Items.ReceiveAsync(source.Token);
            var next = s.Items.ReceiveAsync();
            source.Cancel();
            await ((Task)lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            s.Trace(lost.Status.ToString());
            s.Trace((await next).Name);
        }).Mail(new("a")).Passes();
        Assert.That(live.Trace, Is.EqualTo("Canceled a"));
    }

    [Test]
    public void An_item_ends_the_timer_of_its_waiter()
    {
        var live = ReplayBench.For(async s =>
        {
            s.Trace((await s.Items.ReceiveAsync(TimeSpan.FromSeconds(9)))!.Name);
            await s.Acts.DoAsync("x");
        }).TimersRest().Mail(new("a")).Passes();
        Assert.That(live.CommandsOf(1), Is.EqualTo(new[] { "Cancel '' #1", "Activity 'Acts.Do' #3" }));
        Assert.That(live.Execution.Operations.Count, Is.Zero);
    }

    [Test]
    public void Zero_time_takes_what_is_there()
    {
        var live = ReplayBench.For(async s =>
        {
            s.Trace((await s.Items.ReceiveAsync(TimeSpan.Zero))?.Name ?? "nothing");
            await s.Acts.DoAsync("x");
            s.Trace((await s.Items.ReceiveAsync(TimeSpan.Zero))?.Name ?? "nothing");
        }).Mail(new("a"), 1).Passes();
        Assert.That(live.Trace, Is.EqualTo("nothing a"));
    }

    [Test]
    public void A_name_is_used_once()
    {
        var live = ReplayBench.For(s =>
        {
            s.Workflow.CreateMailbox<Item>("Items");
            return Task.CompletedTask;
        }).Passes();
        Assert.That((live.Failure!.Type, live.Failure.Message), Is.EqualTo((typeof(DurableException).FullName, "DUR2000: The mailbox 'Items' exists already. Each mailbox is one property: give it another name.")));
    }

    [Test]
    public void Carried_items_are_there_from_the_beginning()
    {
        var live = ReplayBench.For(async s => s.Trace((await s.Items.ReceiveAsync()).Name))
            .Inject(EventKind.MessageCarried, "Items", World.Serializer.Encode(new Item("carried"), "item"), 1).Passes();
        Assert.That(live.Trace, Is.EqualTo("carried"));
    }

    [Test]
    public void Who_waits_is_known_for_explanations()
    {
        var live = ReplayBench.For(s => s.Items.ReceiveAsync()).Run();
        Assert.That(live.Execution.Mail.Awaited, Is.EqualTo(new[] { "Items" }));
    }
}
