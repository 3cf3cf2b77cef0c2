// A workflow class as the engine knows it: its members, how to make an instance, and what is wrong with it.
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Durable.CompilerServices;
using Durable.Engine.Replay;
using Microsoft.Extensions.Logging;

namespace Durable.Engine.Registration;

/// <summary>One registered workflow class.</summary>
[UnconditionalSuppressMessage("Trimming", "IL2070", Justification = KeptByAddWorkflow)]
[UnconditionalSuppressMessage("Trimming", "IL2072", Justification = KeptByAddWorkflow)]
[UnconditionalSuppressMessage("Trimming", "IL2075", Justification = KeptByAddWorkflow)]
internal sealed class WorkflowDefinition
{
    private const string KeptByAddWorkflow = "AddWorkflow keeps the members of a class and the interfaces that it implements.";
    private const BindingFlags Anywhere = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy;
    private readonly Dictionary<string, HandlerDefinition> signals = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HandlerDefinition> updates = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HandlerDefinition> queries = new(StringComparer.Ordinal);
    private readonly GeneratedWorkflow? generated;
    private Func<Type, ActivityGroup?> groups = static _ => null;
    private MethodInvoker? runInvoker;
    private ConstructorInvoker? constructor;
    private Func<WorkflowExecution, object?>[] dependencies = [];

    private WorkflowDefinition(Type type, string name, int version, WorkflowOptions options, GeneratedWorkflow? generated = null)
    {
        this.generated = generated;
        Type = type;
        Name = name;
        Version = version;
        Options = options;
        Key = KeyOf(name, version);
        NameJson = History.CommandBuffer.Quote(name);
        StartText = $"Start of '{name}'";
        ResultText = $"Result of '{name}'";
    }

    /// <summary>The class.</summary>
    public Type Type { get; }

    /// <summary>Stored name.</summary>
    public string Name { get; }

    /// <summary>Its version.</summary>
    public int Version { get; }

    /// <summary><c>name@version</c>, as looks name it.</summary>
    public string Key { get; }

    /// <summary>The name as JSON.</summary>
    public byte[] NameJson { get; }

    /// <summary>What its start is called in errors.</summary>
    public string StartText { get; }

    /// <summary>What its result is called in errors.</summary>
    public string ResultText { get; }

    /// <summary>The host's options for this class.</summary>
    public WorkflowOptions Options { get; }

    /// <summary>The run method, where it was found by reflection.</summary>
    public MethodInfo? RunMethod { get; private set; }

    /// <summary>Its name in C#.</summary>
    public string RunName => generated?.Run.Name ?? RunMethod!.Name;

    /// <summary>Its stored parameters.</summary>
    public Parameter[] RunParameters { get; private set; } = [];

    /// <summary>Their types.</summary>
    public Type[] RunParameterTypes { get; private set; } = [];

    /// <summary>What it gives.</summary>
    public ResultShape RunResult { get; private set; } = ResultShape.Nothing;

    /// <summary><c>name@version</c>.</summary>
    public static string KeyOf(string name, int version) => $"{name}@{version}";

    /// <summary>The signal of that name, or null.</summary>
    public HandlerDefinition? Signal(string name) => signals.GetValueOrDefault(name);

    /// <summary>The update of that name, or null.</summary>
    public HandlerDefinition? Update(string name) => updates.GetValueOrDefault(name);

    /// <summary>The query of that name, or null.</summary>
    public HandlerDefinition? Query(string name) => queries.GetValueOrDefault(name);

    /// <summary>Makes an instance for one run.</summary>
    public object Create(WorkflowExecution execution)
    {
        if (generated is not null) return generated.Create(new WorkflowServices(execution, groups, Type));
        var values = new object?[dependencies.Length];
        for (var i = 0; i < values.Length; i++) values[i] = dependencies[i](execution);
        return constructor!.Invoke(values.AsSpan());
    }

    /// <summary>Calls the run method.</summary>
    public Task Run(object instance, object?[] arguments) => (Task?)(generated is not null ? generated.Run.Invoke(instance, arguments, default) : runInvoker!.Invoke(instance, arguments.AsSpan()))
        ?? throw new InvalidOperationException($"{Type.Name}.{RunName} returned null where a Task is expected.");

    /// <summary>True if a method that an expression names is the run method.</summary>
    public bool IsRun(MethodInfo called) => RunMethod is { } run
        ? Same(run, called)
        : called.Name == RunName && called.DeclaringType!.IsAssignableFrom(Type) && called.GetParameters().Select(parameter => parameter.ParameterType).SequenceEqual(RunParameterTypes);

    /// <summary>Reads a class; what is wrong with it goes to <paramref name="faults"/>, all at once.</summary>
    /// <param name="type">The class.</param>
    /// <param name="options">The host's options for it.</param>
    /// <param name="activities">The registered activity interfaces.</param>
    /// <param name="faults">Collects what is wrong, each with its fix.</param>
    /// <param name="useGenerated">False to read by reflection where there is generated code too: the two must not differ.</param>
    /// <returns>The definition, or null if it is too broken to use.</returns>
    public static WorkflowDefinition? Read(Type type, WorkflowOptions options, Func<Type, ActivityGroup?> activities, List<string> faults, bool useGenerated = true)
    {
        var before = faults.Count;
        if (useGenerated && GeneratedCode.WorkflowOf(type) is { } known) return FromGenerated(known, options, activities, faults);
        if (Names.OfWorkflow(type) is not { } name)
        {
            faults.Add($"Workflow {type} is generic, so its stored name cannot be derived. Pin it: [Workflow(\"name\")].");
            return null;
        }

        if (type.IsAbstract || type.IsInterface) faults.Add($"Workflow {type.Name} is abstract. Register a class that can be instantiated.");
        if (Names.Fault(name) is { } fault) faults.Add($"Workflow {type.Name}: its stored name {fault}.");
        var definition = new WorkflowDefinition(type, name, Names.VersionOf(type), options);
        definition.ReadRun(faults);
        definition.ReadHandlers(faults);
        definition.ReadConstructor(activities, faults);
        return faults.Count == before ? definition : null;
    }

    /// <summary>True if the two are one method.</summary>
    /// <remarks>By handle: the same inherited method has another MethodInfo when it is seen through a derived class.</remarks>
    public static bool Same(MethodInfo marked, MethodInfo called)
    {
        if (Root(marked) == Root(called)) return true;
        if (called.DeclaringType is { IsInterface: true } contract && marked.ReflectedType is { IsInterface: false } type && contract.IsAssignableFrom(type))
        {
            var map = type.GetInterfaceMap(contract);
            return Array.FindIndex(map.InterfaceMethods, method => method.MethodHandle == called.MethodHandle) is >= 0 and var at && Root(map.TargetMethods[at]) == Root(marked);
        }

        return false;

        static RuntimeMethodHandle Root(MethodInfo method) => method.GetBaseDefinition().MethodHandle;
    }

    // The generator describes only classes without faults of shape; what remains is what the host registered.
    private static WorkflowDefinition? FromGenerated(GeneratedWorkflow known, WorkflowOptions options, Func<Type, ActivityGroup?> activities, List<string> faults)
    {
        var before = faults.Count;
        var name = known.Attribute?.Name ?? known.Type.Name;
        if (Names.Fault(name) is { } fault) faults.Add($"Workflow {known.Type.Name}: its stored name {fault}.");
        foreach (var asked in known.Activities)
            if (activities(asked) is null) faults.Add($"Workflow {known.Type.Name} asks for {asked.Name}. {WhatInstead(asked)}");
        var definition = new WorkflowDefinition(known.Type, name, known.Attribute?.Version ?? 1, options, known)
        {
            groups = activities, RunParameters = known.Run.Parameters, RunParameterTypes = [.. known.Run.Parameters.Select(parameter => parameter.Type)], RunResult = known.Run.Shape!,
        };
        foreach (var handler in known.Handlers)
        {
            var table = handler.Attribute switch { SignalAttribute => definition.signals, UpdateAttribute => definition.updates, _ => definition.queries };
            var stored = (handler.Attribute as WorkflowMemberAttribute)?.Name ?? Names.OfMember(handler.Name);
            if (Names.Fault(stored) is { } wrong) faults.Add($"{known.Type.Name}.{handler.Name}: its stored name {wrong}.");
            if (!table.TryAdd(stored, new HandlerDefinition(stored, handler))) faults.Add($"{known.Type.Name} has two members stored as '{stored}'. Pin another name by attribute on one of them.");
        }

        return faults.Count == before ? definition : null;
    }

    private static T? AttributeOf<T>(Type type, MemberInfo member) where T : Attribute
    {
        if (member.GetCustomAttribute<T>(inherit: true) is { } own) return own;
        foreach (var contract in type.GetInterfaces())           // an attribute on an interface member is not seen on the class
        {
            var map = type.GetInterfaceMap(contract);
            for (var i = 0; i < map.TargetMethods.Length; i++)
                if (map.TargetMethods[i] == member || (member is PropertyInfo property && map.TargetMethods[i] == property.GetMethod))
                    return map.InterfaceMethods[i].GetCustomAttribute<T>() ?? contract.GetProperties().FirstOrDefault(p => p.GetMethod == map.InterfaceMethods[i])?.GetCustomAttribute<T>();
        }

        return null;
    }

    private void ReadRun(List<string> faults)
    {
        var runs = Type.GetMethods(Anywhere).Where(method => AttributeOf<RunAttribute>(Type, method) is not null).ToList();
        if (runs.Count != 1)
        {
            faults.Add(runs.Count == 0
                ? $"Workflow {Type.Name} has no [Run] method. Mark the method that runs it: [Run] public Task RunAsync(…)."
                : $"Workflow {Type.Name} has {runs.Count} [Run] methods ({string.Join(", ", runs.Select(m => m.Name))}). Keep one; overloads count too.");
            return;
        }

        if (!ShapeIsFine("[Run]", runs[0], faults)) return;
        if (!ResultShape.IsTask(runs[0].ReturnType))
        {
            faults.Add($"{Type.Name}.{runs[0].Name} returns {runs[0].ReturnType.Name}. A [Run] method returns Task or Task<T>.");
            return;
        }

        RunMethod = runs[0];
        RunParameters = Parameter.Of(runs[0]);
        RunParameterTypes = [.. RunParameters.Select(p => p.Type)];
        RunResult = ResultShape.Of(runs[0].ReturnType);
        runInvoker = MethodInvoker.Create(runs[0]);
    }

    private void ReadHandlers(List<string> faults)
    {
        foreach (var method in Type.GetMethods(Anywhere))
        {
            if (AttributeOf<SignalAttribute>(Type, method) is { } signal && ShapeIsFine("[Signal]", method, faults))
                Add(signals, signal, method, method, method.ReturnType == typeof(void) || method.ReturnType == typeof(Task), "A [Signal] method returns void or Task.", null, faults);
            if (AttributeOf<UpdateAttribute>(Type, method) is { } update && ShapeIsFine("[Update]", method, faults))
                Add(updates, update, method, method, ResultShape.IsTask(method.ReturnType), "An [Update] method returns Task or Task<T>.", ReadValidator(update, method, faults), faults);
            if (AttributeOf<QueryAttribute>(Type, method) is { } query && ShapeIsFine("[Query]", method, faults))
                Add(queries, query, method, method, method.ReturnType != typeof(void) && !ResultShape.IsTask(method.ReturnType), "A [Query] gives a value, at once: no void, no Task.", null, faults);
        }

        foreach (var property in Type.GetProperties(Anywhere))
            if (AttributeOf<QueryAttribute>(Type, property) is { } query && property.GetMethod is { } getter && ShapeIsFine("[Query]", getter, faults))
                Add(queries, query, getter, property, !ResultShape.IsTask(property.PropertyType), "A [Query] gives a value, at once: no Task.", null, faults);
    }

    private void Add(Dictionary<string, HandlerDefinition> table, WorkflowMemberAttribute attribute, MethodInfo method, MemberInfo member, bool returnIsFine, string rule, MethodInfo? validator, List<string> faults)
    {
        var name = attribute.Name ?? Names.OfMember(member.Name);
        if (!returnIsFine) faults.Add($"{Type.Name}.{member.Name} returns {method.ReturnType.Name}. {rule}");
        if (Names.Fault(name) is { } fault) faults.Add($"{Type.Name}.{member.Name}: its stored name {fault}.");
        if (!table.TryAdd(name, new HandlerDefinition(name, method, validator)))
            faults.Add($"{Type.Name} has two members stored as '{name}'. Pin another name by attribute on one of them.");
    }

    private MethodInfo? ReadValidator(UpdateAttribute update, MethodInfo method, List<string> faults)
    {
        if (update.Validator is not { } name) return null;
        var types = method.GetParameters().Select(p => p.ParameterType).ToArray();
        var validator = Type.GetMethod(name, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance, types);
        if (validator is null || validator.ReturnType != typeof(void))
            faults.Add($"{Type.Name}.{method.Name} names the validator '{name}'. There must be an instance method of that name that takes the same parameters and returns void.");
        return validator;
    }

    private bool ShapeIsFine(string attribute, MethodInfo method, List<string> faults)
    {
        var before = faults.Count;
        var where = $"{Type.Name}.{method.Name}";
        if (!method.IsPublic || method.IsStatic) faults.Add($"{attribute} {where} must be a public instance method.");
        if (method.IsGenericMethodDefinition) faults.Add($"{attribute} {where} is generic. Stored calls have concrete types: make it non-generic.");
        foreach (var parameter in method.GetParameters())
        {
            if (parameter.ParameterType.IsByRef) faults.Add($"{attribute} {where}: parameter '{parameter.Name}' is passed by reference. Pass a value.");
            if (parameter.ParameterType == typeof(CancellationToken)) faults.Add($"{attribute} {where} takes a CancellationToken. Use WorkflowContext.CancellationToken instead.");
        }

        return faults.Count == before;
    }

    private void ReadConstructor(Func<Type, ActivityGroup?> activities, List<string> faults)
    {
        var constructors = Type.GetConstructors();
        if (constructors.Length != 1)
        {
            if (!Type.IsAbstract && !Type.IsInterface) faults.Add($"Workflow {Type.Name} has {constructors.Length} public constructors. It must have exactly one.");
            return;
        }

        var parameters = constructors[0].GetParameters();
        dependencies = new Func<WorkflowExecution, object?>[parameters.Length];
        for (var i = 0; i < parameters.Length; i++)
        {
            if (Bind(parameters[i].ParameterType, activities) is { } dependency) dependencies[i] = dependency;
            else faults.Add($"Workflow {Type.Name} asks for {parameters[i].ParameterType.Name} '{parameters[i].Name}'. {WhatInstead(parameters[i].ParameterType)}");
        }

        constructor = ConstructorInvoker.Create(constructors[0]);
    }

    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Where there is no dynamic code, loggers are made by generated code; logger categories are classes, which share their code.")]
    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "ReplayLogger has no requirements on its category.")]
    private Func<WorkflowExecution, object?>? Bind(Type type, Func<Type, ActivityGroup?> activities)
    {
        if (type == typeof(WorkflowContext)) return static execution => execution.Context;
        if (type == typeof(TimeProvider)) return static execution => execution.Time;
        if (type == typeof(Random)) return static execution => execution.NewRandom();
        if (type == typeof(ILogger)) return execution => execution.NewLogger(Type.FullName ?? Type.Name);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ILogger<>))
        {
            var category = type.GetGenericArguments()[0];
            var wrapper = typeof(ReplayLogger<>).MakeGenericType(category);
            return execution => Activator.CreateInstance(wrapper, execution.NewLogger(category.FullName ?? category.Name));
        }

        return activities(type) is { } group ? execution => group.CreateProxy(execution, null) : null;
    }

    private static string WhatInstead(Type type)
    {
        if (type.Namespace == "Microsoft.Extensions.Options" && type.Name.StartsWith("IOptions", StringComparison.Ordinal))
            return "Options would be written into histories, secrets included: read them in an activity, or pass the value as an argument of [Run].";
        if (type == typeof(IServiceProvider)) return "Workflow code is replayed and may not resolve services: put the work into an activity or a step, which may.";
        if (type == typeof(HttpClient)) return "Workflow code is replayed and may do no I/O: put the call into an activity.";
        if (type.IsInterface) return $"Register it as activities, AddActivities<{type.Name}, Implementation>(), or use it inside a step: StepAsync(\"name\", ({type.Name} service) => …).";
        return "A workflow may ask for WorkflowContext, registered activity interfaces, ILogger<T>, TimeProvider and Random; everything else belongs into activities or steps.";
    }
}
