// Rows W of docs/determinism.md: schedulers, language features and collections.
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;

namespace Durable.Core.Tests.Replay;

public sealed partial class WorkingConstructs
{
    private static IEnumerable<TestCaseData> Schedulers()
    {
        yield return Case("ContinueWith_ExecuteSynchronously", "A", async s =>
            s.Trace(await s.Acts.EchoAsync("a").ContinueWith(t => t.Result.ToUpperInvariant(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)));
        yield return Case("ContinueWith_on_the_current_context", "A", async s =>
            s.Trace(await s.Acts.EchoAsync("a").ContinueWith(t => t.Result.ToUpperInvariant(), TaskScheduler.FromCurrentSynchronizationContext())));
        yield return Case("StartNew_on_the_current_context", "a", async s =>
            s.Trace(await Task.Factory.StartNew(() => s.Acts.EchoAsync("a"), CancellationToken.None, TaskCreationOptions.None, TaskScheduler.FromCurrentSynchronizationContext()).Unwrap()));
        yield return Case("Parallel_ForEachAsync_on_the_current_context", "1 2 3", async s =>
        {
            var options = new ParallelOptions { TaskScheduler = TaskScheduler.FromCurrentSynchronizationContext(), MaxDegreeOfParallelism = 2 };
            await Parallel.ForEachAsync([1, 2, 3], options, async (i, _) => s.Trace(await s.Acts.EchoAsync(i.ToString())));
        });
        yield return Case("ConfigureAwait_false_on_durable_tasks", "a b", async s =>
        {
            s.Trace(await s.Acts.EchoAsync("a").ConfigureAwait(false));
            s.Trace(await s.Acts.EchoAsync("b").ConfigureAwait(false));
        });
        yield return Case("ConfigureAwait_false_in_nested_helpers", "a b c", async s =>
        {
            s.Trace(await HelperAsync("a"));
            s.Trace(await HelperAsync("b"));
            s.Trace(await s.Acts.EchoAsync("c"));

            async Task<string> HelperAsync(string text) => await InnerAsync(text).ConfigureAwait(false);

            async Task<string> InnerAsync(string text) => await s.Acts.EchoAsync(text).ConfigureAwait(false);
        });
        yield return Case("ConfigureAwait_false_beside_WhenAny_of_the_same_task", "done", async s =>
        {
            var task = s.Acts.DoAsync("x");
            var any = Task.WhenAny(task, s.Acts.NeverAsync("n"));
            await task.ConfigureAwait(false);
            await any;
            s.Trace("done");
        });
        yield return Case("ForceYielding_with_the_captured_context", "a", async s =>
        {
            var task = s.Acts.EchoAsync("a");
            await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.ContinueOnCapturedContext);
            s.Trace(await task);
        });
        yield return Case("SuppressThrowing", "Faulted", async s =>
        {
            var task = s.Acts.FailAsync("no");
            await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            s.Trace(task.Status.ToString());
        });
        yield return Case("Task_Yield", "a1 b1 a2 b2", async s =>
        {
            await Task.WhenAll(WorkAsync("a"), WorkAsync("b"));

            async Task WorkAsync(string name)
            {
                s.Trace(name + "1");
                await Task.Yield();
                s.Trace(name + "2");
            }
        });
        yield return Case("Async_void_handler_that_completes", "before after", async s =>
        {
            var done = false;
            Handle();
            await s.Workflow.WaitUntilAsync(() => done);

            async void Handle()
            {
                s.Trace("before");
                await s.Acts.DoAsync("x");
                s.Trace("after");
                done = true;
            }
        });
    }

    private static IEnumerable<TestCaseData> Language()
    {
        yield return Case("AsyncLocal_in_the_workflow_and_its_helpers", "outer inner outer", async s =>
        {
            Local.Value = "outer";
            await s.Acts.DoAsync("x");
            s.Trace(Local.Value ?? "none");
            await HelperAsync();
            s.Trace(Local.Value ?? "none");

            async Task HelperAsync()
            {
                Local.Value = "inner";
                await s.Acts.DoAsync("y");
                s.Trace(Local.Value ?? "none");
            }
        });
        yield return Case("AsyncLocal_is_not_seen_in_handlers", "none outer", async s =>
        {
            Local.Value = "outer";
            s.OnSignal = _ => { s.Trace(Local.Value ?? "none"); Local.Value = "handler"; s.Count++; return Task.CompletedTask; };
            await s.Workflow.WaitUntilAsync(() => s.Count == 1);
            s.Trace(Local.Value ?? "none");
        }, "x");
        yield return Case("Exception_filter_with_a_command", "caught filtered", async s =>
        {
            Task<string>? issued = null;
            try
            {
                await s.Acts.FailAsync("no");
            }
            catch (ActivityFailedException error) when (Filter(error))
            {
                s.Trace("caught");
            }

            s.Trace(await issued!);

            bool Filter(ActivityFailedException error)
            {
                issued = s.Acts.EchoAsync("filtered");
                return error.Activity.Length > 0;
            }
        });
        yield return Case("Finally_with_awaits", "a cleaned", async s =>
        {
            try
            {
                s.Trace(await s.Acts.EchoAsync("a"));
            }
            finally
            {
                s.Trace(await s.Acts.EchoAsync("cleaned"));
            }
        });
        yield return Case("Await_using", "body disposed", async s =>
        {
            await using (new Cleanup(async () => s.Trace(await s.Acts.EchoAsync("disposed")))) s.Trace(await s.Acts.EchoAsync("body"));
        });
        yield return Case("Cleanup_after_a_cancelled_wait", "cancelled cleaned", async s =>
        {
            using var source = new CancellationTokenSource(TimeSpan.FromSeconds(1), s.Time);
            try
            {
                await s.Workflow.DelayAsync(TimeSpan.FromDays(1), source.Token);
            }
            catch (OperationCanceledException)
            {
                s.Trace("cancelled");
                s.Trace(await s.Acts.EchoAsync("cleaned"));
            }
        });
        yield return Case("Culture_is_invariant", "1.5 1.5 Invariant", async s =>
        {
            s.Trace(1.5.ToString(CultureInfo.CurrentCulture));
            await s.Acts.DoAsync("x");
            s.Trace($"{1.5}");
            s.Trace(CultureInfo.CurrentUICulture.Name.Length == 0 ? "Invariant" : CultureInfo.CurrentUICulture.Name);
        });
        yield return Case("Catch_all_around_activities", "ActivityFailedException b", async s =>
        {
            try
            {
                await s.Acts.FailAsync("no");
            }
            catch (Exception error)
            {
                s.Trace(error.GetType().Name);
            }

            s.Trace(await s.Acts.EchoAsync("b"));
        });
        yield return Case("Lock_uncontended", "3", async s =>
        {
            var gate = new object();
            var other = new Lock();
            var sum = 0;
            for (var i = 1; i <= 2; i++)
            {
                lock (gate) sum += i;
                lock (other) sum += 0;
                await s.Acts.DoAsync("x");
            }

            s.Trace(sum.ToString());
        });
        yield return Case("Ten_thousand_synchronous_awaits", "10000", async s =>
        {
            var sum = 0;
            for (var i = 0; i < 10_000; i++) sum += await Task.FromResult(1);
            await s.Acts.DoAsync("x");
            s.Trace(sum.ToString());
        });
        yield return Case("Recursion_a_hundred_thousand_deep", "100000", async s =>
        {
            s.Trace((await DeepAsync(100_000)).ToString());

            async Task<int> DeepAsync(int depth)
            {
                await Task.Yield();
                if (depth > 0) return 1 + await DeepAsync(depth - 1);
                await s.Acts.DoAsync("bottom");
                return 0;
            }
        });
        yield return Case("Random_injected", "True", async s =>
        {
            var first = s.Random.Next();
            await s.Acts.DoAsync(s.Random.Next(1_000).ToString());
            s.Trace((first != s.Second.Next()).ToString());
            await s.Acts.DoAsync(s.Random.NextDouble().ToString(CultureInfo.InvariantCulture));
        });
    }

    private static IEnumerable<TestCaseData> Orders()
    {
        static string[] Words() => [.. Enumerable.Range(0, 10).Select(i => $"k{i * 7919 % 10}")];
        yield return Case("Order_of_a_Dictionary", "k0k9k8k7k6k5k4k3k2k1", s => Walk(s, Words().ToDictionary(w => w).Keys));
        yield return Case("Order_of_a_Dictionary_after_removals", "k0k9k8k7z9k5k4k3k2k1", s =>
        {
            var map = Words().ToDictionary(w => w);
            map.Remove("k6");
            map.Add("z9", "");
            return Walk(s, map.Keys);
        });
        yield return Case("Order_of_a_HashSet", "k0k9k8k7k6k5k4k3k2k1", s => Walk(s, Words().ToHashSet()));
        yield return Case("Order_of_GroupBy", "k0k9k8k7k6k5k4k3k2k1", s => Walk(s, Words().GroupBy(w => w).Select(g => g.Key)));
        yield return Case("Order_of_ToLookup", "k0k9k8k7k6k5k4k3k2k1", s => Walk(s, Words().ToLookup(w => w).Select(g => g.Key)));
        yield return Case("Order_of_Distinct", "k0k9k8k7k6k5k4k3k2k1", s => Walk(s, Words().Distinct()));
        yield return Case("Order_of_FrozenDictionary_with_numbers", "10", s => Walk(s, [Enumerable.Range(0, 10).ToFrozenDictionary(i => i).Keys.Length.ToString()]));
        yield return Case("Order_of_ConcurrentDictionary_with_numbers", "0123456789", s => Walk(s, new ConcurrentDictionary<int, int>(Enumerable.Range(0, 10).Select(i => new KeyValuePair<int, int>(i, i))).Keys.Order().Select(i => i.ToString())));
    }

    private static async Task Walk(Script s, IEnumerable<string> words)
    {
        var all = "";
        foreach (var word in words) all += await s.Acts.EchoAsync(word);
        s.Trace(all);
    }

    private sealed class Cleanup(Func<Task> action) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await action();
    }
}
