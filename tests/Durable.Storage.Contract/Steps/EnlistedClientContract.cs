// Obligations S57 and S58 (protocol D1, N1) with the engine around them: verbs of a client inside the caller's transaction.
using System.Data.Common;

namespace Durable.Storage.Contract.Steps;

/// <summary><c>client.Enlist(transaction)</c> from the call to the run.</summary>
public abstract class EnlistedClientContract : StepFixture
{
    /// <summary>A transaction on another database of the same kind.</summary>
    protected abstract Task<DbTransaction> BeginElsewhereAsync();

    [Test]
    public async Task A_start_goes_with_the_callers_commit_and_runs_without_any_hint()
    {
        await using var host = await HostAsync("a");
        StepFlow.Code[RunId] = static _ => Task.FromResult(4);
        RunHandle<StepFlow, int> run;
        await using (var connection = await ConnectAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await StepSql.RunAsync(transaction, $"insert into {Table} (id) values (1)");
            run = await host.Client.Enlist(transaction).StartAsync((StepFlow w) => w.RunAsync("reserve", 0, 0), new StartOptions { Id = RunId });
            Assert.That(await Store.FindRunAsync("default", RunId, null), Is.Null, "not before the commit");
            await transaction.CommitAsync();
        }

        Assert.That(await run.ResultAsync().WaitAsync(Patience), Is.EqualTo(4));
        Assert.That(await EffectsAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_start_goes_with_the_callers_rollback()
    {
        await using var host = await HostAsync("a");
        await using (var connection = await ConnectAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await StepSql.RunAsync(transaction, $"insert into {Table} (id) values (1)");
            await host.Client.Enlist(transaction).StartAsync((StepFlow w) => w.RunAsync("reserve", 0, 0), new StartOptions { Id = RunId });
            await transaction.RollbackAsync();
        }

        Assert.That(await Store.FindRunAsync("default", RunId, null), Is.Null);
        Assert.That(await EffectsAsync(), Is.Zero);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_signal_goes_with_the_transaction(bool commit)
    {
        await using var host = await HostAsync("a");
        var run = await host.Client.StartAsync((StepFlow w) => w.RunAsync("signal", 0, 0), new StartOptions { Id = RunId });
        await InTransactionAsync(host, commit, client => client.SignalAsync<StepFlow>(RunId, w => w.Say("four")));
        if (!commit) await run.SignalAsync(w => w.Say("seven77"));
        Assert.That(await run.ResultAsync().WaitAsync(Patience), Is.EqualTo(commit ? 4 : 7));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_cancel_goes_with_the_transaction(bool commit)
    {
        await using var host = await HostAsync("a");
        var run = await host.Client.StartAsync((StepFlow w) => w.RunAsync("signal", 0, 0), new StartOptions { Id = RunId });
        await InTransactionAsync(host, commit, client => client.CancelAsync(RunId, "no longer wanted"));
        if (!commit) await run.SignalAsync(w => w.Say("four"));
        Assert.That((await run.WaitAsync(Patience))!.Status, Is.EqualTo(commit ? RunStatus.Cancelled : RunStatus.Completed));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_promise_is_completed_with_the_transaction(bool commit)
    {
        await using var host = await HostAsync("a");
        var run = await host.Client.StartAsync((StepFlow w) => w.RunAsync("promise", 0, 0), new StartOptions { Id = RunId });
        var token = StepFlow.Tokens[RunId];
        await InTransactionAsync(host, commit, client => client.CompleteAsync(token, 4));
        if (!commit) await host.Client.CompleteAsync(token, 7);
        Assert.That(await run.ResultAsync().WaitAsync(Patience), Is.EqualTo(commit ? 4 : 7));
    }

    [Test]
    public async Task A_transaction_on_another_database_is_refused()
    {
        await using var host = await HostAsync("a");
        await using var transaction = await BeginElsewhereAsync();
        var refused = Assert.ThrowsAsync<DurableException>(() => host.Client.Enlist(transaction).StartAsync((StepFlow w) => w.RunAsync("reserve", 0, 0), new StartOptions { Id = RunId }));
        Assert.That((await refused)!.Code, Is.EqualTo(DurableErrorCodes.TransactionForeign));
        Assert.That(await Store.FindRunAsync("default", RunId, null), Is.Null);
    }

    private async Task InTransactionAsync(StepHost host, bool commit, Func<EnlistedClient, Task> verb)
    {
        await using var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await verb(host.Client.Enlist(transaction));
        if (commit) await transaction.CommitAsync();
        else await transaction.RollbackAsync();
    }
}
