// Stored names: derived from types and members, pinned by attribute.
using System.Reflection;

namespace Durable.Engine.Registration;

/// <summary>The rules for stored names. A rename in C# changes the stored name unless an attribute pins it.</summary>
internal static class Names
{
    /// <summary>Longest name and id in characters.</summary>
    public const int MaxLength = 200;

    /// <summary>Stored name of a workflow class, or null if it must be pinned (a generic type).</summary>
    public static string? OfWorkflow(Type type) =>
        type.GetCustomAttribute<WorkflowAttribute>(inherit: false)?.Name is { } pinned ? pinned : type.IsGenericType ? null : type.Name;

    /// <summary>Version of a workflow class.</summary>
    public static int VersionOf(Type type) => type.GetCustomAttribute<WorkflowAttribute>(inherit: false)?.Version ?? 1;

    /// <summary>Stored name of a member: without <c>Async</c>, so that sync to async breaks no history.</summary>
    public static string OfMember(string name) => name.Length > 5 && name.EndsWith("Async", StringComparison.Ordinal) ? name[..^5] : name;

    /// <summary>Stored name of an activity: <c>Payments.Charge</c> from <c>IPayments.ChargeAsync</c>.</summary>
    public static string OfActivity(Type type, MethodInfo method) => OfActivity(type, type.GetCustomAttribute<ActivityAttribute>(), method.Name, method.GetCustomAttribute<ActivityAttribute>());

    /// <summary>The same, where the attributes are known.</summary>
    public static string OfActivity(Type type, ActivityAttribute? ofType, string method, ActivityAttribute? ofMethod)
    {
        var group = ofType?.Name ?? (type.IsInterface && type.Name.Length > 1 && type.Name[0] == 'I' && char.IsUpper(type.Name[1]) ? type.Name[1..] : type.Name);
        return $"{group}.{ofMethod?.Name ?? OfMember(method)}";
    }

    /// <summary>What is wrong with a stored name, or null.</summary>
    public static string? Fault(string name) =>
        name.Length is 0 or > MaxLength ? $"is {name.Length} characters long; 1 to {MaxLength} are allowed"
        : name.AsSpan().ContainsAnyInRange('\0', '\u001f') ? "contains control characters"
        : !IsWellFormed(name) ? "is not well-formed Unicode" : null;

    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])) return false;
            i++;
        }

        return true;
    }
}
