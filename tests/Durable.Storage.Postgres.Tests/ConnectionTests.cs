// Connections: their number, where they come from, what they leave alone; wake-ups.
using Durable.Storage.Contract;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

/// <summary>DECISIONS 32.</summary>
public sealed class ConnectionTests
{
    private PostgresHarness harness = null!;

    [SetUp]
    public async Task SetUpAsync()
    {
        harness = await PostgresHarness.NewAsync();
        await harness.Store.InitializeAsync();
    }

    [TearDown]
    public async Task TearDownAsync() => await harness.DisposeAsync();

    [Test]
    public async Task A_worker_with_one_lane_uses_at_most_six_connections_however_much_it_asks_for_at_once()
    {
        var role = $"durable_counted_{Environment.ProcessId}";
        await PostgresServer.ExecuteAsync($"create role {role} superuser login password 'only-for-tests'");
        try
        {
            var text = new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString) { Username = role, Password = "only-for-tests" }.ConnectionString;
            await using (var store = new PostgresStore(new PostgresOptions { Schema = harness.Schema }, text))
            {
                await store.InitializeAsync();
                await using var listening = store.Listen(() => { });
                var lane = await TestLane.OpenAsync(store, "host-a");
                var most = 0L;
                var work = Enumerable.Range(0, 40).Select(i => Task.Run(async () =>
                {
                    await lane.HeartbeatAsync();
                    store.Announce();
                    await store.DeliverAsync(new([], [Make.Start(Make.Run($"order-{i}"))]));
                    await lane.LookAsync();
                })).ToList();
                work.Add(lane.Batch().CommitAsync());
                while (!Task.WhenAll(work).IsCompleted) most = Math.Max(most, await PostgresServer.ScalarAsync<long>($"select count(*) from pg_stat_activity where usename = '{role}'"));
                await Task.WhenAll(work);
                most = Math.Max(most, await PostgresServer.ScalarAsync<long>($"select count(*) from pg_stat_activity where usename = '{role}'"));
                Assert.That(most, Is.InRange(3, 6));
            }

            await Eventually.IsTrueAsync(async () => await PostgresServer.ScalarAsync<long>($"select count(*) from pg_stat_activity where usename = '{role}'") == 0);
        }
        finally
        {
            await PostgresServer.ExecuteAsync($"drop role {role}");
        }
    }

    [Test]
    public async Task From_a_data_source_of_the_application_only_host_and_credentials_are_taken()
    {
        var builder = new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString) { MaxPoolSize = 1, ApplicationName = "the-users" }.ConnectionString);
        await using var source = builder.Build();
        await using var busy = await source.OpenConnectionAsync();              // the application has its only connection in use
        await using var store = new PostgresStore(new PostgresOptions { Schema = harness.Schema, WakeUps = false }, null, source);
        await store.InitializeAsync();
        var lane = await TestLane.OpenAsync(store, "host-a");
        await lane.StartAsync("order-1");
        await lane.HeartbeatAsync();
        await using var command = new NpgsqlCommand("show enable_seqscan", busy);
        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo("on"));
        Assert.That(await PostgresServer.ScalarAsync<long>("select count(*) from pg_stat_activity where application_name = 'the-users'"), Is.EqualTo(1));
    }

    [Test]
    public async Task An_ambient_transaction_of_the_application_is_not_joined()
    {
        using (new System.Transactions.TransactionScope(System.Transactions.TransactionScopeAsyncFlowOption.Enabled))
        {
            await harness.Store.DeliverAsync(new([], [Make.Start(Make.Run("order-1"))]));
        }

        Assert.That(await harness.Store.CountRunsAsync(Make.Query()), Is.EqualTo(1), "the scope was rolled back, the start was not");
    }

    [Test]
    public async Task Inside_a_users_transaction_no_setting_is_changed()
    {
        await using var transaction = (NpgsqlTransaction)await harness.BeginAsync();
        await harness.Store.DeliverAsync(new([], [Make.Start(Make.Run("order-1"))]), transaction);
        await using var command = new NpgsqlCommand("show enable_seqscan", transaction.Connection, transaction);
        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo("on"));
        await transaction.CommitAsync();
    }

    [Test]
    public async Task A_lane_that_lost_its_connections_works_on_after_they_are_opened_again()
    {
        var lane = await TestLane.OpenAsync(harness.Store, "host-a");
        await lane.HeartbeatAsync();
        await PostgresServer.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'durable-%'");
        await Eventually.IsTrueAsync(async () =>
        {
            try
            {
                return await lane.HeartbeatAsync() && (await lane.LookAsync()).Claimable.Count == 0 && (await lane.Batch().TryCommitAsync()).Outcome is CommitOutcome.Committed or CommitOutcome.Refused;
            }
            catch (DurableException e)
            {
                Assert.That(e.Code, Is.EqualTo("DUR5001"));
                return false;
            }
        });
    }

    [Test]
    public async Task An_announcement_wakes_other_hosts_and_not_its_own()
    {
        var options = new PostgresOptions { Schema = harness.Schema };
        await using var sender = new PostgresWakeUps(new EngineConnections(options, PostgresServer.ConnectionString, null, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await using var receiver = new PostgresWakeUps(new EngineConnections(options, PostgresServer.ConnectionString, null, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        var (own, heard) = (0, 0);
        await using var first = sender.Listen(() => Interlocked.Increment(ref own));
        await using var second = receiver.Listen(() => Interlocked.Increment(ref heard));
        Assert.That((await sender.Probed.Task, await receiver.Probed.Task), Is.EqualTo((true, true)));
        for (var round = 1; round <= 5; round++)
        {
            var before = Volatile.Read(ref heard);
            sender.Announce();
            await Eventually.IsTrueAsync(() => Task.FromResult(Volatile.Read(ref heard) > before));
        }

        Assert.That(Volatile.Read(ref own), Is.Zero);
    }

    [Test]
    public async Task Many_announcements_are_gathered()
    {
        var options = new PostgresOptions { Schema = harness.Schema };
        await using var sender = new PostgresWakeUps(new EngineConnections(options, PostgresServer.ConnectionString, null, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await using var listener = await PostgresServer.OpenAsync(PostgresServer.ConnectionString + ";Pooling=false");
        await using (var listen = new NpgsqlCommand("listen durable_" + harness.Schema, listener)) await listen.ExecuteNonQueryAsync();
        var heard = 0;
        listener.Notification += (_, _) => heard++;
        for (var i = 0; i < 10_000; i++) sender.Announce();
        await listener.WaitAsync();
        await using (var more = new NpgsqlCommand("select 1", listener)) await more.ExecuteScalarAsync();
        Assert.That(heard, Is.InRange(1, 50));
    }
}
