// The durable proxy of an activity interface: a call becomes a command of the turn.
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Durable.CompilerServices;
using Durable.Engine.Replay;

namespace Durable.Engine.Registration;

/// <summary>Implements an activity interface inside workflow code.</summary>
internal class ActivityProxy : DispatchProxy
{
    private ActivityGroup group = null!;
    private WorkflowExecution execution = null!;
    private ActivityOptions? options;

    /// <summary>Makes a proxy.</summary>
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Where there is no dynamic code, an interface without a generated proxy is refused when the host starts.")]
    [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = "AddActivities keeps the members of the interface.")]
    public static object Create(ActivityGroup group, WorkflowExecution execution, ActivityOptions? options)
    {
        var proxy = Create(group.Type, typeof(ActivityProxy));
        var self = (ActivityProxy)proxy;
        self.group = group;
        self.execution = execution;
        self.options = options;
        return proxy;
    }

    /// <summary>The same activities with other options, or null if the object is no proxy (a fake).</summary>
    public static object? With(object activities, ActivityOptions options) =>
        activities is GeneratedProxy generated ? generated.With(options)
        : activities is ActivityProxy proxy ? Create(proxy.group, proxy.execution, options) : null;

    /// <inheritdoc />
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var activity = group.Of(targetMethod!);
        var arguments = args ?? [];
        var token = CancellationToken.None;
        if (activity.TokenAt >= 0)
        {
            token = (CancellationToken)arguments[activity.TokenAt]!;
            arguments = [.. arguments[..activity.TokenAt], .. arguments[(activity.TokenAt + 1)..]];
        }

        return execution.Operations.CallActivity(activity, arguments, options, token);
    }
}
