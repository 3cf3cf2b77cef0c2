// One [Signal], [Query] or [Update] of a workflow class.
using System.Reflection;
using Durable.CompilerServices;

namespace Durable.Engine.Registration;

/// <summary>A handler as the engine calls it.</summary>
internal sealed class HandlerDefinition
{
    private readonly MethodInvoker? invoker;
    private readonly GeneratedMember? generated;
    private readonly MethodInvoker? validator;

    public HandlerDefinition(string name, MethodInfo method, MethodInfo? validator)
    {
        Name = name;
        Parameters = Parameter.Of(method);
        ParameterTypes = [.. Parameters.Select(p => p.Type)];
        ReturnType = method.ReturnType;
        Result = ResultShape.IsTask(method.ReturnType) ? ResultShape.Of(method.ReturnType) : null;
        invoker = MethodInvoker.Create(method);
        this.validator = validator is null ? null : MethodInvoker.Create(validator);
    }

    public HandlerDefinition(string name, GeneratedMember member)
    {
        Name = name;
        Parameters = member.Parameters;
        ParameterTypes = [.. Parameters.Select(p => p.Type)];
        ReturnType = member.ReturnType;
        Result = member.Shape;
        generated = member;
    }

    /// <summary>Stored name.</summary>
    public string Name { get; }

    /// <summary>Its stored parameters.</summary>
    public Parameter[] Parameters { get; }

    /// <summary>Their types.</summary>
    public Type[] ParameterTypes { get; }

    /// <summary>What the method returns.</summary>
    public Type ReturnType { get; }

    /// <summary>Shape of the result if it returns a task, else null.</summary>
    public ResultShape? Result { get; }

    /// <summary>True if the update has a validator.</summary>
    public bool HasValidator => validator is not null || generated?.Validator is not null;

    /// <summary>Calls the update's validator.</summary>
    public void Validate(object? instance, object?[] arguments)
    {
        if (generated is not null) generated.Validator!(instance!, arguments);
        else validator!.Invoke(instance, arguments.AsSpan());
    }

    /// <summary>Calls the member.</summary>
    public object? Invoke(object instance, object?[] arguments) => generated is not null ? generated.Invoke(instance, arguments, default) : invoker!.Invoke(instance, arguments.AsSpan());
}
