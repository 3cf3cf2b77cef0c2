// Work inside a transaction of the user's.
using System.Data;
using System.Data.Common;
using Durable.Storage.Contract;

namespace Durable.Storage.Sqlite.Tests;

public sealed class EnlistedTests : SqliteFixture
{
    [Test]
    public async Task A_delivery_becomes_true_with_the_users_commit()
    {
        var store = await OpenAsync();
        var run = Make.Run("order-1");
        using var connection = Connect();
        Execute(connection, "create table orders (id integer primary key)");
        await using (var transaction = connection.BeginTransaction())
        {
            Execute(connection, "insert into orders values (1)");
            var result = await store.DeliverAsync(new([Make.Message(run, 1, 1)], [Make.Start(run)]), transaction);
            Assert.That((result.Starts[0].Started, result.Accepted[0]), Is.EqualTo((true, true)));
            Assert.That(await store.FindRunAsync("default", "order-1", null), Is.Null, "not yet");
            await transaction.CommitAsync();
        }
        Assert.That(await store.FindRunAsync("default", "order-1", null), Is.Not.Null);
        Assert.That(Count(connection, "orders"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_delivery_goes_with_the_users_rollback()
    {
        var store = await OpenAsync();
        using var connection = Connect();
        await using (var transaction = connection.BeginTransaction())
            await store.DeliverAsync(new([], [Make.Start(Make.Run("order-1"))]), transaction);
        Assert.That(await store.FindRunAsync("default", "order-1", null), Is.Null);
    }

    [Test]
    public async Task A_delivery_that_fails_leaves_the_users_transaction_as_it_was()
    {
        var store = await OpenAsync();
        var run = Make.Run("order-1");
        using var connection = Connect();
        Execute(connection, "create table orders (id integer primary key)");
        await using var transaction = connection.BeginTransaction();
        Execute(connection, "insert into orders values (1)");
        var broken = Make.Message(Make.Run("order-2"), 1, 1);
        await AssertCodeAsync(() => store.DeliverAsync(new([broken, WithoutNamespace(broken)], [Make.Start(run)]), transaction), DurableErrorCodes.StoreUnavailable, "durable_message.namespace");
        await transaction.CommitAsync();

        Assert.That((Count(connection, "orders"), Count(connection, "durable_run"), Count(connection, "durable_message")), Is.EqualTo((1L, 0L, 0L)));
    }

    [Test]
    public async Task A_step_ends_in_the_users_transaction()
    {
        var store = await OpenAsync();
        var lane = await TestLane.OpenAsync(store, "host-a");
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Task(Make.Task(run, 1, Clock.GetUtcNow())).CommitAsync();
        var task = (await store.ClaimTasksAsync(new(ShardGroup.Whole, [""], ["Charge"], 10))).Tasks.Single();

        using var connection = Connect();
        await using (var transaction = connection.BeginTransaction())
        {
            Assert.That(await store.CompleteTasksAsync([new(task.Key, Guid.NewGuid(), Make.Message(run, 9, 1))], transaction), Is.EqualTo(new[] { false }), "another attempt's token");
            Assert.That(await store.CompleteTasksAsync([new(task.Key, task.Token!.Value, Make.Message(run, 9, 1))], transaction), Is.EqualTo(new[] { true }));
            await transaction.CommitAsync();
        }
        Assert.That((Count(connection, "durable_task"), Count(connection, "durable_message")), Is.EqualTo((0L, 1L)));
    }

    [Test]
    public async Task A_transaction_on_another_file_is_refused()
    {
        var store = await OpenAsync();
        using var connection = Connect(PathOf("other.db"));
        using var transaction = connection.BeginTransaction();
        await AssertCodeAsync(() => store.DeliverAsync(new([], [Make.Start(Make.Run("order-1"))]), transaction), DurableErrorCodes.TransactionForeign, "other.db");
    }

    [Test]
    public async Task A_transaction_that_has_ended_is_refused()
    {
        var store = await OpenAsync();
        using var connection = Connect();
        var transaction = connection.BeginTransaction();
        transaction.Commit();
        await AssertCodeAsync(() => store.DeliverAsync(new([], []), transaction), DurableErrorCodes.TransactionForeign, "ended");
    }

    [Test]
    public async Task A_transaction_of_another_provider_is_refused()
    {
        var store = await OpenAsync();
        using var transaction = new OtherTransaction();
        await AssertCodeAsync(() => store.DeliverAsync(new([], []), transaction), DurableErrorCodes.TransactionForeign, nameof(OtherTransaction));
        await AssertCodeAsync(() => store.CompleteTasksAsync([], transaction), DurableErrorCodes.TransactionForeign);
    }

    [Test]
    public async Task A_transaction_that_did_not_take_the_lock_at_once_may_find_the_file_locked()
    {
        var store = await OpenAsync();
        var (late, other) = (Connect(), Connect());
        using var transaction = late.BeginTransaction(deferred: true);
        Execute(other, "begin immediate");
        await AssertCodeAsync(() => store.DeliverAsync(new([], [Make.Start(Make.Run("order-1"))]), transaction), DurableErrorCodes.DatabaseFileLocked);
        Execute(other, "rollback");
    }

    private static MessageRecord WithoutNamespace(MessageRecord row) => new() { RunId = row.RunId, Sender = row.Sender, SenderSeq = 2, Kind = row.Kind, Shard = row.Shard, Namespace = null! };

    private sealed class OtherTransaction : DbTransaction
    {
        public override IsolationLevel IsolationLevel => IsolationLevel.Serializable;

        protected override DbConnection? DbConnection => null;

        public override void Commit() => throw new InvalidOperationException("Never begun.");

        public override void Rollback() => throw new InvalidOperationException("Never begun.");
    }
}
