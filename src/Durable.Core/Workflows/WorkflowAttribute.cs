namespace Durable;

/// <summary>Pins the stored name and the version of a workflow class. Optional: without it the name is the type's name as it stands and the version is 1.</summary>
/// <remarks>
/// The stored name is what histories hold, so a class with a pinned name can be renamed or moved in C# without touching any run. Put it on the class, or on an interface
/// that callers share with the class. A derived class sees the attribute of its base, so a derived workflow that is registered too needs a name of its own.
/// Two registrations with the same name and version fail the start of the host with <see cref="DurableErrorCodes.DuplicateWorkflow"/> (DUR1009);
/// a closed generic class without a pinned name fails it with <see cref="DurableErrorCodes.RegistrationInvalid"/> (DUR1001).
/// </remarks>
/// <param name="name">The stored name, or null for the type's own name (without namespace).</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public sealed class WorkflowAttribute(string? name = null) : Attribute
{
    /// <summary>The stored name; null means the type's own name.</summary>
    public string? Name { get; } = name;

    /// <summary>The version that new runs get. Default 1, must be positive.</summary>
    /// <remarks>
    /// Several versions can be registered side by side. A run keeps the version it started with, across continue-as-new too, and only workers that
    /// registered that version claim it. For a small change inside one version use <see cref="WorkflowContext.Patched"/>.
    /// </remarks>
    public int Version { get; set; } = 1;
}
