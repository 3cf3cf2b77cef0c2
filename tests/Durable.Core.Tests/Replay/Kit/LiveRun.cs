// What a live run on the bench left behind.
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Core.Tests.Replay;

/// <param name="Rows">The rows that a lane would have stored.</param>
/// <param name="Execution">The execution.</param>
/// <param name="Verdict">Why it may not go on, or null.</param>
/// <param name="Trace">What the script traced.</param>
/// <param name="Log">What it logged.</param>
internal sealed record LiveRun(IReadOnlyList<EventRecord> Rows, WorkflowExecution Execution, Verdict? Verdict, string Trace, BenchLog Log)
{
    public CommandKind? End => Execution.End?.Kind;

    public string Result => Execution.End?.Result is { } json ? World.Serializer.Decode<string>(json, "result") ?? "" : "";

    /// <summary>All commands in order, in words.</summary>
    public IReadOnlyList<string> Commands => [.. Rows.SelectMany(row => CommandHead.ParseAll(row.Commands)).Select(head => head.ToString())];

    public IReadOnlyList<string> CommandsOf(int row) => [.. CommandHead.ParseAll(Rows[row].Commands).Select(head => head.ToString())];

    public Failure? Failure => Execution.End?.Failure;
}
