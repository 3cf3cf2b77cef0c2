// Who may connect, to what, with which rights; and what the errors say.
using Durable.Storage.Contract;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

/// <summary>Roles, wrong addresses, other databases, restored databases.</summary>
public sealed class AccessTests
{
    private const string Password = "only-for-tests";
    private readonly string role = $"durable_runtime_{Environment.ProcessId}";
    private PostgresHarness harness = null!;

    [SetUp]
    public async Task SetUpAsync()
    {
        harness = await PostgresHarness.NewAsync(own: true);
        await harness.Store.InitializeAsync();
        await DropRoleAsync();
        await PostgresServer.ExecuteAsync($"create role {role} login password '{Password}'");
    }

    [TearDown]
    public async Task TearDownAsync()
    {
        await harness.DisposeAsync();
        await DropRoleAsync();
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_role_without_DDL_runs_workers_clients_reapers_and_purges(bool migrate)
    {
        await GrantAsync();
        await using var store = new PostgresStore(new PostgresOptions { Schema = harness.Schema, Migrate = migrate, WakeUps = false }, AsRole());
        await store.InitializeAsync();
        var lane = await TestLane.OpenAsync(store, "host-a");
        var run = Make.Run("order-1");
        await store.DeliverAsync(new([Make.Message(run, 1, 1)], [Make.Start(run)]));
        Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
        await lane.ClaimAsync(run);
        await lane.Batch().Event(run, 0).Consume(run, Make.Message(run, 1, 1), 1).Task(Make.Task(run, 1, DateTimeOffset.UnixEpoch)).Update(run, RunStatus.Running).CommitAsync();
        Assert.That((await store.ClaimTasksAsync(new(ShardGroup.Whole, [""], ["Charge"], 5))).Tasks, Has.Count.EqualTo(1));
        await lane.Batch().Event(run, 2).Close(run).CommitAsync();
        await lane.HeartbeatAsync();
        await lane.ReapAsync();
        Assert.That(await store.PurgeAsync(new(null, run.Id, LogBefore: DateTimeOffset.UnixEpoch)), Is.EqualTo(1));
        Assert.That(await store.TryLeaseAsync("purge", Guid.NewGuid(), TimeSpan.FromSeconds(1)), Is.Not.Null);
        await lane.CloseAsync();
        await using var other = await PostgresServer.OpenAsync(AsRole());
        await using var ddl = new NpgsqlCommand($"create table {harness.Schema}.more (x int)", other);
        Assert.That((await Assert.ThrowsAsync<PostgresException>(() => ddl.ExecuteNonQueryAsync()))!.SqlState, Is.EqualTo("42501"));
    }

    [Test]
    public async Task A_missing_right_is_named()
    {
        await GrantAsync();
        await PostgresServer.ExecuteAsync($"revoke insert on {harness.Schema}.message from {role}");
        await using var store = new PostgresStore(new PostgresOptions { Schema = harness.Schema, Migrate = false, WakeUps = false }, AsRole());
        await store.InitializeAsync();
        var error = await Assert.ThrowsAsync<DurableException>(() => store.DeliverAsync(new([Make.Message(Make.Run("order-1"), 1, 1)], [])));
        Assert.That((error!.Code, error.Message), Is.EqualTo(("DUR1014", error.Message)));
        Assert.That(error.Message, Does.Contain("message").And.Contain("INSERT"));
    }

    [Test]
    public async Task A_role_that_may_not_migrate_is_told_which_right_it_lacks()
    {
        await using var store = new PostgresStore(new PostgresOptions { Schema = "not_there_yet", WakeUps = false }, AsRole());
        var error = await Assert.ThrowsAsync<DurableException>(() => store.InitializeAsync());
        Assert.That(error!.Code, Is.EqualTo("DUR1014"));
        Assert.That(error.Message, Does.Contain("CREATE on the database"));
    }

    [Test]
    public async Task An_address_where_nobody_answers_a_wrong_database_and_a_wrong_password_are_told_apart_without_secrets()
    {
        Assert.That(await CodeAsync(b => b.Port = 1), Is.EqualTo("DUR5001"));
        Assert.That(await CodeAsync(b => b.Database = "no_such_database"), Is.EqualTo("DUR1016"));
        Assert.That(await CodeAsync(b => b.Password = "wrong"), Is.EqualTo("DUR1016"));
        Assert.That(Assert.Throws<DurableException>(() => _ = new PostgresStore(new PostgresOptions(), "Host=a;Prot=1"))!.Code, Is.EqualTo("DUR1002"));
        Assert.That(Assert.Throws<DurableException>(() => _ = new PostgresStore(new PostgresOptions(), "Database=a"))!.Code, Is.EqualTo("DUR1002"));
    }

    [Test]
    public async Task A_server_older_than_13_is_refused()
    {
        EngineConnections.RequireVersion("x", 130_000);
        Assert.That(Assert.Throws<DurableException>(() => EngineConnections.RequireVersion("x", 120_022))!.Code, Is.EqualTo("DUR1013"));
        await using var store = new PostgresStore(new PostgresOptions { Schema = harness.Schema }, PostgresServer.ConnectionString);
        await store.InitializeAsync();
    }

    [Test]
    public async Task A_transaction_on_another_database_is_refused_before_anything_is_written()
    {
        var database = $"other_{Environment.ProcessId}";
        await PostgresServer.ExecuteAsync($"create database {database}");
        try
        {
            var elsewhere = new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString) { Database = database, Pooling = false }.ConnectionString;
            await PostgresMigrations.MigrateAsync(elsewhere, harness.Schema);
            await using var connection = await PostgresServer.OpenAsync(elsewhere);
            await using var transaction = await connection.BeginTransactionAsync();
            var run = Make.Run("order-1");
            Assert.That((await Assert.ThrowsAsync<DurableException>(() => harness.Store.DeliverAsync(new([], [Make.Start(run)]), transaction)))!.Code, Is.EqualTo("DUR1012"));
            Assert.That((await Assert.ThrowsAsync<DurableException>(() => harness.Store.DeliverAsync(new([], [Make.Start(run)]), new ForeignTransaction())))!.Code, Is.EqualTo("DUR1012"));
            await using var still = new NpgsqlCommand("select 1", connection, transaction);
            Assert.That(await still.ExecuteScalarAsync(), Is.EqualTo(1), "the user's transaction is not aborted");
        }
        finally
        {
            await PostgresServer.ExecuteAsync($"drop database {database} (force)");
        }
    }

    [Test]
    public async Task A_copy_in_another_database_is_noticed_until_it_is_accepted()
    {
        await PostgresServer.ExecuteAsync($"update {harness.Schema}.installation set place = '42/1/' || split_part(place, '/', 3)");
        Assert.That((await harness.Store.InitializeAsync()).PlaceChanged, Is.True, "another server");
        await PostgresServer.ExecuteAsync($"update {harness.Schema}.installation set place = split_part(place, '/', 1) || '/1/7'");
        Assert.That((await harness.Store.InitializeAsync()).PlaceChanged, Is.True);
        await harness.Store.AcceptPlaceAsync(RestoredStorePolicy.Continue);
        Assert.That((await harness.Store.InitializeAsync()).PlaceChanged, Is.False);
        Assert.That(await PostgresServer.ScalarAsync<string>($"select accepted_by from {harness.Schema}.installation"), Is.EqualTo("Continue"), "it is recorded");
    }

    [Test]
    public async Task A_promotion_inside_the_cluster_passes_and_a_step_back_does_not()
    {
        var place = await PostgresServer.ScalarAsync<string>($"select place from {harness.Schema}.installation");
        await PostgresServer.ExecuteAsync($"update {harness.Schema}.installation set place = split_part(place, '/', 1) || '/0/' || split_part(place, '/', 3)");
        Assert.That((await harness.Store.InitializeAsync()).PlaceChanged, Is.False);
        Assert.That(await PostgresServer.ScalarAsync<string>($"select place from {harness.Schema}.installation"), Is.EqualTo(place));
        await PostgresServer.ExecuteAsync($"update {harness.Schema}.installation set place = split_part(place, '/', 1) || '/99/' || split_part(place, '/', 3)");
        Assert.That((await harness.Store.InitializeAsync()).PlaceChanged, Is.True);
        await harness.Store.AcceptPlaceAsync(RestoredStorePolicy.Continue);
    }

    private string AsRole() => new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString) { Username = role, Password = Password, Pooling = false }.ConnectionString;

    private Task GrantAsync() => PostgresServer.ExecuteAsync($"grant usage on schema {harness.Schema} to {role}; grant select, insert, update, delete on all tables in schema {harness.Schema} to {role}");

    private Task DropRoleAsync() => PostgresServer.ExecuteAsync($"do $$ begin if exists (select 1 from pg_roles where rolname = '{role}') then drop owned by {role}; drop role {role}; end if; end $$");

    private async Task<string> CodeAsync(Action<NpgsqlConnectionStringBuilder> change)
    {
        var text = new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString);
        change(text);
        await using var store = new PostgresStore(new PostgresOptions { Schema = harness.Schema, WakeUps = false }, text.ConnectionString);
        var error = await Assert.ThrowsAsync<DurableException>(() => store.InitializeAsync());
        Assert.That(error!.Message, Does.Not.Contain(text.Password));
        return error.Code;
    }
}
