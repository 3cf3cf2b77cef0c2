// What a run waits for, in words and data (P8).
using Durable.Engine.History;
using Durable.Engine.Replay;

namespace Durable.Engine.Worker;

/// <summary>Describes the waits of an execution.</summary>
internal static class WaitReasons
{
    private const int MaxReasons = 20;       // a wake row must stay narrow

    /// <summary>The first few waits, in order of ordinal.</summary>
    public static IReadOnlyList<WaitDocument> Of(WorkflowExecution execution) =>
        [.. execution.Operations.Pending.Where(waiting => waiting is not DurableTimer || waiting.Operation is not null).OrderBy(waiting => waiting.Operation.Ordinal).Take(MaxReasons).Select(waiting => Of(waiting.Operation))];

    private static WaitDocument Of(Operation operation) => operation.Kind switch
    {
        _ when operation.IsSilent => new(operation.Name.StartsWith("mailbox ", StringComparison.Ordinal) ? "mailbox" : "condition", operation.Name.Replace("mailbox ", "", StringComparison.Ordinal), operation.IssuedAt),
        CommandKind.Timer => new("timer", "timer", operation.IssuedAt, operation.DueAt),
        CommandKind.Activity => new("activity", operation.Name, operation.IssuedAt),
        CommandKind.Step => new("step", operation.Name, operation.IssuedAt),
        CommandKind.Child => new("child", operation.Target ?? operation.Name, operation.IssuedAt, null, operation.Name),
        CommandKind.Promise => new("promise", "promise", operation.IssuedAt),
        _ => new("send", operation.Target ?? operation.Name, operation.IssuedAt, null, operation.Name),
    };
}
