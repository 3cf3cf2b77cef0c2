// DelayAsync, WaitUntilAsync, WhenEachAsync and ForEachAsync.
using Durable.Engine.History;

namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Replay")]
[Parallelizable(ParallelScope.All)]
public sealed class WaitTests
{
    [TestCase(0)]
    [TestCase(-5)]
    public void A_delay_of_no_time_is_recorded_and_ends_at_once(int seconds)
    {
        var live = ReplayBench.For(async s =>
        {
            var begin = s.Workflow.UtcNow;
            await s.Workflow.DelayAsync(TimeSpan.FromSeconds(seconds));
            s.Trace((s.Workflow.UtcNow - begin < TimeSpan.FromSeconds(1)).ToString());
        }).Passes();
        Assert.That((live.Trace, live.Commands[0]), Is.EqualTo(("True", "Timer '' #1")));
    }

    [Test]
    public void A_delay_beyond_the_year_9999_is_refused_and_leaves_nothing_behind()
    {
        var live = ReplayBench.For(async s =>
        {
            try
            {
                await s.Workflow.DelayAsync(TimeSpan.MaxValue);
            }
            catch (ArgumentOutOfRangeException)
            {
                s.Trace("refused");
            }

            try
            {
                await s.Workflow.WaitUntilAsync(() => false, TimeSpan.MaxValue);
            }
            catch (ArgumentOutOfRangeException)
            {
                s.Trace("refused");
            }

            s.Trace("on");
        }).Passes();
        Assert.That((live.Trace, live.Execution.Operations.Count), Is.EqualTo(("refused refused on", 0)));
    }

    [Test]
    public void A_delay_is_never_early()
    {
        var live = ReplayBench.For(s => s.Workflow.DelayAsync(TimeSpan.FromTicks(1_000_003))).Run();
        CommandBuffer.Split(live.Rows[0].Commands, out _, out var bodies);
        Assert.That(System.Text.Encoding.UTF8.GetString(bodies), Is.EqualTo("{\"dueAt\":\"2030-01-01T00:00:00.100001+00:00\"}\n"), "whole microseconds, rounded up");
    }

    [Test]
    public void Timers_of_one_time_fire_in_the_order_they_were_set()
    {
        var live = ReplayBench.For(s => Task.WhenAll(Enumerable.Range(0, 4).Select(i => s.Mark(i.ToString(), s.Workflow.DelayAsync(TimeSpan.FromSeconds(10)))).ToList())).Passes();
        Assert.That(live.Trace, Is.EqualTo("0 1 2 3"));
    }

    [Test]
    public void WaitUntil_gives_true_or_after_its_time_false()
    {
        var live = ReplayBench.For(async s =>
        {
            s.OnSignal = _ => { s.Count++; return Task.CompletedTask; };
            s.Trace((await s.Workflow.WaitUntilAsync(() => true, TimeSpan.FromSeconds(1))).ToString());
            s.Trace((await s.Workflow.WaitUntilAsync(() => false, TimeSpan.Zero)).ToString());
            s.Trace((await s.Workflow.WaitUntilAsync(() => s.Count > 0, TimeSpan.FromSeconds(1))).ToString());
            s.Trace((await s.Workflow.WaitUntilAsync(() => s.Count > 5, TimeSpan.FromSeconds(1))).ToString());
            s.Trace((await s.Workflow.WaitUntilAsync(() => s.Count > 0, Timeout.InfiniteTimeSpan)).ToString());
        }).Signal("x").Passes();
        Assert.That(live.Trace, Is.EqualTo("True False True False True"));
        Assert.That(live.Execution.Operations.Count, Is.Zero);
    }

    [Test]
    public void A_condition_and_its_timeout_in_one_turn_go_to_whoever_was_first()
    {
        var live = ReplayBench.For(async s =>
        {
            var due = s.Mark("delay", s.Workflow.DelayAsync(TimeSpan.FromSeconds(1)));
            s.Trace((await s.Workflow.WaitUntilAsync(() => due.IsCompleted, TimeSpan.FromSeconds(1))).ToString());
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("delay True"));
    }

    [Test]
    public void WaitUntil_ends_with_its_token()
    {
        var live = ReplayBench.For(async s =>
        {
            using var source = new CancellationTokenSource(TimeSpan.FromSeconds(1), s.Time);
            try
            {
                await s.Workflow.WaitUntilAsync(() => false, TimeSpan.FromDays(1), source.Token);
            }
            catch (OperationCanceledException error)
            {
                s.Trace((error.CancellationToken == source.Token).ToString());
            }
        }).Passes();
        Assert.That((live.Trace, live.Execution.Operations.Count), Is.EqualTo(("True", 0)));
    }

    [Test]
    public void WhenEachAsync_gives_tasks_as_they_end()
    {
        var live = ReplayBench.For(async s =>
        {
            var tasks = new[] { s.Acts.EchoAsync("a"), s.Acts.FailAsync("b"), s.Acts.EchoAsync("c") };
            await foreach (var task in s.Workflow.WhenEachAsync(tasks)) s.Trace($"{Array.IndexOf(tasks, task)}{(task.IsFaulted ? "!" : task.Result)}");
        }).NewestFirst().Passes();
        Assert.That(live.Trace, Is.EqualTo("2c 1! 0a"));
    }

    [Test]
    public void WhenEachAsync_of_ended_tasks_gives_them_in_the_order_of_the_list()
    {
        var live = ReplayBench.For(async s =>
        {
            var tasks = new[] { s.Acts.EchoAsync("a"), s.Acts.EchoAsync("b") };
            await Task.WhenAll(tasks);
            await foreach (var task in s.Workflow.WhenEachAsync(tasks.Reverse())) s.Trace(await task);
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("b a"));
    }

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(100)]
    public void ForEachAsync_bounds_what_is_under_way_and_keeps_the_order_of_results(int most)
    {
        var underWay = 0;
        var peak = 0;
        var live = ReplayBench.For(async s =>
        {
            underWay = 0;
            var results = await s.Workflow.ForEachAsync(Enumerable.Range(0, 10), most, async i =>
            {
                peak = Math.Max(peak, ++underWay);
                await s.Workflow.DelayAsync(TimeSpan.FromSeconds(20 - i));
                underWay--;
                return i * i;
            });
            s.Trace(string.Join(",", results));
        }).Passes();
        Assert.That((live.Trace, peak), Is.EqualTo(("0,1,4,9,16,25,36,49,64,81", Math.Min(most, 10))));
    }

    [Test]
    public void ForEachAsync_starts_nothing_after_a_failure_and_throws_the_earliest_items()
    {
        var live = ReplayBench.For(async s =>
        {
            try
            {
                await s.Workflow.ForEachAsync(Enumerable.Range(0, 10), 3, async i =>
                {
                    s.Trace(i.ToString());
                    await s.Workflow.DelayAsync(TimeSpan.FromSeconds(10 - i));
                    if (i is 1 or 2) throw new InvalidOperationException($"item {i}");
                    return i;
                });
            }
            catch (InvalidOperationException error)
            {
                s.Trace(error.Message);
            }
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("0 1 2 item 1"));
    }

    [Test]
    public void ForEachAsync_takes_items_as_places_become_free()
    {
        var live = ReplayBench.For(async s =>
        {
            await s.Workflow.ForEachAsync(Items(), 2, async i =>
            {
                await s.Acts.DoAsync("x");
                return i;
            });

            IEnumerable<int> Items()
            {
                for (var i = 0; i < 4; i++)
                {
                    s.Trace($"{i}@{s.Workflow.UtcNow.Millisecond}");
                    yield return i;
                }
            }
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("0@0 1@0 2@1 3@2"));
    }

    [Test]
    public void ForEachAsync_throws_what_the_items_throw_and_refuses_no_parallelism()
    {
        var live = ReplayBench.For(async s =>
        {
            try
            {
                await s.Workflow.ForEachAsync(Items(), 2, Task.FromResult);
            }
            catch (FormatException)
            {
                s.Trace("items");
            }

            try
            {
                await s.Workflow.ForEachAsync([1], 0, Task.FromResult);
            }
            catch (ArgumentOutOfRangeException)
            {
                s.Trace("zero");
            }

            s.Trace((await s.Workflow.ForEachAsync(Array.Empty<int>(), 5, Task.FromResult)).Count.ToString());

            static IEnumerable<int> Items()
            {
                yield return 1;
                throw new FormatException();
            }
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("items zero 0"));
    }

    [Test]
    public void More_pending_operations_than_allowed_throw_into_the_code_and_replay_so()
    {
        Func<Script, Task> body = async s =>
        {
            var tasks = new List<Task>();
            try
            {
                for (var i = 0; i < 100; i++) tasks.Add(s.Acts.DoAsync(i.ToString()));
            }
            catch (DurableException error)
            {
                s.Trace(error.Code);
            }

            await Task.WhenAll(tasks);
            s.Trace(tasks.Count.ToString());
        };
        var bench = ReplayBench.For(body);
        var live = bench.Starts(bench.Document() with { MaxPending = 7 }).Passes();
        Assert.That(live.Trace, Is.EqualTo("DUR3006 7"));
        var fallback = ReplayBench.For(body).Limits(new(MaxPending: 5)).Passes();
        Assert.That(fallback.Trace, Is.EqualTo("DUR3006 5"), "histories from before the limit was recorded take the host's");
    }
}
