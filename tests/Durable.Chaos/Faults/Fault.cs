// What every kind of fault has: a pace, a place to write what it did, a count of how often it really bit.
using System.Collections.Concurrent;

namespace Durable.Chaos.Faults;

/// <summary>Something that happened to somebody from one time to another.</summary>
/// <param name="Kind">Kind of fault.</param>
/// <param name="Launch">Whom it hit; null for all.</param>
/// <param name="From">When it began.</param>
/// <param name="To">When it was over; a death never is.</param>
internal sealed record Injury(string Kind, string? Launch, long From, long To);

/// <summary>One kind of fault, injected again and again until it is stopped.</summary>
internal abstract class Fault(string kind)
{
    private int bites;
    private int tries;

    public string Kind { get; } = kind;

    /// <summary>How often it was injected.</summary>
    public int Tries => tries;

    /// <summary>How often it hit something that was at work.</summary>
    public int Bites => bites;

    /// <summary>What else the report says about it.</summary>
    public virtual string Details => "";

    /// <summary>Who was hurt, and when.</summary>
    public ConcurrentQueue<Injury> Injuries { get; } = new();

    /// <summary>What was not as promised, beside what the checker finds.</summary>
    public ConcurrentQueue<string> Violations { get; } = new();

    /// <summary>Injects until the token is cancelled, and leaves nothing broken behind. May be called again.</summary>
    public abstract Task RunAsync(Random random, CancellationToken stop);

    /// <summary>Waits until it is known what the last ones did.</summary>
    public virtual Task SettleAsync() => Task.CompletedTask;

    protected void Tried(int times = 1) => Interlocked.Add(ref tries, times);

    protected void Bit(int times = 1) => Interlocked.Add(ref bites, times);

    /// <summary>Waits; false when it is time to stop.</summary>
    protected static async Task<bool> PauseAsync(double milliseconds, CancellationToken stop)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), stop).ContinueWith(static _ => { }, TaskScheduler.Default);
        return !stop.IsCancellationRequested;
    }
}
