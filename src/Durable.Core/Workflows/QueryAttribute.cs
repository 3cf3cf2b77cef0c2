namespace Durable;

/// <summary>Marks a property or method that reads the state of a run. It returns a value, never a task, and changes nothing.</summary>
/// <remarks>
/// A query leaves no trace in the history. It is answered by the process that owns the run, after
/// the commit of the last turn; any other process that has the class replays
/// the committed history and reads the result, also after the run closed. A process without the class gets <see cref="DurableErrorCodes.WorkflowNotHere"/> (DUR2006).
/// A wrong shape fails the start of the host with <see cref="DurableErrorCodes.RegistrationInvalid"/> (DUR1001).
/// </remarks>
/// <param name="name">The stored name, or null for the member's own name.</param>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property, AllowMultiple = false, Inherited = true)]
public sealed class QueryAttribute(string? name = null) : WorkflowMemberAttribute(name);
