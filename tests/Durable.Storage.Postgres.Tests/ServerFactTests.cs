// What PostgreSQL itself does in races (PROTOCOL G4 to G6, D2, "verified"): the reasons for the shape of the provider's statements, checked again on the server at hand.
// Should a later version do otherwise, it is told here and not by a lost run. Each is followed by what the provider makes of it.
using Durable.Storage.Contract;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

/// <summary>Two or three sessions on small tables, in an order that the test decides.</summary>
public sealed class ServerFactTests
{
    private readonly List<NpgsqlConnection> sessions = [];
    private PostgresHarness harness = null!;

    private string Schema => harness.Schema;

    [SetUp]
    public async Task SetUpAsync()
    {
        harness = await PostgresHarness.NewAsync();
        await harness.Store.InitializeAsync();
        await PostgresServer.ExecuteAsync($"drop table if exists {Schema}.fact; create table {Schema}.fact (id text primary key, value text not null, at timestamptz not null default clock_timestamp())");
    }

    [TearDown]
    public async Task TearDownAsync()
    {
        foreach (var session in sessions) await session.DisposeAsync();
        sessions.Clear();
        await PostgresServer.ExecuteAsync($"drop table if exists {Schema}.fact");
        await harness.DisposeAsync();
    }

    [Test]
    public async Task V3_A_row_count_alone_does_not_stop_a_batch_and_the_fence_does()
    {
        var session = await SessionAsync();
        await using (var batch = new NpgsqlBatch(session))
        {
            batch.BatchCommands.Add(new($"update {Schema}.lane set commit_seq = commit_seq + 1 where lane_id = 1 and epoch = 99"));
            batch.BatchCommands.Add(new($"insert into {Schema}.fact values ('written', '')"));
            await batch.ExecuteNonQueryAsync();
        }

        Assert.That(await CountAsync("id = 'written'"), Is.EqualTo(1), "no lane matched, and what stood behind it was written");

        var lane = await TestLane.OpenAsync(harness.Store, "host-a");
        var run = await lane.StartAsync("order-1");
        lane.Epoch++;
        Assert.That((await lane.Batch().Event(run, 1).TryCommitAsync()).Outcome, Is.EqualTo(CommitOutcome.Refused));
        Assert.That(await harness.Store.ReadEventsAsync(run.Id, 0, 0, 10), Has.Count.EqualTo(1), "only the event of its start");
    }

    [TestCase("read committed", "")]
    [TestCase("repeatable read", "")]
    [TestCase("serializable", "40001")]
    public async Task V5_Who_looks_for_the_owner_and_writes_no_notice_loses_the_wake_up(string isolation, string state)
    {
        await ExecuteAsync(await SessionAsync(), $"insert into {Schema}.fact values ('owned', '')");
        var (sender, owner) = (await SessionAsync(), await SessionAsync());
        foreach (var session in (NpgsqlConnection[])[sender, owner]) await ExecuteAsync(session, $"begin isolation level {isolation}");
        Assert.That(await ScalarAsync(sender, $"select count(*) from {Schema}.fact where id = 'owned'"), Is.EqualTo(1L), "owned: so no notice");
        await ExecuteAsync(sender, $"insert into {Schema}.fact values ('message', '')");
        Assert.That(await ScalarAsync(owner, $"select count(*) from {Schema}.fact where id = 'message'"), Is.Zero, "no message: so a park that sleeps");
        await ExecuteAsync(owner, $"delete from {Schema}.fact where id = 'owned'; insert into {Schema}.fact values ('asleep', '')");
        var states = new[] { await StateAsync(sender, "commit"), await StateAsync(owner, "commit") };
        Assert.That(string.Concat(states), Is.EqualTo(state));
    }

    [TestCase("read committed")]
    [TestCase("repeatable read")]
    public async Task V5_A_delivery_beside_a_park_leaves_a_run_that_is_found(string isolation)
    {
        var lane = await TestLane.OpenAsync(harness.Store, "host-a");
        var run = await lane.StartAsync("order-1");
        var user = await SessionAsync();
        await using var transaction = await user.BeginTransactionAsync(isolation == "read committed" ? System.Data.IsolationLevel.ReadCommitted : System.Data.IsolationLevel.RepeatableRead);
        await harness.Store.DeliverAsync(new([Make.Message(run, 1, 1)], []), transaction);
        await lane.Batch().Event(run, 1).Park(run, 2).CommitAsync();
        await transaction.CommitAsync();
        Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
    }

    [Test]
    public async Task V9_Now_is_the_start_of_the_transaction_and_the_clock_is_not()
    {
        var session = await SessionAsync();
        await ExecuteAsync(session, "begin");
        await ExecuteAsync(session, "select pg_sleep(0.02)");
        Assert.That(await ScalarAsync(session, "select now() < clock_timestamp() - interval '20 ms'"), Is.True);
        await ExecuteAsync(session, "commit");
    }

    [TestCase(false, true)]
    [TestCase(true, false)]
    public async Task V9b_A_time_in_a_set_list_is_that_before_the_wait_unless_the_row_was_changed(bool changed, bool stale)
    {
        await ExecuteAsync(await SessionAsync(), $"insert into {Schema}.fact values ('lane', 'a')");
        var (holder, waiter) = (await SessionAsync(), await SessionAsync());
        await ExecuteAsync(holder, "begin");
        await ExecuteAsync(holder, changed ? $"update {Schema}.fact set value = 'b' where id = 'lane'" : $"select 1 from {Schema}.fact where id = 'lane' for update");
        var writing = ScalarAsync(waiter, $"update {Schema}.fact set at = clock_timestamp() where id = 'lane' returning at");
        await WaitingAsync(waiter);
        var released = await ScalarAsync(holder, "select clock_timestamp()");
        await ExecuteAsync(holder, "commit");
        Assert.That((DateTime)(await writing)! < (DateTime)released!, Is.EqualTo(stale));
    }

    [Test]
    public async Task V9b_A_lease_that_was_computed_before_a_wait_is_still_the_holders_and_the_next_heartbeat_heals_it()
    {
        var lane = await TestLane.OpenAsync(harness.Store, "host-a");
        var run = await lane.StartAsync("order-1");
        await PostgresServer.ExecuteAsync($"update {Schema}.lane set expires_at = clock_timestamp() - interval '1 h'");       // as one born expired
        await lane.Batch().Event(run, 1).CommitAsync();
        await PostgresServer.ExecuteAsync($"update {Schema}.lane set expires_at = clock_timestamp() - interval '1 h'");
        Assert.That(await lane.HeartbeatAsync(), Is.True);
        Assert.That((await harness.Store.ReadLanesAsync()).Single().Alive, Is.True);
    }

    [Test]
    public async Task V13_An_update_from_a_list_leaves_out_rows_that_were_changed_meanwhile_and_says_so_only_by_its_count()
    {
        await ExecuteAsync(await SessionAsync(), $"insert into {Schema}.fact values ('r', 'open'), ('s', 'open')");
        var (other, updater) = (await SessionAsync(), await SessionAsync());
        await ExecuteAsync(other, "begin");
        await ExecuteAsync(other, $"update {Schema}.fact set value = 'closed' where id = 'r'");
        var updating = ScalarAsync(updater, $"""
            with u as (update {Schema}.fact f set value = x.value from unnest(array['r', 's'], array['A', 'B']) x(id, value) where f.id = x.id and f.value = 'open' returning f.id)
            select string_agg(id, ',') from u
            """);
        await WaitingAsync(updater);
        await ExecuteAsync(other, "commit");
        Assert.That(await updating, Is.EqualTo("s"));
    }

    [Test]
    public async Task V13_A_batch_that_closes_a_run_of_somebody_else_reports_the_count_that_does_not_fit()
    {
        var (lane, thief) = (await TestLane.OpenAsync(harness.Store, "host-a"), await TestLane.OpenAsync(harness.Store, "host-b"));
        var run = await lane.StartAsync("order-1");
        var result = await thief.Batch().Close(run).TryCommitAsync();
        Assert.That((result.Outcome, result.Error), Is.Not.EqualTo((CommitOutcome.Committed, (string?)null)));
        Assert.That((await harness.Store.FindRunAsync(run.Namespace, null, run.Id))!.Status, Is.EqualTo(RunStatus.Running));
    }

    [Test]
    public async Task V13b_After_a_wait_a_sub_select_still_sees_the_old_snapshot()
    {
        await ExecuteAsync(await SessionAsync(), $"insert into {Schema}.fact values ('r', 'open')");
        var (other, updater) = (await SessionAsync(), await SessionAsync());
        await ExecuteAsync(other, "begin");
        await ExecuteAsync(other, $"update {Schema}.fact set value = 'parked' where id = 'r'; insert into {Schema}.fact values ('wake row of r', '')");
        var updating = ScalarAsync(updater, $"""
            with u as (update {Schema}.fact set value = 'lost' where id = 'r' and not exists (select 1 from {Schema}.fact where id = 'wake row of r') returning 1) select count(*) from u
            """);
        await WaitingAsync(updater);
        await ExecuteAsync(other, "commit");
        Assert.That(await updating, Is.EqualTo(1L), "the row is there, and the condition says it is not: so no condition that decides a race stands in a sub-select");
    }

    [Test]
    public async Task V14_Skip_locked_passes_over_a_row_that_is_being_changed()
    {
        await ExecuteAsync(await SessionAsync(), $"insert into {Schema}.fact values ('r', 'due')");
        var (other, reader) = (await SessionAsync(), await SessionAsync());
        const string due = "select count(*) from (select 1 from {0}.fact where value = 'due' for update skip locked) x";
        await ExecuteAsync(other, "begin");
        await ExecuteAsync(other, $"update {Schema}.fact set at = clock_timestamp() where id = 'r'");
        var look = due.Replace("{0}", Schema, StringComparison.Ordinal);
        Assert.That(await ScalarAsync(reader, look), Is.Zero, "a miss is no proof of absence");
        await ExecuteAsync(other, "commit");
        Assert.That(await ScalarAsync(reader, look), Is.EqualTo(1L));
    }

    [Test]
    public async Task V14b_Behind_a_delete_skip_locked_is_a_serialization_failure_at_repeatable_read()
    {
        await ExecuteAsync(await SessionAsync(), $"insert into {Schema}.fact values ('r', 'due')");
        var reader = await SessionAsync();
        await ExecuteAsync(reader, "begin isolation level repeatable read");
        await ScalarAsync(reader, $"select count(*) from {Schema}.fact");
        await ExecuteAsync(await SessionAsync(), $"delete from {Schema}.fact");
        Assert.That(await StateAsync(reader, $"select 1 from {Schema}.fact where id = 'r' for update skip locked"), Is.EqualTo("40001"));
        await ExecuteAsync(reader, "rollback");
    }

    [Test]
    public async Task V14_A_wake_row_that_somebody_holds_is_not_claimed_and_found_again_later()
    {
        var run = Make.Run("order-1");
        await harness.Store.DeliverAsync(new([], [Make.Start(run)]));
        var lane = await TestLane.OpenAsync(harness.Store, "host-a");
        var other = await SessionAsync();
        await ExecuteAsync(other, "begin");
        await ExecuteAsync(other, $"select 1 from {Schema}.ready where run_id = '{run.Id}' for update");
        Assert.That(await lane.ClaimAsync(run), Is.Empty);
        await ExecuteAsync(other, "rollback");
        Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
        Assert.That(await lane.ClaimAsync(run), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task V15_A_completion_beside_a_second_claim_finds_no_row_of_its_token()
    {
        var lane = await TestLane.OpenAsync(harness.Store, "host-a");
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Task(Make.Task(run, 1, await NowAsync())).CommitAsync();
        var claim = new TaskClaim(harness.Store.Groups[0], [""], ["Charge"], 10);
        var first = (await harness.Store.ClaimTasksAsync(claim)).Tasks.Single();
        var other = await SessionAsync();
        await ExecuteAsync(other, "begin");
        await ExecuteAsync(other, $"update {Schema}.task set token = gen_random_uuid(), attempt = attempt + 1");
        var ending = harness.Store.CompleteTasksAsync([new(first.Key, first.Token!.Value, Make.Message(run, 20, 1), default, 0)]);
        await LockedAsync("durable-%");
        await ExecuteAsync(other, "commit");
        Assert.That((await ending).Single(), Is.False);
        Assert.That((await harness.Store.LoadAsync(new([run.Id], MessagesOnly: true))).SelectMany(loaded => loaded.Messages), Is.Empty);
    }

    private async Task<DateTimeOffset> NowAsync() => (await harness.Store.LookAsync(Make.Look(TestLane.NewKey("clock", harness.Store)))).Now;

    private async Task<NpgsqlConnection> SessionAsync()
    {
        var session = await PostgresServer.OpenAsync(PostgresServer.ConnectionString + ";Pooling=false");
        sessions.Add(session);
        return session;
    }

    private Task<long> CountAsync(string where) => PostgresServer.ScalarAsync<long>($"select count(*) from {Schema}.fact where {where}");

    private static async Task ExecuteAsync(NpgsqlConnection session, string sql)
    {
        await using var command = new NpgsqlCommand(sql, session);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection session, string sql)
    {
        await using var command = new NpgsqlCommand(sql, session);
        return await command.ExecuteScalarAsync();
    }

    // The SQLSTATE of a failure, else nothing.
    private static async Task<string> StateAsync(NpgsqlConnection session, string sql)
    {
        try
        {
            await ExecuteAsync(session, sql);
            return "";
        }
        catch (PostgresException e)
        {
            return e.SqlState;
        }
    }

    private static Task WaitingAsync(NpgsqlConnection session) => Eventually.IsTrueAsync(async () =>
        await PostgresServer.ScalarAsync<bool>($"select exists (select 1 from pg_stat_activity where pid = {session.ProcessID} and wait_event_type = 'Lock')"));

    private static Task LockedAsync(string application) => Eventually.IsTrueAsync(async () =>
        await PostgresServer.ScalarAsync<bool>($"select exists (select 1 from pg_stat_activity where application_name like '{application}' and wait_event_type = 'Lock')"));
}
