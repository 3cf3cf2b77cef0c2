namespace Durable;

/// <summary>Marks a method that changes a run and answers the caller. It returns <see cref="Task"/> or <see cref="Task{TResult}"/>.</summary>
/// <remarks>
/// An accepted update is recorded before its method runs, and its answer is recorded too; replay calls the method again at the same place of the history. The idea of a
/// validated request to a running workflow is Temporal's. A wrong shape fails the start of the host with <see cref="DurableErrorCodes.RegistrationInvalid"/> (DUR1001).
/// </remarks>
/// <param name="name">The stored name, or null for the method's name without <c>Async</c>.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = false, Inherited = true)]
public sealed class UpdateAttribute(string? name = null) : WorkflowMemberAttribute(name)
{
    /// <summary>The name (use <c>nameof</c>) of a public <c>void</c> method with the same parameters that
    /// throws to refuse the update. Default null: everything is accepted.</summary>
    /// <remarks>
    /// It runs before anything is recorded and may only read. What it throws reaches the caller as <see cref="UpdateRejectedException"/>
    /// (<see cref="DurableErrorCodes.UpdateRejected"/>, DUR2004), and the history does not show the update. Replay does not call it.
    /// </remarks>
    public string? Validator { get; set; }
}
