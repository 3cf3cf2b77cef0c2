// Rows F of docs/determinism.md: refused with DUR4002, and nothing that user code does about it counts.
using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Replay")]
[Parallelizable(ParallelScope.All)]
public sealed class RefusedConstructs
{
    [TestCaseSource(nameof(OtherThreads))]
    [TestCaseSource(nameof(RealClocks))]
    [TestCaseSource(nameof(PoolContinuations))]
    [TestCaseSource(nameof(InputAndOutput))]
    [TestCaseSource(nameof(Blocking))]
    public void Is_refused(Func<Script, Task> body, bool? atOnce)
    {
        var swallowed = ReplayBench.For(async s =>
        {
            try
            {
                await body(s);
            }
            catch (Exception error)
            {
                s.Trace(error.Message);
            }
            finally
            {
                s.Trace("finally");
            }
        }).Signal("poke");
        var verdict = swallowed.IsRefused();
        if (atOnce is { } blocked) Assert.That(verdict.Foreign, Is.EqualTo(!blocked), verdict.Message);
        if (!verdict.Foreign) Assert.That(verdict.Message, Does.Contain("blocked its thread").And.Contain(nameof(RefusedConstructs)).And.Contain(".cs:"));
    }

    private static TestCaseData Case(string name, Func<Script, Task> body, bool? atOnce = false) => new TestCaseData(body, atOnce).SetName(name);

    private static IEnumerable<TestCaseData> OtherThreads()
    {
        yield return Case("Task_Run", s => Task.Run(() => 1));
        yield return Case("Task_Run_of_an_async_lambda", s => Task.Run(async () => await Task.Yield()));
        yield return Case("Task_Run_fire_and_forget", s =>
        {
            _ = Task.Run(() => 1);
            return s.Acts.DoAsync("x");
        });
        yield return Case("Task_Run_that_finished_before_its_await", async s =>
        {
            var task = Task.Run(() => 1);
            SpinWait.SpinUntil(() => task.IsCompleted);
            await task;
        });
        yield return Case("Task_Factory_StartNew", s => Task.Factory.StartNew(() => 1));
        yield return Case("ContinueWith_by_default", s => s.Acts.EchoAsync("a").ContinueWith(t => t.Result));
        yield return Case("Parallel_ForEachAsync", s => Parallel.ForEachAsync([1, 2, 3], (_, _) => ValueTask.CompletedTask));
        yield return Case("Parallel_For", s =>
        {
            Parallel.For(0, 64, _ => Thread.SpinWait(20_000));
            return s.Acts.DoAsync("x");
        }, atOnce: null);
        yield return Case("PLINQ", s =>
        {
            Enumerable.Range(0, 64).AsParallel().WithDegreeOfParallelism(4).WithExecutionMode(ParallelExecutionMode.ForceParallelism).Select(i => { Thread.SpinWait(2_000); return i; }).ToList();
            return s.Acts.DoAsync("x");
        }, atOnce: null);
        yield return Case("New_Thread", s =>
        {
            new Thread(() => { }).Start();
            return s.Acts.DoAsync("x");
        });
        yield return Case("ThreadPool_QueueUserWorkItem", s =>
        {
            ThreadPool.QueueUserWorkItem(_ => { });
            return s.Acts.DoAsync("x");
        });
        yield return Case("UnsafeQueueUserWorkItem_awaited_while_pending", async s =>
        {
            var source = new TaskCompletionSource<int>();
            var release = new ManualResetEventSlim();
            ThreadPool.UnsafeQueueUserWorkItem(_ =>
            {
                release.Wait();
                source.SetResult(1);
            }, null);
            Late.Add(s, release.Set);
            await source.Task;
        });
        yield return Case("SuppressFlow_and_Task_Run_awaited_while_pending", async s =>
        {
            var gate = new TaskCompletionSource<int>();
            Task<int> task;
            using (ExecutionContext.SuppressFlow()) task = Task.Run(() => gate.Task);
            Late.Add(s, () => gate.SetResult(1));
            await task;
        });
        yield return Case("A_finalizer_that_uses_the_context", async s =>
        {
            await s.Acts.DoAsync("x");
            Drop(s.Workflow);
            Late.Add(s, () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            });
            await s.Acts.NeverAsync("y");
        });
    }

    private static IEnumerable<TestCaseData> RealClocks()
    {
        yield return Case("Task_Delay_on_the_real_clock", s => Task.Delay(400));
        yield return Case("CancellationTokenSource_on_the_real_clock", s => s.Acts.NeverAsync("n").WaitAsync(new CancellationTokenSource(TimeSpan.FromMilliseconds(400)).Token));
        yield return Case("CancelAfter_on_a_source_of_the_real_clock", s =>
        {
            var source = new CancellationTokenSource();
            source.CancelAfter(400);
            return s.Workflow.DelayAsync(TimeSpan.FromDays(30), source.Token);
        });
        yield return Case("CancelAfter_on_a_linked_source", s =>
        {
            var linked = CancellationTokenSource.CreateLinkedTokenSource(s.Workflow.CancellationToken);
            linked.CancelAfter(400);
            return s.Workflow.DelayAsync(TimeSpan.FromDays(30), linked.Token);
        });
        yield return Case("Threading_Timer", s =>
        {
            var timer = new Timer(_ => { }, null, 1, Timeout.Infinite);
            Late.Add(s, () => GC.KeepAlive(timer));
            return s.Acts.NeverAsync("n");
        });
        yield return Case("PeriodicTimer_on_the_real_clock", async s => await new PeriodicTimer(TimeSpan.FromMilliseconds(400)).WaitForNextTickAsync());
    }

    private static IEnumerable<TestCaseData> PoolContinuations()
    {
        yield return Case("Task_WhenEach", async s =>
        {
            await foreach (var task in Task.WhenEach(s.Acts.EchoAsync("a"), s.Acts.EchoAsync("b"))) s.Trace(await task);
        });
        yield return Case("CancelAsync_with_registrations", async s =>
        {
            using var source = new CancellationTokenSource();
            using var registration = source.Token.Register(() => s.Trace("called"));
            await source.CancelAsync();
        });
        yield return Case("Channel_ReadAllAsync", async s =>
        {
            var channel = Channel.CreateUnbounded<string>();
            _ = FillAsync();
            await foreach (var text in channel.Reader.ReadAllAsync()) s.Trace(text);

            async Task FillAsync()
            {
                for (var i = 0; i < 3; i++) await channel.Writer.WriteAsync(await s.Acts.EchoAsync(i.ToString()));
                channel.Writer.Complete();
            }
        });
        yield return Case("SemaphoreSlim_WaitAsync_with_a_token_contended", s => ContendAsync(s, gate => gate.WaitAsync(s.Workflow.CancellationToken)));
        yield return Case("SemaphoreSlim_WaitAsync_with_a_timeout_contended", s => ContendAsync(s, gate => gate.WaitAsync(TimeSpan.FromHours(1))));
        yield return Case("SemaphoreSlim_WaitAsync_then_WaitAsync_of_the_task", async s =>
        {
            using var gate = new SemaphoreSlim(0);
            _ = ReleaseAsync();
            await gate.WaitAsync().WaitAsync(TimeSpan.FromHours(1), s.Time);

            async Task ReleaseAsync()
            {
                await s.Acts.DoAsync("x");
                gate.Release();
            }
        });
        yield return Case("Own_TaskCompletionSource_awaited_with_ConfigureAwait_false", async s =>
        {
            var source = new TaskCompletionSource();
            s.OnSignal = _ => { source.SetResult(); return Task.CompletedTask; };
            await source.Task.ConfigureAwait(false);
        });
        yield return Case("ConfigureAwait_false_by_a_second_awaiter", async s =>
        {
            var task = s.Acts.DoAsync("x");
            var first = s.Mark("first", task);
            await task.ConfigureAwait(false);
            await first;
        });
        yield return Case("Contended_semaphore_after_ConfigureAwait_false", async s =>
        {
            using var gate = new SemaphoreSlim(0);
            _ = ReleaseAsync();
            await s.Acts.DoAsync("x").ConfigureAwait(false);
            await gate.WaitAsync();
            await s.Acts.DoAsync("y");

            async Task ReleaseAsync()
            {
                await s.Acts.DoAsync("z");
                await s.Acts.DoAsync("z");
                gate.Release();
            }
        });
        yield return Case("Task_Yield_after_ConfigureAwait_false", async s =>
        {
            await s.Acts.DoAsync("x").ConfigureAwait(false);
            await Task.Yield();
        });
        yield return Case("ForceYielding_alone_on_a_completed_task", async s => await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding));
    }

    private static IEnumerable<TestCaseData> InputAndOutput()
    {
        yield return Case("HttpClient", async s =>
        {
            using var client = new HttpClient();
            await client.GetStringAsync(new Uri("http://127.0.0.1:9/"));
        });
        yield return Case("HttpClient_with_ConfigureAwait_false", async s =>
        {
            using var client = new HttpClient();
            await client.GetStringAsync(new Uri("http://127.0.0.1:9/")).ConfigureAwait(false);
        });
        yield return Case("File_ReadAllTextAsync", s => File.ReadAllTextAsync(typeof(RefusedConstructs).Assembly.Location));
        yield return Case("File_ReadAllTextAsync_with_ConfigureAwait_false", async s => await File.ReadAllTextAsync(typeof(RefusedConstructs).Assembly.Location).ConfigureAwait(false));
    }

    private static IEnumerable<TestCaseData> Blocking()
    {
        yield return Case("Task_Result", s => Task.FromResult(s.Acts.EchoAsync("a").Result), atOnce: true);
        yield return Case("Task_Wait", s => { s.Acts.DoAsync("a").Wait(); return Task.CompletedTask; }, atOnce: true);
        yield return Case("GetAwaiter_GetResult", s => { s.Acts.DoAsync("a").GetAwaiter().GetResult(); return Task.CompletedTask; }, atOnce: true);
        yield return Case("Task_WaitAll", s => { Task.WaitAll(s.Acts.DoAsync("a"), s.Acts.DoAsync("b")); return Task.CompletedTask; }, atOnce: true);
        yield return Case("Task_WaitAny", s => { Task.WaitAny(s.Acts.DoAsync("a"), s.Acts.DoAsync("b")); return Task.CompletedTask; }, atOnce: true);
        yield return Case("SemaphoreSlim_Wait", s => { new SemaphoreSlim(0).Wait(); return Task.CompletedTask; }, atOnce: true);
        yield return Case("ManualResetEventSlim_Wait", s => { new ManualResetEventSlim().Wait(); return Task.CompletedTask; }, atOnce: true);
        yield return Case("Monitor_Wait", s =>
        {
            var gate = new object();
            lock (gate) Monitor.Wait(gate);
            return Task.CompletedTask;
        }, atOnce: true);
        yield return Case("WaitHandle_WaitOne", s => { new ManualResetEvent(false).WaitOne(); return Task.CompletedTask; }, atOnce: true);
        yield return Case("BlockingCollection_Take", s => { new BlockingCollection<int>().Take(); return Task.CompletedTask; }, atOnce: true);
        yield return Case("Lock_held_for_long_by_another_thread", s =>
        {
            var gate = new object();
            return HeldAsync(() => Monitor.Enter(gate), () => Monitor.Exit(gate), () => { lock (gate) s.Trace("in"); });
        }, atOnce: true);
        yield return Case("New_Lock_held_for_long_by_another_thread", s =>
        {
            var gate = new Lock();
            return HeldAsync(gate.Enter, gate.Exit, () => { lock (gate) s.Trace("in"); });
        }, atOnce: true);
    }

    private static Task HeldAsync(Action enter, Action exit, Action body)
    {
        var entered = false;
        using (ExecutionContext.SuppressFlow())
        {
            new Thread(() =>
            {
                enter();
                Volatile.Write(ref entered, true);
                Thread.CurrentThread.Join(TimeSpan.FromMilliseconds(1_500));
                exit();
            }) { IsBackground = true }.Start();
        }

        SpinWait.SpinUntil(() => Volatile.Read(ref entered));
        body();
        return Task.CompletedTask;
    }

    private static async Task ContendAsync(Script s, Func<SemaphoreSlim, Task> wait)
    {
        var gate = new SemaphoreSlim(1, 1);
        await Task.WhenAll(WorkAsync(), WorkAsync());

        async Task WorkAsync()
        {
            await wait(gate);
            await s.Acts.DoAsync("work");
            gate.Release();
        }
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static void Drop(WorkflowContext workflow) => GC.KeepAlive(new Finalized(workflow));

    private sealed class Finalized(WorkflowContext workflow)
    {
        ~Finalized() => _ = workflow.DelayAsync(TimeSpan.FromSeconds(1));
    }
}
