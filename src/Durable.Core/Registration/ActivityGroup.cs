// A registered activity interface: its methods, and the durable proxy that workflow code calls.
using System.Reflection;
using Durable.Engine.Replay;

namespace Durable.Engine.Registration;

/// <summary>One interface given to <c>AddActivities</c>.</summary>
internal sealed class ActivityGroup
{
    private readonly Dictionary<MethodInfo, ActivityDefinition> byMethod = [];

    private ActivityGroup(Type type) => Type = type;

    /// <summary>The interface.</summary>
    public Type Type { get; }

    /// <summary>Its methods.</summary>
    public IEnumerable<ActivityDefinition> Activities => byMethod.Values;

    /// <summary>Reads an interface; what is wrong with it goes to <paramref name="faults"/>, all at once.</summary>
    public static ActivityGroup Read(Type type, List<string> faults)
    {
        var group = new ActivityGroup(type);
        if (!type.IsInterface)
        {
            faults.Add($"AddActivities was given the class {type.Name}. Declare the variable as the interface, or name it: AddActivities<IName, {type.Name}>().");
            return group;
        }

        foreach (var method in type.GetInterfaces().Append(type).SelectMany(t => t.GetMethods()))
        {
            var where = $"{type.Name}.{method.Name}";
            if (method.IsStatic) continue;
            if (!ResultShape.IsTask(method.ReturnType)) faults.Add($"Activity {where} returns {method.ReturnType.Name}. An activity returns Task or Task<T>.");
            else if (method.IsGenericMethodDefinition) faults.Add($"Activity {where} is generic. Stored calls have concrete types: make it non-generic.");
            else if (method.GetParameters().Any(p => p.ParameterType.IsByRef)) faults.Add($"Activity {where} passes an argument by reference. Pass a value.");
            else group.Add(method, faults, where);
        }

        if (group.byMethod.Count == 0 && faults.Count == 0) faults.Add($"Activity interface {type.Name} has no methods.");
        return group;
    }

    /// <summary>The activity of a method.</summary>
    public ActivityDefinition Of(MethodInfo method) => byMethod[method];

    /// <summary>The proxy that workflow code calls.</summary>
    public object CreateProxy(WorkflowExecution execution, ActivityOptions? options) => ActivityProxy.Create(this, execution, options);

    private void Add(MethodInfo method, List<string> faults, string where)
    {
        var name = Names.OfActivity(Type, method);
        if (Names.Fault(name) is { } fault) faults.Add($"Activity {where}: its stored name {fault}.");
        if (byMethod.Values.Any(other => other.Name == name))
            faults.Add($"{Type.Name} has two methods stored as '{name}' (overloads count too). Pin another name on one of them: [Activity(\"Group.Name\")].");
        byMethod[method] = new ActivityDefinition(Type, method, name, ActivityDefinition.ReadOptions(Type, method, faults));
    }
}
