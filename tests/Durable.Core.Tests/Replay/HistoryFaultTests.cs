// What a row holds cannot be applied: the run is held with the reason, never failed and never guessed at.
using System.Text.Json;
using System.Text.Json.Serialization;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;

namespace Durable.Core.Tests.Replay;

[TestFixture]
[Category("Replay")]
[Parallelizable(ParallelScope.All)]
public sealed class HistoryFaultTests
{
    [Test]
    public void An_unknown_kind_of_event_holds_the_run()
    {
        var live = ReplayBench.For(s => s.Acts.DoAsync("x")).Run();
        var verdict = ReplayBench.For(s => s.Acts.DoAsync("x")).VerdictOn([live.Rows[0], World.Row(1, (EventKind)29, 0, null, null, World.Begin)]);
        Assert.That((verdict?.Code, verdict?.Row), Is.EqualTo((DurableErrorCodes.EventUnknown, 1)));
    }

    [TestCase((int)EventKind.ActivityCompleted, "{\"not\":\"a text\"}")]
    [TestCase((int)EventKind.ActivityCompleted, "\"cut off")]
    [TestCase((int)EventKind.ActivityFailed, "{\"no\":\"failure\"}")]
    [TestCase((int)EventKind.ActivityFailed, "nonsense")]
    [TestCase((int)EventKind.SignalReceived, "[1,2,3]")]
    [TestCase((int)EventKind.SignalReceived, "{}")]
    [TestCase((int)EventKind.UpdateReceived, "[]")]
    [TestCase((int)EventKind.MailReceived, "7")]
    public void A_payload_that_cannot_be_read_holds_the_run(int number, string payload)
    {
        var kind = (EventKind)number;
        Func<Script, Task> body = async s =>
        {
            _ = s.Items.ReceiveAsync();
            await s.Acts.EchoAsync("x");
        };
        var bench = ReplayBench.For(body);
        var live = bench.TimersRest().Activities(_ => ReplayBench.Never).Run();
        var target = kind switch { EventKind.SignalReceived => "Poke", EventKind.UpdateReceived => "Change", EventKind.MailReceived => "Items", _ => null };
        var row = World.Row(1, kind, target is null ? live.Execution.Operations.Pending.Single(op => op.Operation.Kind == CommandKind.Activity).Operation.Ordinal : 0, target, System.Text.Encoding.UTF8.GetBytes(payload), World.Begin);
        var applied = bench.NewExecution(new BenchLog());
        Assert.That(applied.Replay([World.Copy(live.Rows[0])]), Is.Null);
        var verdict = applied.Apply(row);
        Assert.That((verdict?.Code, verdict?.Row, applied.End), Is.EqualTo((DurableErrorCodes.PayloadUnreadable, 1, (RunEnd?)null)));
        Assert.That(bench.VerdictOn([live.Rows[0], row])?.Code, Is.EqualTo(DurableErrorCodes.PayloadUnreadable), "and in replay");
    }

    [Test]
    public void A_start_that_cannot_be_read_holds_the_run()
    {
        var bench = ReplayBench.For(typeof(Arguments), "arguments", "text", 3);
        var bad = bench.Document() with { Input = JsonDocument.Parse("[{}]").RootElement };
        var verdict = bench.Starts(bad).Run().Verdict;
        Assert.That((verdict?.Code, verdict?.Row), Is.EqualTo((DurableErrorCodes.PayloadUnreadable, 0)));
        Assert.That(verdict!.Message, Does.Contain("'text'"));
    }

    [Test]
    public void A_required_member_that_is_missing_holds_the_run()
    {
        var bench = ReplayBench.For(s => s.Acts.ItemAsync(new Item("x")));
        var execution = bench.NewExecution(new BenchLog());
        execution.Apply(bench.Activities(_ => ReplayBench.Never).Run().Rows.Select(World.Bare).Single());
        Assert.That(execution.Apply(World.Row(1, EventKind.ActivityCompleted, 1, null, "[]"u8.ToArray(), World.Begin))?.Code, Is.EqualTo(DurableErrorCodes.PayloadUnreadable));
    }

    [Test]
    public void A_payload_of_a_codec_that_is_not_here_holds_the_run()
    {
        var bench = ReplayBench.For(s => s.Workflow.WaitUntilAsync(() => false));
        var execution = bench.NewExecution(new BenchLog());
        execution.Apply(bench.Run().Rows.Select(World.Bare).Single());
        var verdict = execution.Apply(World.Row(1, EventKind.SignalReceived, 0, "Poke", [2, (byte)'z', (byte)'z', 1, 2], World.Begin, encoding: 1));
        Assert.That((verdict?.Code, execution.End), Is.EqualTo((DurableErrorCodes.PayloadUnreadable, (RunEnd?)null)));
        Assert.That(verdict!.Message, Does.Contain("'zz'").And.Contain("AddCodec"));
    }

    [Test]
    public void A_type_whose_constructor_throws_what_it_likes_holds_the_run()
    {
        var bench = ReplayBench.For(async s => s.Trace((await s.Workflow.StepAsync("picky", () => Task.FromResult(new Picky("fine")))).Name));
        var execution = bench.NewExecution(new BenchLog());
        execution.Apply(bench.Run().Rows.Select(World.Bare).First());
        Assert.That(execution.Apply(World.Row(1, EventKind.StepCompleted, 1, null, "{\"name\":null}"u8.ToArray(), World.Begin))?.Code, Is.EqualTo(DurableErrorCodes.PayloadUnreadable));
    }

    [Test]
    public void A_signal_without_a_handler_is_recorded_and_logged()
    {
        var live = ReplayBench.For(s => s.Acts.DoAsync("x")).Inject(EventKind.SignalReceived, "Gone", "[]"u8.ToArray(), 1).Passes();
        Assert.That((live.End, live.Log.Entries.Single().Message), Is.EqualTo((CommandKind.Complete, "Signal 'Gone' has no handler in ScriptWorkflow; it is recorded and ignored.")));
    }

    [Test]
    public void An_update_without_a_handler_is_answered_with_a_failure()
    {
        var request = JsonSerializer.SerializeToUtf8Bytes(new UpdateRequest("u1", JsonSerializer.SerializeToElement(Array.Empty<string>())), HistoryJson.Default.UpdateRequest);
        var live = ReplayBench.For(s => s.Acts.DoAsync("x")).Inject(EventKind.UpdateReceived, "Gone", request, 1).Passes();
        Assert.That(live.CommandsOf(1).Single(), Is.EqualTo("Answer 'Gone' to 'u1' #2"));
    }

    [TestCase((int)EventKind.Terminated)]
    [TestCase((int)EventKind.TimedOut)]
    [TestCase((int)EventKind.Resumed)]
    [TestCase((int)EventKind.LimitReached)]
    public void Administrative_rows_run_no_code(int number)
    {
        var kind = (EventKind)number;
        var bench = ReplayBench.For(s => s.Acts.NeverAsync("x"));
        var live = bench.Inject(kind, null, "{}"u8.ToArray()).Passes();
        Assert.That((live.Rows.Count, live.Rows[1].Commands, live.End), Is.EqualTo((2, (byte[]?)null, (CommandKind?)null)));
    }

    [Test]
    public void An_argument_that_cannot_be_written_fails_the_run_and_replays_so()
    {
        var live = ReplayBench.For(s => s.Acts.ItemAsync(new Unwritable())).Passes();
        Assert.That((live.End, live.Failure!.Message), Is.EqualTo((CommandKind.Fail, live.Failure.Message)));
        Assert.That(live.Failure.Type, Is.EqualTo(typeof(DurableException).FullName));
    }

    [Test]
    public void An_argument_that_is_too_large_can_be_caught_and_replays_so()
    {
        var serializer = new PayloadSerializer(null, 64, 200, null);
        var live = ReplayBench.For(async s =>
        {
            try
            {
                await s.Acts.EchoAsync(new string('x', 300));
            }
            catch (DurableException error)
            {
                s.Trace(error.Code);
            }

            s.Trace(await s.Acts.EchoAsync("small"));
            try
            {
                await s.Workflow.GetRun<ChildWorkflow>("other").SignalAsync(w => w.Nudge(new string('x', 300)));
            }
            catch (DurableException error)
            {
                s.Trace(error.Code);
            }

            try
            {
                await s.Workflow.RunChildAsync((ChildWorkflow w) => w.RunAsync(new string('x', 300)));
            }
            catch (DurableException error)
            {
                s.Trace(error.Code);
            }
        }).Uses(serializer).Passes();
        Assert.That(live.Trace, Is.EqualTo("DUR2007 small DUR2007 DUR2007"));
    }

    [Test]
    public void A_result_that_is_too_large_compensates_fails_the_run_and_replays_so()
    {
        var serializer = new PayloadSerializer(null, 64, 200, null);
        var live = ReplayBench.For(async s =>
        {
            s.Workflow.StartSaga().OnFailure(() => s.Acts.DoAsync("undo"));
            await s.Acts.DoAsync("do");
            s.Trace(new string('x', 300));
        }).Uses(serializer).Passes();
        Assert.That((live.End, live.Rows.Count), Is.EqualTo((CommandKind.Fail, 3)));
        Assert.That(live.Failure!.Message, Does.Contain("at most 200"));
    }

    [Test]
    public void A_continuation_that_is_too_large_fails_the_run_and_replays_so()
    {
        var serializer = new PayloadSerializer(null, 64, 200, null);
        var live = ReplayBench.For(typeof(Growing), "growing", new string('x', 150)).Uses(serializer).Passes();
        Assert.That(live.End, Is.EqualTo(CommandKind.Fail));
    }

    [Test]
    public void Commands_survive_a_converter_that_writes_line_feeds()
    {
        var serializer = new PayloadSerializer(options => options.Converters.Add(new Airy()), 64, 10_000, null);
        var live = ReplayBench.For(async s =>
        {
            var items = Task.WhenAll(s.Acts.ItemAsync(new Item("a")), s.Acts.ItemAsync(new Item("b")));
            s.Trace(string.Join(",", (await items).Select(item => item.Name)));
        }).Uses(serializer).Activities(call => new Item(call.Arguments[0].GetProperty("name").GetString()!)).Passes();
        Assert.That(live.Trace, Is.EqualTo("a,b"));
        CommandBuffer.Split(live.Rows[0].Commands, out _, out var bodies);
        Assert.That(System.Text.Encoding.UTF8.GetString(CommandBuffer.Line(bodies, 1)), Does.Contain("\"b\""));
    }

    private sealed record Unwritable() : Item("x");

    private sealed record Picky(string Name)
    {
        public string Name { get; } = Name ?? throw new KeyNotFoundException("whatever");
    }

    public sealed class Arguments
    {
        [Run]
        public Task RunAsync(string text, int number) => Task.CompletedTask;
    }

    public sealed class Growing(WorkflowContext workflow)
    {
        [Run]
        public Task RunAsync(string text)
        {
            workflow.ContinueAsNew(() => RunAsync(text + text));
            return Task.CompletedTask;
        }
    }

    private sealed class Airy : JsonConverter<Item>
    {
        public override Item? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(JsonElement.ParseValue(ref reader).GetProperty("name").GetString()!);

        public override void Write(Utf8JsonWriter writer, Item value, JsonSerializerOptions options) => writer.WriteRawValue($"{{\n  \"name\":\n \"{value.Name}\"\n\n}}");
    }
}
