// Rows S of docs/determinism.md, and the rows whose stated outcome is an exception: what happens is not what one expects, and it is always the same.
using Durable.Engine.History;

namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Replay")]
[Parallelizable(ParallelScope.All)]
public sealed class SurprisingConstructs
{
    [Test]
    public void Awaiting_an_own_ValueTask_source_twice_fails_the_run()
    {
        var live = ReplayBench.For(async s =>
        {
            var pooled = new Reused();
            var value = pooled.Task;
            pooled.Complete();
            await s.Acts.DoAsync("x");
            await value;
            await value;
        }).Passes();
        Assert.That((live.End, live.Failure!.Type), Is.EqualTo((CommandKind.Fail, typeof(InvalidOperationException).FullName)));
    }

    [Test]
    public void A_BCL_timer_above_49_days_is_refused_by_the_BCL()
    {
        var live = ReplayBench.For(s => Task.Delay(TimeSpan.FromDays(60), s.Time)).Passes();
        Assert.That((live.End, live.Failure!.Type), Is.EqualTo((CommandKind.Fail, typeof(ArgumentOutOfRangeException).FullName)));
    }

    [Test]
    public void WaitAsync_above_49_days_is_refused_by_the_BCL()
    {
        var live = ReplayBench.For(s => s.Acts.NeverAsync("n").WaitAsync(TimeSpan.FromDays(60), s.Time)).Passes();
        Assert.That((live.End, live.Failure!.Type), Is.EqualTo((CommandKind.Fail, typeof(ArgumentOutOfRangeException).FullName)));
    }

    [Test]
    public void DelayAsync_has_no_such_limit()
    {
        var live = ReplayBench.For(async s =>
        {
            await s.Workflow.DelayAsync(TimeSpan.FromDays(3_650));
            s.Trace(s.Workflow.UtcNow.Year.ToString());
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("2039"));
    }

    [Test]
    public void Task_Delay_cuts_fractions_of_a_millisecond()
    {
        var live = ReplayBench.For(async s =>
        {
            var begin = s.Workflow.UtcNow;
            await Task.Delay(TimeSpan.FromMilliseconds(1.9999), s.Time);
            s.Trace((s.Workflow.UtcNow - begin).TotalMilliseconds.ToString());
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("1"));
    }

    [Test]
    public void A_CancellationTokenSource_keeps_fractions_of_a_millisecond()
    {
        var live = ReplayBench.For(async s =>
        {
            var begin = s.Workflow.UtcNow;
            using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(1.9999), s.Time);
            await s.Workflow.WaitUntilAsync(() => source.IsCancellationRequested);
            s.Trace((s.Workflow.UtcNow - begin).TotalMilliseconds.ToString());
        }).Passes();
        Assert.That(live.Trace, Is.AnyOf("2", "1.9999"), "a whole number of microseconds, never early");
    }

    [Test]
    public void A_throwing_token_callback_fails_the_run()
    {
        var live = ReplayBench.For(async s =>
        {
            using var source = new CancellationTokenSource(TimeSpan.FromSeconds(1), s.Time);
            using var registration = source.Token.Register(() => throw new InvalidOperationException("callback"));
            await s.Workflow.DelayAsync(TimeSpan.FromHours(1));
        }).Passes();
        Assert.That((live.End, live.Failure!.Type), Is.EqualTo((CommandKind.Fail, typeof(AggregateException).FullName)));
    }

    [Test]
    public void An_async_void_handler_that_throws_fails_the_run()
    {
        var live = ReplayBench.For(async s =>
        {
            Handle();
            await s.Workflow.DelayAsync(TimeSpan.FromHours(1));

            async void Handle()
            {
                await s.Acts.DoAsync("x");
                throw new InvalidOperationException("void");
            }
        }).Passes();
        Assert.That((live.End, live.Failure!.Message), Is.EqualTo((CommandKind.Fail, "void")));
    }

    [Test]
    public void An_async_void_method_after_ConfigureAwait_false_runs()
    {
        var live = ReplayBench.For(async s =>
        {
            await s.Acts.DoAsync("x").ConfigureAwait(false);
            Handle();
            await s.Acts.DoAsync("y").ConfigureAwait(false);

            async void Handle()
            {
                await s.Acts.DoAsync("z").ConfigureAwait(false);
                s.Trace("ran");
            }
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("ran"));
    }

    [Test]
    public void An_exception_in_a_signal_handler_fails_the_run()
    {
        var live = ReplayBench.For(async s =>
        {
            s.OnSignal = _ => throw new InvalidOperationException("signal");
            await s.Workflow.DelayAsync(TimeSpan.FromHours(1));
        }).Signal("x").Passes();
        Assert.That((live.End, live.Failure!.Message), Is.EqualTo((CommandKind.Fail, "signal")));
    }

    [Test]
    public void A_delay_that_lost_WhenAny_still_wakes_the_run()
    {
        var live = ReplayBench.For(async s =>
        {
            await Task.WhenAny(s.Acts.EchoAsync("a"), s.Workflow.DelayAsync(TimeSpan.FromSeconds(1)));
            await s.Workflow.DelayAsync(TimeSpan.FromSeconds(5));
        }).Passes();
        Assert.That(live.Rows.Count(row => row.Kind == (short)EventKind.TimerFired), Is.EqualTo(2));
    }

    [Test]
    public void WaitAsync_cancels_the_timer_that_lost()
    {
        var live = ReplayBench.For(async s =>
        {
            await s.Acts.EchoAsync("a").WaitAsync(TimeSpan.FromSeconds(1), s.Time);
            await s.Workflow.DelayAsync(TimeSpan.FromSeconds(5));
        }).Passes();
        Assert.That(live.Rows.Count(row => row.Kind == (short)EventKind.TimerFired), Is.EqualTo(1));
    }

    [Test]
    public void An_undisposed_PeriodicTimer_that_is_collected_changes_nothing()
    {
        var bench = ReplayBench.For(async s =>
        {
            await Forget(s);
            Late.Add(s, () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            });
            await s.Acts.NeverAsync("n");
        });
        bench.TimersRest();
        var live = bench.Run();
        Assert.That(live.Execution.Verdict, Is.Null, "its finalizer disposes it on another thread, and that is nobody's fault");

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static Task Forget(Script s)
        {
            GC.KeepAlive(new PeriodicTimer(TimeSpan.FromSeconds(1), s.Time));
            return s.Acts.DoAsync("x");
        }
    }

    private sealed class Reused : System.Threading.Tasks.Sources.IValueTaskSource
    {
        private System.Threading.Tasks.Sources.ManualResetValueTaskSourceCore<int> core;

        public ValueTask Task => new(this, core.Version);

        public void Complete() => core.SetResult(1);

        public void GetResult(short token)
        {
            core.GetResult(token);
            core.Reset();
        }

        public System.Threading.Tasks.Sources.ValueTaskSourceStatus GetStatus(short token) => core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, System.Threading.Tasks.Sources.ValueTaskSourceOnCompletedFlags flags) => core.OnCompleted(continuation, state, token, flags);
    }
}
