// Obligations S57, S58 and S66 (protocol D1, N1, K4) of docs/storage-provider.md inside a transaction of the user: what the engine is told becomes true with the user's commit, or never was.
using System.Data.Common;

namespace Durable.Storage.Contract;

/// <summary>Deliveries, starts and transactional steps in transactions of users. Not bound by stores that have none.</summary>
public abstract class TransactionContract : StoreContract
{
    [Test]
    public async Task D1_A_message_in_a_transaction_is_there_after_its_commit_and_not_before()
    {
        var run = await StartedAsync("order-1");
        await using var transaction = await Harness.BeginAsync();
        var result = await Store.DeliverAsync(new([Make.Message(run, 1, 1)], []), transaction);
        Assert.That(result.Accepted, Is.EqualTo(new[] { true }));
        Assert.That(await MessagesAsync(run), Is.Empty);
        await transaction.CommitAsync();
        Assert.That(await MessagesAsync(run), Has.Count.EqualTo(1));
        Assert.That((await (await OpenLaneAsync()).LookAsync()).Claimable, Is.EqualTo(new[] { run.Id }));
    }

    [Test]
    public async Task D1_A_message_in_a_transaction_that_rolls_back_never_was()
    {
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await using (var transaction = await Harness.BeginAsync())
        {
            await Store.DeliverAsync(new([Make.Message(run, 1, 1)], []), transaction);
            await transaction.RollbackAsync();
        }
        Assert.That(await MessagesAsync(run), Is.Empty);
        Assert.That((await lane.LookAsync()).Mail, Is.Empty);
        Assert.That(await SendAsync(Make.Message(run, 1, 1)), Is.True, "its key is free");
    }

    [Test]
    public async Task N1_A_start_in_a_transaction_goes_with_it()
    {
        var (kept, dropped) = (Make.Run("order-1"), Make.Run("order-2"));
        await using (var transaction = await Harness.BeginAsync())
        {
            Assert.That((await Store.DeliverAsync(new([], [Make.Start(dropped)]), transaction)).Starts.Single().Started, Is.True);
            await transaction.RollbackAsync();
        }
        await using (var transaction = await Harness.BeginAsync())
        {
            await Store.DeliverAsync(new([], [Make.Start(kept)]), transaction);
            await transaction.CommitAsync();
        }
        Assert.That((await Store.ListRunsAsync(Make.Query())).Select(run => run.RunId), Is.EqualTo(new[] { kept.Id }));
        Assert.That((await (await OpenLaneAsync()).LookAsync()).Claimable, Is.EqualTo(new[] { kept.Id }));
    }

    [Test]
    public async Task N1_A_refused_start_leaves_the_transaction_usable()
    {
        var first = await StartedAsync("order-1");
        await CreateEffectsAsync();
        await using (var transaction = await Harness.BeginAsync())
        {
            var refused = (await Store.DeliverAsync(new([], [Make.Start(Make.Run("order-1"))]), transaction)).Starts.Single();
            Assert.That((refused.Started, refused.Existing?.RunId), Is.EqualTo((false, (Guid?)first.Id)));
            await WriteEffectAsync(transaction, 1);
            await transaction.CommitAsync();
        }
        Assert.That(await CountEffectsAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task D1_A_transaction_sees_what_it_has_delivered_itself()
    {
        var run = Make.Run("order-1");
        await using var transaction = await Harness.BeginAsync();
        await Store.DeliverAsync(new([], [Make.Start(run)]), transaction);
        Assert.That((await Store.DeliverAsync(new([Make.Message(run, 1, 1)], [Make.Start(run)]), transaction)).Starts.Single().Started, Is.True, "a repeated start");
        Assert.That((await Store.DeliverAsync(new([Make.Message(run, 1, 1)], []), transaction)).Accepted, Is.EqualTo(new[] { false }));
        await transaction.CommitAsync();
        Assert.That(await MessagesAsync(run), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task K4_A_step_and_its_completion_commit_together()
    {
        var (run, task) = await StepAsync();
        await using (var transaction = await Harness.BeginAsync())
        {
            await WriteEffectAsync(transaction, 1);
            Assert.That(await Store.CompleteTasksAsync([new(task.Key, task.Token!.Value, Make.Message(run, 50, 1))], transaction), Is.EqualTo(new[] { true }));
            await transaction.CommitAsync();
        }
        Assert.That(await CountEffectsAsync(), Is.EqualTo(1));
        Assert.That(await MessagesAsync(run), Has.Count.EqualTo(1));
        Assert.That((await PlaceAsync(run)).Tasks, Is.Empty);
    }

    [Test]
    public async Task K4_A_step_that_rolls_back_leaves_its_task_to_the_next_attempt()
    {
        var (run, task) = await StepAsync();
        await using (var transaction = await Harness.BeginAsync())
        {
            await WriteEffectAsync(transaction, 1);
            await Store.CompleteTasksAsync([new(task.Key, task.Token!.Value, Make.Message(run, 50, 1))], transaction);
            await transaction.RollbackAsync();
        }
        Assert.That(await CountEffectsAsync(), Is.Zero);
        Assert.That(await MessagesAsync(run), Is.Empty);
        Assert.That((await PlaceAsync(run)).Tasks.Single().Token, Is.EqualTo(task.Token));
    }

    [Test]
    public async Task K4_A_superseded_step_is_told_so_inside_its_transaction()
    {
        var (run, slow) = await StepAsync();
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(5));
        var fast = (await Store.ClaimTasksAsync(new(Store.Groups[0], [""], ["Charge"], 1))).Tasks.Single();
        await using (var transaction = await Harness.BeginAsync())
        {
            await WriteEffectAsync(transaction, 1);
            Assert.That(await Store.CompleteTasksAsync([new(slow.Key, slow.Token!.Value, Make.Message(run, 50, 1))], transaction), Is.EqualTo(new[] { false }));
            await transaction.RollbackAsync();
        }
        await using (var transaction = await Harness.BeginAsync())
        {
            await WriteEffectAsync(transaction, 2);
            Assert.That(await Store.CompleteTasksAsync([new(fast.Key, fast.Token!.Value, Make.Message(run, 50, 1))], transaction), Is.EqualTo(new[] { true }));
            await transaction.CommitAsync();
        }
        Assert.That(await CountEffectsAsync(), Is.EqualTo(1));
        Assert.That(await MessagesAsync(run), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task D1_A_transaction_that_has_ended_is_refused()
    {
        var run = await StartedAsync("order-1");
        await using var transaction = await Harness.BeginAsync();
        await transaction.CommitAsync();
        var refused = await Assert.ThrowsAsync<DurableException>(() => Store.DeliverAsync(new([Make.Message(run, 1, 1)], []), transaction));
        Assert.That(refused!.Code, Is.EqualTo("DUR1012"));
        Assert.That(await MessagesAsync(run), Is.Empty);
    }

    private async Task<(TestRun Run, TaskRecord Task)> StepAsync()
    {
        await CreateEffectsAsync();
        var lane = await OpenLaneAsync();
        var run = await lane.StartAsync("order-1");
        await lane.Batch().Task(Make.Task(run, 1, await NowAsync())).CommitAsync();
        return (run, (await Store.ClaimTasksAsync(new(Store.Groups[0], [""], ["Charge"], 1))).Tasks.Single());
    }

    private async Task CreateEffectsAsync()
    {
        await using var transaction = await Harness.BeginAsync();
        await ExecuteAsync(transaction, "create table contract_effect (id integer primary key)");
        await transaction.CommitAsync();
    }

    private static Task WriteEffectAsync(DbTransaction transaction, int id) => ExecuteAsync(transaction, $"insert into contract_effect (id) values ({id})");

    private async Task<long> CountEffectsAsync()
    {
        await using var transaction = await Harness.BeginAsync();
        return Convert.ToInt64(await ExecuteAsync(transaction, "select count(*) from contract_effect"), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task<object?> ExecuteAsync(DbTransaction transaction, string sql)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        return await command.ExecuteScalarAsync();
    }
}
