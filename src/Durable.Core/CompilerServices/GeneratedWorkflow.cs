// A workflow class as the generator describes it, and what its constructor may ask for.
using System.ComponentModel;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Microsoft.Extensions.Logging;

namespace Durable.CompilerServices;

/// <summary>A workflow class without faults. Not for use in your own code.</summary>
/// <param name="type">The class.</param>
/// <param name="attribute">Its <c>[Workflow]</c>, with its arguments, or null.</param>
/// <param name="activities">The activity interfaces that its constructor asks for.</param>
/// <param name="create">Makes an instance.</param>
/// <param name="run">Its [Run] method.</param>
/// <param name="handlers">Its signals, queries and updates.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class GeneratedWorkflow(Type type, WorkflowAttribute? attribute, Type[] activities, Func<WorkflowServices, object> create, GeneratedMember run, params GeneratedMember[] handlers)
{
    internal Type Type { get; } = type;

    internal WorkflowAttribute? Attribute { get; } = attribute;

    internal Type[] Activities { get; } = activities;

    internal Func<WorkflowServices, object> Create { get; } = create;

    internal GeneratedMember Run { get; } = run;

    internal GeneratedMember[] Handlers { get; } = handlers;
}

/// <summary>What the constructor of a workflow class may ask for. Not for use in your own code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class WorkflowServices
{
    private readonly WorkflowExecution execution;
    private readonly Func<Type, ActivityGroup?> groups;
    private readonly Type type;

    internal WorkflowServices(WorkflowExecution execution, Func<Type, ActivityGroup?> groups, Type type)
    {
        this.execution = execution;
        this.groups = groups;
        this.type = type;
    }

    /// <summary>The context of the run.</summary>
    public WorkflowContext Context => execution.Context;

    /// <summary>The durable clock of the run.</summary>
    public TimeProvider Time => execution.Time;

    /// <summary>Random numbers of the run; each call gives another sequence.</summary>
    public Random NewRandom() => execution.NewRandom();

    /// <summary>A logger that is silent in replay, named after the workflow.</summary>
    public ILogger Logger() => execution.NewLogger(type.FullName ?? type.Name);

    /// <summary>A logger that is silent in replay.</summary>
    /// <typeparam name="T">What it is named after.</typeparam>
    public ILogger<T> Logger<T>() => new ReplayLogger<T>(execution.NewLogger(typeof(T).FullName ?? typeof(T).Name));

    /// <summary>The durable proxy of an activity interface.</summary>
    /// <typeparam name="TActivities">The interface.</typeparam>
    public TActivities Activities<TActivities>() where TActivities : class => (TActivities)groups(typeof(TActivities))!.CreateProxy(execution, null);
}
