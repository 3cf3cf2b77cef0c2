// Why an execution may not go on. The first one sticks: nothing that the execution does after it can be trusted.
namespace Durable.Engine.Replay;

/// <summary>A sticky reason to hold a run.</summary>
/// <param name="Code">Stable error code: DUR4001, DUR4002, DUR2005, DUR3001 (policy Hold), DUR5002 or DUR5003.</param>
/// <param name="Message">What was found, what was expected, what to do.</param>
/// <param name="Foreign">True when only a foreign thread or context was seen: the run is replayed once more before it stalls.</param>
internal sealed record Verdict(string Code, string Message, bool Foreign = false)
{
    /// <summary>Seq of the row at which it was found, or -1.</summary>
    public int Row { get; init; } = -1;

    /// <summary>Number of the differing command in its row.</summary>
    public int Index { get; init; }

    /// <summary>The line of the user's code, in words, when it is known.</summary>
    public string? Source { get; init; }

    /// <summary>What the row recorded, in words, when code and history differ.</summary>
    public string? Recorded { get; init; }

    /// <summary>What the code asked for, in words, when code and history differ.</summary>
    public string? Attempted { get; init; }
}
