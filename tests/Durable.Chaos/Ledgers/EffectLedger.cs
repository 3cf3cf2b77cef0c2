// The external ledger: what really happened, in a place that the engine cannot see.
using System.Globalization;

namespace Durable.Chaos.Ledgers;

/// <summary>The ledger of one worker process.</summary>
public sealed class EffectLedger(string path, string launch) : IDisposable
{
    private readonly LineFile file = new(path);
    private int count;

    /// <summary>An attempt begins.</summary>
    /// <returns>Its name, unique over all processes.</returns>
    public string Begin(ActivityContext attempt, string what)
    {
        var exec = string.Create(CultureInfo.InvariantCulture, $"{launch}.{Interlocked.Increment(ref count)}");
        Write("begin", attempt, what, exec);
        return exec;
    }

    /// <summary>Its effect has happened.</summary>
    public Workload.Done End(ActivityContext attempt, string what, string exec)
    {
        Write("end", attempt, what, exec);
        return new Workload.Done(what, exec);
    }

    /// <summary>It fails, as planned.</summary>
    public void Fail(ActivityContext attempt, string what, string exec) => Write("fail", attempt, what, exec);

    public void Dispose() => file.Dispose();

    private void Write(string kind, ActivityContext attempt, string what, string exec) => file.Write(
        kind, Moment.Now.ToString(CultureInfo.InvariantCulture), attempt.Workflow.WorkflowId, what, attempt.Attempt.ToString(CultureInfo.InvariantCulture),
        attempt.IdempotencyKey, exec, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
}

/// <summary>One execution of an effect, read back.</summary>
internal sealed record Execution(string Key, string Exec, string Workflow, string What, int Attempt, long Begun)
{
    /// <summary>The launch of the worker that executed it.</summary>
    public string Launch { get; } = Exec[..Exec.IndexOf('.', StringComparison.Ordinal)];

    /// <summary>When its effect happened; null if it never did.</summary>
    public long? Ended { get; set; }

    /// <summary>True if it failed as planned.</summary>
    public bool Failed { get; set; }
}

/// <summary>Reads ledgers.</summary>
internal static class Ledger
{
    public static IReadOnlyDictionary<string, Execution> Read(string folder)
    {
        var all = new Dictionary<string, Execution>();
        foreach (var path in Directory.EnumerateFiles(folder, "ledger-*.log"))
            foreach (var line in LineFile.Read(path))
            {
                var at = long.Parse(line[1], CultureInfo.InvariantCulture);
                if (line[0] == "begin") all.Add(line[6], new Execution(line[5], line[6], line[2], line[3], int.Parse(line[4], CultureInfo.InvariantCulture), at));
                else (all[line[6]].Ended, all[line[6]].Failed) = (at, line[0] == "fail");
            }

        return all;
    }
}
