// The outside world: one line for each effect, on the disk before the effect is over, out of the engine's sight.
using System.Text;

namespace Durable.TestHost;

/// <summary>The activities of generated workflows.</summary>
public interface IEffects
{
    /// <summary>An effect. Gives <c>key result</c>; the result is another one in each attempt.</summary>
    Task<string> DoAsync(string step);

    /// <summary>An effect that fails a few times.</summary>
    Task<string> FlakyAsync(string step, int failures);
}

/// <summary>An append-only file, written through to the disk.</summary>
public sealed class LineFile(string path)
{
    private readonly Lock gate = new();
    private readonly FileStream file = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0, FileOptions.WriteThrough);

    /// <summary>Writes a line in one piece.</summary>
    public void Add(params object[] parts)
    {
        var line = Encoding.UTF8.GetBytes(string.Join('\t', parts) + "\n");
        lock (gate) file.Write(line);
    }
}

/// <summary>Where the files of a host are.</summary>
public sealed class Ledgers(string folder, TimeSpan pace)
{
    /// <summary>One line an effect: workflow, step, attempt, key, pid, result. A file for each process (two would write over each other's lines), named in order of their starts.</summary>
    public LineFile Effects { get; } = new(Path.Combine(folder, $"ledger-{DateTime.UtcNow.Ticks}-{Environment.ProcessId}.log"));

    /// <summary>The longest that an effect takes.</summary>
    public TimeSpan Pace { get; } = pace;
}

/// <summary>Has effects, for activities and steps; made for each attempt.</summary>
public sealed class Ledger(ActivityContext attempt, Ledgers ledgers) : IEffects
{
    /// <inheritdoc/>
    public async Task<string> DoAsync(string step)
    {
        await Task.Delay(ledgers.Pace * Random.Shared.NextDouble());
        return Write(step, Guid.NewGuid().ToString("N"));
    }

    /// <inheritdoc/>
    public async Task<string> FlakyAsync(string step, int failures)
    {
        if (attempt.Attempt > failures) return await DoAsync(step);
        Write(step, "failed");
        throw new IOException($"attempt {attempt.Attempt} of {step} was to fail");
    }

    private string Write(string step, string result)
    {
        ledgers.Effects.Add(attempt.Workflow.WorkflowId, step, attempt.Attempt, attempt.IdempotencyKey, Environment.ProcessId, result);
        return $"{attempt.IdempotencyKey} {result}";
    }
}
