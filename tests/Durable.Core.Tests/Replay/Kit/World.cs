// The registry, serializer and ids that all benches share.
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Core.Tests.Replay;

internal static class World
{
    public static readonly DateTimeOffset Begin = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly byte[] Secret = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    public static readonly Guid RunId = new("0197a3c0-0000-7000-8000-00000000002a");
    private static readonly Type[] Groups = [typeof(IActs), typeof(IOtherActs)];

    public static PayloadSerializer Serializer { get; } = new(null, 64, 2 * 1024 * 1024, null);

    public static WorkflowRegistry Registry { get; } = new(
        [.. new[] { typeof(ScriptWorkflow), typeof(ChildWorkflow), typeof(OtherChildWorkflow) }.Concat(FrozenWorkflows.All).Select(type => (type, new WorkflowOptions()))], Groups);

    /// <summary>A definition beside the shared registry: another build of a class, other options.</summary>
    public static WorkflowDefinition Read(Type type, WorkflowOptions? options = null)
    {
        var faults = new List<string>();
        var definition = WorkflowDefinition.Read(type, options ?? new(), Registry.Group, faults);
        return definition ?? throw new InvalidOperationException(string.Join("\n", faults));
    }

    public static WorkflowExecution Execution(WorkflowDefinition definition, string workflowId, ILogSink? log = null, ExecutionLimits? limits = null, PayloadSerializer? serializer = null, int gen = 0) =>
        new(definition, new WorkflowInfo(workflowId, RunId, definition.Name, definition.Version) { Generation = gen, StartedAt = Begin }, Secret, serializer ?? Serializer,
            limits ?? new ExecutionLimits(LockPatience: TimeSpan.FromMilliseconds(200)), log ?? NullLogSink.Instance, Registry.Find);

    public static EventRecord Row(int seq, EventKind kind, int ordinal, string? target, byte[]? payload, DateTimeOffset at, int gen = 0, short encoding = 0) => new()
    {
        RunId = RunId, Gen = gen, Seq = seq, Kind = (short)kind, At = at, Ordinal = ordinal, Target = target, Payload = payload, Encoding = encoding, Schema = 1, Namespace = "default", Shard = 42,
    };

    /// <summary>The row as it arrived: without commands and checksum.</summary>
    public static EventRecord Bare(EventRecord row) => Row(row.Seq, (EventKind)row.Kind, row.Ordinal, row.Target, row.Payload, row.At, row.Gen, row.Encoding);

    /// <summary>A copy, with other commands if given.</summary>
    public static EventRecord Copy(EventRecord row, byte[]? commands = null)
    {
        var copy = Bare(row);
        copy.Commands = commands ?? row.Commands;
        copy.Crc = row.Crc;
        return copy;
    }
}

public sealed class ChildWorkflow
{
    [Run]
    public Task<string> RunAsync(string text) => Task.FromResult(text);

    [Signal]
    public void Nudge(string text) => Text = text;

    public string Text { get; private set; } = "";

    public Mailbox<Item> Inbox { get; } = null!;
}

public sealed class OtherChildWorkflow
{
    [Run]
    public Task<string> RunAsync(string text) => Task.FromResult(text);
}
