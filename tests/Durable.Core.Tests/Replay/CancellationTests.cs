// A cancel of the run (M13), and tokens given to single calls.
using Durable.Engine.History;

namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Replay")]
[Parallelizable(ParallelScope.All)]
public sealed class CancellationTests
{
    [Test]
    public void What_the_code_asks_for_after_a_cancel_runs_unless_it_is_given_the_token()
    {
        var live = ReplayBench.For(async s =>
        {
            try
            {
                await s.Workflow.DelayAsync(TimeSpan.FromDays(1));
            }
            catch (OperationCanceledException)
            {
                s.Trace(await s.Acts.EchoAsync("cleanup"));
            }

            var token = s.Workflow.CancellationToken;
            foreach (var call in new Func<Task>[]
            {
                () => s.Acts.StoppableAsync("x", token), () => s.Workflow.DelayAsync(TimeSpan.FromDays(1), token), () => s.Workflow.WaitUntilAsync(() => false, token),
                () => s.Items.ReceiveAsync(token), () => s.Workflow.RunChildAsync((ChildWorkflow w) => w.RunAsync("x"), null, token),
            })
            {
                try
                {
                    await call();
                }
                catch (OperationCanceledException)
                {
                    s.Trace("cancelled");
                }
            }
        }).Cancel().Passes();
        Assert.That(live.Trace, Is.EqualTo("cleanup cancelled cancelled cancelled cancelled cancelled"));
        Assert.That(live.Commands, Has.Count.EqualTo(3), "timer, clean-up, end: nothing was issued for what was cancelled already");
        Assert.That(live.End, Is.EqualTo(CommandKind.Complete), "a normal return is a completion");
    }

    [Test]
    public void A_cancel_ends_the_waits_of_handlers_too()
    {
        var live = ReplayBench.For(async s =>
        {
            s.OnSignal = async _ =>
            {
                try
                {
                    await s.Workflow.DelayAsync(TimeSpan.FromDays(1));
                }
                catch (OperationCanceledException)
                {
                    s.Trace("handler");
                }
            };
            await s.Mark("run", s.Workflow.WaitUntilAsync(() => s.TraceText.Contains("handler", StringComparison.Ordinal)));
        }).Signal("x").Cancel().Passes();
        Assert.That(live.Trace, Is.EqualTo("handler"));
        Assert.That(live.End, Is.EqualTo(CommandKind.Cancelled));
    }

    [Test]
    public void A_cancel_leaves_timers_of_the_BCL_alone()
    {
        var live = ReplayBench.For(async s =>
        {
            await Task.Delay(TimeSpan.FromSeconds(5), s.Time);
            s.Trace("slept");
        }).Cancel().Passes();
        Assert.That((live.Trace, live.End), Is.EqualTo(("slept", CommandKind.Complete)));
    }

    [Test]
    public void A_cancel_ends_the_wait_for_the_start_of_a_child()
    {
        var bench = ReplayBench.For(async s =>
        {
            try
            {
                await s.Workflow.StartChildAsync((ChildWorkflow w) => w.RunAsync("x"));
            }
            catch (OperationCanceledException)
            {
                s.Trace("cancelled");
            }

            await s.Acts.DoAsync("cleanup");
        });
        var live = bench.Cancel(afterRow: 1).Passes();
        Assert.That((live.Trace, live.End), Is.EqualTo(("cancelled", CommandKind.Complete)));
        Assert.That(live.Execution.Context.Children.AwaitsStart(1), Is.False, "an answer that comes later is dropped, not a divergence");
    }

    [Test]
    public void The_effects_of_a_cancel_name_what_is_to_be_stopped_by_ordinal()
    {
        var bench = ReplayBench.For(s => Task.WhenAll(s.Acts.NeverAsync("a"), s.Workflow.DelayAsync(TimeSpan.FromDays(1)), s.Workflow.RunChildAsync((ChildWorkflow w) => w.RunAsync("x")), s.Items.ReceiveAsync()));
        var execution = bench.NewExecution(new BenchLog());
        execution.Apply(World.Bare(bench.Activities(_ => ReplayBench.Never).Children(_ => ReplayBench.Never).TimersRest().Run().Rows[0]));
        Assert.That(execution.Apply(World.Row(1, EventKind.CancelRequested, 0, null, "{}"u8.ToArray(), World.Begin)), Is.Null);
        Assert.That(execution.Effects.Select(effect => (effect.Kind, effect.Operation!.Ordinal)), Is.EqualTo(new[] { (CommandKind.Cancel, 1), (CommandKind.Cancel, 2), (CommandKind.Cancel, 3) }));
        Assert.That((execution.CancelRequested, execution.CancellationToken.IsCancellationRequested, execution.End!.Kind), Is.EqualTo((true, true, CommandKind.Cancelled)));
    }

    [Test]
    public void A_token_gives_up_its_call_with_a_command()
    {
        var live = ReplayBench.For(async s =>
        {
            using var source = new CancellationTokenSource();
            var stopped = s.Acts.StoppableAsync("x", source.Token);
            await s.Acts.DoAsync("y");
            source.Cancel();
            s.Trace(stopped.Status.ToString());
            await s.Acts.DoAsync("z");
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("Canceled"));
        Assert.That(live.CommandsOf(1), Is.EqualTo(new[] { "Cancel '' #1", "Activity 'Acts.Do' #3" }));
    }

    [Test]
    public void A_call_that_has_ended_keeps_nothing_on_its_token()
    {
        var results = new List<WeakReference>();
        var live = ReplayBench.For(async s =>
        {
            for (var i = 0; i < 5; i++) await UseAsync(s);
            s.OnSignal = _ => Task.CompletedTask;
            await s.Acts.NeverAsync("n");

            async Task UseAsync(Script script)
            {
                var delay = script.Workflow.DelayAsync(TimeSpan.FromSeconds(1), script.Workflow.CancellationToken);
                lock (results) results.Add(new WeakReference(delay));
                await delay;
            }
        }).Run();
        for (var i = 0; i < 10 && results.Count(weak => weak.IsAlive) > 1; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.That(results.Count(weak => weak.IsAlive), Is.LessThanOrEqualTo(1));
        GC.KeepAlive(live.Execution);
    }

    [Test]
    public void A_second_cancel_changes_nothing()
    {
        var live = ReplayBench.For(async s =>
        {
            try
            {
                await s.Workflow.DelayAsync(TimeSpan.FromDays(1));
            }
            catch (OperationCanceledException)
            {
                s.Trace("once");
                await s.Workflow.DelayAsync(TimeSpan.FromSeconds(1));
            }

            s.Trace("end");
        }).Cancel(afterRow: 1).Inject(EventKind.CancelRequested, null, "{}"u8.ToArray(), 2).Run();
        Assert.That(live.Trace, Is.EqualTo("once").Or.EqualTo("once end"));
    }
}
