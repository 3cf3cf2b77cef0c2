// Retention by dropping months of events, where the role may; else by rows.
using Durable.Storage.Contract;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

public sealed class MonthPurgeTests
{
    private static readonly DateTimeOffset Old = new(2025, 3, 10, 0, 0, 0, TimeSpan.Zero);
    private PostgresHarness harness = null!;
    private TestLane lane = null!;

    [SetUp]
    public async Task SetUpAsync()
    {
        harness = await PostgresHarness.NewAsync(own: true);
        await harness.Store.InitializeAsync();
        foreach (var month in new[] { new DateTimeOffset(2025, 3, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2025, 4, 1, 0, 0, 0, TimeSpan.Zero) })
            await PostgresServer.ExecuteAsync($"create table {harness.Schema}.{EventPartitions.Name(month)} partition of {harness.Schema}.event for values from ('{RunIds.Bound(month)}') to ('{RunIds.Bound(month.AddMonths(1))}')");
        lane = await TestLane.OpenAsync(harness.Store, "host-a");
    }

    [TearDown]
    public async Task TearDownAsync() => await harness.DisposeAsync();

    [Test]
    public async Task A_month_whose_runs_are_all_past_their_time_is_dropped_and_one_with_an_open_run_is_kept()
    {
        var (gone, open, young) = (await StartAsync("order-1", Old), await StartAsync("order-2", Old.AddMonths(1)), await lane.StartAsync("order-3"));
        await lane.Batch().Close(gone).Close(young).CommitAsync();
        await harness.AdvanceAsync(TimeSpan.FromDays(1));
        Assert.That(await PurgeAsync(harness.Store), Is.EqualTo(2));
        Assert.That(await MonthsAsync(), Is.EqualTo(new[] { "event_2025_04" }));
        Assert.That(await harness.Store.ReadEventsAsync(open.Id, 0, 0, 10), Has.Count.EqualTo(1));
        Assert.That(await harness.Store.FindRunAsync("default", null, gone.Id), Is.Null);

        await lane.Batch().Close(open).CommitAsync();
        await harness.AdvanceAsync(TimeSpan.FromDays(1));
        Assert.That(await PurgeAsync(harness.Store), Is.EqualTo(1));
        Assert.That(await MonthsAsync(), Is.Empty);
    }

    [Test]
    public async Task A_month_that_somebody_reads_is_left_and_its_rows_go_one_by_one()
    {
        var run = await StartAsync("order-1", Old);
        await lane.Batch().Close(run).CommitAsync();
        await harness.AdvanceAsync(TimeSpan.FromDays(1));
        await using var reader = (NpgsqlTransaction)await harness.BeginAsync();
        await using (var look = new NpgsqlCommand($"select count(*) from {harness.Schema}.event_2025_03", reader.Connection, reader)) await look.ExecuteScalarAsync();
        Assert.That(await PurgeAsync(harness.Store), Is.EqualTo(1));
        Assert.That(await MonthsAsync(), Does.Contain("event_2025_03"));
        await reader.CommitAsync();
        Assert.That(await PostgresServer.ScalarAsync<long>($"select count(*) from {harness.Schema}.event"), Is.Zero);
    }

    [Test]
    public async Task A_role_that_does_not_own_the_tables_purges_rows()
    {
        var role = $"durable_purger_{Environment.ProcessId}";
        await PostgresServer.ExecuteAsync($"create role {role} login password 'only-for-tests'; grant usage on schema {harness.Schema} to {role}; grant select, insert, update, delete on all tables in schema {harness.Schema} to {role}");
        try
        {
            var run = await StartAsync("order-1", Old);
            await lane.Batch().Close(run).CommitAsync();
            await harness.AdvanceAsync(TimeSpan.FromDays(1));
            var text = new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString) { Username = role, Password = "only-for-tests", Pooling = false }.ConnectionString;
            await using var store = new PostgresStore(new PostgresOptions { Schema = harness.Schema, Migrate = false, WakeUps = false }, text);
            Assert.That(await PurgeAsync(store), Is.EqualTo(1));
            Assert.That(await MonthsAsync(), Has.Length.EqualTo(2));
            Assert.That(await PostgresServer.ScalarAsync<long>($"select count(*) from {harness.Schema}.event"), Is.Zero);
        }
        finally
        {
            await PostgresServer.ExecuteAsync($"drop owned by {role}; drop role {role}");
        }
    }

    private async Task<TestRun> StartAsync(string workflowId, DateTimeOffset made)
    {
        var run = Make.Run(workflowId);
        var id = Guid.CreateVersion7(made).ToByteArray(bigEndian: true);
        id[15] = (byte)((id[15] & 0x80) | (byte)run.Shard);
        return await lane.StartAsync(run with { Id = new Guid(id, bigEndian: true) });
    }

    private async Task<int> PurgeAsync(IDurableStore store) => await store.PurgeAsync(new((await harness.Store.LookAsync(Make.Look(TestLane.NewKey("clock", harness.Store)))).Now.AddHours(-1), null));

    private Task<string[]> MonthsAsync() =>
        PostgresServer.ScalarAsync<string[]>($"select coalesce(array_agg(c.relname::text order by c.relname), '{{}}') from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = '{harness.Schema}.event'::regclass and c.relname like 'event_2025%'");
}
