// The result of a Task-returning member, seen without reflection on the hot path: one generic class per result type.
using Durable.Engine.Replay;

namespace Durable.Engine.Registration;

/// <summary>What a <c>Task</c> or <c>Task&lt;T&gt;</c> member gives.</summary>
internal abstract class ResultShape
{
    /// <summary>A plain <c>Task</c>.</summary>
    public static ResultShape Nothing { get; } = new Typed<Nothing>();

    /// <summary>The type of the result, or null for a plain <c>Task</c>.</summary>
    public abstract Type? Type { get; }

    /// <summary>The shape of a member that returns the given task type.</summary>
    [System.Diagnostics.CodeAnalysis.UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Where there is no dynamic code, shapes come from generated code, which names them.")]
    public static ResultShape Of(Type taskType) => taskType.IsGenericType
        ? (ResultShape)Activator.CreateInstance(typeof(Typed<>).MakeGenericType(taskType.GetGenericArguments()[0]))!
        : Nothing;

    /// <summary>The shape of a member that returns <c>Task&lt;T&gt;</c>.</summary>
    public static ResultShape For<T>() => new Typed<T>();

    /// <summary>True for <c>Task</c> and <c>Task&lt;T&gt;</c>.</summary>
    public static bool IsTask(Type type) => type == typeof(Task) || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Task<>));

    /// <summary>A pending operation that gives this result.</summary>
    public abstract IPendingOperation NewPending(WorkflowExecution execution, Operation operation);

    /// <summary>The result of a completed task as JSON, or null for a plain <c>Task</c>.</summary>
    public abstract byte[]? Encode(Task completed, PayloadSerializer serializer, string what);

    private sealed class Typed<T> : ResultShape
    {
        public override Type? Type { get; } = typeof(T) == typeof(Nothing) ? null : typeof(T);

        public override IPendingOperation NewPending(WorkflowExecution execution, Operation operation) => new PendingResult<T>(execution, operation);

        public override byte[]? Encode(Task completed, PayloadSerializer serializer, string what)
        {
            if (typeof(T) == typeof(Nothing))
            {
                completed.GetAwaiter().GetResult();
                return null;
            }

            return serializer.Encode(((Task<T>)completed).GetAwaiter().GetResult(), what);
        }
    }
}

/// <summary>The result of an operation that has none.</summary>
internal readonly struct Nothing;
