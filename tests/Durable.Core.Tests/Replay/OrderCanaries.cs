// Orders that are the BCL's, pinned: if a new .NET changes one, old histories diverge, and this fails first.
namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Replay")]
[Parallelizable(ParallelScope.All)]
public sealed class OrderCanaries
{
    [Test]
    public void Several_awaiters_of_one_task_resume_second_third_and_so_on_and_the_first_last() => Canary("2 3 4 5 1", async s =>
    {
        var task = s.Acts.DoAsync("x");
        await Task.WhenAll(Enumerable.Range(1, 5).Select(i => s.Mark(i.ToString(), task)).ToList());
    });

    [Test]
    public void Two_awaiters_of_one_task_resume_in_the_opposite_order() => Canary("2 1", async s =>
    {
        var task = s.Acts.DoAsync("x");
        await Task.WhenAll(s.Mark("1", task), s.Mark("2", task));
    });

    [Test]
    public void WhenAll_resumes_before_a_later_awaiter_of_its_last_task() => Canary("b all a", async s =>
    {
        var a = s.Acts.DoAsync("a");
        var b = s.Acts.DoAsync("b");
        var all = s.Mark("all", Task.WhenAll(a, b));
        var marks = Task.WhenAll(s.Mark("a", a), s.Mark("b", b));
        await all;
        await marks;
    }, newestFirst: true);

    [Test]
    public void WhenAny_resumes_before_a_later_awaiter_of_its_winner() => Canary("any a b", async s =>
    {
        var a = s.Acts.DoAsync("a");
        var b = s.Acts.DoAsync("b");
        var any = s.Mark("any", Task.WhenAny(a, b));
        await Task.WhenAll(any, s.Mark("a", a), s.Mark("b", b));
    });

    [Test]
    public void WhenAny_of_completed_tasks_gives_the_first_in_the_list() => Canary("a", async s =>
    {
        var b = s.Acts.EchoAsync("b");
        var a = s.Acts.EchoAsync("a");
        await Task.WhenAll(a, b);
        s.Trace(await await Task.WhenAny(a, b));
    });

    [Test]
    public void Token_callbacks_run_last_registered_first_and_before_awaiters() => Canary("c3 c2 c1 awaiter", async s =>
    {
        using var source = new CancellationTokenSource(TimeSpan.FromSeconds(1), s.Time);
        for (var i = 1; i <= 3; i++)
        {
            var name = $"c{i}";
            source.Token.Register(() => s.Trace(name));
        }

        try
        {
            await s.Workflow.DelayAsync(TimeSpan.FromHours(1), source.Token);
        }
        catch (OperationCanceledException)
        {
            s.Trace("awaiter");
        }
    });

    [Test]
    public void A_linked_source_is_cancelled_among_the_callbacks() => Canary("late linked early", async s =>
    {
        using var source = new CancellationTokenSource(TimeSpan.FromSeconds(1), s.Time);
        source.Token.Register(() => s.Trace("early"));
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(source.Token);
        linked.Token.Register(() => s.Trace("linked"));
        source.Token.Register(() => s.Trace("late"));
        await s.Workflow.WaitUntilAsync(() => linked.IsCancellationRequested);
    });

    [Test]
    public void A_semaphore_is_a_FIFO_queue() => Canary("1 2 3 4", async s =>
    {
        using var gate = new SemaphoreSlim(1, 1);
        await Task.WhenAll(Enumerable.Range(1, 4).Select(WorkAsync).ToList());

        async Task WorkAsync(int i)
        {
            await gate.WaitAsync();
            await s.Acts.DoAsync("x");
            s.Trace(i.ToString());
            gate.Release();
        }
    });

    [Test]
    public void WaitUntil_is_a_FIFO_mutex() => Canary("in1 out1 in2 out2 in3 out3", async s =>
    {
        var busy = false;
        await Task.WhenAll(Enumerable.Range(1, 3).Select(WorkAsync).ToList());

        async Task WorkAsync(int i)
        {
            await s.Workflow.WaitUntilAsync(() => !busy);
            busy = true;
            s.Trace($"in{i}");
            await s.Acts.DoAsync("x");
            s.Trace($"out{i}");
            busy = false;
        }
    });

    [Test]
    public void A_thousand_conditions_are_served_in_order()
    {
        var live = ReplayBench.For(async s =>
        {
            s.OnSignal = _ => { s.Count = 1; return Task.CompletedTask; };
            var order = new List<int>();
            await Task.WhenAll(Enumerable.Range(0, 1_000).Select(async i =>
            {
                await s.Workflow.WaitUntilAsync(() => s.Count > 0);
                order.Add(i);
            }).ToList());
            s.Trace(order.SequenceEqual(Enumerable.Range(0, 1_000)).ToString());
        }).Signal("go").Passes();
        Assert.That(live.Trace, Is.EqualTo("True"));
    }

    [Test]
    public void Yields_interleave_in_FIFO_order() => Canary("a0 b0 c0 a1 b1 c1 a2 b2 c2", async s =>
    {
        await Task.WhenAll(new[] { "a", "b", "c" }.Select(WorkAsync).ToList());

        async Task WorkAsync(string name)
        {
            for (var i = 0; i < 3; i++)
            {
                s.Trace(name + i);
                await Task.Yield();
            }
        }
    });

    // With one context object for all callbacks the two chains resumed in an order that depended on the stack of the thread (M2).
    [Test]
    public void Two_deep_chains_resume_in_the_same_order_on_every_stack()
    {
        var live = ReplayBench.For(async s =>
        {
            var gate = s.Acts.DoAsync("x");
            var order = new List<string>();
            await Task.WhenAll(ChainAsync(10_000, "a"), ChainAsync(10_000, "b"));
            s.Trace(string.Join("", order));

            async Task ChainAsync(int depth, string name)
            {
                if (depth % 20 == 0) await Task.Yield();
                if (depth == 0) await gate;
                else await ChainAsync(depth - 1, name);
                if (depth % 2_500 == 0) order.Add($"{name}{depth} ");
            }
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("b0 a0 b2500 a2500 b5000 a5000 b7500 a7500 b10000 a10000 "));
    }

    [Test]
    public void A_signal_handler_finishes_before_the_awaiter_that_it_woke() => Canary("handler awaiter", async s =>
    {
        var source = new TaskCompletionSource();
        s.OnSignal = _ =>
        {
            source.SetResult();
            s.Trace("handler");
            return Task.CompletedTask;
        };
        await source.Task;
        s.Trace("awaiter");
    }, signal: true);

    [Test]
    public void ConfigureAwait_false_resumes_before_awaits_that_captured() => Canary("plain captured", async s =>
    {
        var task = s.Acts.DoAsync("x");
        await Task.WhenAll(PlainAsync(), s.Mark("captured", task));

        async Task PlainAsync()
        {
            await task.ConfigureAwait(false);
            s.Trace("plain");
        }
    });

    [Test]
    public void Shuffle_and_GetItems_of_the_injected_Random() => Canary("0,5,2,1,3,4 baba", s =>
    {
        var numbers = Enumerable.Range(0, 6).ToArray();
        s.Random.Shuffle(numbers);
        s.Trace(string.Join(",", numbers));
        s.Trace(new string(s.Random.GetItems("ab".AsSpan(), 4)));
        return Task.CompletedTask;
    });

    private static void Canary(string expected, Func<Script, Task> body, bool newestFirst = false, bool signal = false)
    {
        var bench = ReplayBench.For(body);
        if (newestFirst) bench.NewestFirst();
        if (signal) bench.Signal("x");
        var live = bench.Passes();
        Assert.That((live.Trace, live.End), Is.EqualTo((expected, Durable.Engine.History.CommandKind.Complete)), live.Execution.Verdict?.Message);
    }
}
