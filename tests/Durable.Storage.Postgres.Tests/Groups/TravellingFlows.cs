// Workflows whose messages and children go to other runs.
namespace Durable.Storage.Postgres.Tests;

/// <summary>The workflows.</summary>
public static class TravellingFlows
{
    public sealed class Teller(WorkflowContext workflow)
    {
        private (string Whom, int Count)? order;
        private bool stopped;

        [Run]
        public async Task RunAsync(string whom, int count)
        {
            await TellAsync(whom, count);
            if (count > 0) return;
            await workflow.WaitUntilAsync(() => order is not null);
            await TellAsync(order!.Value.Whom, order.Value.Count);
            await workflow.WaitUntilAsync(() => stopped);
        }

        [Signal]
        public void Tell(string whom, int count) => order = (whom, count);

        [Signal]
        public void Stop() => stopped = true;

        private async Task TellAsync(string whom, int count)
        {
            for (var i = 0; i < count; i++) await workflow.GetRun<Listener>(whom).SignalAsync(w => w.Add(i));
        }
    }

    public sealed class Listener(WorkflowContext workflow)
    {
        private readonly List<int> got = [];

        [Run]
        public async Task<List<int>> RunAsync(int count)
        {
            await workflow.WaitUntilAsync(() => got.Count >= count);
            return got;
        }

        [Signal]
        public void Add(int item) => got.Add(item);
    }

    public sealed class Parent(WorkflowContext workflow)
    {
        [Run]
        public Task<string> RunAsync(string child) => workflow.RunChildAsync((Child w) => w.RunAsync("hello"), new() { Id = child });
    }

    public sealed class Child
    {
        [Run]
        public Task<string> RunAsync(string what) => Task.FromResult("child: " + what);
    }

    /// <summary>Everything that is a row of its own: a task that is tried again, one that beats, a timer that is slept through, a new generation.</summary>
    public sealed class Worker(WorkflowContext workflow, IChore chore)
    {
        [Run]
        public async Task<string> RunAsync(int generation)
        {
            var soon = new RetryPolicy { InitialDelay = TimeSpan.FromMilliseconds(50) };
            var tried = await workflow.With(chore, new ActivityOptions { Retry = soon, Queue = "heavy" }).DoAsync("try");
            var beaten = await workflow.With(chore, new ActivityOptions { Heartbeat = TimeSpan.FromSeconds(10) }).DoAsync("beat");
            await workflow.DelayAsync(TimeSpan.FromMilliseconds(600));
            return generation < 2 ? workflow.ContinueAsNew(() => RunAsync(generation + 1)) : $"{tried} {beaten}";
        }
    }

    public interface IChore
    {
        Task<string> DoAsync(string what);
    }

    public sealed class Chore(ActivityContext context) : IChore
    {
        public Task<string> DoAsync(string what) => what == "try" && context.Attempt == 1 ? throw new InvalidOperationException("once more") : Task.FromResult(what);
    }
}
