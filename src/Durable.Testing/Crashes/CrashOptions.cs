namespace Durable.Testing;

/// <summary>Which cases <see cref="CrashEverywhere"/> runs.</summary>
public sealed class CrashOptions
{
    /// <summary>The one case to run, as it was printed: <c>kill-after:7</c>, <c>random:12</c>. Default null: all.</summary>
    public string? Only { get; set; }

    /// <summary>How many random cases follow, each with up to ten faults in one run. Default 10.</summary>
    public int RandomRuns { get; set; } = 10;

    /// <summary>Seed of the first random case; each further one has the next number. Default 1.</summary>
    public int Seed { get; set; } = 1;

    /// <summary>Takes a line for each case. Default null.</summary>
    public Action<string>? Log { get; set; }

    /// <summary>At most so many commits are tried. Default 200: a scenario of that length is better cut into smaller ones.</summary>
    public int MaxCommits { get; set; } = 200;
}
