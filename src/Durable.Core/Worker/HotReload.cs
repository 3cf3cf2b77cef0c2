// Edit and run: when the debugger or `dotnet watch` has changed code, runs in memory were made by the old one. They are read again.
using System.Reflection.Metadata;

[assembly: MetadataUpdateHandler(typeof(Durable.Engine.Worker.HotReload))]

namespace Durable.Engine.Worker;

/// <summary>Called by the runtime after a hot reload.</summary>
internal static class HotReload
{
    private static readonly Lock Gate = new();
    private static readonly List<WeakReference<WorkerService>> Workers = [];

    /// <summary>Registers a worker of this process.</summary>
    public static void Add(WorkerService worker)
    {
        if (!MetadataUpdater.IsSupported) return;       // published programs cannot be changed, and keep no list
        Watch(worker);
    }

    /// <summary>Registers a worker whether or not this process can be changed.</summary>
    public static void Watch(WorkerService worker)
    {
        lock (Gate)
        {
            Workers.RemoveAll(static known => !known.TryGetTarget(out _));
            Workers.Add(new WeakReference<WorkerService>(worker));
        }
    }

    /// <summary>Code was changed.</summary>
    /// <param name="updatedTypes">What was changed, or null if that is not known.</param>
    public static void UpdateApplication(Type[]? updatedTypes)
    {
        List<WorkerService> live;
        lock (Gate) live = [.. Workers.Select(static known => known.TryGetTarget(out var worker) ? worker : null).OfType<WorkerService>()];
        foreach (var worker in live) worker.CodeChanged(updatedTypes);
    }
}
