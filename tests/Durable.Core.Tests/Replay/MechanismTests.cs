// One test for each mechanism of the engine (docs/determinism.md, M1 to M13) that fails without it.
using System.Runtime.CompilerServices;
using Durable.Engine.History;
using Durable.Engine.Replay;

namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Replay")]
[Parallelizable(ParallelScope.All)]
public sealed class MechanismTests
{
    private static readonly AsyncLocal<object?> Ambient = new();

    [Test]
    public void M1_a_durable_task_completes_its_plain_continuations_on_the_turn()
    {
        var live = ReplayBench.For(async s =>
        {
            var thread = 0;
            await s.Acts.DoAsync("x").ConfigureAwait(false);
            thread = Environment.CurrentManagedThreadId;
            s.Trace((SynchronizationContext.Current is null).ToString());
            await Task.WhenAny(s.Acts.DoAsync("y")).ConfigureAwait(false);
            s.Trace((thread == Environment.CurrentManagedThreadId).ToString());
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("True True"));
    }

    [Test]
    public void M2_each_callback_has_a_context_of_its_own()
    {
        var live = ReplayBench.For(async s =>
        {
            var first = SynchronizationContext.Current;
            await Task.Yield();
            s.Trace((ReferenceEquals(first, SynchronizationContext.Current), SynchronizationContext.Current!.GetType() == first!.GetType()).ToString());
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("(False, True)"));
    }

    [Test]
    public void M3_nothing_of_the_starter_flows_into_a_run()
    {
        var (weak, execution) = StartUnder();
        for (var i = 0; i < 10 && weak.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.That(weak.IsAlive, Is.False, "a waiting run must not hold its starter's ambient objects");
        Assert.That(execution.Query(execution.Definition.Query("Trace")!, []), Is.EqualTo("none"));
    }

    [Test]
    public void M3_what_a_handler_sets_is_not_seen_by_the_next_arrival_of_a_batch()
    {
        var live = ReplayBench.For(async s =>
        {
            s.OnSignal = text =>
            {
                s.Trace((string?)Ambient.Value ?? "none");
                Ambient.Value = text;
                s.Count++;
                return Task.CompletedTask;
            };
            var context = SynchronizationContext.Current!;
            await s.Workflow.WaitUntilAsync(() => s.Count == 2);
            context.Post(_ => Ambient.Value = "posted", null);
            await s.Acts.DoAsync("x");
            context.Post(_ => s.Trace((string?)Ambient.Value ?? "none"), null);
            await s.Acts.DoAsync("y");
        }).Signal("one").Signal("two").Passes();
        Assert.That(live.Trace, Is.EqualTo("none none none"));
    }

    [Test]
    public void M4_a_context_that_flows_away_is_seen_before_the_foreign_code_runs()
    {
        var flagged = false;
        ReplayBench.For(async s =>
        {
            var seen = new TaskCompletionSource<bool>();
            _ = Task.Run(() => flagged = true);
            SpinWait.SpinUntil(() => Volatile.Read(ref flagged));
            await s.Acts.DoAsync("x");
        }).IsRefused();
        Assert.That(flagged);
    }

    [Test]
    public void M5_what_another_run_posts_is_dropped_and_recorded()
    {
        var shared = new TaskCompletionSource<string>();
        var waiting = ReplayBench.For(async s => s.Trace(await shared.Task));
        var live = waiting.Run();
        Assert.That(live.Execution.Verdict, Is.Null);
        ReplayBench.For(s =>
        {
            shared.SetResult("stolen");
            return Task.CompletedTask;
        }).Run();
        Assert.That((live.Execution.Verdict?.Code, live.Execution.End), Is.EqualTo((DurableErrorCodes.NotDurable, (RunEnd?)null)));
    }

    [Test]
    public void M5_a_send_from_another_thread_throws_there()
    {
        SynchronizationContext? context = null;
        ReplayBench.For(s =>
        {
            context = SynchronizationContext.Current;
            return s.Acts.NeverAsync("n");
        }).Run();
        Assert.That(() => context!.Send(_ => { }, null), Throws.InvalidOperationException);
    }

    [Test]
    public void M6_a_deadlock_frees_its_thread_and_a_catch_all_does_not_hide_it()
    {
        var verdict = ReplayBench.For(s =>
        {
            try
            {
                return Task.FromResult(s.Acts.EchoAsync("a").Result);
            }
            catch (Exception)
            {
                return Task.CompletedTask;
            }
        }).IsRefused();
        Assert.That(verdict.Message, Does.Contain(nameof(MechanismTests)));
    }

    [Test]
    public void M6_a_lock_held_for_a_moment_is_no_deadlock()
    {
        var gate = new object();
        var entered = false;
        var live = ReplayBench.For(s =>
        {
            using (ExecutionContext.SuppressFlow())
            {
                new Thread(() =>
                {
                    lock (gate)
                    {
                        Volatile.Write(ref entered, true);
                        Thread.CurrentThread.Join(TimeSpan.FromMilliseconds(20));
                    }
                }).Start();
            }

            SpinWait.SpinUntil(() => Volatile.Read(ref entered));
            lock (gate) return Task.CompletedTask;
        }).Limits(new ExecutionLimits(LockPatience: TimeSpan.FromSeconds(10))).Run();
        Assert.That((live.Verdict, live.End), Is.EqualTo(((Verdict?)null, CommandKind.Complete)));
    }

    [Test]
    public void M7_nothing_of_ours_throws_on_a_foreign_thread()
    {
        Script? script = null;
        CancellationTokenSource? source = null;
        ITimer? timer = null;
        var live = ReplayBench.For(s =>
        {
            script = s;
            source = new CancellationTokenSource();
            timer = s.Time.CreateTimer(_ => { }, null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);
            return s.Workflow.DelayAsync(TimeSpan.FromHours(2), source.Token);
        }).TimersRest().Run();
        Assert.That(live.Execution.Verdict, Is.Null);
        Assert.Multiple(() =>
        {
            Assert.That(timer!.Change(TimeSpan.Zero, TimeSpan.Zero), Is.False);
            Assert.That(() => timer.Dispose(), Throws.Nothing);
            Assert.That(() => source!.Cancel(), Throws.Nothing);
            Assert.That(() => script!.Workflow.NewGuid(), Throws.Nothing);
            Assert.That(() => script!.Random.Next(), Throws.Nothing);
            Assert.That(script!.Workflow.DelayAsync(TimeSpan.FromSeconds(1)).IsCompleted, Is.False);
            Assert.That(script.Acts.EchoAsync("x").IsCompleted, Is.False);
            Assert.That(live.Execution.Verdict?.Code, Is.EqualTo(DurableErrorCodes.NotDurable));
        });
    }

    [Test]
    public void M8_after_a_divergence_no_code_is_asked_and_no_finally_runs()
    {
        var finallyRan = false;
        var old = ReplayBench.For(s => s.Acts.DoAsync("old")).Run();
        var changed = ReplayBench.For(async s =>
        {
            try
            {
                await Task.WhenAny(s.Acts.EchoAsync("new"), s.Acts.DoAsync("other"));
                s.Trace("went on");
            }
            catch
            {
                s.Trace("caught");
            }
            finally
            {
                finallyRan = true;
            }
        });
        var verdict = changed.VerdictOn(old.Rows);
        Assert.That((verdict?.Code, verdict?.Row, finallyRan), Is.EqualTo((DurableErrorCodes.Diverged, 0, false)));
    }

    [Test]
    public void M9_a_missing_command_is_found_at_its_own_arrival()
    {
        var old = ReplayBench.For(async s =>
        {
            await s.Acts.DoAsync("one");
            _ = s.Acts.DoAsync("forgotten");
            await s.Acts.DoAsync("two");
            await s.Acts.DoAsync("three");
        }).Run();
        var verdict = ReplayBench.For(async s =>
        {
            await s.Acts.DoAsync("one");
            await s.Acts.DoAsync("two");
            await s.Acts.DoAsync("three");
        }).VerdictOn(old.Rows);
        Assert.That(verdict?.Row, Is.EqualTo(1));
    }

    [Test]
    public void M10_a_turn_of_endless_yields_ends()
    {
        var verdict = ReplayBench.For(async s =>
        {
            while (true) await Task.Yield();
        }).Limits(new ExecutionLimits(MaxCallbacks: 10_000)).IsRefused();
        Assert.That(verdict.Message, Does.Contain("10,000 callbacks"));
    }

    [Test]
    public void M10_a_turn_of_endless_commands_ends()
    {
        var calls = 0;
        var verdict = ReplayBench.For(s =>
        {
            while (true)
            {
                calls++;
                s.Workflow.SetAttribute(new AttributeKey<int>("n"), 1);
            }
        }).IsRefused();
        Assert.That(verdict.Message, Does.Contain("10,000 commands"));
        Assert.That(calls, Is.EqualTo(10_001), "the loop is unwound");
    }

    [Test]
    public void M11_user_code_of_a_timer_has_the_runs_context()
    {
        var live = ReplayBench.For(async s =>
        {
            using var source = new CancellationTokenSource(TimeSpan.FromSeconds(1), s.Time);
            var issued = Task.CompletedTask;
            source.Token.Register(() =>
            {
                s.Trace((SynchronizationContext.Current is TurnContext).ToString());
                issued = s.Acts.DoAsync("from the callback");
            });
            await s.Workflow.WaitUntilAsync(() => source.IsCancellationRequested);
            await issued;
        }).Passes();
        Assert.That((live.Trace, live.End), Is.EqualTo(("True", CommandKind.Complete)));
    }

    [Test]
    public void M12_conditions_complete_one_at_a_time()
    {
        var live = ReplayBench.For(async s =>
        {
            var tickets = 0;
            s.OnSignal = _ => { tickets++; return Task.CompletedTask; };
            _ = TakeAsync("a");
            _ = TakeAsync("b");
            await s.Workflow.DelayAsync(TimeSpan.FromSeconds(1));
            s.Trace(tickets.ToString());

            async Task TakeAsync(string name)
            {
                await s.Workflow.WaitUntilAsync(() => tickets > 0);
                tickets--;
                s.Trace(name);
            }
        }).Signal("one").Passes();
        Assert.That(live.Trace, Is.EqualTo("a 0"));
    }

    [Test]
    public void M12_a_condition_that_issues_a_command_or_throws_faults_its_waiter()
    {
        var live = ReplayBench.For(async s =>
        {
            s.OnSignal = _ => { s.Count++; return Task.CompletedTask; };
            await TryAsync(() => s.Count > 0 && s.Workflow.DelayAsync(TimeSpan.FromDays(1)).IsCompleted);
            await TryAsync(() => s.Count > 1 ? throw new FormatException() : false);
            await TryAsync(() => throw new FormatException());

            async Task TryAsync(Func<bool> condition)
            {
                try
                {
                    await s.Workflow.WaitUntilAsync(condition);
                }
                catch (Exception error)
                {
                    s.Trace(error is DurableException known ? known.Code : error.GetType().Name);
                }
            }
        }).Signal("1").Signal("2").Passes();
        Assert.That(live.Trace, Is.EqualTo("DUR4002 FormatException FormatException"));
    }

    [Test]
    public void M13_a_cancel_is_one_arrival_token_first_then_waits_by_ordinal()
    {
        var live = ReplayBench.For(async s =>
        {
            s.Workflow.CancellationToken.Register(() => s.Trace("token"));
            await Task.WhenAll(
                WatchAsync("activity", s.Acts.NeverAsync("n")),
                WatchAsync("delay", s.Workflow.DelayAsync(TimeSpan.FromDays(1))),
                WatchAsync("mail", s.Items.ReceiveAsync()),
                WatchAsync("condition", s.Workflow.WaitUntilAsync(() => false)),
                WatchAsync("promise", s.Workflow.CreatePromise<string>().Task));
            s.Trace(s.Workflow.CancellationToken.IsCancellationRequested.ToString());
            await s.Acts.DoAsync("cleanup");
            s.Workflow.CancellationToken.ThrowIfCancellationRequested();

            async Task WatchAsync(string name, Task task)
            {
                try
                {
                    await task;
                }
                catch (OperationCanceledException)
                {
                    s.Trace(name);
                }
            }
        }).Cancel(afterRow: 1).Passes();
        Assert.That((live.Trace, live.End), Is.EqualTo(("token activity delay mail condition promise True", CommandKind.Cancelled)));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference Weak, WorkflowExecution Execution) StartUnder()
    {
        var request = new object();
        Ambient.Value = request;
        var bench = ReplayBench.For(s =>
        {
            s.Trace(Ambient.Value is null ? "none" : "leaked");
            return s.Acts.NeverAsync("n");
        });
        var execution = bench.Run().Execution;
        Ambient.Value = null;
        return (new WeakReference(request), execution);
    }
}
