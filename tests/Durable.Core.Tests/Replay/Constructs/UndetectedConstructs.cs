// Rows U of docs/determinism.md: nothing sees them while they run. Where they reach a command, the next replay does (M9); the rest is the analyzer's.
namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Replay")]
[Parallelizable(ParallelScope.All)]
public sealed class UndetectedConstructs
{
    private static int process;

    [TestCaseSource(nameof(Values))]
    public void Is_found_at_replay_where_it_names_a_command(Func<Script, object> value)
    {
        var bench = ReplayBench.For(async s =>
        {
            await s.Acts.DoAsync("first");
            await s.Workflow.StepAsync($"step {value(s)}", () => Task.CompletedTask);
        });
        var live = bench.Run();
        Assert.That(live.Verdict, Is.Null, "nothing sees it live");
        Interlocked.Increment(ref process);
        var verdict = bench.VerdictOn(live.Rows);
        Assert.That((verdict?.Code, verdict?.Row), Is.EqualTo((DurableErrorCodes.Diverged, 1)));
    }

    [TestCaseSource(nameof(Quiet))]
    public void Is_not_found_at_all(Func<Script, Task> body)
    {
        var live = ReplayBench.For(async s =>
        {
            await s.Acts.DoAsync("first");
            await body(s);
            await s.Acts.DoAsync("last");
        }).Passes();
        Assert.That(live.Rows, Has.Count.EqualTo(3));
    }

    [Test]
    public void A_clock_that_only_feeds_an_argument()
    {
        var bench = ReplayBench.For(s => s.Acts.DoAsync(DateTime.UtcNow.Ticks.ToString()));
        Assert.That(bench.VerdictOn(bench.Run().Rows), Is.Null, "arguments are not compared");
    }

    // Within one callback the BCL continues inline while stack is left (M2 separates callbacks only), so the size of the stack decides the order.
    [Test]
    public void Thousands_of_nested_awaits_completed_within_one_callback()
    {
        var bench = ReplayBench.For(async s =>
        {
            var gate = new TaskCompletionSource();
            var order = new List<string>();
            Task a = gate.Task, b = gate.Task;
            for (var i = 1; i <= 40_000; i++)
            {
                a = WrapAsync(a, $"a{i}", i);
                b = WrapAsync(b, $"b{i}", i);
            }

            gate.SetResult();
            await Task.WhenAll(a, b);
            s.Trace(string.Join(",", order));

            async Task WrapAsync(Task inner, string name, int depth)
            {
                await inner;
                if (depth % 10_000 == 0) order.Add(name);
            }
        });
        var small = OwnThread.Run(OwnThread.SmallStack, "en-US", bench.Live).Trace;
        var large = OwnThread.Run(OwnThread.LargeStack * 8, "en-US", bench.Live).Trace;
        Assert.That(small, Is.Not.EqualTo(large));
    }

    [Test]
    public void Loop_without_a_pending_await()
    {
        var stop = false;
        var turns = 0;
        var bench = ReplayBench.For(async s =>
        {
            await s.Acts.DoAsync("first");
            while (!Volatile.Read(ref stop))
            {
                Interlocked.Increment(ref turns);
                await Task.CompletedTask;
            }
        });
        var running = Task.Factory.StartNew(bench.Run, TaskCreationOptions.LongRunning);
        Assert.That(SpinWait.SpinUntil(() => Volatile.Read(ref turns) > 100_000, TimeSpan.FromSeconds(90)), "it goes on and on");
        Assert.That(running.IsCompleted, Is.False);
        Volatile.Write(ref stop, true);
        Assert.That(running.GetAwaiter().GetResult().Verdict, Is.Null);
    }

    private static TestCaseData Case(string name, Func<Script, object> value) => new TestCaseData(value).SetName(name);

    private static IEnumerable<TestCaseData> Values()
    {
        yield return Case("DateTime_UtcNow", _ => DateTime.UtcNow.Ticks);
        yield return Case("Guid_NewGuid", _ => Guid.NewGuid());
        yield return Case("Random_Shared", _ => Random.Shared.NextInt64());
        yield return Case("Stopwatch", _ => System.Diagnostics.Stopwatch.GetTimestamp());
        yield return Case("Thread_id", _ => Environment.CurrentManagedThreadId);

        // A hash of a string differs from process to process, but not within one: the number of the process stands in for it.
        yield return Case("GetHashCode_of_strings_and_records", _ => HashCode.Combine("text", Volatile.Read(ref process)));
        yield return Case("Order_of_ImmutableDictionary_of_strings", _ => Volatile.Read(ref process) + string.Concat(System.Collections.Immutable.ImmutableDictionary.CreateRange([KeyValuePair.Create("a", 1), KeyValuePair.Create("b", 2)]).Keys));
        yield return Case("Static_state", _ => Interlocked.Increment(ref process));
    }

    private static IEnumerable<TestCaseData> Quiet()
    {
        yield return new TestCaseData((Func<Script, Task>)(_ =>
        {
            Thread.Sleep(1);
            return Task.CompletedTask;
        })).SetName("Thread_Sleep");
        yield return new TestCaseData((Func<Script, Task>)(s =>
        {
            s.Trace((new FileInfo(typeof(UndetectedConstructs).Assembly.Location).Length > 0).ToString());
            return Task.CompletedTask;
        })).SetName("Synchronous_file_access");
        yield return new TestCaseData((Func<Script, Task>)(async s =>
        {
            var done = new TaskCompletionSource<int>();
            ThreadPool.UnsafeQueueUserWorkItem(_ => done.SetResult(1), null);
            SpinWait.SpinUntil(() => done.Task.IsCompleted);
            s.Trace((await done.Task).ToString());
        })).SetName("UnsafeQueueUserWorkItem_ready_before_its_await");
        yield return new TestCaseData((Func<Script, Task>)(async s =>
        {
            Task<int> task;
            using (ExecutionContext.SuppressFlow()) task = Task.Run(() => 1);
            SpinWait.SpinUntil(() => task.IsCompleted);
            s.Trace((await task).ToString());
        })).SetName("SuppressFlow_and_Task_Run_ready_before_its_await");
    }
}
