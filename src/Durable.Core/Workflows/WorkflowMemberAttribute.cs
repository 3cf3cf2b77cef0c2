namespace Durable;

/// <summary>Base of <see cref="RunAttribute"/>, <see cref="SignalAttribute"/>, <see cref="QueryAttribute"/> and <see cref="UpdateAttribute"/>.</summary>
/// <remarks>
/// Marked members are public, instance and not generic; anything else fails the start of the host with <see cref="DurableErrorCodes.RegistrationInvalid"/> (DUR1001).
/// The attribute is inherited, so an override keeps the mark of the member it overrides.
/// </remarks>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property, AllowMultiple = false, Inherited = true)]
public abstract class WorkflowMemberAttribute : Attribute
{
    private protected WorkflowMemberAttribute(string? name) => Name = name;

    /// <summary>The stored name; null means the member's name without a trailing <c>Async</c>, so a member may become asynchronous without breaking histories.</summary>
    public string? Name { get; }
}
