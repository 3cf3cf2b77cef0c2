// What client and worker share: one object per engine, made when it is first needed.
using Durable.Engine.Client;
using Durable.Engine.Registration;
using Durable.Engine.Worker;
using Durable.Storage;

namespace Durable.Engine.Hosting;

/// <summary>Store, registry, serializer, options and clock of one engine.</summary>
internal sealed class EngineServices(IDurableStore store, WorkflowRegistry registry, PayloadSerializer serializer, DurableOptions options, TimeProvider clock, Machine? machine = null) : IDisposable, IAsyncDisposable
{
    private readonly Lazy<Guid> client = new((machine ?? Machine.Real).NewGuid);
    private readonly SemaphoreSlim gate = new(1, 1);
    private StoreInfo? info;
    private volatile GroupMap? groups;
    private Deliveries? deliveries;

    public IDurableStore Store { get; } = store;

    /// <summary>The shard groups of the store; known once it was ready.</summary>
    public GroupMap Groups => groups is { } known && ReferenceEquals(known.All, Store.Groups) ? known : groups = new GroupMap(Store.Groups);

    public WorkflowRegistry Registry { get; } = registry;

    public PayloadSerializer Serializer { get; } = serializer;

    public DurableOptions Options { get; } = options;

    public TimeProvider Clock { get; } = clock;

    /// <summary>Threads and randomness.</summary>
    public Machine Machine { get; } = machine ?? Machine.Real;

    /// <summary>What clients of this process deliver together.</summary>
    public Deliveries Deliveries => LazyInitializer.EnsureInitialized(ref deliveries, () => new Deliveries(Store, shard => Groups.Of(shard), Machine, Clock));

    /// <summary>What other shard groups refuse of what runs send to them.</summary>
    public Refusals Refusals { get; } = new(clock);

    /// <summary>This process as a sender of messages.</summary>
    public Guid ClientId => client.Value;

    /// <summary>True if a debugger was attached when the host started, and the options are friendly to it: time limits and claim counts are off (DECISIONS 26).</summary>
    public bool IsDebugging { get; init; }

    /// <summary>How long the leases of this process's lanes last. Tasks, slots and the pace of its reaper keep <see cref="DurableOptions.Lease"/>: they outlive a process that is stopped in the debugger.</summary>
    public TimeSpan LaneLease => IsDebugging ? Worker.LaneLease.Debugging : Options.Lease;

    /// <summary>What this process's lanes say that they serve.</summary>
    public IReadOnlyList<string> LaneServes => Worker.LaneLease.Mention(Registry.Serves, LaneLease);

    /// <summary>Version of the host's entry assembly.</summary>
    public string Build { get; init; } = BuildOf();

    /// <summary>Connects and migrates, once; safe to call from anywhere. While the place is not accepted it asks again: another process may have accepted it.</summary>
    public async ValueTask<StoreInfo> ReadyAsync(CancellationToken cancellationToken)
    {
        if (info is { PlaceChanged: false } known) return known;
        await gate.WaitAsync(cancellationToken);
        try
        {
            return info is { PlaceChanged: false } ready ? ready : info = await Store.InitializeAsync(cancellationToken);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Forgets what <see cref="ReadyAsync"/> found, after the place was accepted.</summary>
    public void Refresh() => info = null;

    /// <summary>Closes the store: the container made it with this object, so it goes with it.</summary>
    public ValueTask DisposeAsync()
    {
        gate.Dispose();
        return Store.DisposeAsync();
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private static string BuildOf()
    {
        var assembly = System.Reflection.Assembly.GetEntryAssembly();
        var version = assembly?.GetName().Version?.ToString() ?? "0";
        return assembly is null ? version : $"{assembly.GetName().Name}/{version}/{assembly.ManifestModule.ModuleVersionId.ToString("N")[..8]}";
    }
}
