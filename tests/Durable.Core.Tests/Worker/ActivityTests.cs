// Activities on the owner: order, results, failures, retries, limits.
using Durable.Core.Tests.Kit;

namespace Durable.Core.Tests.Worker;

public sealed class ActivityTests : Situation
{
    [Test]
    public async Task Activities_one_after_the_other_run_once_each_in_order()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Chain>());

        var run = await node.Client.StartAsync((Chain w) => w.RunAsync(5), new() { Id = "chain" });

        Assert.That(await run.ResultAsync(), Is.EqualTo("1! 2! 3! 4! 5!"));
        Assert.That(Bench.Ledger.Select(attempt => attempt.Name), Is.EqualTo(new[] { "1", "2", "3", "4", "5" }));
    }

    [Test]
    public async Task Activities_in_parallel_are_under_way_together()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Fan>());
        var gate = new TaskCompletionSource<string>();
        for (var i = 0; i < 10; i++) Bench[$"{i}"] = _ => gate.Task;

        var run = await node.Client.StartAsync((Fan w) => w.RunAsync(10));
        await World.UntilAsync(() => Bench.Ledger.Count == 10, "all ten have begun");
        gate.SetResult("ok");

        Assert.That(await run.ResultAsync(), Is.EqualTo(10));
    }

    [Test]
    public async Task An_exception_of_an_activity_without_retry_is_seen_by_the_code_with_type_and_message()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<OneTry>());
        Bench["bad"] = _ => throw new InvalidDataException("no such card");

        var run = await node.Client.StartAsync((OneTry w) => w.RunAsync("bad"));

        Assert.That(await run.ResultAsync(), Is.EqualTo("DUR3101 1 System.IO.InvalidDataException no such card"));
    }

    [Test]
    public async Task The_number_of_activities_under_way_is_bounded()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Fan>(), options: o => o.MaxConcurrentActivities = 3);
        int now = 0, most = 0;
        for (var i = 0; i < 20; i++)
            Bench[$"{i}"] = async _ =>
            {
                var mine = Interlocked.Increment(ref now);
                InterlockedMax(ref most, mine);
                await Task.Yield();
                await Task.Delay(2);
                Interlocked.Decrement(ref now);
                return "ok";
            };

        var run = await node.Client.StartAsync((Fan w) => w.RunAsync(20));

        Assert.That(await run.ResultAsync(), Is.EqualTo(20));
        Assert.That(most, Is.LessThanOrEqualTo(3));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); seen < value;)
        {
            var before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen) return;
            seen = before;
        }
    }

    public sealed class Chain(IWork work)
    {
        [Run]
        public async Task<string> RunAsync(int count)
        {
            var all = new List<string>();
            for (var i = 1; i <= count; i++) all.Add(await work.DoAsync($"{i}"));
            return string.Join(' ', all);
        }
    }

    public sealed class Fan(IWork work)
    {
        [Run]
        public async Task<int> RunAsync(int count) => (await Task.WhenAll(Enumerable.Range(0, count).Select(i => work.DoAsync($"{i}")))).Length;
    }

    public sealed class OneTry(WorkflowContext workflow, IWork work)
    {
        [Run]
        public async Task<string> RunAsync(string name)
        {
            try
            {
                return await workflow.With(work, new() { Retry = RetryPolicy.None }).DoAsync(name);
            }
            catch (ActivityFailedException error)
            {
                return $"{error.Code} {error.Attempts} {error.Failure.Type} {error.Failure.Message}";
            }
        }
    }
}
