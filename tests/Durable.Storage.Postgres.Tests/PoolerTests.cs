// The store through PgBouncer in transaction mode: start-up options are refused, sessions are shared, LISTEN is dead.
using Durable.Storage.Contract;
using Microsoft.Extensions.Logging;

namespace Durable.Storage.Postgres.Tests;

/// <summary>What is found out and said about a pooler.</summary>
[Category("Pooler")]
public sealed class PoolerTests
{
    [Test]
    public async Task A_pooler_is_noticed_pins_go_into_transactions_and_dead_notifications_are_said_once()
    {
        await using var pooler = await PgBouncer.StartAsync();
        await using var direct = await PostgresHarness.NewAsync();
        await direct.Store.InitializeAsync();
        var log = new Lines();
        await using var store = new PostgresStore(new PostgresOptions { Schema = direct.Schema }, pooler.ConnectionString, null, log);
        await store.InitializeAsync();
        await using var wakeUps = new PostgresWakeUps(new EngineConnections(new PostgresOptions { Schema = direct.Schema }, pooler.ConnectionString, null, log), log);
        await using var first = wakeUps.Listen(() => { });
        Assert.That(await wakeUps.Probed.Task, Is.False);
        await using var second = wakeUps.Listen(() => { });
        wakeUps.Announce();

        // The other store finds by polling what this one starts.
        var lane = await TestLane.OpenAsync(store, "host-a");
        var run = Make.Run("order-1");
        await direct.Store.DeliverAsync(new([], [Make.Start(run)]));
        Assert.That((await lane.LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
        await lane.ClaimAsync(run);
        await lane.Batch().Event(run, 0).Close(run).CommitAsync();
        Assert.That(log.Ids.Count(id => id == 5201), Is.InRange(1, 2), "once for each store");
        Assert.That(log.Ids.Count(id => id == 5202), Is.EqualTo(1));
    }

    private sealed class Lines : ILogger
    {
        public List<int> Ids { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (Ids) Ids.Add(eventId.Id);
        }
    }
}
