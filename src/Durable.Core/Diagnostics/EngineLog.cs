// Everything the engine logs, in one file: stable event ids, no payloads, a scope for each run.
using Durable.Engine.Worker;
using Microsoft.Extensions.Logging;

namespace Durable.Engine.Diagnostics;

/// <summary>The engine's log.</summary>
internal sealed partial class EngineLog(ILogger logger)
{
    /// <summary>Writes an entry of workflow code, after its turn is durable.</summary>
    public static void Write(ILoggerFactory loggers, in LogEntry entry)
    {
        var target = loggers.CreateLogger(entry.Category);
        var info = entry.Execution.Info;
        using (target.BeginScope(Scope(info, null, null)))
            target.Log(entry.Level, entry.Id, new Message(entry.Message, entry.Values), entry.Error, static (state, _) => state.ToString());
    }

    /// <summary>An attempt failed: a warning with its next delay, an error from attempt 10 and at each doubling.</summary>
    public void AttemptFailed(WorkflowInfo workflow, string activity, int attempt, Exception error, TimeSpan? next)
    {
        var loud = attempt >= 10 && (attempt % 10 == 0) && System.Numerics.BitOperations.IsPow2(attempt / 10);
        using (logger.BeginScope(Scope(workflow, activity, attempt)))
        {
            if (next is null) AttemptGaveUp(activity, attempt, error);
            else if (loud) AttemptFailedOften(activity, attempt, next.Value, error);
            else AttemptFailedOnce(activity, attempt, next.Value, error);
        }
    }

    [LoggerMessage(101, LogLevel.Information, "Durable worker '{Identity}' is open on {Store}; it took over {Runs} runs.")]
    public partial void Opened(string identity, string store, int runs);

    [LoggerMessage(102, LogLevel.Information, "Durable worker '{Identity}' has stopped.")]
    public partial void Stopped(string identity);

    [LoggerMessage(103, LogLevel.Warning, "Another live host uses the identity '{Identity}'; this one goes on as '{Name}'. Give each host its own DurableOptions.Identity.")]
    public partial void Renamed(string identity, string name);

    [LoggerMessage(104, LogLevel.Warning, "{Store} was restored or copied from another place. Nothing is claimed until DurableClient.AcceptRestoredStoreAsync is called (DUR1010).")]
    public partial void PlaceChanged(string store);

    [LoggerMessage(105, LogLevel.Warning, "A debugger is attached: this host keeps its runs for one hour without a sign of life, time limits of activities and of turns are off, and claims are not counted (DurableOptions.DebuggerFriendly).")]
    public partial void Debugging();

    [LoggerMessage(106, LogLevel.Warning, "The JSON contract (ConfigureJson) is another one than before on this database. Open runs were written with the old one: payloads that no longer fit hold their run with DUR2005.")]
    public partial void JsonContractChanged();

    [LoggerMessage(107, LogLevel.Warning, "UseSqlite, UsePostgres or UseInMemory was called more than once; the last call wins.")]
    public partial void StoreReplaced();

    [LoggerMessage(108, LogLevel.Warning, "DurableOptions.DrainTimeout is {Drain}; a host stops waiting after HostOptions.ShutdownTimeout, 30 s unless it was raised. Keep the first below the second, or activities are cut off.")]
    public partial void DrainTooLong(TimeSpan drain);

    [LoggerMessage(109, LogLevel.Information, "Code was changed while the process runs ({Types} types): {Runs} runs in memory are read again from their histories. One that the new code does not repeat is held with the difference.")]
    public partial void CodeChanged(int types, int runs);

    [LoggerMessage(201, LogLevel.Warning, "Lane '{Lane}': the end of a commit is not known ({Outcome}: {Reason}); the lane is opened again to find out.")]
    public partial void CommitInDoubt(string lane, string outcome, string? reason);

    [LoggerMessage(202, LogLevel.Error, "Lane '{Lane}' was lost: {Reason}. Its runs are dropped; whoever has the lane goes on with them.")]
    public partial void LaneLost(string lane, string reason);

    [LoggerMessage(203, LogLevel.Error, "Lane '{Lane}': a committed batch has counts that do not fit: {Alarm}.")]
    public partial void CommitCountsWrong(string lane, string alarm);

    [LoggerMessage(204, LogLevel.Error, "Lane '{Lane}': work failed inside the engine; the lane goes on.")]
    public partial void LaneWorkFailed(string lane, Exception error);

    [LoggerMessage(205, LogLevel.Error, "Lane '{Lane}' cannot write and waits: {Reason}")]
    public partial void CommitWaits(string lane, string reason);

    [LoggerMessage(206, LogLevel.Warning, "The store did not answer ({Verb}); it is tried again.")]
    public partial void StoreAway(string verb, Exception error);

    [LoggerMessage(210, LogLevel.Warning, "The server of shard group {Group} does not answer: its runs wait, the others go on.")]
    public partial void GroupAway(int group, Exception error);

    [LoggerMessage(211, LogLevel.Error, "Shard group {Group} refuses row {Row} of run {Sender}, {Kind} for run {Target} ({Code}): {Reason} The row is kept, and what the run sends there after it waits with it; both are tried again in {Pause}. Mend what is named at the target, or give the row up: docs/scaling.md.")]
    public partial void CrossingRefused(int group, long row, Guid sender, string kind, Guid target, string code, TimeSpan pause, string reason, Exception error);

    [LoggerMessage(207, LogLevel.Information, "Fenced {Lanes} lanes whose lease was over, released {Runs} runs.")]
    public partial void Reaped(int lanes, int runs);

    [LoggerMessage(208, LogLevel.Warning, "Lane '{Lane}': a turn of workflow code has held its thread for {Time}. Await instead of blocking.")]
    public partial void TurnSlow(string lane, TimeSpan time);

    [LoggerMessage(209, LogLevel.Warning, "Slots of queue '{Queue}' could not be renewed: {Attempts} of its attempts are told to stop and are given back.")]
    public partial void SlotsLost(string queue, int attempts);

    [LoggerMessage(301, LogLevel.Error, "Run '{WorkflowId}' ({RunId}) of workflow '{Workflow}' is {Status}: {Code} {Reason}")]
    public partial void RunHeld(string workflowId, Guid runId, string workflow, string status, string code, string reason);

    [LoggerMessage(302, LogLevel.Warning, "The history of run '{WorkflowId}' ({RunId}) has {Events} events and {Bytes} bytes. Use continue-as-new when ContinueAsNewSuggested is true.")]
    public partial void HistoryLong(string workflowId, Guid runId, int events, long bytes);

    [LoggerMessage(303, LogLevel.Warning, "Activity '{Activity}' attempt {Attempt} failed; the next one follows in {Delay}.")]
    private partial void AttemptFailedOnce(string activity, int attempt, TimeSpan delay, Exception error);

    [LoggerMessage(304, LogLevel.Error, "Activity '{Activity}' attempt {Attempt} failed; the next one follows in {Delay}.")]
    private partial void AttemptFailedOften(string activity, int attempt, TimeSpan delay, Exception error);

    [LoggerMessage(305, LogLevel.Warning, "Activity '{Activity}' gave up after attempt {Attempt}.")]
    private partial void AttemptGaveUp(string activity, int attempt, Exception error);

    private static Dictionary<string, object?> Scope(WorkflowInfo info, string? activity, int? attempt)
    {
        var scope = new Dictionary<string, object?> { ["RunId"] = info.RunId, ["WorkflowId"] = info.WorkflowId, ["Workflow"] = info.Workflow };
        if (activity is not null) scope["Activity"] = activity;
        if (attempt is not null) scope["Attempt"] = attempt;
        return scope;
    }

    // Keeps the structured values of the user's entry beside its text.
    private sealed class Message(string text, IReadOnlyList<KeyValuePair<string, object?>> values) : IReadOnlyList<KeyValuePair<string, object?>>
    {
        public int Count => values.Count;

        public KeyValuePair<string, object?> this[int index] => values[index];

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => values.GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => values.GetEnumerator();

        public override string ToString() => text;
    }
}
