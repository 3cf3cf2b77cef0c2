// Patched and Version: old histories keep their way, new runs take the new one, and the answer never changes within a run.
using Durable.Engine.History;

namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Replay")]
[Parallelizable(ParallelScope.All)]
public sealed class MarkerTests
{
    [Test]
    public void A_new_run_takes_the_patched_way_and_records_it_once()
    {
        var live = ReplayBench.For(PatchedAsync).Passes();
        Assert.That(live.Commands, Is.EqualTo(new[] { "Marker 'fix' #1", "Activity 'Acts.Echo' #2", "Activity 'Acts.Echo' #3", "Complete '' #4" }));
        Assert.That(live.Trace, Is.EqualTo("True True"));
    }

    [Test]
    public void A_history_from_before_the_patch_keeps_the_old_way()
    {
        var old = ReplayBench.For(OldAsync).Run();
        Assert.That(ReplayBench.For(PatchedAsync).VerdictOn(old.Rows), Is.Null);
    }

    [Test]
    public void A_run_that_replayed_the_old_way_stays_on_it_when_it_goes_on_live()
    {
        var bench = ReplayBench.For(PatchedAsync);
        var old = ReplayBench.For(OldAsync).Run();
        var execution = bench.NewExecution(new BenchLog());
        Assert.That(execution.Replay([.. old.Rows.Take(1).Select(row => World.Copy(row))]), Is.Null);
        var next = World.Bare(old.Rows[1]);
        Assert.That(execution.Apply(next), Is.Null);
        Assert.That(CommandHead.ParseAll(next.Commands).Single().ToString(), Is.EqualTo("Activity 'Acts.Do' #2"));
    }

    [Test]
    public void A_patch_asked_for_the_first_time_in_a_loop_after_the_deployment_is_new_from_there_on()
    {
        Func<Script, Task> before = async s =>
        {
            for (var i = 0; i < 3; i++) await s.Acts.DoAsync("x");
        };
        var old = ReplayBench.For(before).Run();
        var bench = ReplayBench.For(async s =>
        {
            for (var i = 0; i < 3; i++)
            {
                if (i == 2 && s.Workflow.Patched("late")) await s.Acts.EchoAsync("new");
                else await s.Acts.DoAsync("x");
            }
        });
        var execution = bench.NewExecution(new BenchLog());
        Assert.That(execution.Replay([.. old.Rows.Take(2).Select(row => World.Copy(row))]), Is.Null);
        var row = World.Bare(old.Rows[2]);
        Assert.That(execution.Apply(row), Is.Null);
        Assert.That(CommandHead.ParseAll(row.Commands).Select(head => head.Kind), Is.EqualTo(new[] { CommandKind.Marker, CommandKind.Activity }));
        Assert.That(bench.VerdictOn([old.Rows[0], old.Rows[1], row]), Is.Null, "and the mixed history replays");
    }

    [Test]
    public void A_removed_marker_is_a_divergence()
    {
        var live = ReplayBench.For(PatchedAsync).Run();
        var verdict = ReplayBench.For(async s =>
        {
            await s.Acts.EchoAsync("a");
            await s.Acts.EchoAsync("b");
        }).VerdictOn(live.Rows);
        Assert.That(verdict?.Recorded, Is.EqualTo("Marker 'fix' #1"));
    }

    [Test]
    public void Version_gives_the_newest_to_new_runs_and_records_it()
    {
        var live = ReplayBench.For(s => VersionedAsync(s, 1, 3)).Passes();
        Assert.That((live.Trace, live.Commands[0]), Is.EqualTo(("3 3", "Marker 'calc' to '3' #1")));
    }

    [Test]
    public void Version_gives_the_recorded_one_in_replay()
    {
        var live = ReplayBench.For(s => VersionedAsync(s, 1, 3)).Run();
        var bench = ReplayBench.For(s => VersionedAsync(s, 1, 9));
        var execution = bench.NewExecution(new BenchLog());
        Assert.That(execution.Replay([.. live.Rows.Select(row => World.Copy(row))]), Is.Null);
        Assert.That(execution.Query(execution.Definition.Query("Trace")!, []), Is.EqualTo("3 3"));
    }

    [Test]
    public void Version_gives_zero_to_histories_from_before_it()
    {
        var old = ReplayBench.For(async s =>
        {
            await s.Acts.DoAsync("x");
            await s.Acts.DoAsync("y");
        }).Run();
        var seen = new List<int>();
        var bench = ReplayBench.For(async s =>
        {
            seen.Add(s.Workflow.Version("calc", 0, 2));
            await s.Acts.DoAsync("x");
            seen.Add(s.Workflow.Version("calc", 0, 2));
            await s.Acts.DoAsync("y");
        });
        Assert.That((bench.VerdictOn(old.Rows), seen), Is.EqualTo(((Durable.Engine.Replay.Verdict?)null, new[] { 0, 0 })));
    }

    [TestCase(2, 3)]
    [TestCase(4, 9)]
    public void A_version_that_the_build_does_not_support_holds_the_run(int min, int max)
    {
        var old = ReplayBench.For(s => VersionedAsync(s, 1, 1)).Run();
        var verdict = ReplayBench.For(s => VersionedAsync(s, min, max)).VerdictOn(old.Rows);
        Assert.That((verdict?.Code, verdict?.Row), Is.EqualTo((DurableErrorCodes.Diverged, 0)));
        Assert.That(verdict!.Message, Does.Contain("version 1").And.Contain("'calc'").And.Contain($"{min} to {max}"));
    }

    [Test]
    public void A_marker_cannot_be_decided_where_code_only_reads()
    {
        var live = ReplayBench.For(async s =>
        {
            try
            {
                await s.Workflow.WaitUntilAsync(() => s.Workflow.Patched("hidden"));
            }
            catch (DurableException error)
            {
                s.Trace(error.Code);
            }

            s.Trace(s.Workflow.Patched("hidden").ToString());
            await s.Acts.DoAsync("x");
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("DUR4002 True"));
    }

    [Test]
    public void A_version_range_that_is_empty_is_refused()
    {
        var live = ReplayBench.For(s =>
        {
            s.Workflow.Version("calc", 3, 2);
            return Task.CompletedTask;
        }).Passes();
        Assert.That(live.Failure!.Type, Is.EqualTo(typeof(ArgumentOutOfRangeException).FullName));
    }

    private static async Task OldAsync(Script s)
    {
        await s.Acts.DoAsync("a");
        await s.Acts.DoAsync("b");
    }

    private static async Task PatchedAsync(Script s)
    {
        for (var i = 0; i < 2; i++)
        {
            var patched = s.Workflow.Patched("fix");
            s.Trace(patched.ToString());
            if (patched) await s.Acts.EchoAsync("new");
            else await s.Acts.DoAsync("old");
        }
    }

    private static async Task VersionedAsync(Script s, int min, int max)
    {
        s.Trace(s.Workflow.Version("calc", min, max).ToString());
        await s.Acts.DoAsync("x");
        s.Trace(s.Workflow.Version("calc", min, max).ToString());
    }
}
