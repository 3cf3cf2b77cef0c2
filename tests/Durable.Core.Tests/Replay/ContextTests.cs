// The rest of the context: derived values, logging, children, other runs, updates, queries, continue-as-new.
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Replay;
using Microsoft.Extensions.Logging;

namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Replay")]
[Parallelizable(ParallelScope.All)]
public sealed class ContextTests
{
    [Test]
    public void NewGuid_and_Random_are_derived_from_the_seed()
    {
        Func<Script, Task> body = async s =>
        {
            s.Trace(s.Workflow.NewGuid().ToString());
            await s.Acts.DoAsync("x");
            s.Trace(s.Workflow.NewGuid().ToString());
            s.Trace($"{s.Random.Next(100)} {s.Second.Next(100)} {s.Random.Next(100)}");
        };
        var live = ReplayBench.For(body).Passes();
        Assert.That(live.Trace, Does.StartWith("9acceff8-c9bc-495a-b5b8-1475621c1b09 de624f31-783b-47a7-bd73-"));
        var bench = ReplayBench.For(body);
        Assert.That(bench.Starts(bench.Document() with { Seed = 4712 }).Run().Trace, Is.Not.EqualTo(live.Trace));
        Assert.That(live.Commands, Has.Count.EqualTo(2), "nothing is recorded for them");
    }

    [TestCase("guid")]
    [TestCase("random")]
    [TestCase("patched")]
    [TestCase("step")]
    [TestCase("attribute")]
    [TestCase("continue")]
    public void A_query_cannot_move_what_replay_derives(string what)
    {
        var live = ReplayBench.For(s =>
        {
            s.OnQuery = () => what switch
            {
                "guid" => s.Workflow.NewGuid().ToString(),
                "random" => s.Random.Next().ToString(),
                "patched" => s.Workflow.Patched("x").ToString(),
                "step" => s.Workflow.StepAsync("x", () => Task.CompletedTask).Status.ToString(),
                "attribute" => Set(),
                _ => s.Workflow.ContinueAsNew<string>(() => new ScriptWorkflow(null!, null!, null!, null!, null!, null!, null!).RunAsync()),
            };
            return s.Acts.NeverAsync("n");

            string Set()
            {
                s.Workflow.SetAttribute(new AttributeKey<int>("n"), 1);
                return "";
            }
        }).Run();
        var query = live.Execution.Definition.Query("Ask")!;
        Assert.That(() => live.Execution.Query(query, []), Throws.TypeOf<DurableException>().With.Property("Code").EqualTo(DurableErrorCodes.NotDurable));
        Assert.That(live.Execution.Verdict, Is.Null);
    }

    [Test]
    public void UtcNow_is_the_time_of_the_newest_row_and_never_goes_back()
    {
        var live = ReplayBench.For(async s =>
        {
            s.Trace(s.Workflow.UtcNow.ToString("mm:ss.fff"));
            await s.Workflow.DelayAsync(TimeSpan.FromSeconds(90));
            s.Trace(s.Workflow.UtcNow.ToString("mm:ss.fff"));
            s.Trace((s.Time.GetUtcNow() == s.Workflow.UtcNow && s.Time.GetElapsedTime(s.Time.GetTimestamp()) == TimeSpan.Zero).ToString());
            s.Trace(s.Time.LocalTimeZone.Id);
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("00:00.000 01:30.000 True UTC"));
        var execution = ReplayBench.For(s => s.Acts.NeverAsync("n")).NewExecution(new BenchLog());
        execution.Apply(World.Bare(live.Rows[0]));
        execution.Apply(World.Row(1, EventKind.CancelRequested, 0, null, "{}"u8.ToArray(), World.Begin - TimeSpan.FromHours(1)));
        Assert.That(execution.UtcNow, Is.EqualTo(World.Begin));
    }

    [Test]
    public void The_logger_is_silent_in_replay_and_off_the_turn()
    {
        ILogger? logger = null;
        var live = ReplayBench.For(async s =>
        {
            logger = s.Log;
            s.Log.LogInformation("one {Number}", 1);
            s.Log.LogDebug("not wanted");
            using (s.Log.BeginScope("scope")) await s.Acts.DoAsync("x");
            s.Log.LogWarning("two");
        }).Passes();
        Assert.That(live.Log.Entries, Is.EqualTo(new[] { (typeof(ScriptWorkflow).FullName!, LogLevel.Information, "one 1"), (typeof(ScriptWorkflow).FullName!, LogLevel.Warning, "two") }));
        logger!.LogError("from outside");
        Assert.That((live.Log.Entries.Count, logger!.IsEnabled(LogLevel.Critical)), Is.EqualTo((2, false)));
    }

    [Test]
    public void A_promise_has_the_same_genuine_token_in_every_replay()
    {
        string? token = null;
        var live = ReplayBench.For(async s =>
        {
            var promise = s.Workflow.CreatePromise<string>();
            token = promise.Token;
            s.Trace(promise.Token);
            s.Trace(await promise.Task);
            try
            {
                await s.Workflow.CreatePromise<int>().Task;
            }
            catch (ActivityFailedException error)
            {
                s.Trace(error.Failure.Message);
            }
        })
        .Inject(EventKind.PromiseCompleted, null, "\"kept\""u8.ToArray(), -1, 1)
        .Inject(EventKind.PromiseFailed, null, JsonSerializer.SerializeToUtf8Bytes(new OperationFailure { Code = "DUR3101", Failure = new("X", "broken") }, HistoryJson.Default.OperationFailure), -1, 2)
        .Passes();
        Assert.That(live.Trace, Is.EqualTo($"{token} kept broken"));
        Assert.That(Tokens.TryRead(token!, out var run, out var gen, out var ordinal), Is.True);
        Assert.That((run, gen, ordinal, Tokens.IsGenuine(token!, World.Secret)), Is.EqualTo((World.RunId, 0, 1, true)));
    }

    [Test]
    public void Steps_run_once_and_give_the_recorded_value()
    {
        var ran = 0;
        var live = ReplayBench.For(async s =>
        {
            s.Trace((await s.Workflow.StepAsync("count", () => Task.FromResult(++ran))).ToString());
            await s.Workflow.StepAsync("none", () => Task.CompletedTask);
            try
            {
                await s.Workflow.StepAsync<int>("fails", () => throw new FormatException("bad"));
            }
            catch (ActivityFailedException error)
            {
                s.Trace($"{error.Activity} {error.Code} {error.Failure.Is<FormatException>()}");
            }
        }).Passes();
        Assert.That((live.Trace, ran), Is.EqualTo(("1 fails DUR3101 True", 1)));
    }

    [Test]
    public void Values_come_from_the_stored_bytes_also_live()
    {
        var live = ReplayBench.For(async s =>
        {
            var item = new Item("same");
            s.Trace(ReferenceEquals(item, await s.Acts.ItemAsync(item)).ToString());
            s.Trace((await s.Acts.ItemAsync(item) == item).ToString());
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("False True"));
    }

    [Test]
    public void Children_are_started_awaited_and_talked_to()
    {
        var live = ReplayBench.For(async s =>
        {
            s.Trace(await s.Workflow.RunChildAsync((ChildWorkflow w) => w.RunAsync("x")));
            var child = await s.Workflow.StartChildAsync((ChildWorkflow w) => w.RunAsync("y"), new() { Id = "named" });
            s.Trace(child.WorkflowId);
            await child.SignalAsync(w => w.Nudge("now"));
            await child.SendAsync(w => w.Inbox, new Item("item"));
            s.Trace(await child.ResultAsync());
            await s.Workflow.GetRun<ChildWorkflow>("far").CancelAsync("enough");
        }).Passes();
        var id = live.Execution.Info.WorkflowId;
        Assert.That(live.Commands, Is.EqualTo(new[]
        {
            $"Child 'ChildWorkflow' to '{id}//0.1' #1", "Child 'ChildWorkflow' to 'named' #2", "Signal 'Nudge' to 'named' #3", "Send 'Inbox' to 'named' #4", "CancelRun 'cancel' to 'far' #5", "Complete '' #6",
        }));
    }

    [Test]
    public void A_child_that_fails_throws()
    {
        var live = ReplayBench.For(async s =>
        {
            try
            {
                await s.Workflow.RunChildAsync((ChildWorkflow w) => w.RunAsync("x"));
            }
            catch (RunFailedException error)
            {
                s.Trace($"{error.Code} {error.Status} {error.Failure!.Message}");
            }
        }).Children(_ => new InvalidOperationException("inside")).Passes();
        Assert.That(live.Trace, Is.EqualTo("DUR3001 Failed inside"));
    }

    [Test]
    public void A_child_that_cannot_be_started_throws()
    {
        var failure = JsonSerializer.SerializeToUtf8Bytes(new OperationFailure { Code = DurableErrorCodes.RunAlreadyStarted, Failure = new("X", "open already") }, HistoryJson.Default.OperationFailure);
        foreach (var awaited in new[] { true, false })
        {
            var live = ReplayBench.For(async s =>
            {
                try
                {
                    if (awaited) await s.Workflow.RunChildAsync((ChildWorkflow w) => w.RunAsync("x"));
                    else await s.Workflow.StartChildAsync((ChildWorkflow w) => w.RunAsync("x"));
                }
                catch (RunConflictException error)
                {
                    s.Trace(error.Code);
                }
            }).Inject(EventKind.ChildStartFailed, null, failure, 1, 1).Passes();
            Assert.That(live.Trace, Is.EqualTo("DUR2002"));
        }
    }

    [Test]
    public void A_message_that_could_not_be_delivered_throws()
    {
        foreach (var (code, type) in new[] { (DurableErrorCodes.RunNotFound, nameof(RunNotFoundException)), (DurableErrorCodes.RunClosed, nameof(RunConflictException)) })
        {
            var failure = JsonSerializer.SerializeToUtf8Bytes(new OperationFailure { Code = code, Failure = new("X", "no") }, HistoryJson.Default.OperationFailure);
            var live = ReplayBench.For(async s =>
            {
                try
                {
                    await s.Workflow.GetRun<ChildWorkflow>("gone").SignalAsync(w => w.Nudge("x"));
                }
                catch (DurableException error)
                {
                    s.Trace(error.GetType().Name);
                }
            }).Inject(EventKind.SendFailed, null, failure, 1, 1).Passes();
            Assert.That(live.Trace, Is.EqualTo(type));
        }
    }

    [Test]
    public void Updates_are_answered_in_the_order_they_end_and_failures_do_not_fail_the_run()
    {
        var live = ReplayBench.For(async s =>
        {
            s.OnUpdate = async text =>
            {
                if (text == "slow") await s.Workflow.DelayAsync(TimeSpan.FromSeconds(1));
                if (text == "bad") throw new InvalidOperationException("refused");
                s.Count++;
                return text + "!";
            };
            await s.Workflow.WaitUntilAsync(() => s.Count == 2 && s.Workflow.AllHandlersFinished);
        }).Update("u1", "slow").Update("u2", "bad").Update("u3", "fast").Passes();
        Assert.That(live.Commands.Where(command => command.StartsWith("Answer", StringComparison.Ordinal)), Is.EqualTo(new[] { "Answer 'Change' to 'u2' #3", "Answer 'Change' to 'u3' #4", "Answer 'Change' to 'u1' #5" }));
        Assert.That(live.End, Is.EqualTo(CommandKind.Complete));
        CommandBuffer.Split(live.Rows[2].Commands, out _, out var refused);
        Assert.That(JsonSerializer.Deserialize(CommandBuffer.Line(refused, 0), HistoryJson.Default.UpdateAnswer)!.Failure!.Message, Is.EqualTo("refused"));
    }

    [Test]
    public void A_validator_only_reads()
    {
        var live = ReplayBench.For(s =>
        {
            s.OnValidate = text =>
            {
                if (text == "no") throw new ArgumentException("no");
                if (text == "command") s.Acts.DoAsync("x");
            };
            return s.Acts.NeverAsync("n");
        }).Run();
        var update = live.Execution.Definition.Update("Change")!;
        Assert.That(() => live.Execution.Validate(update, ["yes"]), Throws.Nothing);
        Assert.That(() => live.Execution.Validate(update, ["no"]), Throws.ArgumentException.With.Message.EqualTo("no"));
        Assert.That(() => live.Execution.Validate(update, ["command"]), Throws.TypeOf<DurableException>());
        Assert.That(live.Execution.Operations.Count, Is.EqualTo(1));
    }

    [Test]
    public void Continue_as_new_carries_arguments_and_a_new_seed()
    {
        var bench = ReplayBench.For(typeof(Counter), "counter", 41);
        var live = bench.Starts(bench.Document() with { MaxPending = 9 }).Passes();
        Assert.That(live.End, Is.EqualTo(CommandKind.ContinueAsNew));
        var next = JsonSerializer.Deserialize(live.Execution.End!.Result, HistoryJson.Default.StartDocument)!;
        Assert.That((next.Input.GetRawText(), next.Seed != 4711, next.MaxPending), Is.EqualTo(("[42]", true, (int?)9)));
    }

    [Test]
    public void Continue_as_new_takes_this_workflows_own_run_method_only()
    {
        var live = ReplayBench.For(s =>
        {
            s.Workflow.ContinueAsNew(() => new ChildWorkflow().RunAsync("x"));
            return Task.CompletedTask;
        }).Passes();
        Assert.That(live.Failure!.Message, Does.Contain("DUR2000").And.Contain("own [Run] method"));
    }

    [Test]
    public void Continue_as_new_is_suggested_by_steps_and_bytes_as_recorded()
    {
        Func<Script, Task> body = async s =>
        {
            for (var i = 0; i < 4; i++)
            {
                s.Trace(s.Workflow.ContinueAsNewSuggested ? "y" : "n");
                await s.Acts.DoAsync(new string('x', 100));
            }
        };
        var steps = ReplayBench.For(body);
        Assert.That(steps.Starts(steps.Document() with { RollOverSteps = 2 }).Passes().Trace, Is.EqualTo("n n y y"));
        var bytes = ReplayBench.For(body);
        Assert.That(bytes.Starts(bytes.Document() with { RollOverBytes = 400 }).Passes().Trace, Is.EqualTo("n n n y"));
    }

    [Test]
    public void With_changes_options_and_takes_only_what_the_engine_injected()
    {
        var live = ReplayBench.For(async s =>
        {
            await s.Workflow.With(s.Acts, new() { Queue = "slow", StartToClose = TimeSpan.FromSeconds(7) }).DoAsync("x");
            foreach (var wrong in new Func<Task>[]
            {
                () => s.Workflow.With(s.Acts, new() { StartToClose = TimeSpan.Zero }).DoAsync("x"),
                () => s.Workflow.With<IComparable>("not a proxy", new()).CompareTo(null) == 0 ? Task.CompletedTask : Task.CompletedTask,
            })
            {
                try
                {
                    await wrong();
                }
                catch (DurableException error)
                {
                    s.Trace(error.Code);
                }
            }
        }).Passes();
        Assert.That(live.Trace, Is.EqualTo("DUR2000 DUR2000"));
        CommandBuffer.Split(live.Rows[0].Commands, out _, out var bodies);
        using var body = JsonDocument.Parse(CommandBuffer.Line(bodies, 0).ToArray());
        Assert.That(body.RootElement.GetProperty("options").GetProperty("queue").GetString(), Is.EqualTo("slow"));
    }

    [Test]
    public void Attributes_are_commands_with_an_effect()
    {
        var bench = ReplayBench.For(s =>
        {
            s.Workflow.SetAttribute(new AttributeKey<string>("customer"), "acme");
            return Task.CompletedTask;
        });
        var live = bench.Passes();
        Assert.That(live.Commands[0], Is.EqualTo("Attribute 'customer' #1"));
        Assert.That(live.Execution.Effects.Single().Data, Is.EqualTo(new RunAttributes { { new AttributeKey<string>("customer"), "acme" } }));
    }

    [Test]
    public void Nothing_counts_after_the_end()
    {
        var live = ReplayBench.For(async s =>
        {
            _ = LateAsync();
            await s.Acts.DoAsync("x");

            async Task LateAsync()
            {
                await s.Acts.DoAsync("y");
                await s.Acts.DoAsync("pending at the end");
                await s.Acts.DoAsync("never issued");
            }
        }).Passes();
        var more = live.Execution.Apply(World.Row(live.Execution.NextSeq, EventKind.ActivityCompleted, 3, null, null, World.Begin));
        Assert.That((more, live.End), Is.EqualTo(((Verdict?)null, CommandKind.Complete)));
        Assert.That(live.Commands, Has.Count.EqualTo(4));
    }

    [Test]
    public void A_fire_and_forget_activity_that_fails_is_observed()
    {
        var unobserved = 0;
        EventHandler<UnobservedTaskExceptionEventArgs> count = (_, args) =>
        {
            if (args.Exception.ToString().Contains("nobody listens", StringComparison.Ordinal)) Interlocked.Increment(ref unobserved);
        };
        TaskScheduler.UnobservedTaskException += count;
        try
        {
            ReplayBench.For(async s =>
            {
                _ = s.Acts.FailAsync("nobody listens");
                await s.Acts.DoAsync("x");
                await s.Acts.DoAsync("y");
            }).Run();
            for (var i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= count;
        }

        Assert.That(unobserved, Is.Zero);
    }

    public sealed class Counter(WorkflowContext workflow)
    {
        [Run]
        public async Task<int> RunAsync(int number)
        {
            await workflow.StepAsync("step", () => Task.CompletedTask);
            return workflow.ContinueAsNew(() => RunAsync(number + 1));
        }
    }
}
