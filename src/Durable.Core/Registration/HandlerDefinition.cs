// One [Signal], [Query] or [Update] of a workflow class.
using System.Reflection;

namespace Durable.Engine.Registration;

/// <summary>A handler as the engine calls it.</summary>
internal sealed class HandlerDefinition
{
    private readonly MethodInvoker invoker;

    public HandlerDefinition(string name, MethodInfo method, MemberInfo member, MethodInfo? validator)
    {
        Name = name;
        Member = member;
        Parameters = Parameter.Of(method);
        ParameterTypes = [.. Parameters.Select(p => p.Type)];
        ReturnType = method.ReturnType;
        Result = ResultShape.IsTask(method.ReturnType) ? ResultShape.Of(method.ReturnType) : null;
        invoker = MethodInvoker.Create(method);
        Validator = validator is null ? null : MethodInvoker.Create(validator);
    }

    /// <summary>Stored name.</summary>
    public string Name { get; }

    /// <summary>The method, or the property of a query.</summary>
    public MemberInfo Member { get; }

    /// <summary>Its stored parameters.</summary>
    public Parameter[] Parameters { get; }

    /// <summary>Their types.</summary>
    public Type[] ParameterTypes { get; }

    /// <summary>What the method returns.</summary>
    public Type ReturnType { get; }

    /// <summary>Shape of the result if it returns a task, else null.</summary>
    public ResultShape? Result { get; }

    /// <summary>The update's validator, or null.</summary>
    public MethodInvoker? Validator { get; }

    /// <summary>Calls the member.</summary>
    public object? Invoke(object instance, object?[] arguments) => invoker.Invoke(instance, arguments.AsSpan());
}
