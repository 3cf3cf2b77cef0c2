// All that a host registered, checked at once when it starts.
using Microsoft.Extensions.Logging;

namespace Durable.Engine.Registration;

/// <summary>Workflow classes and activities of one host.</summary>
internal sealed class WorkflowRegistry
{
    private readonly Dictionary<string, WorkflowDefinition> byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Name, int Version), WorkflowDefinition> byName = [];         // the same, for each start: no text is made to look one up
    private readonly Dictionary<Type, WorkflowDefinition> byType = [];
    private readonly Dictionary<Type, ActivityGroup> groups = [];
    private readonly Dictionary<string, ActivityDefinition> activities = new(StringComparer.Ordinal);
    private readonly System.Collections.Concurrent.ConcurrentDictionary<Type, WorkflowDefinition?> called = new();      // children that other hosts run

    /// <summary>Reads the registrations.</summary>
    /// <param name="workflows">Classes with their options.</param>
    /// <param name="activityTypes">Interfaces given to AddActivities.</param>
    /// <exception cref="DurableException">DUR1001 with all faults in one message; DUR1009 if two classes have one name and version.</exception>
    public WorkflowRegistry(IReadOnlyList<(Type Type, WorkflowOptions Options)> workflows, IReadOnlyList<Type> activityTypes)
    {
        var faults = new List<string>();
        foreach (var type in activityTypes.Distinct())
        {
            var group = groups[type] = ActivityGroup.Read(type, faults);
            foreach (var activity in group.Activities)
                if (!activities.TryAdd(activity.Name, activity) && activities[activity.Name].Service != type)
                    faults.Add($"{activities[activity.Name].Service.Name} and {type.Name} both have an activity stored as '{activity.Name}'. Pin another name on one of them: [Activity(\"Group.Name\")].");
        }

        string? duplicate = null;
        foreach (var (type, options) in workflows)
        {
            if (byType.ContainsKey(type) || WorkflowDefinition.Read(type, options, groups.GetValueOrDefault, faults) is not { } definition) continue;
            byType[type] = definition;
            byName.TryAdd((definition.Name, definition.Version), definition);
            if (!byKey.TryAdd(definition.Key, definition))
                faults.Add(duplicate = $"{byKey[definition.Key].Type.FullName} and {type.FullName} are both stored as '{definition.Name}' version {definition.Version}. Pin another name or version on one of them: [Workflow(\"name\", Version = 2)].");
        }

        if (faults.Count == 0) return;
        throw new DurableException(duplicate is not null && faults.Count == 1 ? DurableErrorCodes.DuplicateWorkflow : DurableErrorCodes.RegistrationInvalid,
            faults.Count == 1 ? faults[0] : $"{faults.Count} registrations cannot work:{string.Concat(faults.Select(fault => "\n  - " + fault))}");
    }

    /// <summary>What looks may ask for.</summary>
    public IReadOnlyList<string> Serves => [.. byKey.Keys.Order(StringComparer.Ordinal)];

    /// <summary>All classes.</summary>
    public IEnumerable<WorkflowDefinition> Workflows => byKey.Values;

    /// <summary>Stored names of all activities.</summary>
    public IReadOnlyList<string> ActivityNames => [.. activities.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The class of that name and version, or null.</summary>
    public WorkflowDefinition? Find(string name, int version) => byName.GetValueOrDefault((name, version));

    /// <summary>The definition of a class; classes that only call are read on first use.</summary>
    public WorkflowDefinition? Find(Type type) => byType.GetValueOrDefault(type) ?? called.GetOrAdd(type, read =>
        WorkflowDefinition.Read(read, new WorkflowOptions(), service => groups.GetValueOrDefault(service) ?? (service.IsInterface ? ActivityGroup.Read(service, []) : null), []));

    /// <summary>The activity of that name, or null.</summary>
    public ActivityDefinition? Activity(string name) => activities.GetValueOrDefault(name);

    /// <summary>The group of an interface, or null.</summary>
    public ActivityGroup? Group(Type type) => groups.GetValueOrDefault(type);
}
