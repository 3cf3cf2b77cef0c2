// An activity interface as the generator describes it, and the base of the proxies that it writes.
using System.ComponentModel;
using Durable.Engine.Registration;
using Durable.Engine.Replay;

namespace Durable.CompilerServices;

/// <summary>An activity interface. Not for use in your own code.</summary>
/// <param name="type">The interface.</param>
/// <param name="attribute">Its <c>[Activity]</c>, with its arguments, or null.</param>
/// <param name="create">Makes a proxy, not bound to a run yet.</param>
/// <param name="members">Its methods; a proxy names them by their place here.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class GeneratedActivities(Type type, ActivityAttribute? attribute, Func<GeneratedProxy> create, params GeneratedMember[] members)
{
    internal Type Type { get; } = type;

    internal ActivityAttribute? Attribute { get; } = attribute;

    internal Func<GeneratedProxy> Create { get; } = create;

    internal GeneratedMember[] Members { get; } = members;
}

/// <summary>The base of generated proxies. Not for use in your own code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class GeneratedProxy
{
    private ActivityGroup group = null!;
    private WorkflowExecution execution = null!;
    private ActivityOptions? options;

    internal GeneratedProxy Bind(ActivityGroup ofGroup, WorkflowExecution ofRun, ActivityOptions? with)
    {
        group = ofGroup;
        execution = ofRun;
        options = with;
        return this;
    }

    internal object With(ActivityOptions other) => group.CreateProxy(execution, other);

    /// <summary>Calls an activity.</summary>
    /// <param name="member">Its place among the members.</param>
    /// <param name="arguments">Its arguments without the token.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The task, of the type that the method returns.</returns>
    protected Task Call(int member, object?[] arguments, CancellationToken cancellationToken) => execution.Operations.CallActivity(group.At(member), arguments, options, cancellationToken);
}
