// Where code that the generator wrote announces itself, so that nothing has to be looked up by reflection.
using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace Durable.CompilerServices;

/// <summary>Filled by module initializers that the generator writes. Not for use in your own code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class GeneratedCode
{
    private static readonly ConcurrentDictionary<Type, GeneratedActivities> ByInterface = new();
    private static readonly ConcurrentDictionary<Type, GeneratedWorkflow> ByClass = new();

    /// <summary>Announces an activity interface. The first announcement counts.</summary>
    /// <param name="activities">What the generator knows about it.</param>
    public static void Add(GeneratedActivities activities) => ByInterface.TryAdd(activities.Type, activities);

    /// <summary>Announces a workflow class. The first announcement counts.</summary>
    /// <param name="workflow">What the generator knows about it.</param>
    public static void Add(GeneratedWorkflow workflow) => ByClass.TryAdd(workflow.Type, workflow);

    /// <summary>The same activities with other options; a fake is returned as it is.</summary>
    /// <typeparam name="TActivities">The activity interface.</typeparam>
    /// <param name="activities">The activities as the constructor got them.</param>
    /// <param name="options">What differs for calls through the returned object.</param>
    /// <returns>An object of the same interface.</returns>
    public static TActivities With<TActivities>(TActivities activities, ActivityOptions options) where TActivities : class
    {
        ArgumentNullException.ThrowIfNull(activities);
        ArgumentNullException.ThrowIfNull(options);
        return (TActivities?)Engine.Registration.ActivityProxy.With(activities, options) ?? activities;
    }

    internal static GeneratedActivities? ActivitiesOf(Type type) => Find(ByInterface, type);

    internal static GeneratedWorkflow? WorkflowOf(Type type) => Find(ByClass, type);

    private static T? Find<T>(ConcurrentDictionary<Type, T> table, Type type) where T : class
    {
        if (table.TryGetValue(type, out var known)) return known;
        RuntimeHelpers.RunModuleConstructor(type.Module.ModuleHandle);       // its module may not have been entered yet
        return table.GetValueOrDefault(type);
    }
}
