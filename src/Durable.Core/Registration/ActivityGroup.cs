// A registered activity interface: its methods, and the durable proxy that workflow code calls.
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using Durable.CompilerServices;
using Durable.Engine.Replay;

namespace Durable.Engine.Registration;

/// <summary>One interface given to <c>AddActivities</c>.</summary>
internal sealed class ActivityGroup
{
    private readonly Dictionary<MethodInfo, ActivityDefinition> byMethod = [];
    private readonly List<ActivityDefinition> activities = [];
    private readonly GeneratedActivities? generated;

    private ActivityGroup(Type type, GeneratedActivities? generated)
    {
        Type = type;
        this.generated = generated;
    }

    /// <summary>The interface.</summary>
    public Type Type { get; }

    /// <summary>Its methods.</summary>
    public IEnumerable<ActivityDefinition> Activities => activities;

    /// <summary>Reads an interface; what is wrong with it goes to <paramref name="faults"/>, all at once.</summary>
    /// <param name="type">The interface.</param>
    /// <param name="faults">Collects what is wrong.</param>
    /// <param name="useGenerated">False to read by reflection where there is generated code too: the two must not differ.</param>
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "AddActivities keeps the members of the interface; its base interfaces are kept with it.")]
    public static ActivityGroup Read(Type type, List<string> faults, bool useGenerated = true)
    {
        if (useGenerated && GeneratedCode.ActivitiesOf(type) is { } known) return FromGenerated(known, faults);
        var group = new ActivityGroup(type, null);
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

        if (!RuntimeFeature.IsDynamicCodeSupported)
            faults.Add($"Activity interface {type.Name} has no generated proxy, and this process may not make one at run time. Declare it in a C# project that references Durable.Core, or call AddActivities<{type.Name}, …>() from one.");
        if (group.activities.Count == 0 && faults.Count == 0) faults.Add($"Activity interface {type.Name} has no methods.");
        return group;
    }

    /// <summary>The activity of a method.</summary>
    public ActivityDefinition Of(MethodInfo method) => byMethod[method];

    /// <summary>The proxy that workflow code calls.</summary>
    public object CreateProxy(WorkflowExecution execution, ActivityOptions? options) => generated is { } known ? known.Create().Bind(this, execution, options) : ActivityProxy.Create(this, execution, options);

    /// <summary>The activity at a place among the generated members.</summary>
    public ActivityDefinition At(int member) => activities[member];

    private static ActivityGroup FromGenerated(GeneratedActivities known, List<string> faults)
    {
        var group = new ActivityGroup(known.Type, known);
        foreach (var member in known.Members)
        {
            var attribute = member.Attribute as ActivityAttribute;
            var name = Names.OfActivity(known.Type, known.Attribute, member.Name, attribute);
            group.Check(name, $"{known.Type.Name}.{member.Name}", faults);
            group.activities.Add(new ActivityDefinition(known.Type, member, name, ActivityDefinition.ReadOptions(known.Type, known.Attribute, member.Name, attribute, faults)));
        }

        return group;
    }

    private void Add(MethodInfo method, List<string> faults, string where)
    {
        var name = Names.OfActivity(Type, method);
        Check(name, where, faults);
        var options = ActivityDefinition.ReadOptions(Type, Type.GetCustomAttribute<ActivityAttribute>(), method.Name, method.GetCustomAttribute<ActivityAttribute>(), faults);
        activities.Add(byMethod[method] = new ActivityDefinition(Type, method, name, options));
    }

    private void Check(string name, string where, List<string> faults)
    {
        if (Names.Fault(name) is { } fault) faults.Add($"Activity {where}: its stored name {fault}.");
        if (activities.Any(other => other.Name == name))
            faults.Add($"{Type.Name} has two methods stored as '{name}' (overloads count too). Pin another name on one of them: [Activity(\"Group.Name\")].");
    }
}
