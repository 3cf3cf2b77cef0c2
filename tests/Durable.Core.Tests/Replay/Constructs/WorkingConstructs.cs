// Rows W of docs/determinism.md: ordinary C# that works, and replays equally on another thread, stack and culture.
using System.Threading.Channels;
using System.Threading.Tasks.Sources;

namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Replay")]
[Parallelizable(ParallelScope.All)]
public sealed partial class WorkingConstructs
{
    private static readonly AsyncLocal<string?> Local = new();

    [TestCaseSource(nameof(Tasks))]
    [TestCaseSource(nameof(Times))]
    [TestCaseSource(nameof(Streams))]
    [TestCaseSource(nameof(Schedulers))]
    [TestCaseSource(nameof(Language))]
    [TestCaseSource(nameof(Orders))]
    public void Works(Func<Script, Task> body, string expected, string signals)
    {
        var bench = ReplayBench.For(body);
        foreach (var signal in signals.Split(' ', StringSplitOptions.RemoveEmptyEntries)) bench.Signal(signal);
        var live = bench.Passes();
        Assert.That(live.Trace, Is.EqualTo(expected), live.Failure?.ToString());
        Assert.That(live.End, Is.EqualTo(Durable.Engine.History.CommandKind.Complete));
    }

    internal static TestCaseData Case(string name, string expected, Func<Script, Task> body, string signals = "") => new TestCaseData(body, expected, signals).SetName(name);

    private static IEnumerable<TestCaseData> Tasks()
    {
        yield return Case("Await_of_a_durable_task", "a b", async s =>
        {
            s.Trace(await s.Acts.EchoAsync("a"));
            s.Trace(await s.Acts.EchoAsync("b"));
        });
        yield return Case("Task_WhenAll", "abc", async s => s.Trace(string.Concat(await Task.WhenAll(s.Acts.EchoAsync("a"), s.Acts.EchoAsync("b"), s.Acts.EchoAsync("c")))));
        yield return Case("Task_WhenAny", "a", async s => s.Trace(await await Task.WhenAny(s.Acts.NeverAsync("n"), s.Acts.EchoAsync("a"))));
        yield return Case("Task_WhenAny_in_a_loop", "a b c", async s =>
        {
            var left = new List<Task<string>> { s.Acts.EchoAsync("a"), s.Acts.EchoAsync("b"), s.Acts.EchoAsync("c") };
            while (left.Count > 0)
            {
                var first = await Task.WhenAny(left);
                left.Remove(first);
                s.Trace(await first);
            }
        });
        yield return Case("Lazy_of_a_task", "a a", async s =>
        {
            var lazy = new Lazy<Task<string>>(() => s.Acts.EchoAsync("a"));
            s.Trace(await lazy.Value);
            s.Trace(await lazy.Value);
        });
        yield return Case("Task_Unwrap", "a", async s =>
        {
            async Task<Task<string>> OuterAsync()
            {
                await s.Acts.DoAsync("first");
                return s.Acts.EchoAsync("a");
            }

            s.Trace(await OuterAsync().Unwrap());
        });
        yield return Case("TaskCompletionSource_SetFromTask", "a", async s =>
        {
            var source = new TaskCompletionSource<string>();
            var inner = s.Acts.EchoAsync("a");
            _ = ForwardAsync();
            s.Trace(await source.Task);

            async Task ForwardAsync()
            {
                await Task.WhenAny(inner);
                source.SetFromTask(inner);
            }
        });
        yield return Case("Progress_of_T", "one two", async s =>
        {
            var seen = new List<string>();
            IProgress<string> progress = new Progress<string>(seen.Add);
            progress.Report("one");
            progress.Report("two");
            await s.Workflow.WaitUntilAsync(() => seen.Count == 2);
            s.Trace(string.Join(" ", seen));
        });
        yield return Case("Async_reads_over_memory", "line 4", async s =>
        {
            await s.Acts.DoAsync("x");
            using var reader = new StreamReader(new MemoryStream("line\nrest"u8.ToArray()));
            s.Trace((await reader.ReadLineAsync())!);
            s.Trace(((await reader.ReadToEndAsync()).Length).ToString());
        });
        yield return Case("ValueTask_around_a_durable_task", "a", async s => s.Trace(await new ValueTask<string>(s.Acts.EchoAsync("a"))));
        yield return Case("ValueTask_AsTask", "a a", async s =>
        {
            var task = new ValueTask<string>(s.Acts.EchoAsync("a")).AsTask();
            s.Trace(await task);
            s.Trace(await task);
        });
        yield return Case("Own_ValueTask_source", "a", async s =>
        {
            var source = new OwnSource();
            _ = CompleteAsync();
            s.Trace(await source.Task);

            async Task CompleteAsync() => source.Complete(await s.Acts.EchoAsync("a"));
        });
        yield return Case("Own_TaskCompletionSource", "set after", async s =>
        {
            var source = new TaskCompletionSource<string>();
            s.OnSignal = text => { source.SetResult(text); return Task.CompletedTask; };
            s.Trace(await source.Task);
            s.Trace(await s.Acts.EchoAsync("after"));
        }, "set");
        yield return Case("Own_TaskCompletionSource_with_asynchronous_continuations", "set after", async s =>
        {
            var source = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            s.OnSignal = text => { source.SetResult(text); return Task.CompletedTask; };
            s.Trace(await source.Task);
            s.Trace(await s.Acts.EchoAsync("after"));
        }, "set");
    }

    private static IEnumerable<TestCaseData> Times()
    {
        yield return Case("Task_Delay_with_the_injected_TimeProvider", "00:01:30", async s =>
        {
            var begin = s.Workflow.UtcNow;
            await Task.Delay(TimeSpan.FromSeconds(90), s.Time);
            s.Trace((s.Workflow.UtcNow - begin).ToString());
        });
        yield return Case("Task_WaitAsync_with_the_injected_TimeProvider", "a timeout", async s =>
        {
            s.Trace(await s.Acts.EchoAsync("a").WaitAsync(TimeSpan.FromSeconds(5), s.Time));
            try
            {
                await s.Acts.NeverAsync("n").WaitAsync(TimeSpan.FromSeconds(5), s.Time);
            }
            catch (TimeoutException)
            {
                s.Trace("timeout");
            }
        });
        yield return Case("CancellationTokenSource_with_the_injected_TimeProvider", "cancelled 00:00:07", async s =>
        {
            var begin = s.Workflow.UtcNow;
            using var source = new CancellationTokenSource(TimeSpan.FromSeconds(7), s.Time);
            try
            {
                await s.Acts.NeverAsync("n").WaitAsync(source.Token);
            }
            catch (OperationCanceledException)
            {
                s.Trace("cancelled");
                s.Trace((s.Workflow.UtcNow - begin).ToString());
            }
        });
        yield return Case("PeriodicTimer_with_the_injected_TimeProvider", "1 2 3", async s =>
        {
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), s.Time);
            for (var i = 1; i <= 3 && await timer.WaitForNextTickAsync(); i++) s.Trace(i.ToString());
        });
        yield return Case("CancelAfter_on_a_source_of_the_injected_TimeProvider", "cancelled", async s =>
        {
            using var source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, s.Time);
            source.CancelAfter(TimeSpan.FromSeconds(3));
            try
            {
                await s.Workflow.DelayAsync(TimeSpan.FromHours(1), source.Token);
            }
            catch (OperationCanceledException)
            {
                s.Trace("cancelled");
            }
        });
        yield return Case("CreateLinkedTokenSource", "cancelled", async s =>
        {
            using var source = new CancellationTokenSource(TimeSpan.FromSeconds(3), s.Time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(source.Token, s.Workflow.CancellationToken);
            try
            {
                await s.Workflow.DelayAsync(TimeSpan.FromHours(1), linked.Token);
            }
            catch (OperationCanceledException)
            {
                s.Trace("cancelled");
            }
        });
        yield return Case("CancelAsync_without_registrations", "cancelled", async s =>
        {
            using var source = new CancellationTokenSource();
            await source.CancelAsync();
            s.Trace(source.IsCancellationRequested ? "cancelled" : "not");
            await s.Acts.DoAsync("x");
        });
        yield return Case("A_timer_of_the_injected_TimeProvider", "tick tick done", async s =>
        {
            var ticks = 0;
            await using var timer = s.Time.CreateTimer(_ => { ticks++; s.Trace("tick"); }, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
            await s.Workflow.WaitUntilAsync(() => ticks == 2);
            s.Trace("done");
        });
    }

    private static IEnumerable<TestCaseData> Streams()
    {
        yield return Case("Await_foreach_over_an_iterator", "0 1 2", async s =>
        {
            await foreach (var text in ItemsAsync(s, 3)) s.Trace(text);
        });
        yield return Case("Await_foreach_with_ConfigureAwait_false", "0 1 2", async s =>
        {
            await foreach (var text in ItemsAsync(s, 3).ConfigureAwait(false)) s.Trace(text);
        });
        yield return Case("AsyncEnumerable_LINQ_with_async_selectors", "0! 2!", async s =>
        {
            await foreach (var text in ItemsAsync(s, 3).Where(text => text != "1").Select(async (string text, CancellationToken _) => await s.Acts.EchoAsync(text + "!"))) s.Trace(text);
        });
        yield return Case("Channel_ReadAsync", "0 1 2", async s =>
        {
            var channel = Channel.CreateUnbounded<string>();
            _ = FillAsync(s, channel, 3);
            for (var i = 0; i < 3; i++) s.Trace(await channel.Reader.ReadAsync());
        });
        yield return Case("Channel_WaitToReadAsync_and_TryRead", "0 1 2", async s =>
        {
            var channel = Channel.CreateUnbounded<string>();
            _ = FillAsync(s, channel, 3);
            while (await channel.Reader.WaitToReadAsync())
                while (channel.Reader.TryRead(out var text)) s.Trace(text);
        });
        yield return Case("Channel_ReadAllAsync_with_synchronous_continuations", "0 1 2", async s =>
        {
            var channel = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { AllowSynchronousContinuations = true });
            _ = FillAsync(s, channel, 3);
            await foreach (var text in channel.Reader.ReadAllAsync()) s.Trace(text);
        });
        yield return Case("Bounded_channel_back_pressure", "w0 w1 r0 w2 r1 w3 r2 r3", async s =>
        {
            var channel = Channel.CreateBounded<int>(2);
            var writer = WriteAsync();
            for (var i = 0; i < 4; i++)
            {
                await s.Acts.DoAsync("pause");
                s.Trace($"r{await channel.Reader.ReadAsync()}");
            }

            await writer;

            async Task WriteAsync()
            {
                for (var i = 0; i < 4; i++)
                {
                    await channel.Writer.WriteAsync(i);
                    s.Trace($"w{i}");
                }
            }
        });
        yield return Case("SemaphoreSlim_WaitAsync", "in1 out1 in2 out2 in3 out3", async s =>
        {
            using var gate = new SemaphoreSlim(1, 1);
            await Task.WhenAll(Enumerable.Range(1, 3).Select(WorkAsync).ToList());

            async Task WorkAsync(int i)
            {
                await gate.WaitAsync();
                s.Trace($"in{i}");
                await s.Acts.DoAsync("work");
                s.Trace($"out{i}");
                gate.Release();
            }
        });
    }

    private static async IAsyncEnumerable<string> ItemsAsync(Script s, int count)
    {
        for (var i = 0; i < count; i++) yield return await s.Acts.EchoAsync(i.ToString());
    }

    private static async Task FillAsync(Script s, Channel<string> channel, int count)
    {
        await foreach (var text in ItemsAsync(s, count)) await channel.Writer.WriteAsync(text);
        channel.Writer.Complete();
    }

    private sealed class OwnSource : IValueTaskSource<string>
    {
        private ManualResetValueTaskSourceCore<string> core;

        public ValueTask<string> Task => new(this, core.Version);

        public void Complete(string value) => core.SetResult(value);

        public string GetResult(short token)
        {
            var result = core.GetResult(token);
            core.Reset();
            return result;
        }

        public ValueTaskSourceStatus GetStatus(short token) => core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => core.OnCompleted(continuation, state, token, flags);
    }
}
