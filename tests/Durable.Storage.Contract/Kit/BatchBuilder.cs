// Fills a batch in the words of the protocol.
namespace Durable.Storage.Contract;

/// <summary>A batch under construction.</summary>
public sealed class BatchBuilder(TestLane lane, LaneBatch batch)
{
    /// <summary>The batch itself, for what the words here do not say.</summary>
    public LaneBatch Rows => batch;

    public BatchBuilder Start(params StartRecord[] starts) => Do(() => batch.Starts.AddRange(starts));

    public BatchBuilder Child(params StartRecord[] starts) => Do(() => batch.Children.AddRange(starts));

    public BatchBuilder Event(TestRun run, int seq, int gen = 0, string payload = "{}") => Do(() => batch.Events.Add(Make.Event(run, seq, gen, payload)));

    public BatchBuilder Event(EventRecord row) => Do(() => batch.Events.Add(row));

    /// <summary>Consumes a message and appends its event.</summary>
    public BatchBuilder Consume(TestRun run, MessageRecord message, int seq, int gen = 0) => Do(() =>
    {
        batch.Consumed.Add(message.Key);
        batch.Events.Add(Make.Event(run, seq, gen, consumes: message));
    });

    /// <summary>Consumes messages without a trace, as duplicates are dropped (D5).</summary>
    public BatchBuilder Drop(params MessageRecord[] messages) => Do(() => batch.Consumed.AddRange(messages.Select(message => message.Key)));

    public BatchBuilder Park(params ParkRecord[] parks) => Do(() => batch.Parks.AddRange(parks));

    public BatchBuilder Park(TestRun run, int nextSeq = 1) => Park(Make.Park(run, nextSeq));

    public BatchBuilder Close(TestRun run, RunStatus status = RunStatus.Completed, string? outcome = null) => Close(Make.Close(run, status, outcome));

    public BatchBuilder Close(CloseRecord close) => Do(() => batch.Closes.Add(close));

    public BatchBuilder Update(TestRun run, RunStatus? status = null, string? attributes = null, int? gen = null, int? version = null, int? firstGen = null) => Do(() =>
        batch.Updates.Add(new() { RunId = run.Id, Shard = run.Shard, Status = status, Attributes = attributes, Gen = gen, Version = version, FirstGen = firstGen }));

    public BatchBuilder Send(params MessageRecord[] messages) => Do(() => batch.Sends.AddRange(messages));

    public BatchBuilder Task(params TaskRecord[] tasks) => Do(() => batch.Tasks.AddRange(tasks));

    public BatchBuilder DeleteTask(params TaskKey[] tasks) => Do(() => batch.TaskDeletes.AddRange(tasks));

    public BatchBuilder Claim(params TestRun[] runs) => Do(() => batch.Claims.AddRange(runs.Select(run => run.Id)));

    public BatchBuilder Document(params DocumentRecord[] documents) => Do(() => batch.Documents.AddRange(documents));

    public BatchBuilder Trim(TestRun run, int belowGen) => Do(() => batch.Trims.Add(new(run.Id, run.Shard, belowGen)));

    /// <summary>Commits and expects it to be durable, without an alarm.</summary>
    public async Task<CommitResult> CommitAsync()
    {
        var result = await lane.CommitAsync(batch);
        Assert.That((result.Outcome, result.Error), Is.EqualTo((CommitOutcome.Committed, (string?)null)));
        return result;
    }

    /// <summary>Commits and leaves it to the test what came of it.</summary>
    public Task<CommitResult> TryCommitAsync(CancellationToken cancellationToken = default) => lane.CommitAsync(batch, cancellationToken);

    private BatchBuilder Do(Action fill)
    {
        fill();
        return this;
    }
}
