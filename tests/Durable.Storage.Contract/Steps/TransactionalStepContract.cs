// Obligation S66 (protocol K4) with the engine around it: what a transactional step writes counts once, with its result, whatever dies when.
using System.Data.Common;

namespace Durable.Storage.Contract.Steps;

/// <summary>Transactional steps from the workflow to the row.</summary>
public abstract class TransactionalStepContract : StepFixture
{
    [Test]
    public async Task Writes_and_result_commit_together()
    {
        await using var host = await HostAsync("a");
        var run = await StartAsync(host, "reserve", InsertAsync);

        Assert.That(await run.ResultAsync(), Is.EqualTo(1));
        Assert.That((await EffectsAsync(), Calls(run)), Is.EqualTo((1L, 1)));
        Assert.That(await KindsAsync(run), Is.SupersetOf(new[] { "StepCompleted" }));
        Assert.That((await PlacementAsync(run)).Tasks, Is.Empty);
    }

    [Test]
    public async Task A_step_without_a_result_is_recorded_too()
    {
        await using var host = await HostAsync("a");
        var run = await StartAsync(host, "nothing", InsertAsync);
        Assert.That(await run.ResultAsync(), Is.EqualTo(-1));
        Assert.That(await EffectsAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task An_exception_rolls_the_writes_back_and_the_next_attempt_counts()
    {
        await using var host = await HostAsync("a");
        var run = await StartAsync(host, "reserve", async transaction =>
        {
            await InsertAsync(transaction);
            if (StepFlow.Calls[RunId] < 3) throw new InvalidOperationException("not yet");
            return 5;
        });
        Assert.That(await run.ResultAsync(), Is.EqualTo(5));
        Assert.That((await EffectsAsync(), Calls(run)), Is.EqualTo((1L, 3)));
    }

    [Test]
    public async Task A_step_that_gives_up_has_written_nothing()
    {
        await using var host = await HostAsync("a");
        var run = await StartAsync(host, "reserve", async transaction =>
        {
            await InsertAsync(transaction);
            throw new InvalidOperationException("never");
        }, attempts: 2);
        Assert.That((await run.WaitAsync(Patience))!.Status, Is.EqualTo(RunStatus.Failed));
        Assert.That((await EffectsAsync(), Calls(run)), Is.EqualTo((0L, 2)));
    }

    [Test]
    public async Task A_commit_that_fails_after_it_happened_is_not_done_again()
    {
        await using var host = await HostAsync("a");
        host.Store.OnCommit = async transaction =>
        {
            await transaction.CommitAsync();
            throw new IOException("The connection broke.");
        };
        var run = await StartAsync(host, "reserve", InsertAsync);
        Assert.That(await run.ResultAsync(), Is.EqualTo(1));
        Assert.That((await EffectsAsync(), Calls(run)), Is.EqualTo((1L, 1)));
    }

    [Test]
    public async Task A_commit_that_fails_before_it_happened_is_another_attempt()
    {
        await using var host = await HostAsync("a");
        host.Store.OnCommit = async transaction =>
        {
            host.Store.OnCommit = null;
            await transaction.DisposeAsync();
            throw new IOException("The connection broke.");
        };
        var run = await StartAsync(host, "reserve", InsertAsync);
        Assert.That(await run.ResultAsync(), Is.EqualTo(1));
        Assert.That((await EffectsAsync(), Calls(run)), Is.EqualTo((1L, 2)));
    }

    [TestCase("a")]
    [TestCase("b")]
    public async Task A_host_that_dies_before_the_commit_has_written_nothing(string heir)
    {
        var died = new TaskCompletionSource();
        await using var host = await HostAsync("a");
        host.Store.OnCommit = async transaction =>
        {
            host.Store.Cut();
            await transaction.DisposeAsync();
            died.SetResult();
            await CuttableStore.NeverAsync<bool>();
        };
        var run = await StartAsync(host, "reserve", InsertAsync);
        await died.Task.WaitAsync(Patience);
        await using var next = await HostAsync(heir);
        Assert.That(await next.Client.GetRun<StepFlow, int>(run.WorkflowId).ResultAsync().WaitAsync(Patience), Is.EqualTo(1));
        Assert.That((await EffectsAsync(), Calls(run)), Is.EqualTo((1L, 2)));
    }

    [TestCase("a")]
    [TestCase("b")]
    public async Task A_host_that_dies_after_the_commit_has_done_its_work(string heir)
    {
        var died = new TaskCompletionSource();
        await using var host = await HostAsync("a");
        host.Store.OnCommit = async transaction =>
        {
            await transaction.CommitAsync();
            await transaction.DisposeAsync();
            host.Store.Cut();
            died.SetResult();
            await CuttableStore.NeverAsync<bool>();
        };
        var run = await StartAsync(host, "reserve", InsertAsync);
        await died.Task.WaitAsync(Patience);
        await using var next = await HostAsync(heir);
        Assert.That(await next.Client.GetRun<StepFlow, int>(run.WorkflowId).ResultAsync().WaitAsync(Patience), Is.EqualTo(1));
        Assert.That((await EffectsAsync(), Calls(run)), Is.EqualTo((1L, 1)));
    }

    [Test]
    public async Task A_code_that_ends_the_transaction_itself_is_refused_for_good()
    {
        await using var host = await HostAsync("a");
        var run = await StartAsync(host, "reserve", async transaction =>
        {
            await transaction.RollbackAsync();
            return 1;
        });
        var outcome = (await run.WaitAsync(Patience))!;
        Assert.That((outcome.Status, Calls(run)), Is.EqualTo((RunStatus.Failed, 1)));
        Assert.That(outcome.Failure!.ToString(), Does.Contain("committed or rolled back"));
    }

    [Test]
    public async Task A_code_that_does_not_stop_is_left_and_writes_no_more()
    {
        var (go, late) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var host = await HostAsync("a");
        var run = await StartAsync(host, "reserve", async transaction =>
        {
            await InsertAsync(transaction);
            await go.Task;
            try
            {
                await StepSql.RunAsync(transaction, $"insert into {Table} (id) values (2)");
                late.SetResult(null);
            }
            catch (Exception error)
            {
                late.SetResult(error);
            }

            return 1;
        }, attempts: 1, timeoutMs: 100);
        var outcome = (await run.WaitAsync(Patience))!;
        go.SetResult();
        Assert.That(await late.Task.WaitAsync(Patience), Is.Not.Null, "the late write must fail");
        Assert.That((outcome.Status, await EffectsAsync()), Is.EqualTo((RunStatus.Failed, 0L)));
        Assert.That(outcome.Failure!.ToString(), Does.Contain("did not end within"));
    }

    [Test]
    public async Task A_run_that_is_cancelled_meanwhile_writes_nothing()
    {
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await HostAsync("a");
        var run = await StartAsync(host, "reserve", async transaction =>
        {
            began.TrySetResult();
            await go.Task;
            return await InsertAsync(transaction);
        });
        await began.Task.WaitAsync(Patience);
        await run.CancelAsync();
        Assert.That((await run.WaitAsync(Patience))!.Status, Is.EqualTo(RunStatus.Cancelled));
        go.SetResult();
        await UntilAsync(async () => (await PlacementAsync(run)).Tasks.Count == 0);
        Assert.That((await EffectsAsync(), await KindsAsync(run)), Is.EqualTo((0L, await KindsAsync(run))));
        Assert.That(await KindsAsync(run), Does.Not.Contain("StepCompleted"));
    }

    [Test]
    public async Task A_host_that_stops_lets_its_step_finish()
    {
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await HostAsync("a");
        var run = await StartAsync(host, "reserve", async transaction =>
        {
            began.TrySetResult();
            await go.Task;
            return await InsertAsync(transaction);
        });
        await began.Task.WaitAsync(Patience);
        var stopping = host.StopAsync();
        go.SetResult();
        await stopping;
        await using var next = await HostAsync("b");
        Assert.That(await next.Client.GetRun<StepFlow, int>(run.WorkflowId).ResultAsync().WaitAsync(Patience), Is.EqualTo(1));
        Assert.That((await EffectsAsync(), Calls(run)), Is.EqualTo((1L, 1)));
    }

    [Test]
    public async Task A_registered_session_gets_the_transaction_and_is_disposed()
    {
        await using var host = await HostAsync("a", durable => durable.AddTransactional<StepSession>((_, transaction) => new StepSession(transaction, Table)));
        var run = await StartAsync(host, "session", InsertAsync);
        Assert.That(await run.ResultAsync(), Is.EqualTo(7));
        Assert.That((await EffectsAsync(), StepSession.Disposed), Is.EqualTo((1L, true)));
    }

    [Test]
    public async Task A_session_type_that_nobody_registered_is_said_so()
    {
        await using var host = await HostAsync("a");
        var run = await StartAsync(host, "session", InsertAsync);
        var outcome = (await run.WaitAsync(Patience))!;
        Assert.That(outcome.Status, Is.EqualTo(RunStatus.Failed));
        Assert.That(outcome.Failure!.ToString(), Does.Contain("AddTransactional<StepSession>"));
    }

    [Test]
    public async Task A_step_may_start_runs_in_its_own_transaction()
    {
        await using var host = await HostAsync("a");
        var other = $"other-{RunId}";
        StepFlow.Code[other] = static _ => Task.FromResult(3);
        var run = await StartAsync(host, "reserve", async transaction =>
        {
            await host.Client.Enlist(transaction).StartAsync((StepFlow w) => w.RunAsync("reserve", 0, 0), StartOptions.Once(other));
            if (StepFlow.Calls[RunId] == 1) throw new InvalidOperationException("again");
            return await InsertAsync(transaction);
        });
        Assert.That(await run.ResultAsync(), Is.EqualTo(1));
        Assert.That(await host.Client.GetRun<StepFlow, int>(other).ResultAsync().WaitAsync(Patience), Is.EqualTo(3));
        Assert.That(await EffectsAsync(), Is.EqualTo(1));
    }
}
