// One parameter of a run method, handler or activity, as the engine needs it.
using System.Reflection;

namespace Durable.Engine.Registration;

/// <summary>A parameter that is stored as JSON.</summary>
/// <param name="Name">Its name in C#.</param>
/// <param name="Type">Its declared type.</param>
/// <param name="HasDefault">Whether a missing trailing argument is allowed.</param>
/// <param name="Default">What it is then.</param>
internal sealed record Parameter(string Name, Type Type, bool HasDefault, object? Default)
{
    /// <summary>The stored parameters of a method: all but cancellation tokens.</summary>
    public static Parameter[] Of(MethodInfo method) => [.. method.GetParameters().Where(p => p.ParameterType != typeof(CancellationToken))
        .Select(p => new Parameter(p.Name ?? "argument", p.ParameterType, p.HasDefaultValue, p.HasDefaultValue ? DefaultOf(p) : null))];

    [System.Diagnostics.CodeAnalysis.UnconditionalSuppressMessage("Trimming", "IL2072", Justification = "The default of a struct needs no constructor.")]
    private static object? DefaultOf(ParameterInfo parameter) =>
        parameter.DefaultValue is null && parameter.ParameterType.IsValueType && Nullable.GetUnderlyingType(parameter.ParameterType) is null
            ? System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(parameter.ParameterType)
            : parameter.DefaultValue is { } value && parameter.ParameterType.IsEnum ? Enum.ToObject(parameter.ParameterType, value) : parameter.DefaultValue;
}
