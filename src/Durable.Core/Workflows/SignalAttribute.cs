namespace Durable;

/// <summary>Marks a method that takes a message and gives no answer. It returns <c>void</c> or <see cref="Task"/>.</summary>
/// <remarks>
/// A signal that the client accepted is recorded and then handled once, in order per sender, also
/// across crashes and continue-as-new; replay calls the method again at the
/// same place of the history. It may await durable work, then it runs interleaved with
/// <c>[Run]</c>. An exception out of a signal is an unhandled exception of the workflow:
/// see <see cref="WorkflowOptions.OnUnhandledException"/>. A wrong shape fails the start of the host with <see cref="DurableErrorCodes.RegistrationInvalid"/> (DUR1001).
/// </remarks>
/// <param name="name">The stored name, or null for the method's name without <c>Async</c>.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = false, Inherited = true)]
public sealed class SignalAttribute(string? name = null) : WorkflowMemberAttribute(name);
