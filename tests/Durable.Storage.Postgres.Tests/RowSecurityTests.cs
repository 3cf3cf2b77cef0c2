// Two tenants with roles of their own on one schema: what one stores, the other neither sees nor changes, whatever it sends.
using Durable.Storage.Contract;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

/// <summary>The script of <see cref="PostgresMigrations.RowSecurityScript"/>, and the engine under it.</summary>
public sealed class RowSecurityTests
{
    private const string Password = "only-for-tests";
    private readonly string ada = $"durable_ada_{Environment.ProcessId}", bob = $"durable_bob_{Environment.ProcessId}";
    private PostgresHarness harness = null!;

    [SetUp]
    public async Task SetUpAsync()
    {
        harness = await PostgresHarness.NewAsync(own: true);
        await harness.Store.InitializeAsync();
        for (var again = 0; again < 2; again++) await PostgresServer.ExecuteAsync(PostgresMigrations.RowSecurityScript(harness.Schema));
        foreach (var (role, ns) in new[] { (ada, "ada"), (bob, "bob") })
        {
            await DropAsync(role);
            await PostgresServer.ExecuteAsync($"""
                create role {role} login password '{Password}';
                grant usage on schema {harness.Schema} to {role};
                grant select, insert, update, delete on all tables in schema {harness.Schema} to {role};
                revoke all on {harness.Schema}.namespace_role from {role};
                insert into {harness.Schema}.namespace_role values ('{role}', '{ns}')
                """);
        }
    }

    [TearDown]
    public async Task TearDownAsync()
    {
        await harness.DisposeAsync();
        await DropAsync(ada);
        await DropAsync(bob);
    }

    [Test]
    public async Task Each_tenant_works_and_neither_sees_the_other()
    {
        await using var adas = await StoreAsync(ada);
        await using var bobs = await StoreAsync(bob);
        var runs = new[] { Make.Run("order-1", "ada"), Make.Run("order-1", "bob") };
        await adas.DeliverAsync(new([Make.Message(runs[0], 1, 1)], [Make.Start(runs[0])]));
        await bobs.DeliverAsync(new([Make.Message(runs[1], 1, 1)], [Make.Start(runs[1])]));
        foreach (var (store, run) in new[] { (adas, runs[0]), (bobs, runs[1]) })
        {
            var lane = await TestLane.OpenAsync(store, "host-" + run.Namespace);
            Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }), "a look over all namespaces finds one's own");
            Assert.That(await lane.ClaimAsync(run), Has.Count.EqualTo(1));
            await lane.Batch().Event(run, 0).Consume(run, Make.Message(run, 1, 1), 1).Task(Make.Task(run, 1, DateTimeOffset.UnixEpoch)).CommitAsync();
            Assert.That((await store.ClaimTasksAsync(new(ShardGroup.Whole, [""], ["Charge"], 5))).Tasks.Single().RunId, Is.EqualTo(run.Id));
            Assert.That(await store.ReadEventsAsync(run.Id, 0, 0, 10), Has.Count.EqualTo(2));
        }

        Assert.That(await adas.FindRunAsync("bob", "order-1", null), Is.Null);
        Assert.That(await adas.ReadEventsAsync(runs[1].Id, 0, 0, 10), Is.Empty);
        Assert.That((await adas.ReadLanesAsync()).Select(lane => lane.Identity), Is.EqualTo(new[] { "host-ada" }));
    }

    [Test]
    public async Task What_a_tenant_sends_into_another_namespace_is_refused_and_what_it_changes_there_is_nothing()
    {
        await using var adas = await StoreAsync(ada);
        await using var bobs = await StoreAsync(bob);
        var run = Make.Run("order-1", "bob");
        await bobs.DeliverAsync(new([], [Make.Start(run)]));
        Assert.That((await Assert.ThrowsAsync<DurableException>(() => adas.DeliverAsync(new([Make.Message(run, 1, 1)], []))))!.Code, Is.EqualTo("DUR1014"));
        var lane = await TestLane.OpenAsync(adas, "host-ada");
        Assert.That(await lane.ClaimAsync(run), Is.Empty);
        Assert.That(await adas.PurgeAsync(new(null, run.Id)), Is.Zero);
        foreach (var table in new[] { "run", "ready", "event", "message", "owned", "task", "document", "outgoing", "schedule", "blob", "durable_runs", "durable_events" })
            Assert.That(await CountAsync(ada, table), Is.Zero, table);
        Assert.That(await CountAsync(bob, "run"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_partition_is_no_way_around_and_the_map_of_roles_is_closed()
    {
        await using var bobs = await StoreAsync(bob);
        var lane = await TestLane.OpenAsync(bobs, "host-bob");
        await lane.StartAsync(Make.Run("order-1", "bob"));
        var partition = await PostgresServer.ScalarAsync<string>($"select tableoid::regclass::text from {harness.Schema}.event limit 1");
        Assert.That(await PostgresServer.ScalarAsync<long>($"select count(*) from {partition}", As(ada)), Is.Zero);
        Assert.That(await PostgresServer.ScalarAsync<long>($"select count(*) from {partition}", As(bob)), Is.Zero, "not even its own");
        var error = await Assert.ThrowsAsync<PostgresException>(() => PostgresServer.ExecuteAsync($"insert into {harness.Schema}.namespace_role values ('{ada}', 'bob')", As(ada)));
        Assert.That(error!.SqlState, Is.EqualTo("42501"));
    }

    [Test]
    public async Task A_reaper_of_one_tenant_leaves_dead_lanes_of_the_other_alone_with_their_runs()
    {
        await using var adas = await StoreAsync(ada);
        await using var bobs = await StoreAsync(bob);
        var dead = await TestLane.OpenAsync(bobs, "host-bob");
        var run = await dead.StartAsync(Make.Run("order-1", "bob"));
        await dead.CloseAsync();
        var (other, own) = (await TestLane.OpenAsync(adas, "host-ada"), await TestLane.OpenAsync(bobs, "host-bob-2"));
        Assert.That((await other.ReapAsync()).Released, Is.Zero);
        Assert.That((await own.ReapAsync()).Released, Is.EqualTo(1), "the other reaper has not taken the lane for released");
        Assert.That((await own.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
    }

    [Test]
    public async Task The_purger_of_one_tenant_keeps_neither_those_of_the_others_nor_the_owners_from_purging()
    {
        await using var adas = await StoreAsync(ada);
        await using var bobs = await StoreAsync(bob);
        var (first, second, hour) = (Guid.NewGuid(), Guid.NewGuid(), TimeSpan.FromHours(1));
        Assert.That(await adas.TryLeaseAsync("purge", first, hour), Is.Not.Null);
        Assert.That(await bobs.TryLeaseAsync("purge", first, hour), Is.Not.Null, "another tenant purges what is its own");
        Assert.That(await harness.Store.TryLeaseAsync("purge", first, hour), Is.Not.Null, "who is not bound purges all");
        foreach (var store in new[] { adas, bobs, harness.Store }) Assert.That(await store.TryLeaseAsync("purge", second, hour), Is.Null, "among those that see the same there is one");

        foreach (var (store, ns) in new[] { (adas, "ada"), (bobs, "bob") })
        {
            var lane = await TestLane.OpenAsync(store, "host-" + ns);
            var run = await lane.StartAsync(Make.Run("order-1", ns));
            await lane.Batch().Event(run, 1).Close(run).CommitAsync();
        }

        Assert.That(await adas.PurgeAsync(new(DateTimeOffset.UtcNow.AddDays(1), null)), Is.EqualTo(1));
        Assert.That(await CountAsync(bob, "run"), Is.EqualTo(1));
        Assert.That(await bobs.PurgeAsync(new(DateTimeOffset.UtcNow.AddDays(1), null)), Is.EqualTo(1));
    }

    [Test]
    public async Task Roles_with_the_same_namespaces_share_one_purger_also_when_that_changes()
    {
        await using var adas = await StoreAsync(ada);
        await using var bobs = await StoreAsync(bob);
        var (first, second, hour) = (Guid.NewGuid(), Guid.NewGuid(), TimeSpan.FromHours(1));
        await PostgresServer.ExecuteAsync($"insert into {harness.Schema}.namespace_role values ('{bob}', 'ada')");
        Assert.That(await adas.TryLeaseAsync("purge", first, hour), Is.Not.Null);
        Assert.That(await bobs.TryLeaseAsync("purge", second, hour), Is.Not.Null, "one namespace more is another set");
        await PostgresServer.ExecuteAsync($"delete from {harness.Schema}.namespace_role where role_name = '{bob}' and namespace = 'bob'");
        Assert.That(await bobs.TryLeaseAsync("purge", second, hour), Is.Null);
    }

    private string As(string role) => new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString) { Username = role, Password = Password, Pooling = false }.ConnectionString;

    private async Task<PostgresStore> StoreAsync(string role)
    {
        var store = new PostgresStore(new PostgresOptions { Schema = harness.Schema, Migrate = false, WakeUps = false }, As(role));
        await store.InitializeAsync();
        return store;
    }

    private Task<long> CountAsync(string role, string table) => PostgresServer.ScalarAsync<long>($"select count(*) from {harness.Schema}.{table}", As(role));

    private Task DropAsync(string role) => PostgresServer.ExecuteAsync($"do $$ begin if exists (select 1 from pg_roles where rolname = '{role}') then drop owned by {role}; drop role {role}; end if; end $$");
}
