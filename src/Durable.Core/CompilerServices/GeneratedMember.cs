// One method (or query property) as the generator describes it: what reflection would say, and a direct call.
using System.ComponentModel;
using Durable.Engine.Registration;

namespace Durable.CompilerServices;

/// <summary>A parameter that is stored. Not for use in your own code.</summary>
/// <param name="Name">Its name in C#.</param>
/// <param name="Type">Its declared type.</param>
/// <param name="HasDefault">Whether a missing trailing argument is allowed.</param>
/// <param name="Default">What it is then.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed record GeneratedParameter(string Name, Type Type, bool HasDefault = false, object? Default = null);

/// <summary>A member of a workflow class or activity interface. Not for use in your own code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class GeneratedMember
{
    private GeneratedMember(string name, GeneratedParameter[] parameters, Type returnType, ResultShape? shape, Func<object, object?[], CancellationToken, object?> invoke, Attribute? attribute)
    {
        Attribute = attribute;
        Name = name;
        Parameters = [.. parameters.Select(p => new Parameter(p.Name, p.Type, p.HasDefault, p.Default))];
        ReturnType = returnType;
        Shape = shape;
        Invoke = invoke;
    }

    internal Attribute? Attribute { get; }

    internal int TokenAt { get; private init; } = -1;

    internal Action<object, object?[]>? Validator { get; private init; }

    internal string Name { get; }

    internal Parameter[] Parameters { get; }

    internal Type ReturnType { get; }

    internal ResultShape? Shape { get; }

    internal Func<object, object?[], CancellationToken, object?> Invoke { get; }

    /// <summary>A member that returns <c>Task</c>.</summary>
    /// <param name="name">Its name in C#.</param>
    /// <param name="parameters">Its stored parameters.</param>
    /// <param name="invoke">Calls it.</param>
    /// <param name="attribute">Its attribute, with its arguments.</param>
    /// <param name="tokenAt">Where a CancellationToken stands among the parameters, or -1.</param>
    /// <param name="validator">The validator of an update.</param>
    public static GeneratedMember Task(string name, GeneratedParameter[] parameters, Func<object, object?[], CancellationToken, Task?> invoke, Attribute? attribute, int tokenAt = -1, Action<object, object?[]>? validator = null) =>
        new(name, parameters, typeof(Task), ResultShape.Nothing, invoke, attribute) { TokenAt = tokenAt, Validator = validator };

    /// <summary>A member that returns <c>Task&lt;T&gt;</c>.</summary>
    /// <typeparam name="T">The type of its result.</typeparam>
    /// <param name="name">Its name in C#.</param>
    /// <param name="parameters">Its stored parameters.</param>
    /// <param name="invoke">Calls it.</param>
    /// <param name="attribute">Its attribute, with its arguments.</param>
    /// <param name="tokenAt">Where a CancellationToken stands among the parameters, or -1.</param>
    /// <param name="validator">The validator of an update.</param>
    public static GeneratedMember TaskOf<T>(string name, GeneratedParameter[] parameters, Func<object, object?[], CancellationToken, Task<T>?> invoke, Attribute? attribute, int tokenAt = -1, Action<object, object?[]>? validator = null) =>
        new(name, parameters, typeof(Task<T>), ResultShape.For<T>(), invoke, attribute) { TokenAt = tokenAt, Validator = validator };

    /// <summary>A query.</summary>
    /// <typeparam name="T">The type of its value.</typeparam>
    /// <param name="name">Its name in C#.</param>
    /// <param name="parameters">Its stored parameters.</param>
    /// <param name="invoke">Asks it.</param>
    /// <param name="attribute">Its attribute, with its arguments.</param>
    public static GeneratedMember Value<T>(string name, GeneratedParameter[] parameters, Func<object, object?[], T> invoke, Attribute? attribute) =>
        new(name, parameters, typeof(T), null, (instance, arguments, _) => invoke(instance, arguments), attribute);

    /// <summary>A signal without a task.</summary>
    /// <param name="name">Its name in C#.</param>
    /// <param name="parameters">Its stored parameters.</param>
    /// <param name="invoke">Calls it.</param>
    /// <param name="attribute">Its attribute, with its arguments.</param>
    public static GeneratedMember Void(string name, GeneratedParameter[] parameters, Action<object, object?[]> invoke, Attribute? attribute) => new(name, parameters, typeof(void), null, (instance, arguments, _) =>
    {
        invoke(instance, arguments);
        return null;
    }, attribute);
}
