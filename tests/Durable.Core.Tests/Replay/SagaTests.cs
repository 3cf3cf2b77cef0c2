// Compensations: in reverse, recorded like any other call, and run when [Run] or a handler lets an exception out.
using Durable.Engine.History;

namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Replay")]
[Parallelizable(ParallelScope.All)]
public sealed class SagaTests
{
    [Test]
    public void Compensations_run_in_reverse_when_Run_throws()
    {
        var live = ReplayBench.For(async s =>
        {
            var saga = s.Workflow.StartSaga();
            for (var i = 1; i <= 3; i++)
            {
                var name = $"undo{i}";
                await s.Acts.DoAsync($"do{i}");
                saga.OnFailure(() => s.Mark(name, s.Acts.DoAsync(name)));
            }

            throw new InvalidOperationException("no");
        }).Passes();
        Assert.That((live.Trace, live.End, live.Failure!.Message), Is.EqualTo(("undo3 undo2 undo1", CommandKind.Fail, "no")));
    }

    [Test]
    public void Nothing_is_compensated_when_Run_returns()
    {
        var live = ReplayBench.For(async s =>
        {
            s.Workflow.StartSaga().OnFailure(() => s.Acts.DoAsync("undo"));
            await s.Acts.DoAsync("do");
        }).Passes();
        Assert.That((live.End, live.Rows.Count), Is.EqualTo((CommandKind.Complete, 2)));
    }

    [Test]
    public void A_compensation_that_fails_does_not_stop_the_others_and_the_first_exception_stays()
    {
        var live = ReplayBench.For(async s =>
        {
            var saga = s.Workflow.StartSaga();
            saga.OnFailure(() => s.Mark("first", s.Acts.DoAsync("x")));
            saga.OnFailure(() => s.Acts.FailAsync("cannot undo"));
            saga.OnFailure(() => s.Mark("third", s.Acts.DoAsync("x")));
            await s.Acts.FailAsync("the reason");
        }).Passes();
        Assert.That((live.Trace, live.Failure!.Inner!.Message), Is.EqualTo(("third first", "the reason")));
        Assert.That(live.Log.Entries.Single().Message, Does.Contain("compensation failed"));
    }

    [Test]
    public void Asked_for_it_compensates_and_gives_back_a_value_and_tells_what_failed()
    {
        var live = ReplayBench.For(async s =>
        {
            var saga = s.Workflow.StartSaga();
            saga.OnFailure(() => s.Mark("undo", s.Acts.DoAsync("x")));
            s.Trace(await saga.CompensateAsync("value"));
            s.Trace(await saga.CompensateAsync("again"));
            var other = s.Workflow.StartSaga();
            other.OnFailure(() => s.Acts.FailAsync("a"));
            other.OnFailure(() => throw new FormatException("b"));
            try
            {
                await other.CompensateAsync();
            }
            catch (AggregateException error)
            {
                s.Trace(string.Join(",", error.InnerExceptions.Select(inner => inner.GetType().Name)));
            }
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("undo value again FormatException,ActivityFailedException"));
    }

    [Test]
    public void A_saga_that_has_compensated_takes_no_more()
    {
        var live = ReplayBench.For(async s =>
        {
            var saga = s.Workflow.StartSaga();
            await saga.CompensateAsync();
            saga.OnFailure(() => Task.CompletedTask);
        }).Passes();
        Assert.That(live.Failure!.Type, Is.EqualTo(typeof(InvalidOperationException).FullName));
    }

    [Test]
    public void Open_sagas_compensate_the_newest_first_and_nested_ones_inside()
    {
        var live = ReplayBench.For(async s =>
        {
            var outer = s.Workflow.StartSaga();
            outer.OnFailure(async () =>
            {
                var inner = s.Workflow.StartSaga();
                inner.OnFailure(() => s.Mark("inner", s.Acts.DoAsync("x")));
                await inner.CompensateAsync();
                s.Trace("outer");
            });
            s.Workflow.StartSaga().OnFailure(() => s.Mark("second", s.Acts.DoAsync("x")));
            await s.Acts.FailAsync("no");
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("second inner outer"));
    }

    [Test]
    public void A_cancelled_run_compensates_and_ends_as_cancelled()
    {
        var live = ReplayBench.For(async s =>
        {
            var saga = s.Workflow.StartSaga();
            saga.OnFailure(() => s.Mark("undo", s.Acts.DoAsync("x")));
            await s.Workflow.DelayAsync(TimeSpan.FromDays(1));
        }).Cancel().Passes();
        Assert.That((live.Trace, live.End), Is.EqualTo(("undo", CommandKind.Cancelled)));
    }

    [Test]
    public void An_exception_of_a_handler_compensates_and_decides_the_end()
    {
        var live = ReplayBench.For(async s =>
        {
            s.Workflow.StartSaga().OnFailure(() => s.Mark("undo", s.Workflow.DelayAsync(TimeSpan.FromMinutes(5))));
            s.OnSignal = _ => throw new InvalidOperationException("handler");
            await s.Workflow.DelayAsync(TimeSpan.FromMinutes(1));
            s.Trace("run went on");
        }).Signal("x").Passes();
        Assert.That((live.Trace, live.End, live.Failure?.Message), Is.EqualTo(("run went on undo", CommandKind.Fail, "handler")));
    }

    [Test]
    public void Under_the_policy_Hold_nothing_is_compensated_and_nothing_is_stored()
    {
        var live = ReplayBench.For(async s =>
        {
            s.Workflow.StartSaga().OnFailure(() => s.Acts.DoAsync("undo"));
            await s.Acts.DoAsync("do");
            throw new InvalidOperationException("bug");
        }, new WorkflowOptions { OnUnhandledException = UnhandledExceptionPolicy.Hold }).Run();
        Assert.That((live.Verdict?.Code, live.Rows.Count, live.End), Is.EqualTo((DurableErrorCodes.RunFailed, 1, (CommandKind?)null)));
        Assert.That(live.Verdict!.Message, Does.Contain("bug").And.Contain("hold"));
    }

    [Test]
    public void Under_the_policy_Hold_a_cancel_still_compensates()
    {
        var live = ReplayBench.For(async s =>
        {
            s.Workflow.StartSaga().OnFailure(() => s.Mark("undo", s.Acts.DoAsync("x")));
            await s.Workflow.DelayAsync(TimeSpan.FromDays(1));
        }, new WorkflowOptions { OnUnhandledException = UnhandledExceptionPolicy.Hold }).Cancel().Passes();
        Assert.That((live.Trace, live.End), Is.EqualTo(("undo", CommandKind.Cancelled)));
    }

    [Test]
    public void Cancelled_without_a_cancel_of_the_run_is_a_failure()
    {
        var live = ReplayBench.For(async s =>
        {
            using var source = new CancellationTokenSource(TimeSpan.FromSeconds(1), s.Time);
            await s.Workflow.DelayAsync(TimeSpan.FromDays(1), source.Token);
        }).Passes();
        Assert.That(live.End, Is.EqualTo(CommandKind.Fail));
    }
}
