// Retries of activities and steps: when the next attempt comes, when none comes, and what is recorded.
using Durable.Core.Tests.Kit;

namespace Durable.Core.Tests.Worker;

public sealed class RetryTests : Situation
{
    private static ActivityOptions options = new();      // of the test under way; exception types are no payloads
    private static readonly RetryPolicy Quick = new() { InitialDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(1) };

    [Test]
    public async Task Waits_between_attempts_grow_by_the_policy_and_ten_percent_of_chance()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Caller>());
        FailTimes("x", 3, () => new IOException("away"));

        options = new() { Retry = new() { InitialDelay = TimeSpan.FromSeconds(10), BackoffFactor = 3, MaxDelay = TimeSpan.FromSeconds(60) } };
        var run = await node.Client.StartAsync((Caller w) => w.RunAsync("x"));

        Assert.That(await Result(run.ResultAsync(), 200), Is.EqualTo("x!"));
        var at = Bench.Ledger.Select(attempt => attempt.At).ToList();
        var waits = at.Zip(at.Skip(1), (before, after) => (after - before).TotalSeconds).ToList();
        Assert.That(waits, Has.Count.EqualTo(3));
        Assert.That(waits[0], Is.InRange(9, 14));
        Assert.That(waits[1], Is.InRange(27, 36));
        Assert.That(waits[2], Is.InRange(54, 69));
        Assert.That(Bench.Ledger.Select(attempt => attempt.Attempt), Is.EqualTo(new[] { 1, 2, 3, 4 }));
        Assert.That(Bench.Ledger.Select(attempt => attempt.Key).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_retry_after_exception_chooses_the_next_wait()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Caller>());
        FailTimes("x", 1, () => new RetryAfterException(TimeSpan.FromSeconds(42)));

        options = new();
        var run = await node.Client.StartAsync((Caller w) => w.RunAsync("x"));

        Assert.That(await Result(run.ResultAsync(), 200), Is.EqualTo("x!"));
        var at = Bench.Ledger.Select(attempt => attempt.At).ToList();
        Assert.That((at[1] - at[0]).TotalSeconds, Is.InRange(42, 46));
    }

    [Test]
    public async Task A_non_retryable_exception_ends_the_attempts()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Catcher>());
        Bench["x"] = _ => throw new NonRetryableException("closed account");

        options = new() { Retry = Quick };
        var run = await node.Client.StartAsync((Catcher w) => w.RunAsync("x"));

        Assert.That((await run.ResultAsync()).Code, Is.EqualTo("DUR3101"));
        Assert.That(Bench.Count("x"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_listed_exception_type_ends_the_attempts_for_derived_types_too()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Catcher>());
        Bench["x"] = _ => throw new FileNotFoundException("gone");

        options = new() { Retry = Quick with { NonRetryable = [typeof(IOException)] } };
        var run = await node.Client.StartAsync((Catcher w) => w.RunAsync("x"));

        Assert.That((await run.ResultAsync()).Type, Is.EqualTo(typeof(FileNotFoundException).FullName));
        Assert.That(Bench.Count("x"), Is.EqualTo(1));
    }

    [Test]
    public async Task After_the_last_attempt_every_failure_is_in_the_history()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Catcher>());
        Bench["x"] = context => throw new IOException($"no {context.Attempt}");

        options = new() { Retry = Quick with { MaxAttempts = 4 } };
        var run = await node.Client.StartAsync((Catcher w) => w.RunAsync("x"));

        var result = await run.ResultAsync();
        Assert.That((result.Code, result.Attempts, result.Message), Is.EqualTo(("DUR3101", 4, "no 4")));
        var failed = (await HistoryOf(run)).Single(happened => happened.Kind == "ActivityFailed").Data.GetRawText();
        for (var i = 1; i <= 4; i++) Assert.That(failed, Does.Contain($"no {i}"));
    }

    [Test]
    public async Task A_run_goes_on_when_the_attempt_after_a_failure_succeeds_although_it_was_parked_meanwhile()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Caller>(), options: o => o.ParkAfter = TimeSpan.FromSeconds(1));
        FailTimes("x", 1, () => new IOException());

        options = new() { Retry = new() { InitialDelay = TimeSpan.FromMinutes(10), MaxDelay = TimeSpan.FromMinutes(10) } };
        var run = await node.Client.StartAsync((Caller w) => w.RunAsync("x"));
        await Parks(run, TimeSpan.FromMilliseconds(200));

        Assert.That(await Result(run.ResultAsync(), 2_000), Is.EqualTo("x!"));
    }

    [Test]
    public async Task An_attempt_that_takes_too_long_is_cancelled_and_tried_again()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Caller>());
        var cancelled = 0;
        Bench["x"] = async context =>
        {
            if (context.Attempt > 1) return "late but here";
            using var told = context.CancellationToken.Register(() => Interlocked.Increment(ref cancelled));
            await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
            return "never";
        };

        options = new() { StartToClose = TimeSpan.FromSeconds(30), Retry = Quick };
        var run = await node.Client.StartAsync((Caller w) => w.RunAsync("x"));

        Assert.That(await Result(run.ResultAsync(), 200), Is.EqualTo("late but here"));
        Assert.That(cancelled, Is.EqualTo(1));
        var at = Bench.Ledger.Select(attempt => attempt.At).ToList();
        Assert.That((at[1] - at[0]).TotalSeconds, Is.GreaterThanOrEqualTo(30));
    }

    [Test]
    public async Task An_attempt_that_ignores_its_token_does_not_hold_the_run()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Catcher>());
        Bench["x"] = _ => new TaskCompletionSource<string>().Task;

        options = new() { StartToClose = TimeSpan.FromSeconds(5), Retry = RetryPolicy.None };
        var run = await node.Client.StartAsync((Catcher w) => w.RunAsync("x"));

        Assert.That((await Result(run.ResultAsync(), 200)).Code, Is.EqualTo("DUR3102"));
    }

    [Test]
    public async Task All_attempts_together_end_at_schedule_to_close()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Catcher>());
        Bench["x"] = _ => throw new IOException("away");

        options = new() { ScheduleToClose = TimeSpan.FromMinutes(1), Retry = new() { InitialDelay = TimeSpan.FromSeconds(20), BackoffFactor = 1 } };
        var run = await node.Client.StartAsync((Catcher w) => w.RunAsync("x"));

        var result = await Result(run.ResultAsync(), 200);
        Assert.That(result.Code, Is.EqualTo("DUR3102"));
        Assert.That(Bench.Count("x"), Is.InRange(2, 4));
    }

    [Test]
    public async Task Schedule_to_close_ends_a_single_long_attempt_too()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Catcher>());
        Bench.Block("x");
        var began = World.Clock.GetUtcNow();

        options = new() { ScheduleToClose = TimeSpan.FromSeconds(20) };
        var run = await node.Client.StartAsync((Catcher w) => w.RunAsync("x"));

        Assert.That((await Result(run.ResultAsync(), 200)).Code, Is.EqualTo("DUR3102"));
        Assert.That((World.Clock.GetUtcNow() - began).TotalSeconds, Is.InRange(20, 60));
    }

    [Test]
    public async Task A_silent_attempt_is_ended_by_its_heartbeat_limit_and_the_next_one_sees_the_details()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Beater>());
        Bench["x"] = async context =>
        {
            if (context.TryGetHeartbeat<int>(out var page)) return $"resumed at {page}";
            context.Heartbeat(17);
            await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
            return "never";
        };

        var run = await node.Client.StartAsync((Beater w) => w.RunAsync("x"));

        Assert.That(await Result(run.ResultAsync(), 200), Is.EqualTo("resumed at 17"));
        Assert.That(Bench.Count("x"), Is.EqualTo(2));
    }

    [Test]
    public async Task An_attempt_that_gives_heartbeats_lives_longer_than_its_limit()
    {
        Make(manual: true);
        var node = await World.StartAsync(d => d.AddWorkflow<Beater>());
        var finish = new TaskCompletionSource();
        Bench["x"] = async context =>
        {
            for (var i = 0; !finish.Task.IsCompleted; i++)
            {
                context.Heartbeat(i);
                await Task.Delay(TimeSpan.FromSeconds(2), World.Clock, context.CancellationToken);
            }

            return "done";
        };

        var run = await node.Client.StartAsync((Beater w) => w.RunAsync("x"));
        var began = World.Clock.GetUtcNow();
        await World.UntilAsync(() => World.Clock.GetUtcNow() - began > TimeSpan.FromMinutes(1), "a minute is over", TimeSpan.FromMilliseconds(200));
        finish.SetResult();

        Assert.That(await Result(run.ResultAsync(), 200), Is.EqualTo("done"));
        Assert.That(Bench.Count("x"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_result_above_its_limit_fails_the_activity_without_another_attempt()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Catcher>());
        Bench["x"] = _ => Task.FromResult(new string('a', 2_000));

        options = new() { MaxResultBytes = 1_000, Retry = Quick };
        var run = await node.Client.StartAsync((Catcher w) => w.RunAsync("x"));

        Assert.That((await run.ResultAsync()).Message, Does.Contain("1,000"));
        Assert.That(Bench.Count("x"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_step_is_retried_with_a_service_of_its_own_scope_and_one_key()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Stepper>());
        FailTimes("step", 2, () => new IOException());

        var run = await node.Client.StartAsync((Stepper w) => w.RunAsync());

        Assert.That(await run.ResultAsync(), Is.EqualTo("step!"));
        Assert.That(Bench.Ledger.Select(attempt => attempt.Attempt), Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(Bench.Ledger.Select(attempt => attempt.Key).Distinct().Count(), Is.EqualTo(1));
        Assert.That(await KindsOf(run), Has.Exactly(1).EqualTo("StepCompleted"));
    }

    private void FailTimes(string name, int times, Func<Exception> error)
    {
        var left = times;
        Bench[name] = _ => Interlocked.Decrement(ref left) >= 0 ? throw error() : Task.FromResult(name + "!");
    }

    public sealed record Caught(string Code, int Attempts, string Type, string Message);

    public sealed class Caller(WorkflowContext workflow, IWork work)
    {
        [Run]
        public Task<string> RunAsync(string name) => workflow.With(work, options).DoAsync(name);
    }

    public sealed class Beater(IWork work)
    {
        [Run]
        public Task<string> RunAsync(string name) => work.BeatAsync(name);
    }

    public sealed class Catcher(WorkflowContext workflow, IWork work)
    {
        [Run]
        public async Task<Caught> RunAsync(string name)
        {
            try
            {
                return new("none", 0, "", await workflow.With(work, options).DoAsync(name));
            }
            catch (ActivityFailedException error)
            {
                return new(error.Code, error.Attempts, error.Failure.Type, error.Failure.Message);
            }
        }
    }

    public sealed class Stepper(WorkflowContext workflow)
    {
        [Run]
        public Task<string> RunAsync() => workflow.StepAsync("step", (ActivityContext context) => context.Service<IWork>().DoAsync("step"), new() { Retry = Quick });
    }
}
