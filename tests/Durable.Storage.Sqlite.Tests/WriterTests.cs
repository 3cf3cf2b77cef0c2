// The one writing connection: what shares a transaction, what a failure does to its neighbours, and what a caller is told.
using Durable.Storage.Contract;

namespace Durable.Storage.Sqlite.Tests;

public sealed class WriterTests : SqliteFixture
{
    [Test]
    public async Task What_waits_together_is_written_in_one_transaction()
    {
        var store = await OpenAsync();
        var before = store.Core.File.Writer.Transactions;
        var sends = await WhileBusyAsync(store, () => Enumerable.Range(0, 100).Select(i => store.DeliverAsync(new([], [Make.Start(Make.Run($"order-{i}"))]))).ToList());

        var results = await Task.WhenAll(sends);
        Assert.That(results.Count(result => result.Starts[0].Started), Is.EqualTo(100));
        Assert.That(store.Core.File.Writer.Transactions - before, Is.EqualTo(2), "one that kept the writer busy, one for all");
    }

    [Test]
    public async Task A_piece_that_fails_harms_none_that_shares_its_transaction()
    {
        var store = await OpenAsync();
        var lane = await TestLane.OpenAsync(store, "host-a");
        var run = Make.Run("order-0");
        var (sends, commit) = await WhileBusyAsync(store, () => (
            Enumerable.Range(1, 9).Select(i => store.DeliverAsync(new([], [i == 5 ? Broken(Make.Run("order-5")) : Make.Start(Make.Run($"order-{i}"))]))).ToList(),
            lane.Batch().Start(Make.OwnedStart(run)).TryCommitAsync()));

        await AssertCodeAsync(() => sends[4], DurableErrorCodes.StoreUnavailable, "durable_run.secret");
        await Task.WhenAll(sends.Where(send => send != sends[4]));
        Assert.That((await commit).Outcome, Is.EqualTo(CommitOutcome.Committed));
        Assert.That(await store.CountRunsAsync(Make.Query()), Is.EqualTo(9));
    }

    [Test]
    public async Task A_batch_that_is_refused_harms_none_that_shares_its_transaction()
    {
        var store = await OpenAsync();
        var (lane, fenced) = (await TestLane.OpenAsync(store, "host-a"), await TestLane.OpenAsync(store, "host-b"));
        fenced.Epoch--;
        var (good, refused) = await WhileBusyAsync(store, () => (
            lane.Batch().Start(Make.OwnedStart(Make.Run("order-1"))).TryCommitAsync(), fenced.Batch().Start(Make.OwnedStart(Make.Run("order-2"))).TryCommitAsync()));

        Assert.That(((await good).Outcome, (await refused).Outcome), Is.EqualTo((CommitOutcome.Committed, CommitOutcome.Refused)));
        Assert.That(await store.FindRunAsync("default", "order-2", null), Is.Null);
    }

    [Test]
    public async Task A_batch_with_a_row_that_the_schema_refuses_is_rejected_whole_and_without_values()
    {
        var store = await OpenAsync();
        var lane = await TestLane.OpenAsync(store, "host-a");
        var run = await lane.StartAsync("order-1");
        var result = await lane.Batch().Event(run, 1).Start(Broken(Make.Run("order-2"))).TryCommitAsync();

        Assert.That(result.Outcome, Is.EqualTo(CommitOutcome.Rejected));
        Assert.That(result.Error, Does.Contain("durable_run.secret").And.Not.Contain("order-2"));
        Assert.That(await store.ReadEventsAsync(run.Id, 0, 0, 10), Has.Count.EqualTo(1));
        await lane.Batch().Event(run, 1).CommitAsync();
    }

    [Test]
    public async Task A_batch_that_finds_the_file_locked_may_be_sent_again()
    {
        var store = await OpenAsync();
        var lane = await TestLane.OpenAsync(store, "host-a");
        var batch = lane.Batch().Start(Make.OwnedStart(Make.Run("order-1"))).Rows;
        using (var tool = Connect())
        {
            Execute(tool, "begin immediate");
            var result = await lane.CommitAsync(batch);
            Assert.That(result.Outcome, Is.EqualTo(CommitOutcome.Retry));
            Assert.That(result.Error, Does.StartWith(DurableErrorCodes.DatabaseFileLocked));
            await AssertCodeAsync(() => store.DeliverAsync(new([], [Make.Start(Make.Run("order-2"))])), DurableErrorCodes.DatabaseFileLocked);
            Assert.That((await lane.LookAsync()).Claimable, Is.Empty, "readers do not wait for writers");
        }
        Assert.That((await lane.CommitAsync(batch)).Outcome, Is.EqualTo(CommitOutcome.Committed));
    }

    [Test]
    public async Task A_full_disk_is_named_and_the_batch_has_had_no_effect()
    {
        var store = await OpenAsync();
        var lane = await TestLane.OpenAsync(store, "host-a");
        var run = await lane.StartAsync("order-1");
        var pages = await store.Core.WriteAsync(session => session.Scalar("pragma page_count"), default);
        await store.Core.WriteAsync(session => session.Scalar($"pragma max_page_count={pages}"), default);

        var result = await lane.Batch().Event(run, 1, payload: new string('x', 100_000)).TryCommitAsync();
        Assert.That((result.Outcome, result.Error![..7]), Is.EqualTo((CommitOutcome.Rejected, DurableErrorCodes.DiskFull)));

        await store.Core.WriteAsync(session => session.Scalar("pragma max_page_count=1000000"), default);
        await lane.Batch().Event(run, 1, payload: new string('x', 100_000)).CommitAsync();
        Assert.That(await store.ReadEventsAsync(run.Id, 0, 0, 10), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_batch_whose_caller_left_before_it_began_never_begins()
    {
        var store = await OpenAsync();
        var lane = await TestLane.OpenAsync(store, "host-a");
        using var leave = new CancellationTokenSource();
        var batch = await WhileBusyAsync(store, () =>
        {
            var waiting = lane.Batch().Start(Make.OwnedStart(Make.Run("order-1"))).TryCommitAsync(leave.Token);
            leave.Cancel();
            return waiting;
        });

        Assert.That((await batch).Outcome, Is.EqualTo(CommitOutcome.Unknown));
        Assert.That((await lane.ReadBackAsync())!.CommitSeq, Is.Zero);
        Assert.That(await store.FindRunAsync("default", "order-1", null), Is.Null);
    }

    [TestCase((int)WriteStage.Before, SqliteFailure.Busy, CommitOutcome.Retry)]
    [TestCase((int)WriteStage.Before, SqliteFailure.CannotOpen, CommitOutcome.Retry)]
    [TestCase((int)WriteStage.Inside, SqliteFailure.Busy, CommitOutcome.Retry)]
    [TestCase((int)WriteStage.Inside, SqliteFailure.Constraint, CommitOutcome.Rejected)]
    [TestCase((int)WriteStage.Inside, SqliteFailure.TooBig, CommitOutcome.Rejected)]
    [TestCase((int)WriteStage.Inside, SqliteFailure.Full, CommitOutcome.Rejected)]
    [TestCase((int)WriteStage.Inside, SqliteFailure.IoError, CommitOutcome.Unknown)]
    [TestCase((int)WriteStage.Inside, SqliteFailure.Corrupt, CommitOutcome.Unknown)]
    [TestCase((int)WriteStage.Commit, SqliteFailure.IoError, CommitOutcome.Unknown)]
    [TestCase((int)WriteStage.Commit, SqliteFailure.Busy, CommitOutcome.Unknown)]
    public async Task A_failure_is_told_by_what_is_known_about_it(int stage, int code, CommitOutcome expected)
    {
        var store = await OpenAsync();
        var batch = (await TestLane.OpenAsync(store, "host-a")).Batch().Rows;
        var job = new CommitJob(batch, new(), Clock, FilePath);
        job.Fail((WriteStage)stage, new SqliteFailure(code, "text", "Fence"));
        Assert.That((await job.Task).Outcome, Is.EqualTo(expected));
    }

    [Test]
    public async Task A_connection_that_broke_is_replaced()
    {
        var store = await OpenAsync();
        var lane = await TestLane.OpenAsync(store, "host-a");
        await AssertCodeAsync(() => store.Core.WriteAsync<int>(_ => throw new SqliteFailure(SqliteFailure.IoError, "disk I/O error", "test"), default), DurableErrorCodes.StoreUnavailable, "I/O");
        Assert.That((await lane.StartAsync("order-1")).WorkflowId, Is.EqualTo("order-1"));
        await AssertCodeAsync(() => store.Core.ReadAsync<int>(_ => throw new SqliteFailure(SqliteFailure.IoError, "disk I/O error", "test"), default), DurableErrorCodes.StoreUnavailable, "I/O");
        Assert.That(await store.CountRunsAsync(Make.Query()), Is.EqualTo(1));
    }

    [Test]
    public async Task A_lease_goes_before_what_waits_longer()
    {
        var store = await OpenAsync();
        var lane = await TestLane.OpenAsync(store, "host-a");
        var order = new List<string>();
        await Task.WhenAll(await WhileBusyAsync(store, () => new List<Task>
        {
            Note("first"), Note("second"), Note("third"), store.Core.WriteAsync(_ => Add("lease"), default, urgent: true), lane.HeartbeatAsync(),
        }));
        Assert.That(order[0], Is.EqualTo("lease"));

        Task Note(string name) => store.Core.WriteAsync(_ => Add(name), default);

        bool Add(string name)
        {
            order.Add(name);
            return true;
        }
    }

    /// <summary>A row that the schema refuses.</summary>
    private static StartRecord Broken(TestRun run) => new()
    {
        RunId = run.Id,
        Namespace = run.Namespace,
        WorkflowId = run.WorkflowId,
        Shard = run.Shard,
        Type = run.Type,
        Version = run.Version,
        Build = "build-1",
        Secret = null!,
    };

    /// <summary>Hands work over while the writer is busy with something else, so that it waits together.</summary>
    private static async Task<T> WhileBusyAsync<T>(SqliteStore store, Func<T> act)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var go = new ManualResetEventSlim();
        var busy = store.Core.WriteAsync(
            _ =>
            {
                begun.TrySetResult();
                go.Wait();
                return true;
            },
            default);
        await begun.Task;
        var result = act();
        go.Set();
        await busy;
        return result;
    }
}
