namespace Durable;

/// <summary>Marks the method that is the workflow. Each workflow class has exactly one.</summary>
/// <remarks>
/// The method returns <see cref="Task"/> or <see cref="Task{TResult}"/>, is public, instance and not generic, has no overloads that are marked too, and takes no
/// <see cref="CancellationToken"/> (<see cref="WorkflowContext.CancellationToken"/> is the run's). Everything else fails the start of the host with
/// <see cref="DurableErrorCodes.RegistrationInvalid"/> (DUR1001). Its arguments and its result are stored as JSON; replay calls it again with the stored arguments.
/// </remarks>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = false, Inherited = true)]
public sealed class RunAttribute() : WorkflowMemberAttribute(null);
