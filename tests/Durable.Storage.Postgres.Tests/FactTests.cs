// Facts that the protocol leans on (PROTOCOL, "verified"), checked again on the server at hand through the provider's own statements. What the conformance suite checks
// already (two claimers, sweeps, stale tokens, storms) is not repeated here.
using Durable.Storage.Contract;
using Npgsql;
using NpgsqlTypes;

namespace Durable.Storage.Postgres.Tests;

/// <summary>Races that need a transaction held open by hand.</summary>
public sealed class FactTests
{
    private PostgresHarness harness = null!;

    private PostgresStore Store => harness.Postgres;

    [SetUp]
    public async Task SetUpAsync()
    {
        harness = await PostgresHarness.NewAsync();
        await Store.InitializeAsync();
    }

    [TearDown]
    public async Task TearDownAsync() => await harness.DisposeAsync();

    [Test]
    public async Task V1_A_reaper_passes_over_a_lane_whose_batch_is_in_flight()
    {
        var lane = await TestLane.OpenAsync(Store, "host-a");
        await harness.AdvanceAsync(TimeSpan.FromMinutes(1));
        await using var batch = await HoldAsync($"update {harness.Schema}.lane set commit_seq = commit_seq + 1, expires_at = clock_timestamp() + interval '20 s' where lane_id = {lane.Key.LaneId}");
        var reaper = await TestLane.OpenAsync(Store, "host-b");
        Assert.That((await reaper.ReapAsync()).Fenced, Is.Zero, "while it is in flight");
        await batch.CommitAsync();
        Assert.That((await reaper.ReapAsync()).Fenced, Is.Zero, "after it has renewed");
    }

    [Test]
    public async Task V1_A_reaper_passes_over_a_lane_that_a_batch_has_only_locked()
    {
        var lane = await TestLane.OpenAsync(Store, "host-a");
        await harness.AdvanceAsync(TimeSpan.FromMinutes(1));
        await using var batch = await FenceAsync(lane, number: 1);
        var reaper = await TestLane.OpenAsync(Store, "host-b");
        Assert.That((await reaper.ReapAsync()).Fenced, Is.Zero, "while it is in flight");
        await batch.CommitAsync();
        Assert.That((await reaper.ReapAsync()).Fenced, Is.EqualTo(1), "its lease was over all the time");
        Assert.That((await lane.Batch().TryCommitAsync()).Outcome, Is.EqualTo(CommitOutcome.Refused));
    }

    // Model: NumberInOneStatement.
    [TestCase("read committed")]
    [TestCase("serializable")]
    public async Task V8_Whoever_waits_for_a_batch_in_flight_is_told_its_number(string isolation)
    {
        await harness.DisposeAsync();
        harness = await PostgresHarness.NewAsync(new PostgresVariant { Isolation = isolation }, own: true);
        await Store.InitializeAsync();
        var lane = await TestLane.OpenAsync(Store, "host-a");
        await lane.Batch().CommitAsync();
        await using var batch = await FenceAsync(lane, number: 2, isolation);
        var reading = lane.ReadBackAsync();
        await Eventually.IsTrueAsync(async () => await PostgresServer.ScalarAsync<bool>(
            $"select exists (select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%{harness.Schema}.lane%')"));
        await batch.CommitAsync();
        Assert.That((await reading)!.CommitSeq, Is.EqualTo(2));
        await lane.Batch().CommitAsync();
    }

    [Test]
    public async Task C1_A_batch_behind_one_that_a_failover_lost_is_refused()
    {
        var lane = await TestLane.OpenAsync(Store, "host-a");
        for (var i = 0; i < 3; i++) await lane.Batch().CommitAsync();
        await PostgresServer.ExecuteAsync($"delete from {harness.Schema}.commit_log where lane_id = {lane.Key.LaneId} and commit_seq = 3");
        Assert.That((await lane.Batch().TryCommitAsync()).Outcome, Is.EqualTo(CommitOutcome.Refused), "number 3 is not there");
        Assert.That((await Store.ReadLanesAsync()).Single().CommitSeq, Is.EqualTo(2), "by this an idle lane learns of it");
        Assert.That((await lane.ReadBackAsync())!.CommitSeq, Is.EqualTo(2));
    }

    [Test]
    public async Task V2_A_batch_behind_a_reaper_is_refused_whole()
    {
        var lane = await TestLane.OpenAsync(Store, "host-a");
        var run = await lane.StartAsync("order-1");
        await using var reaper = await HoldAsync($"update {harness.Schema}.lane set epoch = epoch + 1, holder = null, died_at = clock_timestamp() where lane_id = {lane.Key.LaneId}");
        var commit = lane.Batch().Event(run, 1).Send(Make.Message(run, 1, 1)).TryCommitAsync();
        await WaitingAsync(EngineConnections.LaneApplication(lane.Key.LaneId));
        await reaper.CommitAsync();
        Assert.That((await commit).Outcome, Is.EqualTo(CommitOutcome.Refused));
        var loaded = (await Store.LoadAsync(new([run.Id]))).Single();
        Assert.That((loaded.Events.Count, loaded.Messages.Count), Is.EqualTo((1, 0)));
    }

    [Test]
    public async Task V2_A_lane_goes_on_after_a_refusal_on_the_same_connection()
    {
        var lane = await TestLane.OpenAsync(Store, "host-a");
        var run = await lane.StartAsync("order-1");
        lane.Epoch++;
        Assert.That((await lane.Batch().Event(run, 1).TryCommitAsync()).Outcome, Is.EqualTo(CommitOutcome.Refused));
        lane.Epoch--;
        await lane.Batch().Event(run, 1).CommitAsync();
    }

    [Test]
    public async Task V4_Runs_claimed_by_a_batch_that_the_reaper_could_not_see_are_released_in_a_later_transaction()
    {
        var dead = await TestLane.OpenAsync(Store, "host-a");
        var run = Make.Run("order-1");
        await Store.DeliverAsync(new([], [Make.Start(run)]));
        await dead.ClaimAsync(run);
        await PostgresServer.ExecuteAsync($"update {harness.Schema}.lane set epoch = epoch + 1, holder = null, died_at = clock_timestamp() where lane_id = {dead.Key.LaneId}");
        var other = await TestLane.OpenAsync(Store, "host-b");
        Assert.That((await other.ReapAsync()).Released, Is.EqualTo(1));
        Assert.That((await other.ReapAsync()).Released, Is.Zero);
    }

    [Test]
    public async Task V6_A_message_in_an_open_transaction_of_a_user_blocks_neither_park_nor_claim_and_is_found_after_its_commit()
    {
        var lane = await TestLane.OpenAsync(Store, "host-a");
        var run = await lane.StartAsync("order-1");
        await using var user = await harness.BeginAsync();
        await Store.DeliverAsync(new([Make.Message(run, 1, 1)], []), user);

        await lane.Batch().Event(run, 1).Park(run, 2).CommitAsync();
        var other = await TestLane.OpenAsync(Store, "host-b");
        Assert.That(await other.ClaimAsync(run), Has.Count.EqualTo(1));
        await other.Batch().Park(run, 2).CommitAsync();
        await user.CommitAsync();
        Assert.That((await other.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
    }

    [Test]
    public async Task V8_What_a_read_back_says_stays_true_although_an_abandoned_batch_was_still_on_the_server()
    {
        var lane = await TestLane.OpenAsync(Store, "host-a");
        var run = await lane.StartAsync("order-1");
        await using var obstacle = await HoldAsync($"select 1 from {harness.Schema}.lane where lane_id = {lane.Key.LaneId} for update");
        using var patience = new CancellationTokenSource();
        var commit = lane.Batch().Event(run, 1).TryCommitAsync(patience.Token);
        await WaitingAsync(EngineConnections.LaneApplication(lane.Key.LaneId));
        await patience.CancelAsync();
        Assert.That((await commit).Outcome, Is.EqualTo(CommitOutcome.Unknown));

        var reading = lane.ReadBackAsync();
        await obstacle.RollbackAsync();
        var back = (await reading)!;
        var stored = (await Store.ReadEventsAsync(run.Id, 0, 0, 10)).Count;
        Assert.That(stored, Is.EqualTo(back.CommitSeq), "batch 1 wrote one event, batch 2 another");
        await lane.Batch().Event(run, stored).CommitAsync();
    }

    [Test]
    public async Task V10_A_session_that_holds_the_row_of_a_lane_long_expired_is_ended_by_the_reaper()
    {
        var lane = await TestLane.OpenAsync(Store, "host-a", lease: TimeSpan.FromSeconds(1));
        await harness.AdvanceAsync(TimeSpan.FromMinutes(1));
        await using var frozen = await PostgresServer.OpenAsync(PostgresServer.ConnectionString + $";Pooling=false;ApplicationName={EngineConnections.LaneApplication(lane.Key.LaneId)}");
        await using var held = await frozen.BeginTransactionAsync();
        await using (var take = new NpgsqlCommand($"select 1 from {harness.Schema}.lane where lane_id = {lane.Key.LaneId} for update", frozen, held)) await take.ExecuteNonQueryAsync();

        var reaper = await TestLane.OpenAsync(Store, "host-b");
        var request = new ReapRequest(reaper.Key, TimeSpan.FromMilliseconds(50), Fence: true, []);
        await Eventually.IsTrueAsync(async () => (await Store.ReapAsync(request)).Fenced == 1);
        await Assert.ThatAsync(() => held.CommitAsync(), Throws.InstanceOf<NpgsqlException>());
    }

    [Test]
    public async Task V11_A_start_that_a_users_transaction_has_started_too_is_rejected_after_the_lock_time_out_and_refused_after_its_commit()
    {
        await using var user = await harness.BeginAsync();
        var (theirs, ours) = (Make.Run("order-1"), Make.Run("order-1"));
        await Store.DeliverAsync(new([], [Make.Start(theirs)]), user);
        var lane = await TestLane.OpenAsync(Store, "host-a", lease: TimeSpan.FromSeconds(2));
        var result = await lane.Batch().Start(Make.OwnedStart(ours)).TryCommitAsync();
        Assert.That(result.Outcome, Is.EqualTo(CommitOutcome.Rejected), result.Error);
        await user.CommitAsync();
        var refused = await lane.Batch().Start(Make.OwnedStart(ours)).CommitAsync();
        Assert.That(refused.Refused, Is.EqualTo(new[] { ours.Id }));
    }

    [Test]
    public async Task V11c_Starts_of_several_callers_do_not_wait_for_an_id_that_a_users_transaction_holds_and_a_start_alone_does()
    {
        await using var user = await harness.BeginAsync();
        await Store.DeliverAsync(new([], [Make.Start(Make.Run("order-1"))]), user);
        var error = await Assert.ThrowsAsync<DurableException>(() => Store.DeliverAsync(new([], [Make.Start(Make.Run("order-1")), Make.Start(Make.Run("order-2"))])));
        Assert.That((error!.InnerException as PostgresException)?.SqlState, Is.EqualTo("55P03"));
        Assert.That((await Store.DeliverAsync(new([], [Make.Start(Make.Run("order-2"))]))).Starts[0].Started, Is.True);
        var alone = Store.DeliverAsync(new([], [Make.Start(Make.Run("order-1"))]));
        await user.CommitAsync();
        Assert.That((await alone).Starts[0].Started, Is.False);
    }

    // Found by chaos: the run whose rows waited was held, and nobody would have resumed it.
    [Test]
    public async Task G2_A_batch_without_starts_that_waits_for_the_lock_of_a_table_is_to_be_sent_again_and_blames_no_run()
    {
        var lane = await TestLane.OpenAsync(Store, "host-a", lease: TimeSpan.FromSeconds(2));
        var run = await lane.StartAsync("order-1");
        await using var administrator = await HoldAsync($"lock table {harness.Schema}.event in share row exclusive mode");
        Assert.That((await lane.Batch().Event(run, 1).TryCommitAsync()).Outcome, Is.EqualTo(CommitOutcome.Retry));
        await administrator.RollbackAsync();
        await lane.Batch().Event(run, 1).CommitAsync();
    }

    [Test]
    public async Task V11b_A_start_that_a_repeatable_read_transaction_cannot_see_is_its_own_to_retry()
    {
        await using var connection = await PostgresServer.OpenAsync();
        await using var user = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using (var snapshot = new NpgsqlCommand($"select count(*) from {harness.Schema}.run", connection, user)) await snapshot.ExecuteScalarAsync();
        await Store.DeliverAsync(new([], [Make.Start(Make.Run("order-1"))]));
        var error = await Assert.ThrowsAsync<PostgresException>(() => Store.DeliverAsync(new([], [Make.Start(Make.Run("order-1"))]), user));
        Assert.That((error!.SqlState, error.IsTransient), Is.EqualTo(("40001", true)));
    }

    [Test]
    public async Task V12_A_stale_snapshot_cannot_start_an_id_a_second_time_under_reject_duplicates()
    {
        await using var connection = await PostgresServer.OpenAsync();
        await using var user = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using (var snapshot = new NpgsqlCommand($"select count(*) from {harness.Schema}.run", connection, user)) await snapshot.ExecuteScalarAsync();
        var lane = await TestLane.OpenAsync(Store, "host-a");
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Close(run).CommitAsync();
        await Assert.ThatAsync(() => Store.DeliverAsync(new([], [Make.Start(Make.Run("order-1"), StartGate.Never)]), user), Throws.InstanceOf<PostgresException>());
        await user.RollbackAsync();
        Assert.That(await Store.CountRunsAsync(Make.Query()), Is.EqualTo(1));
    }

    [Test]
    public async Task V16_An_open_behind_a_reaper_takes_the_dead_lane()
    {
        var lane = await TestLane.OpenAsync(Store, "host-a");
        await using var reaper = await HoldAsync($"update {harness.Schema}.lane set epoch = epoch + 1, holder = null, died_at = clock_timestamp() where lane_id = {lane.Key.LaneId}");
        var opening = TestLane.TryOpenAsync(Store, TestLane.NewKey("host-a", Store));
        await reaper.CommitAsync();
        Assert.That((await opening)!.Epoch, Is.EqualTo(lane.Epoch + 2));
    }

    [Test]
    public async Task C8_An_error_of_the_rows_rejects_and_the_surroundings_leave_a_doubt()
    {
        Assert.That(Outcome("22021"), Is.EqualTo(CommitOutcome.Rejected));
        Assert.That(Outcome("23514"), Is.EqualTo(CommitOutcome.Rejected));
        Assert.That(Outcome("55P03"), Is.EqualTo(CommitOutcome.Rejected));
        Assert.That(Outcome("22012"), Is.EqualTo(CommitOutcome.Rejected), "somebody's trigger: on one server no fence divides");
        Assert.That(Sqlstates.OutcomeOf(new PostgresException("division by zero", "ERROR", "ERROR", "22012"), answered: true, spread: true), Is.EqualTo(CommitOutcome.Refused));
        Assert.That(Outcome("40001"), Is.EqualTo(CommitOutcome.Retry));
        Assert.That(Outcome("40P01"), Is.EqualTo(CommitOutcome.Retry));
        foreach (var doubt in new[] { "40003", "53100", "57014", "57P01", "08006", "25006", "XX000" }) Assert.That(Outcome(doubt), Is.EqualTo(CommitOutcome.Unknown), doubt);
        Assert.That(Outcome("40001", severity: "FATAL"), Is.EqualTo(CommitOutcome.Unknown));
        Assert.That(Outcome("40001", answered: false), Is.EqualTo(CommitOutcome.Unknown));

        var lane = await TestLane.OpenAsync(Store, "host-a");
        var result = await lane.Batch().Send(Make.Message(Make.Run("order-1"), 1, 1, payload: "{}")).Document(new DocumentRecord("default", "note", "a\0b", 0, 1, "{}")).TryCommitAsync();
        Assert.That(result.Outcome, Is.EqualTo(CommitOutcome.Rejected));
        await lane.Batch().CommitAsync();
    }

    [Test]
    public async Task C9_A_terminated_session_is_a_doubt_that_a_read_back_ends()
    {
        var lane = await TestLane.OpenAsync(Store, "host-a");
        var run = await lane.StartAsync("order-1");
        await PostgresServer.ExecuteAsync($"select pg_terminate_backend(pid) from pg_stat_activity where application_name = '{EngineConnections.LaneApplication(lane.Key.LaneId)}'");
        var batch = lane.Batch().Event(run, 1);
        Assert.That((await batch.TryCommitAsync()).Outcome, Is.EqualTo(CommitOutcome.Unknown));
        Assert.That((await lane.ReadBackAsync())!.CommitSeq, Is.EqualTo(1));
        await lane.Batch().Event(run, 1).CommitAsync();
    }

    private static CommitOutcome Outcome(string state, string severity = "ERROR", bool answered = true) =>
        Sqlstates.OutcomeOf(new PostgresException("message", severity, severity, state), answered);

    private async Task<NpgsqlTransaction> HoldAsync(string sql)
    {
        var transaction = (NpgsqlTransaction)await harness.BeginAsync();
        await using var command = new NpgsqlCommand(sql, transaction.Connection, transaction);
        await command.ExecuteNonQueryAsync();
        return transaction;
    }

    // A batch of the lane's epoch that has passed its fence and is not committed: what a connection that was lost may leave on the server.
    private async Task<NpgsqlTransaction> FenceAsync(TestLane lane, long number, string isolation = "read committed")
    {
        var transaction = (NpgsqlTransaction)await harness.BeginAsync();
        await using (var level = new NpgsqlCommand("set transaction isolation level " + isolation, transaction.Connection, transaction)) await level.ExecuteNonQueryAsync();
        var batch = new PgBatch(transaction.Connection!, new PostgresOptions { Schema = harness.Schema }, pooler: false, transaction: false)
            .Add("CommitFence", PgBatch.Long(lane.Key.LaneId), PgBatch.Short(lane.Key.Group.HomeShard), PgBatch.Long(lane.Epoch), PgBatch.Long(number), PgBatch.OrNull(null, NpgsqlDbType.Bytea), PgBatch.Uuid(lane.Key.Holder));
        if (isolation != "read committed") batch.Add("CommitRenew", PgBatch.Long(lane.Key.LaneId), PgBatch.Short(lane.Key.Group.HomeShard), PgBatch.Long(number), PgBatch.Span(lane.Lease), PgBatch.Span(lane.Lease * 2));
        await batch.ExecuteAsync(CancellationToken.None);
        return transaction;
    }

    private static Task WaitingAsync(string application) => Eventually.IsTrueAsync(async () =>
        await PostgresServer.ScalarAsync<bool>($"select exists (select 1 from pg_stat_activity where application_name = '{application}' and wait_event_type = 'Lock')"));
}
