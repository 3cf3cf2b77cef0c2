// Code and history differ: found at the row where they do, named, and final.
using Durable.Engine.History;

namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Replay")]
[Parallelizable(ParallelScope.All)]
public sealed class DivergenceTests
{
    private static IEnumerable<TestCaseData> Changes()
    {
        yield return Case("A_missing_command", 1, "Activity 'Acts.Do' #2", "Activity 'Acts.Echo' #2", async s =>
        {
            await s.Acts.DoAsync("one");
            await s.Acts.EchoAsync("three");
        });
        yield return Case("An_extra_command", 0, "nothing more", "Activity 'Acts.Echo' #2", async s =>
        {
            var one = s.Acts.DoAsync("one");
            _ = s.Acts.EchoAsync("extra");
            await one;
            await s.Acts.DoAsync("two");
            await s.Acts.EchoAsync("three");
        });
        yield return Case("A_different_activity", 1, "Activity 'Acts.Do' #2", "Activity 'OtherActs.Echo' #2", async s =>
        {
            await s.Acts.DoAsync("one");
            await s.Others.EchoAsync("two");
            await s.Acts.EchoAsync("three");
        });
        yield return Case("Another_order", 0, "Activity 'Acts.Do' #1", "Activity 'Acts.Echo' #1", async s =>
        {
            await s.Acts.EchoAsync("three");
            await s.Acts.DoAsync("one");
            await s.Acts.DoAsync("two");
        });
        yield return Case("A_delay_instead_of_an_activity", 1, "Activity 'Acts.Do' #2", "Timer '' #2", async s =>
        {
            await s.Acts.DoAsync("one");
            await s.Workflow.DelayAsync(TimeSpan.FromSeconds(1));
        });
        yield return Case("An_earlier_end", 2, "Activity 'Acts.Echo' #3", "Complete '' #3", async s =>
        {
            await s.Acts.DoAsync("one");
            await s.Acts.DoAsync("two");
        });
        yield return Case("A_later_end", 3, "Complete '' #4", "Activity 'Acts.Do' #4", async s =>
        {
            await s.Acts.DoAsync("one");
            await s.Acts.DoAsync("two");
            await s.Acts.EchoAsync("three");
            await s.Acts.DoAsync("four");
        });
        yield return Case("An_exception_instead_of_a_command", 1, "Activity 'Acts.Do' #2", "Fail '' #2", async s =>
        {
            await s.Acts.DoAsync("one");
            throw new InvalidOperationException("changed");
        });
        yield return Case("Another_argument_is_no_divergence", -1, "", "", async s =>
        {
            await s.Acts.DoAsync("1");
            await s.Acts.DoAsync("2");
            await s.Acts.EchoAsync("3");
        });
    }

    private static TestCaseData Case(string name, int row, string recorded, string attempted, Func<Script, Task> changed) => new TestCaseData(changed, row, recorded, attempted).SetName(name);

    [TestCaseSource(nameof(Changes))]
    public void Is_found_at_its_row(Func<Script, Task> changed, int row, string recorded, string attempted)
    {
        var old = Old();
        foreach (var hide in new[] { false, true })
        {
            var verdict = ReplayBench.For(hide ? Hiding(changed) : changed).VerdictOn(old.Rows);
            if (row < 0)
            {
                Assert.That(verdict, Is.Null);
                continue;
            }

            if (hide && attempted.StartsWith("Fail", StringComparison.Ordinal)) continue;       // code that catches its own exception does something else
            Assert.That((verdict?.Code, verdict?.Row, verdict?.Recorded, verdict?.Attempted), Is.EqualTo((DurableErrorCodes.Diverged, row, recorded, attempted)));
            Assert.That(verdict!.Message, Does.Contain($"0:{row}").And.Contain(recorded).And.Contain(attempted).And.Contain("Patched").And.Contain("terminate"));
            Assert.That(verdict.Foreign, Is.False);
        }
    }

    [Test]
    public void Another_child_class_is_found()
    {
        var old = ReplayBench.For(s => s.Workflow.RunChildAsync((ChildWorkflow w) => w.RunAsync("x"))).Run();
        var verdict = ReplayBench.For(s => s.Workflow.RunChildAsync((OtherChildWorkflow w) => w.RunAsync("x"), new() { Id = Target(old) })).VerdictOn(old.Rows);
        Assert.That((verdict?.Code, verdict?.Row), Is.EqualTo((DurableErrorCodes.Diverged, 0)));
        Assert.That(verdict!.Recorded, Does.Contain("'ChildWorkflow'"));
        Assert.That(verdict.Attempted, Does.Contain("'OtherChildWorkflow'"));
    }

    [Test]
    public void Another_child_id_is_found()
    {
        var old = ReplayBench.For(s => s.Workflow.RunChildAsync((ChildWorkflow w) => w.RunAsync("x"), new() { Id = "a" })).Run();
        var verdict = ReplayBench.For(s => s.Workflow.RunChildAsync((ChildWorkflow w) => w.RunAsync("x"), new() { Id = "b" })).VerdictOn(old.Rows);
        Assert.That((verdict?.Recorded, verdict?.Attempted), Is.EqualTo(("Child 'ChildWorkflow' to 'a' #1", "Child 'ChildWorkflow' to 'b' #1")));
    }

    [Test]
    public void Another_target_of_a_signal_is_found()
    {
        var old = ReplayBench.For(s => s.Workflow.GetRun<ChildWorkflow>("a").SignalAsync(w => w.Nudge("x"))).Run();
        var verdict = ReplayBench.For(s => s.Workflow.GetRun<ChildWorkflow>("b").SignalAsync(w => w.Nudge("x"))).VerdictOn(old.Rows);
        Assert.That(verdict?.Attempted, Is.EqualTo("Signal 'Nudge' to 'b' #1"));
    }

    [Test]
    public void A_step_under_another_name_is_found()
    {
        var old = ReplayBench.For(s => s.Workflow.StepAsync("stamp", () => Task.FromResult(1))).Run();
        Assert.That(ReplayBench.For(s => s.Workflow.StepAsync("Stamp", () => Task.FromResult(1))).VerdictOn(old.Rows)?.Row, Is.Zero);
    }

    [Test]
    public void An_answer_that_nothing_waits_for_is_a_divergence()
    {
        var old = Old();
        var rows = old.Rows.Take(2).Append(World.Row(2, EventKind.ActivityCompleted, 77, null, "\"x\""u8.ToArray(), World.Begin)).ToList();
        var verdict = ReplayBench.For(Unchanged).VerdictOn(rows);
        Assert.That((verdict?.Code, verdict?.Row, verdict?.Recorded), Is.EqualTo((DurableErrorCodes.Diverged, 2, "ActivityCompleted of #77")));
    }

    [Test]
    public void Nothing_is_applied_after_a_divergence()
    {
        var asked = 0;
        var old = Old();
        var bench = ReplayBench.For(async s =>
        {
            await s.Acts.DoAsync("one");
            await s.Acts.EchoAsync("changed");
            asked++;
        });
        var execution = bench.NewExecution(new BenchLog());
        var first = execution.Replay([.. old.Rows.Select(row => World.Copy(row))]);
        Assert.That((execution.Row, asked, execution.End), Is.EqualTo((1, 0, (Durable.Engine.Replay.RunEnd?)null)));
        Assert.That(execution.Apply(World.Row(4, EventKind.SignalReceived, 0, "Poke", "[\"x\"]"u8.ToArray(), World.Begin)), Is.SameAs(first), "the first verdict sticks");
    }

    private static Task Unchanged(Script s) => OldBodyAsync(s);

    private static LiveRun Old() => ReplayBench.For(OldBodyAsync).Run();

    private static async Task OldBodyAsync(Script s)
    {
        await s.Acts.DoAsync("one");
        await s.Acts.DoAsync("two");
        await s.Acts.EchoAsync("three");
    }

    private static string Target(LiveRun run) => CommandHead.ParseAll(run.Rows[0].Commands)[0].Target!;

    // What desperate code does: it must not change what is found, nor where.
    private static Func<Script, Task> Hiding(Func<Script, Task> body) => async s =>
    {
        try
        {
            await Task.WhenAny(body(s), new TaskCompletionSource().Task);
        }
        catch (Exception)
        {
            s.Trace("caught");
        }
        finally
        {
            s.Trace("finally");
        }
    };
}
