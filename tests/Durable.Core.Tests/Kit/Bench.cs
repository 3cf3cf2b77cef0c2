// The activities of most tests: one interface whose calls a test scripts by name, and a ledger of every attempt.
using System.Collections.Concurrent;

namespace Durable.Core.Tests.Kit;

/// <summary>Activities that do what the test's bench says.</summary>
public interface IWork
{
    /// <summary>Does what is scripted under the name, else answers with the name and an exclamation mark.</summary>
    Task<string> DoAsync(string name);

    /// <summary>As before, with a heartbeat limit.</summary>
    [Activity(Heartbeat = "00:00:10")]
    Task<string> BeatAsync(string name);
}

/// <summary>One attempt, as it was seen.</summary>
internal sealed record Attempted(string Name, int Attempt, string Key, string Node, DateTimeOffset At);

/// <summary>Scripts and ledger of a world.</summary>
internal sealed class Bench
{
    private readonly ConcurrentDictionary<string, Func<ActivityContext, Task<string>>> scripts = new();

    /// <summary>Attempts in the order they began.</summary>
    public ConcurrentQueue<Attempted> Ledger { get; } = new();

    /// <summary>What a name does.</summary>
    public Func<ActivityContext, Task<string>> this[string name]
    {
        set => scripts[name] = value;
    }

    /// <summary>Attempts of a name so far.</summary>
    public int Count(string name) => Ledger.Count(attempt => attempt.Name == name);

    /// <summary>A name whose attempts wait until the returned source is completed, or their token is cancelled.</summary>
    public TaskCompletionSource<string> Block(string name)
    {
        var source = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        this[name] = context => source.Task.WaitAsync(context.CancellationToken);
        return source;
    }

    /// <summary>Runs an attempt.</summary>
    public Task<string> RunAsync(string name, ActivityContext context, Node node)
    {
        Ledger.Enqueue(new Attempted(name, context.Attempt, context.IdempotencyKey, node.Name, node.World.Clock.GetUtcNow()));
        return scripts.TryGetValue(name, out var script) ? script(context) : Task.FromResult(name + "!");
    }
}

/// <summary>The implementation.</summary>
internal sealed class Work(ActivityContext context, Bench bench, Node node) : IWork
{
    public Task<string> DoAsync(string name) => bench.RunAsync(name, context, node);

    public Task<string> BeatAsync(string name) => bench.RunAsync(name, context, node);
}
