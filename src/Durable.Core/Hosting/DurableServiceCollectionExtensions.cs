// AddDurable: the one call that puts the engine into a host.
using System.Diagnostics;
using Durable;
using Durable.Engine.Client;
using Durable.Engine.Diagnostics;
using Durable.Engine.Hosting;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Engine.Worker;
using Durable.Storage;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds durable workflows to a host.</summary>
public static class DurableServiceCollectionExtensions
{
    /// <summary>Adds durable workflows: a <see cref="DurableClient"/> and, unless <see cref="DurableBuilder.WithoutWorker"/> is called, a hosted service that runs them.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Names store, workflows and activities. May be called more than once: calls add up.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddDurable(this IServiceCollection services, Action<DurableBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        var registrations = (DurableRegistrations?)services.FirstOrDefault(service => service.ServiceType == typeof(DurableRegistrations))?.ImplementationInstance;
        if (registrations is null) AddEngine(services, registrations = new DurableRegistrations());
        configure(new DurableBuilder(services, registrations));
        return services;
    }

    /// <summary>Replaces the store by one in memory: for tests of an application, with <c>WebApplicationFactory</c> for example.</summary>
    /// <param name="services">The host's services, after <see cref="AddDurable"/>.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection UseInMemoryDurable(this IServiceCollection services) => services.AddDurable(static durable =>
    {
        durable.Registrations.Store = null;
        durable.UseInMemory();
    });

    // What a host gives its services to stop, unless HostOptions say otherwise: those are in a package that this one does not need.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(30);

    private static void AddEngine(IServiceCollection services, DurableRegistrations registrations)
    {
        services.AddSingleton(registrations);
        services.AddSingleton<GateResult>();
        services.TryAddSingleton(new DebuggerState(Debugger.IsAttached));
        services.AddOptions<DurableOptions>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DurableOptions>, OptionsCheck>());
        services.TryAddScoped<AttemptScope>();
        services.TryAddScoped(provider => provider.GetRequiredService<AttemptScope>().Context
            ?? throw new InvalidOperationException("ActivityContext is only there inside an attempt of an activity or step."));
        services.AddSingleton(Engine);
        services.AddSingleton(provider => new EngineLog(Logger(provider, "Durable")));
        services.AddSingleton(provider => new RunWatch(provider.GetRequiredService<EngineServices>(), provider.GetRequiredService<EngineLog>()));
        services.AddSingleton(provider => new ActivityRunner(provider.GetRequiredService<EngineServices>(), provider.GetRequiredService<IServiceScopeFactory>(),
            new TransactionalSteps(provider.GetRequiredService<EngineServices>(), registrations.Sessions, provider.GetRequiredService<EngineLog>()), provider.GetRequiredService<EngineLog>(), Instances(services, registrations, provider)));
        services.AddSingleton(Worker);
        services.AddSingleton<ILocalWorker>(provider => registrations.WithoutWorker
            ? new NoLocalWorker(provider.GetRequiredService<EngineServices>(), Logger(provider, "Durable"))
            : provider.GetRequiredService<WorkerService>());
        services.AddSingleton<IHostedService>(provider => registrations.WithoutWorker ? new NoWorker(provider.GetRequiredService<EngineServices>()) : provider.GetRequiredService<WorkerService>());
        services.AddSingleton<DurableClient>(provider =>
        {
            var engine = provider.GetRequiredService<EngineServices>();
            return new EngineClient(engine, provider.GetRequiredService<ILocalWorker>(), Logger(provider, "Durable"), engine.Options.Namespace);
        });
    }

    // Asked for at the root: whoever replaced a registration (a module of another container, a test) is heard.
    private static Dictionary<Type, object> Instances(IServiceCollection services, DurableRegistrations registrations, IServiceProvider provider)
    {
        var instances = new Dictionary<Type, object>();
        foreach (var type in registrations.Activities)
            if (services.LastOrDefault(service => service.ServiceType == type && !service.IsKeyedService)?.ImplementationInstance is { } instance && ReferenceEquals(provider.GetService(type), instance)) instances[type] = instance;
        return instances;
    }

    private static EngineServices Engine(IServiceProvider provider)
    {
        var registrations = provider.GetRequiredService<DurableRegistrations>();
        DurableOptions options;
        try
        {
            options = provider.GetRequiredService<IOptions<DurableOptions>>().Value;
        }
        catch (OptionsValidationException error)
        {
            throw new DurableException(DurableErrorCodes.OptionsInvalid, string.Join(" ", error.Failures), error);
        }

        var create = registrations.Store ?? throw new DurableException(DurableErrorCodes.OptionsInvalid, "No store was chosen. Call UseSqlite(\"app.db\"), UsePostgres(connectionString) or UseInMemory() inside AddDurable.");
        var codec = registrations.Codec?.Invoke(provider);
        return new EngineServices(create(provider), new WorkflowRegistry(registrations.Workflows, registrations.Activities),
            new PayloadSerializer(registrations.Json, options.MaxJsonDepth, options.MaxPayloadBytes, codec), options, (TimeProvider?)provider.GetService(typeof(TimeProvider)) ?? TimeProvider.System)
        {
            IsDebugging = options.DebuggerFriendly && provider.GetRequiredService<DebuggerState>().IsAttached,
        };
    }

    private static WorkerService Worker(IServiceProvider provider)
    {
        var engine = provider.GetRequiredService<EngineServices>();
        var log = provider.GetRequiredService<EngineLog>();
        var loggers = (ILoggerFactory?)provider.GetService(typeof(ILoggerFactory)) ?? NullLoggerFactory.Instance;
        if (engine.IsDebugging) log.Debugging();
        if (engine.Options.DrainTimeout >= ShutdownTimeout) log.DrainTooLong(engine.Options.DrainTimeout);
        if (provider.GetRequiredService<DurableRegistrations>().StoreReplaced) log.StoreReplaced();
        var watch = provider.GetRequiredService<RunWatch>();
        var runner = provider.GetRequiredService<ActivityRunner>();
        var shared = new LaneContext(runner, watch, new LocalEnds(engine.Machine), loggers, log) { Limits = new ExecutionLimits(engine.Options.MaxPendingCommands) };
        return new WorkerService(engine, runner, watch, shared, log, new WorkerIdentity(IdentityOf(provider, engine), "default"));
    }

    // Equal after a restart on the same place, different on another host or for another file: so kill -9 and run again goes on at once.
    private static string IdentityOf(IServiceProvider provider, EngineServices engine)
    {
        if (engine.Options.Identity is { Length: > 0 } configured) return configured;
        var environment = (IHostEnvironment?)provider.GetService(typeof(IHostEnvironment));
        return $"{Environment.MachineName}|{environment?.ApplicationName}|{environment?.ContentRootPath}|{engine.Store.Description}";
    }

    private static ILogger Logger(IServiceProvider provider, string category) => ((ILoggerFactory?)provider.GetService(typeof(ILoggerFactory)) ?? NullLoggerFactory.Instance).CreateLogger(category);

    // Checks the registrations at start also where nothing runs.
    private sealed class NoWorker(EngineServices engine) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            _ = engine.Registry;                         // making the engine has checked them
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
