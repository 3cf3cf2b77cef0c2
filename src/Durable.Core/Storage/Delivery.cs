namespace Durable.Storage;

/// <summary>What a client, another run or an administrator inserts; all of it in one transaction.</summary>
/// <param name="Messages">Messages with their notices.</param>
/// <param name="Starts">Runs to start with a wake row.</param>
public sealed record Delivery(IReadOnlyList<MessageRecord> Messages, IReadOnlyList<StartRecord> Starts)
{
    /// <summary>
    /// True: when the call has returned, everybody sees what it delivered, so what is delivered after it cannot be seen before it. It matters where an engine that spreads its tables answers a commit
    /// before all of its nodes have done it. False: the answer is enough.
    /// </summary>
    public bool Settled { get; init; }
}

/// <summary>What a delivery did.</summary>
/// <param name="Accepted">For each message: true if it was inserted, false if the same key was already waiting (it was accepted before).</param>
/// <param name="Starts">For each start: what became of it.</param>
public sealed record DeliverResult(IReadOnlyList<bool> Accepted, IReadOnlyList<StartResult> Starts);

/// <summary>What became of a start.</summary>
/// <param name="Started">True: the run is stored (also by an earlier try with the same run id).</param>
/// <param name="Existing">When refused: the newest run of the id, read after the refusal.</param>
public readonly record struct StartResult(bool Started, RunRecord? Existing);
