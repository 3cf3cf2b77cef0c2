// Runs a workflow class without any store: live first, then replayed elsewhere, and from every prefix.
using System.Text;
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Core.Tests.Replay;

/// <summary>One call of an activity as the bench answers it.</summary>
internal sealed record ActivityCall(string Name, int Ordinal, JsonElement[] Arguments)
{
    public string Text => Arguments[0].ToString();
}

/// <summary>
/// A lane in miniature. Activities, steps and messages are completed in the order they were asked for, or in the opposite one; what is injected
/// comes in when its row number is reached or the run is idle; timers fire last, in due order.
/// </summary>
internal sealed class ReplayBench
{
    private const int MaxRows = 20_000;        // a script that never ends must not hang the build
    private static int count;
    private readonly WorkflowDefinition definition;
    private readonly object?[] arguments;
    private readonly string workflowId;
    private readonly List<(int AfterRow, EventKind Kind, string? Target, byte[]? Payload, int Ordinal)> inputs = [];
    private readonly HashSet<int> startedChildren = [];
    private Func<ActivityCall, object?> answer = Answer;
    private Func<ChildCall, object?> children = child => $"child of {child.Definition}";
    private ExecutionLimits limits = new(LockPatience: TimeSpan.FromMilliseconds(200));
    private PayloadSerializer serializer = World.Serializer;
    private Action<StartDocument> start = _ => { };
    private StartDocument? document;
    private bool newestFirst;
    private bool timersFire = true;
    private int maxPrefixes = 40;

    private ReplayBench(WorkflowDefinition definition, string workflowId, object?[] arguments)
    {
        this.definition = definition;
        this.workflowId = workflowId;
        this.arguments = arguments;
    }

    /// <summary>What an activity answers that gets no result.</summary>
    public static object Never { get; } = new();

    public string WorkflowId => workflowId;

    public static ReplayBench For(Func<Script, Task> body, WorkflowOptions? options = null)
    {
        var id = $"script-{Interlocked.Increment(ref count)}";
        ScriptWorkflow.Use(id, body);
        return new ReplayBench(options is null ? World.Registry.Find(typeof(ScriptWorkflow))! : World.Read(typeof(ScriptWorkflow), options), id, []);
    }

    public static ReplayBench For(Type workflow, string workflowId, params object?[] arguments) => new(World.Registry.Find(workflow) ?? World.Read(workflow), workflowId, arguments);

    public ReplayBench Activities(Func<ActivityCall, object?> answers)
    {
        answer = answers;
        return this;
    }

    public ReplayBench Children(Func<ChildCall, object?> answers)
    {
        children = answers;
        return this;
    }

    public ReplayBench Limits(ExecutionLimits bounds)
    {
        limits = bounds;
        return this;
    }

    public ReplayBench Uses(PayloadSerializer other)
    {
        serializer = other;
        return this;
    }

    public ReplayBench Starts(StartDocument started)
    {
        document = started;
        return this;
    }

    public ReplayBench NewestFirst()
    {
        newestFirst = true;
        return this;
    }

    /// <summary>Timers never fire.</summary>
    public ReplayBench TimersRest()
    {
        timersFire = false;
        return this;
    }

    public ReplayBench Prefixes(int most)
    {
        maxPrefixes = most;
        return this;
    }

    /// <summary>Injects an arrival when that many rows are stored; -1: when the run is idle.</summary>
    public ReplayBench Inject(EventKind kind, string? target, byte[]? payload, int afterRow = -1, int ordinal = 0)
    {
        inputs.Add((afterRow, kind, target, payload, ordinal));
        return this;
    }

    public ReplayBench Signal(string text, int afterRow = -1) => Inject(EventKind.SignalReceived, "Poke", JsonSerializer.SerializeToUtf8Bytes(new[] { text }), afterRow);

    public ReplayBench Mail(Item item, int afterRow = -1, string mailbox = "Items") => Inject(EventKind.MailReceived, mailbox, World.Serializer.Encode(item, "item"), afterRow);

    public ReplayBench Update(string id, string text, int afterRow = -1) =>
        Inject(EventKind.UpdateReceived, "Change", JsonSerializer.SerializeToUtf8Bytes(new UpdateRequest(id, JsonSerializer.SerializeToElement(new[] { text })), HistoryJson.Default.UpdateRequest), afterRow);

    public ReplayBench Cancel(int afterRow = -1) => Inject(EventKind.CancelRequested, null, "{}"u8.ToArray(), afterRow);

    /// <summary>Runs live on a thread of its own.</summary>
    public LiveRun Run() => OwnThread.Run(OwnThread.MiddleStack, "en-US", () =>
    {
        var live = Live();
        Late.Run(workflowId);
        return live;
    });

    /// <summary>Runs live, then replays whole and from every prefix on other threads, stacks and cultures: commands, end, checksum and trace must be equal.</summary>
    public LiveRun Passes()
    {
        var live = Run();
        Assert.That(live.Verdict, Is.Null, () => live.Verdict!.Message);
        Replays(live);
        return live;
    }

    /// <summary>Replays a run whole and from every prefix.</summary>
    public void Replays(LiveRun live)
    {
        foreach (var (stack, culture) in new[] { (OwnThread.SmallStack, "de-DE"), (OwnThread.LargeStack, "tr-TR") })
            OwnThread.Run(stack, culture, () => ReplayWhole(live));
        var every = Math.Max(1, live.Rows.Count / maxPrefixes);
        OwnThread.Run(OwnThread.SmallStack, "de-DE", () =>
        {
            for (var length = 0; length < live.Rows.Count; length += every) GoOnFrom(live, length);
            return 0;
        });
    }

    /// <summary>Replays rows with this bench's body and says what is wrong with them.</summary>
    public Verdict? VerdictOn(IReadOnlyList<EventRecord> rows) => OwnThread.Run(OwnThread.LargeStack, "de-DE", () => NewExecution(NullLogSink.Instance).Replay([.. rows.Select(row => World.Copy(row))]));

    /// <summary>Runs live until something is found that cannot be replayed, and asserts that the code cannot hide it.</summary>
    public Verdict IsRefused(string code = DurableErrorCodes.NotDurable)
    {
        timersFire = false;          // else an hour of durable time passes before a pool thread has had its turn
        var live = Run();
        var execution = live.Execution;
        Assert.That(SpinWait.SpinUntil(() => execution.Verdict is not null, OwnThread.Patience), $"Nothing was found. Trace: {live.Trace}. End: {execution.End?.Kind}");
        var verdict = execution.Verdict!;
        Assert.That(verdict.Code, Is.EqualTo(code), verdict.Message);
        var again = OwnThread.Run(OwnThread.MiddleStack, "en-US", () => execution.Apply(World.Row(execution.NextSeq, EventKind.SignalReceived, 0, "Poke", "[\"again\"]"u8.ToArray(), World.Begin)));
        Assert.That(again?.Code, Is.EqualTo(code), "the verdict must stick");
        return verdict;
    }

    public WorkflowExecution NewExecution(ILogSink log, int gen = 0) => World.Execution(definition, workflowId, log, limits, serializer, gen);

    public StartDocument Document() => document ?? new StartDocument { Seed = 4711, Input = JsonText.Element(serializer.EncodeArguments(arguments, definition.RunParameterTypes, "arguments")) };

    private static object? Answer(ActivityCall call) => call.Name switch
    {
        "Acts.Add" => call.Arguments[0].GetInt32() + call.Arguments[1].GetInt32(),
        "Acts.Do" => null,
        "Acts.Fail" => new InvalidOperationException(call.Text),
        "Acts.Never" or "Acts.Stoppable" => Never,
        "Acts.Item" => call.Arguments[0].Deserialize<Item>(World.Serializer.Options),
        _ => call.Text,
    };

    private static string TraceOf(WorkflowExecution execution) =>
        execution.Definition.Query("Trace") is { } query && execution.HasInstance ? (string)execution.Query(query, [])! : "";

    /// <summary>Runs live on this thread.</summary>
    public LiveRun Live()
    {
        var log = new BenchLog();
        var execution = NewExecution(log);
        var rows = new List<EventRecord>();
        var waiting = new List<(int AfterRow, EventKind Kind, string? Target, byte[]? Payload, int Ordinal)>(inputs);
        var now = World.Begin;
        startedChildren.Clear();
        var first = Document();
        start(first);
        var next = World.Row(0, EventKind.RunStarted, 0, null, JsonSerializer.SerializeToUtf8Bytes(first, HistoryJson.Default.StartDocument), now);
        while (next is not null)
        {
            var verdict = execution.Apply(next);
            if (verdict is not null) return new LiveRun(rows, execution, verdict, "", log);
            rows.Add(next);
            if (execution.End is not null || rows.Count >= MaxRows) break;
            now += TimeSpan.FromMilliseconds(1);
            next = Next(execution, rows.Count, waiting, ref now);
        }

        return new LiveRun(rows, execution, execution.Verdict, TraceOf(execution), log);
    }

    private EventRecord? Next(WorkflowExecution execution, int seq, List<(int AfterRow, EventKind Kind, string? Target, byte[]? Payload, int Ordinal)> waiting, ref DateTimeOffset now)
    {
        var due = waiting.FindIndex(input => input.AfterRow >= 0 && input.AfterRow <= seq);
        if (due < 0)
        {
            var ready = execution.Operations.Pending.Select(op => op.Operation).Where(op => !op.IsSilent).OrderBy(op => newestFirst ? -op.Ordinal : op.Ordinal).ToList();
            foreach (var operation in ready)
                if (Outcome(operation, seq, now) is { } row) return row;
            due = waiting.FindIndex(input => input.AfterRow < 0);
            if (due < 0 && timersFire && ready.Where(op => op.Kind == CommandKind.Timer).OrderBy(op => op.DueAt).ThenBy(op => op.Ordinal).FirstOrDefault() is { } timer)
            {
                if (timer.DueAt > now) now = timer.DueAt;
                return World.Row(seq, EventKind.TimerFired, timer.Ordinal, null, null, now);
            }
        }

        if (due < 0) return null;
        var (_, kind, target, payload, ordinal) = waiting[due];
        waiting.RemoveAt(due);
        return World.Row(seq, kind, ordinal, target, payload, now);
    }

    private EventRecord? Outcome(Operation operation, int seq, DateTimeOffset now)
    {
        switch (operation.Kind)
        {
            case CommandKind.Activity:
                using (var body = JsonDocument.Parse(operation.Body!))
                {
                    var given = answer(new ActivityCall(operation.Name, operation.Ordinal, [.. body.RootElement.GetProperty("args").EnumerateArray().Select(e => e.Clone())]));
                    return Settled(EventKind.ActivityCompleted, EventKind.ActivityFailed, operation, operation.Activity!.Result, given, seq, now);
                }

            case CommandKind.Step:
                object? result;
                try
                {
                    var task = operation.Step!.Invoke(null);
                    task.GetAwaiter().GetResult();
                    return World.Row(seq, EventKind.StepCompleted, operation.Ordinal, null, operation.Step.Result.Encode(task, serializer, "result"), now);
                }
                catch (Exception error)
                {
                    result = error;
                }

                return Settled(EventKind.StepCompleted, EventKind.StepFailed, operation, operation.Step!.Result, result, seq, now);
            case CommandKind.Child when operation.Child!.Awaited || startedChildren.Contains(operation.Ordinal):
                var value = children(operation.Child);
                return Settled(EventKind.ChildCompleted, EventKind.ChildFailed, operation, ResultShape.Of(typeof(Task<string>)), value, seq, now);
            case CommandKind.Child:
                startedChildren.Add(operation.Ordinal);
                return World.Row(seq, EventKind.ChildStarted, operation.Ordinal, null, null, now);
            case CommandKind.Signal or CommandKind.Send or CommandKind.CancelRun:
                return World.Row(seq, EventKind.SendCompleted, operation.Ordinal, null, null, now);
            default:
                return null;
        }
    }

    private EventRecord? Settled(EventKind completed, EventKind failed, Operation operation, ResultShape shape, object? value, int seq, DateTimeOffset now)
    {
        if (value == Never) return null;
        if (value is not Exception error) return World.Row(seq, completed, operation.Ordinal, null, shape.Type is { } type ? serializer.Encode(value, type, "result") : null, now);
        var failure = new OperationFailure { Code = failed == EventKind.ChildFailed ? DurableErrorCodes.RunFailed : DurableErrorCodes.ActivityGaveUp, Failure = new Failure(error.GetType().FullName!, error.Message), Attempts = 1 };
        return World.Row(seq, failed, operation.Ordinal, null, JsonSerializer.SerializeToUtf8Bytes(failure, HistoryJson.Default.OperationFailure), now);
    }

    private int ReplayWhole(LiveRun live)
    {
        var log = new BenchLog();
        var execution = NewExecution(log);
        var verdict = execution.Replay([.. live.Rows.Select(row => World.Copy(row))]);
        Assert.That(verdict, Is.Null, () => verdict!.Message);
        AssertSame(live, execution, "whole");
        Assert.That(log.Entries, Is.Empty, "replay logs nothing");
        Assert.That(execution.Effects, Is.Empty, "replay has no effects");
        return 0;
    }

    // Replay the first rows, then apply the rest as new: the engine must write byte for byte what the first execution wrote.
    private void GoOnFrom(LiveRun live, int length)
    {
        var execution = NewExecution(NullLogSink.Instance);
        var verdict = execution.Replay([.. live.Rows.Take(length).Select(row => World.Copy(row))]);
        Assert.That(verdict, Is.Null, () => $"prefix {length}: {verdict!.Message}");
        foreach (var row in live.Rows.Skip(length))
        {
            var arrival = World.Bare(row);
            verdict = execution.Apply(arrival);
            Assert.That(verdict, Is.Null, () => $"prefix {length}, row {row.Seq}: {verdict!.Message}");
            CommandBuffer.Split(arrival.Commands, out var attempted, out _);
            CommandBuffer.Split(row.Commands, out var recorded, out _);
            Assert.That(Encoding.UTF8.GetString(attempted), Is.EqualTo(Encoding.UTF8.GetString(recorded)), $"prefix {length}, row {row.Seq}");
            if (HasStackTrace(row)) return;          // the last row, and its body is not the same twice
            Assert.That(Text(arrival.Commands), Is.EqualTo(Text(row.Commands)), $"prefix {length}, row {row.Seq}");
            Assert.That(arrival.Crc, Is.EqualTo(row.Crc), $"prefix {length}, row {row.Seq}");
        }

        AssertSame(live, execution, $"prefix {length}");
    }

    private static bool HasStackTrace(EventRecord row) => row.Commands is { } commands && commands.AsSpan().IndexOf("\"stackTrace\":"u8) >= 0;

    private static string Text(byte[]? bytes) => bytes is null ? "" : Encoding.UTF8.GetString(bytes);

    private static void AssertSame(LiveRun live, WorkflowExecution other, string how)
    {
        var first = live.Execution;
        Assert.That(other.End?.Kind, Is.EqualTo(first.End?.Kind), how);
        Assert.That(TraceOf(other), Is.EqualTo(live.Trace), how);
        Assert.That((other.NextSeq, other.Crc, other.EventCount, other.ByteCount, other.UtcNow), Is.EqualTo((first.NextSeq, first.Crc, first.EventCount, first.ByteCount, first.UtcNow)), how);
        Assert.That(other.Operations.Pending.Select(op => op.Operation.Ordinal).Order(), Is.EqualTo(first.Operations.Pending.Select(op => op.Operation.Ordinal).Order()), how);
        Assert.That(other.Mail.Unread.Select(row => row.Seq), Is.EqualTo(first.Mail.Unread.Select(row => row.Seq)), how);
    }
}
