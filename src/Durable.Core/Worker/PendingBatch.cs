// A batch with all that must happen once it is durable, and not before (C7).
using Durable.Engine.Replay;
using Durable.Storage;
using Microsoft.Extensions.Logging;

namespace Durable.Engine.Worker;

/// <summary>One batch of a lane, from the first row to the answer.</summary>
internal sealed class PendingBatch(LaneKey lane, TimeSpan lease)
{
    /// <summary>Rows after which a batch is sealed: beyond it everything that sorts grows faster than it gains (CEILING §3.8).</summary>
    public const int MaxRows = 1_000;

    /// <summary>What is written.</summary>
    public LaneBatch Rows { get; } = new() { Lane = lane, Epoch = 0, CommitSeq = 0, Lease = lease };

    /// <summary>Runs that it holds rows of.</summary>
    public HashSet<RunSlot> Slots { get; } = [];

    /// <summary>What the lane does once it is durable.</summary>
    public List<(RunSlot Slot, Effect Effect)> Effects { get; } = [];

    /// <summary>What else happens once it is durable, by run: it goes with the run's rows when the batch is split.</summary>
    public List<(Guid Run, Action Then)> AfterCommit { get; } = [];

    /// <summary>What happens if it never will be, by run.</summary>
    public List<(Guid Run, Action<Exception> Tell)> AfterLoss { get; } = [];

    /// <summary>Log entries of its turns.</summary>
    public List<LogEntry> Log { get; } = [];

    /// <summary>Local starts by run.</summary>
    public Dictionary<Guid, StartingRun>? Starts { get; set; }

    /// <summary>Tries so far, for pauses between them.</summary>
    public int Tries { get; set; }

    /// <summary>When it was sent.</summary>
    public long SentAt { get; set; }

    /// <summary>What the store said last.</summary>
    public CommitResult? Answer { get; set; }

    /// <summary>Takes the answer to the lane's loop; made once, as batches are used again and again.</summary>
    public Action? Answered { get; set; }

    /// <summary>Empties it for its next use: the lists keep their size, which is about that of the next batch.</summary>
    public void Clear()
    {
        Rows.Clear();
        Slots.Clear();
        Effects.Clear();
        AfterCommit.Clear();
        AfterLoss.Clear();
        Log.Clear();
        Starts?.Clear();
        Tries = 0;
        Answer = null;
    }

    /// <summary>True when it should be sealed.</summary>
    public bool IsFull => Rows.Events.Count + Rows.Starts.Count + Rows.Sends.Count + Rows.Outgoing.Count + Rows.Children.Count + Rows.Parks.Count >= MaxRows;

    /// <summary>True when there is nothing to write.</summary>
    public bool IsEmpty => Rows.IsEmpty;
}

/// <summary>A run whose start is in a batch.</summary>
/// <param name="Slot">The run.</param>
/// <param name="Answer">Told whether it was started, or null for a child.</param>
internal sealed record StartingRun(RunSlot Slot, TaskCompletionSource<bool?>? Answer);

/// <summary>A log entry of a turn.</summary>
internal readonly record struct LogEntry(WorkflowExecution Execution, string Category, LogLevel Level, EventId Id, string Message, IReadOnlyList<KeyValuePair<string, object?>> Values, Exception? Error);
