// A lane's batch on its way through the writer: every end is an outcome, none an exception.
namespace Durable.Storage.Sqlite;

/// <summary>One call of commit.</summary>
internal sealed class CommitJob(LaneBatch batch, BatchWriter batches, TimeProvider clock, string path) : WriteJob
{
    private readonly TaskCompletionSource<CommitResult> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CommitResult? result;

    public Task<CommitResult> Task => completion.Task;

    public override void Run(Session session) => result = batches.Write(session, batch, clock.GetUtcNow());

    public override void Done() => completion.SetResult(result!);

    public override void Fail(WriteStage stage, Exception cause) =>
        completion.SetResult(new(OutcomeOf(stage, cause)) { Error = (stage == WriteStage.Commit ? SqliteErrors.InDoubt(cause, path) : SqliteErrors.Translate(cause, path)).Message });

    /// <summary>The caller no longer waits: a batch that has not begun never will; one that has begun goes on to its end.</summary>
    public void Cancel()
    {
        if (TryAbandon())
            completion.SetResult(new(CommitOutcome.Unknown) { Error = "The caller stopped waiting." });
    }

    private static CommitOutcome OutcomeOf(WriteStage stage, Exception cause) => stage switch
    {
        WriteStage.Before => CommitOutcome.Retry,
        WriteStage.Inside => cause is not SqliteFailure failure ? CommitOutcome.Rejected
            : failure.IsBusy ? CommitOutcome.Retry
            : failure.IsRows || failure.Code == SqliteFailure.Full ? CommitOutcome.Rejected
            : CommitOutcome.Unknown,
        _ => CommitOutcome.Unknown,
    };
}
