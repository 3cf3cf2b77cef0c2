// A worker process of the simulation: the real hosted service with everything around it simulated.
using Durable.Engine.Client;
using Durable.Engine.Diagnostics;
using Durable.Engine.Hosting;
using Durable.Engine.Registration;
using Durable.Engine.Worker;
using Durable.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Durable.Simulation;

/// <summary>One life of a worker.</summary>
internal sealed class SimWorker
{
    // Shared by all worlds: they are only read, and their caches are what is slow to make.
    private static readonly WorkflowRegistry Registry = new([(typeof(SimWorkflow), new WorkflowOptions())], [typeof(ISimActivities)]);
    private static readonly WorkflowRegistry OtherRegistry = new([(typeof(OtherSimWorkflow), new WorkflowOptions())], [typeof(ISimActivities)]);
    private static readonly PayloadSerializer Serializer = new(null, 64, 2 * 1024 * 1024, null);
    private readonly WorkerService service;
    private readonly Action<SimProcess>? onFailure;

    public SimWorker(SimProcess process, IDurableStore store, Profile profile, Ledger ledger, ILoggerFactory loggers, string identity, bool other, Action<SimProcess>? onFailure)
    {
        this.onFailure = onFailure;
        Process = process;
        Identity = identity;
        var engine = Services(process, store, profile, other);
        var log = new EngineLog(loggers.CreateLogger("Durable"));
        var runner = new ActivityRunner(engine, new Scopes(process, ledger), new TransactionalSteps(engine, new Dictionary<Type, Func<IServiceProvider, System.Data.Common.DbTransaction, object>>(), log), log);
        var watch = new RunWatch(engine, log);
        var shared = new LaneContext(runner, watch, new LocalEnds(engine.Machine), loggers, log);
        service = new WorkerService(engine, runner, watch, shared, log, new WorkerIdentity(identity, "sim"));
        Client = new EngineClient(engine, service, loggers.CreateLogger("Durable"), "default");
    }

    public SimProcess Process { get; }

    public string Identity { get; }

    /// <summary>A client in the same process.</summary>
    public EngineClient Client { get; }

    /// <summary>True once a graceful stop has begun.</summary>
    public bool IsStopping { get; private set; }

    public static WorkflowRegistry Workflows => Registry;

    /// <summary>The code of the other build.</summary>
    public static WorkflowRegistry OtherWorkflows => OtherRegistry;

    public static PayloadSerializer Payloads => Serializer;

    /// <summary>What client and worker of a process share.</summary>
    public static EngineServices Services(SimProcess process, IDurableStore store, Profile profile, bool other = false)
    {
        var options = new DurableOptions
        {
            Lease = profile.Lease, PollInterval = TimeSpan.FromMilliseconds(200), ParkAfter = profile.ParkAfter, MaxCachedRuns = profile.MaxCachedRuns, MaxConcurrentActivities = profile.MaxConcurrentActivities,
            DrainTimeout = TimeSpan.FromMilliseconds(400), Retention = profile.Retention, KeepGenerations = profile.KeepGenerations, QuarantineAfter = 5,
        };
        options.ServedQueues.Add("q");
        if (profile.QueueLimit > 0) options.QueueLimits["q"] = new QueueLimit { Cluster = profile.QueueLimit };
        return new EngineServices(store, other ? OtherRegistry : Registry, Serializer, options, process.Clock, process.Machine) { Build = other ? "sim/b" : "sim/a" };
    }

    public void Start() => Process.Machine.Queue(() => _ = StartAsync());

    /// <summary>Stops as a host does; the process ends when it has.</summary>
    public void Stop(Action ended)
    {
        IsStopping = true;
        Process.OnEnd = ended;
        Process.Machine.Queue(() => _ = StopAsync());
    }

    // A host whose start fails is started again by whoever supervises it: as another process, if one of its lanes may be open.
    private async Task StartAsync()
    {
        for (var pause = 50; ; pause *= 2)
        {
            try
            {
                await service.StartAsync(CancellationToken.None);
                return;
            }
            catch (DurableException) when (onFailure is not null)
            {
                onFailure(Process);
                return;
            }
            catch (DurableException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(pause), Process.Clock);
            }
        }
    }

    private async Task StopAsync()
    {
        await service.StoppingAsync(CancellationToken.None);
        await service.StopAsync(CancellationToken.None);      // ends the process
    }

    private sealed class Scopes(SimProcess process, Ledger ledger) : IServiceScopeFactory
    {
        public IServiceScope CreateScope() => new Scope(process, ledger);
    }

    private sealed class Scope(SimProcess process, Ledger ledger) : IServiceScope, IServiceProvider
    {
        private readonly AttemptScope attempt = new();

        public IServiceProvider ServiceProvider => this;

        public object? GetService(Type serviceType) =>
            serviceType == typeof(AttemptScope) ? attempt : serviceType == typeof(ISimActivities) ? new SimActivities(process, ledger, attempt) : null;

        public void Dispose()
        {
        }
    }
}
