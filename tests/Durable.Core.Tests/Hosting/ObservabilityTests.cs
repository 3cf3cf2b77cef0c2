// What a host shows: logs of workflow code, metrics, spans; and what a codec hides.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Durable.Core.Tests.Kit;
using Durable.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Durable.Core.Tests.Hosting;

public sealed class ObservabilityTests : Situation
{
    [Test]
    public async Task Log_lines_of_the_code_come_once_after_their_commit_with_the_run_in_scope_and_not_in_replay()
    {
        var first = await World.StartAsync(d => d.AddWorkflow<Teller>());
        var run = await first.Client.StartAsync((Teller w) => w.RunAsync("x"), new() { Id = "t" });
        await World.UntilAsync(() => Lines().Count == 1, "the first line is there");
        await first.KillAsync();

        var second = await World.StartAsync(d => d.AddWorkflow<Teller>());
        await second.Client.GetRun<Teller>("t").SignalAsync(w => w.Go());
        Assert.That(await second.Client.GetRun<Teller, string>("t").ResultAsync(), Is.EqualTo("secret-result"));

        await World.UntilAsync(() => Lines().Count >= 2, "the second line is there");
        Assert.That(Lines().Select(line => line.Text), Is.EqualTo(new[] { "begun with x", "gone on" }));
        Assert.That(Lines()[0].Scope["WorkflowId"], Is.EqualTo("t"));
        Assert.That(Lines()[0].Scope["RunId"], Is.EqualTo(run.RunId));
    }

    [Test]
    public async Task A_line_of_a_turn_whose_commit_never_happens_is_not_written()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Teller>(), faults: store => store.OnCommit = batch => batch.Starts.Count > 0 ? CommitFault.DieBefore : CommitFault.None);
        _ = node.Client.StartAsync((Teller w) => w.RunAsync("x"));

        await node.Store.Died;

        Assert.That(Lines(), Is.Empty);
    }

    [Test]
    public async Task A_failed_attempt_is_a_warning_with_its_next_delay_and_no_payload_is_ever_logged()
    {
        var node = await World.StartAsync(d => d.AddWorkflow<Caller>());
        var left = 1;
        Bench["payload-of-the-call"] = _ => Interlocked.Decrement(ref left) >= 0 ? throw new RetryAfterException(TimeSpan.FromMilliseconds(1), "busy") : Task.FromResult("payload-of-the-result");

        var run = await node.Client.StartAsync((Caller w) => w.RunAsync("payload-of-the-call"));
        await run.ResultAsync();

        var entry = World.Logs.Entries.Single(logged => logged.Id == 303);
        Assert.That(entry.Level, Is.EqualTo(LogLevel.Warning));
        Assert.That((entry.Scope["Activity"], entry.Scope["Attempt"]), Is.EqualTo(((object?)"Work.Do", (object?)1)));
        Assert.That(World.Logs.Entries.Select(logged => logged.Text), Has.None.Contains("payload-of"));
    }

    [Test]
    [NonParallelizable]
    public async Task Runs_commits_and_attempts_are_measured_once()
    {
        var measured = new ConcurrentQueue<(string Name, double Value, string Tags)>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (instrument.Meter.Name == "Durable") self.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => measured.Enqueue((instrument.Name, value, Text(tags))));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => measured.Enqueue((instrument.Name, value, Text(tags))));
        listener.Start();
        var node = await World.StartAsync(d => d.AddWorkflow<Measured>());

        await (await node.Client.StartAsync((Measured w) => w.RunAsync())).ResultAsync();

        await World.UntilAsync(() => measured.Any(one => one.Name == "durable.runs.closed" && one.Tags.Contains("Measured", StringComparison.Ordinal)), "the end is measured");
        Assert.That(measured.Count(one => one.Name == "durable.runs.started" && one.Tags.Contains("workflow=Measured", StringComparison.Ordinal)), Is.EqualTo(1));
        Assert.That(measured.Count(one => one.Name == "durable.runs.closed" && one.Tags.Contains("workflow=Measured", StringComparison.Ordinal) && one.Tags.Contains("outcome=Completed", StringComparison.Ordinal)), Is.EqualTo(1));
        Assert.That(measured.Any(one => one.Name == "durable.commit.duration"), Is.True);
        Assert.That(measured.Any(one => one.Name == "durable.activity.duration" && one.Tags.Contains("outcome=completed", StringComparison.Ordinal)), Is.True);
    }

    [Test]
    [NonParallelizable]
    public async Task An_attempts_span_belongs_to_the_trace_that_started_the_run_also_on_another_host_and_replay_makes_none()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener { ShouldListenTo = source => source.Name == "Durable" || source.Name == "test", Sample = (ref ActivityCreationOptions<System.Diagnostics.ActivityContext> _) => ActivitySamplingResult.AllData, ActivityStopped = spans.Enqueue };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource("test");
        var first = await World.StartAsync(d => d.AddWorkflow<Traced>());
        ActivityTraceId trace;
        using (var request = source.StartActivity("request"))
        {
            trace = request!.TraceId;
            await first.Client.StartAsync((Traced w) => w.RunAsync(), new() { Id = "traced" });
        }

        await World.UntilAsync(() => Bench.Count("traced one") == 1, "the first activity ran");
        await World.UntilAsync(async () => (await KindsOf(first.Client.GetRun("traced"))).Contains("ActivityCompleted"), "its result is stored: else the other host runs it once more");
        await World.UntilAsync(() => spans.Any(span => span.OperationName.Contains("Work.Do", StringComparison.Ordinal) && span.TraceId == trace), "its span is there");
        await first.KillAsync();
        var second = await World.StartAsync(d => d.AddWorkflow<Traced>());
        await second.Client.GetRun<Traced>("traced").SignalAsync(w => w.Go());
        await second.Client.GetRun<Traced, string>("traced").ResultAsync();

        await World.UntilAsync(() => spans.Count(span => span.OperationName.Contains("Work.Do", StringComparison.Ordinal) && span.TraceId == trace) == 2, "two attempts have two spans of the trace");
    }

    [TestCase(StoreKind.Memory)]
    public async Task With_a_codec_nothing_that_users_pass_is_plain_in_the_store(StoreKind kind)
    {
        Make(kind);
        var seen = new ConcurrentQueue<byte[]>();
        var node = await World.StartAsync(d => d.AddWorkflow<Secretive>().AddWorkflow<SecretChild>().AddCodec<XorCodec>(), faults: store => store.OnCommit = batch =>
        {
            foreach (var bytes in Bytes(batch)) seen.Enqueue(bytes);
            return CommitFault.None;
        });
        Bench["secret-fails"] = context => context.Attempt < 3 ? throw new RetryAfterException(TimeSpan.FromMilliseconds(1), "secret-failure") : throw new NonRetryableException("secret-failure");
        Bench["secret-beats"] = context =>
        {
            context.Heartbeat("secret-details");
            return Task.FromResult("secret-beaten");
        };

        var run = await node.Client.StartAsync((Secretive w) => w.RunAsync("secret-argument"), new() { Id = "plain-id" });
        Assert.That(await run.UpdateAsync(w => w.AskAsync("secret-question")), Is.EqualTo("secret-answer"));
        await run.SendAsync(w => w.Notes, "secret-note");
        await run.SignalAsync(w => w.Tell("secret-signal"));

        Assert.That(await run.ResultAsync(), Is.EqualTo("secret-end"));
        foreach (var row in await World.Store.ReadEventsAsync(run.RunId!.Value, 0, 0, 1_000)) Assert.That(Encoding.UTF8.GetString(row.Payload ?? []), Does.Not.Contain("secret"), $"payload of {row.Kind}");
        foreach (var bytes in seen) Assert.That(Encoding.UTF8.GetString(bytes), Does.Not.Contain("secret-"));
        Assert.That((await HistoryOf(run)).Select(happened => happened.Data.GetRawText()), Has.Some.Contains("secret-argument"), "who has the codec reads it");
    }

    private static IEnumerable<byte[]> Bytes(LaneBatch batch)
    {
        foreach (var row in batch.Events.Concat(batch.Starts.Concat(batch.Children).Select(start => start.FirstEvent).OfType<EventRecord>()))
        {
            if (row.Payload is { } payload) yield return payload;
            if (row.Commands is { } commands) yield return commands;
        }

        foreach (var start in batch.Starts.Concat(batch.Children)) if (start.Input is { } input) yield return input;
        foreach (var close in batch.Closes) if (close.Outcome is { } outcome) yield return outcome;
        foreach (var send in batch.Sends) if (send.Payload is { } payload) yield return payload;
        foreach (var document in batch.Documents) yield return Encoding.UTF8.GetBytes(document.Json);
        foreach (var park in batch.Parks) if (park.WaitReason is { } reason) yield return Encoding.UTF8.GetBytes(reason);
        foreach (var task in batch.Tasks)
        {
            if (task.Payload is { } payload) yield return payload;
            if (task.Failures is { } failures) yield return failures;
            if (task.Details is { } details) yield return details;
        }
    }

    private static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags) => string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));

    private List<Logged> Lines() => [.. World.Logs.Entries.Where(entry => entry.Category.Contains(nameof(Teller), StringComparison.Ordinal))];

    public sealed class Teller(WorkflowContext workflow, ILogger<Teller> log)
    {
        private bool go;

        [Run]
        public async Task<string> RunAsync(string what)
        {
            log.LogInformation("begun with {What}", what);
            await workflow.WaitUntilAsync(() => go);
            log.LogInformation("gone on");
            return "secret-result";
        }

        [Signal]
        public void Go() => go = true;
    }

    public sealed class Caller(IWork work)
    {
        [Run]
        public Task<string> RunAsync(string name) => work.DoAsync(name);
    }

    public sealed class Measured(IWork work)
    {
        [Run]
        public Task<string> RunAsync() => work.DoAsync("measured");
    }

    public sealed class Traced(WorkflowContext workflow, IWork work)
    {
        private bool go;

        [Run]
        public async Task<string> RunAsync()
        {
            await work.DoAsync("traced one");
            await workflow.WaitUntilAsync(() => go);
            return await work.DoAsync("traced two");
        }

        [Signal]
        public void Go() => go = true;
    }

    public sealed class XorCodec : PayloadCodec
    {
        public override string Id => "xor";

        public override byte[] Encode(ReadOnlySpan<byte> payload, PayloadContext context) => Flip(payload);

        public override byte[] Decode(ReadOnlySpan<byte> payload, PayloadContext context) => Flip(payload);

        private static byte[] Flip(ReadOnlySpan<byte> bytes)
        {
            var flipped = bytes.ToArray();
            for (var i = 0; i < flipped.Length; i++) flipped[i] ^= 0x5A;
            return flipped;
        }
    }

    public sealed class SecretChild
    {
        [Run]
        public Task<string> RunAsync(string what) => Task.FromResult(what + "-from-the-child");
    }

    public sealed class Secretive(WorkflowContext workflow, IWork work)
    {
        private string? told;
        private string? asked;

        public Mailbox<string> Notes { get; } = workflow.CreateMailbox<string>();

        [Run]
        public async Task<string> RunAsync(string argument)
        {
            await work.DoAsync(argument);
            await workflow.StepAsync("step", () => Task.FromResult("secret-step"));
            await work.BeatAsync("secret-beats");
            try
            {
                await work.DoAsync("secret-fails");
            }
            catch (ActivityFailedException error) when (error.Failure.Message == "secret-failure")
            {
                await workflow.RunChildAsync((SecretChild w) => w.RunAsync("secret-child"));
            }

            await Notes.ReceiveAsync();
            await workflow.WaitUntilAsync(() => told is not null && asked is not null);
            return "secret-end";
        }

        [Signal]
        public void Tell(string what) => told = what;

        [Update]
        public Task<string> AskAsync(string what)
        {
            asked = what;
            return Task.FromResult("secret-answer");
        }
    }
}
