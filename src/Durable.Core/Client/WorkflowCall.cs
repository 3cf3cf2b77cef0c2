// The call of a [Run] method, from a class that is registered here or only called from here.
using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using Durable.Engine.Registration;

namespace Durable.Engine.Client;

/// <summary>What a start expression says.</summary>
/// <param name="Name">Stored name of the workflow.</param>
/// <param name="Version">Its version.</param>
/// <param name="Arguments">The arguments as a JSON array.</param>
[UnconditionalSuppressMessage("Trimming", "IL2070", Justification = KeptByItsCall)]
[UnconditionalSuppressMessage("Trimming", "IL2072", Justification = KeptByItsCall)]
[UnconditionalSuppressMessage("Trimming", "IL2111", Justification = KeptByItsCall)]
internal sealed record WorkflowCall(string Name, int Version, byte[] Arguments)
{
    private const string KeptByItsCall = "The expression names the [Run] method, and AddWorkflow keeps the members of a class; a class that is not registered here is read from what is left of it.";

    /// <summary>Reads and checks the expression.</summary>
    /// <exception cref="DurableException">DUR2000: not one call of the [Run] method. DUR2005, DUR2007: the arguments cannot be stored.</exception>
    public static WorkflowCall Read(WorkflowRegistry registry, PayloadSerializer serializer, Type workflow, LambdaExpression run, string verb)
    {
        ArgumentNullException.ThrowIfNull(run);
        var call = CallExpression.OfMethod(run, verb);
        if (registry.Find(workflow) is { } here)
        {
            if (!here.IsRun((MethodInfo)call.Member)) throw Invalid($"{verb} was given '{call.Member.Name}'. It takes a call of the [Run] method: w => w.{here.RunName}(…).");
            return Of(here, serializer, call.Arguments);
        }

        if (ImplementerOf(registry, workflow) is { RunMethod: null } implementer)
        {
            if (call.Member.Name != implementer.RunName) throw Invalid($"{verb} was given '{call.Member.Name}'. It takes a call of the [Run] method: w => w.{implementer.RunName}(…).");
            return Of(implementer, serializer, call.Arguments);
        }

        var (name, version, method) = Resolve(registry, workflow);
        if (!WorkflowDefinition.Same(method, (MethodInfo)call.Member))
            throw Invalid($"{verb} was given '{call.Member.Name}'. It takes a call of the [Run] method: w => w.{method.Name}(…).");
        Type[] types = [.. method.GetParameters().Select(parameter => parameter.ParameterType)];
        return new WorkflowCall(name, version, serializer.EncodeArguments(call.Arguments, types, $"Arguments of '{name}'"));
    }

    /// <summary>A call of a class that is known here, its arguments in their order.</summary>
    public static WorkflowCall Of(WorkflowDefinition definition, PayloadSerializer serializer, object?[] arguments) =>
        new(definition.Name, definition.Version, serializer.EncodeArguments(arguments, definition.RunParameterTypes, $"Arguments of '{definition.Name}'"));

    private static (string Name, int Version, MethodInfo Run) Resolve(WorkflowRegistry registry, Type workflow)
    {
        if (ImplementerOf(registry, workflow) is { RunMethod: { } run } known) return (known.Name, known.Version, run);
        if (Names.OfWorkflow(workflow) is not { } name) throw Invalid($"Workflow {workflow} is generic, so its stored name cannot be derived. Pin it: [Workflow(\"name\")].");
        var runs = RunMethodsOf(workflow);
        if (runs.Count != 1)
            throw Invalid(runs.Count == 0
                ? $"Workflow {workflow.Name} has no [Run] method. Mark the method that runs it: [Run] public Task RunAsync(…)."
                : $"Workflow {workflow.Name} has {runs.Count} [Run] methods ({string.Join(", ", runs.Select(method => method.Name))}). Keep one; overloads count too.");
        CheckShape(workflow, runs[0]);
        return (Check.Name(name, $"The stored name of {workflow.Name}"), Names.VersionOf(workflow), runs[0]);
    }

    // A contract interface stands for the one class here that implements it; without one its own name is the stored name.
    private static WorkflowDefinition? ImplementerOf(WorkflowRegistry registry, Type workflow)
    {
        if (!workflow.IsInterface) return null;
        var found = registry.Workflows.Where(definition => workflow.IsAssignableFrom(definition.Type)).Take(2).ToList();
        return found.Count == 1 ? found[0] : null;
    }

    private static List<MethodInfo> RunMethodsOf(Type workflow)
    {
        IEnumerable<Type> declaring = workflow.IsInterface ? [workflow, .. workflow.GetInterfaces()] : [workflow];
        return [.. declaring.SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy))
            .Where(method => method.GetCustomAttribute<RunAttribute>(inherit: true) is not null || IsMarkedByInterface(workflow, method))];
    }

    private static bool IsMarkedByInterface(Type workflow, MethodInfo method)
    {
        if (workflow.IsInterface || method.IsStatic) return false;
        foreach (var map in workflow.GetInterfaces().Select(workflow.GetInterfaceMap))
            for (var i = 0; i < map.TargetMethods.Length; i++)
                if (map.TargetMethods[i].MethodHandle == method.MethodHandle && map.InterfaceMethods[i].GetCustomAttribute<RunAttribute>() is not null) return true;
        return false;
    }

    private static void CheckShape(Type workflow, MethodInfo run)
    {
        var where = $"[Run] {workflow.Name}.{run.Name}";
        if (!run.IsPublic || run.IsStatic) throw Invalid($"{where} must be a public instance method.");
        if (run.IsGenericMethodDefinition) throw Invalid($"{where} is generic. Stored calls have concrete types: make it non-generic.");
        if (!ResultShape.IsTask(run.ReturnType)) throw Invalid($"{where} returns {run.ReturnType.Name}. A [Run] method returns Task or Task<T>.");
        foreach (var parameter in run.GetParameters())
        {
            if (parameter.ParameterType.IsByRef) throw Invalid($"{where}: parameter '{parameter.Name}' is passed by reference. Pass a value.");
            if (parameter.ParameterType == typeof(CancellationToken)) throw Invalid($"{where} takes a CancellationToken. Use WorkflowContext.CancellationToken instead.");
        }
    }

    private static DurableException Invalid(string message) => new(DurableErrorCodes.RequestInvalid, message);
}
