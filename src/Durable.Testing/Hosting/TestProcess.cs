// One worker process of a test host, as far as the engine can tell: it starts, and it stops or dies.
using Durable.Engine.Hosting;
using Durable.Engine.Worker;
using Durable.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Durable.Testing;

/// <summary>A life of the worker.</summary>
internal sealed class TestProcess : IAsyncDisposable
{
    private readonly ServiceProvider provider;
    private readonly List<IHostedService> hosted;
    private bool ended;

    private TestProcess(ServiceProvider provider, ProcessStore store)
    {
        this.provider = provider;
        Store = store;
        hosted = [.. provider.GetServices<IHostedService>()];
        Engine = provider.GetRequiredService<EngineServices>();
        Worker = provider.GetRequiredService<WorkerService>();
    }

    public ProcessStore Store { get; }

    public IServiceProvider Services => provider;

    public EngineServices Engine { get; }

    public WorkerService Worker { get; }

    /// <summary>True once it has stopped or died.</summary>
    public bool IsOver => ended;

    /// <summary>Services of an engine on a test's store.</summary>
    public static ServiceProvider Build(TestWorld world, Action<DurableBuilder> configure, IDurableStore store, TimeProvider clock, bool worker, string identity)
    {
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(new TestLog(world.Options.Log)).AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        services.AddSingleton(clock);
        services.AddDurable(durable =>
        {
            durable.Configure(options =>
            {
                options.Identity = identity;
                options.Retention = null;                        // time may pass by years, and tests look at what has ended
                options.DrainTimeout = TimeSpan.FromSeconds(1);
            });
            configure(durable);
            durable.Services.PostConfigure<DurableOptions>(options => (options.Lease, options.DebuggerFriendly) = (TimeSpan.FromDays(1), false));      // a jump of time is not a silence
            durable.Registrations.Store = _ => store;
            durable.Registrations.StoreReplaced = false;
            durable.Registrations.WithoutWorker = !worker;
        });
        return services.BuildServiceProvider();
    }

    public static async Task<TestProcess> StartAsync(TestWorld world, Action<DurableBuilder> configure, StrictCheck? strict, ICommitFaults? faults = null, string identity = "test-host")
    {
        var store = new ProcessStore(world, strict) { Faults = faults };
        var process = new TestProcess(Build(world, configure, store, world.Clock, worker: true, identity), store);
        if (strict is not null) strict.Engine ??= process.Engine;
        try
        {
            foreach (var service in process.hosted.OfType<IHostedLifecycleService>()) await service.StartingAsync(default).ConfigureAwait(false);
            foreach (var service in process.hosted) await service.StartAsync(default).ConfigureAwait(false);
            foreach (var service in process.hosted.OfType<IHostedLifecycleService>()) await service.StartedAsync(default).ConfigureAwait(false);
        }
        catch
        {
            await process.KillAsync().ConfigureAwait(false);
            throw;
        }

        return process;
    }

    /// <summary>Ends as on kill -9: nothing reaches the store any more, and nothing that comes from it is heard.</summary>
    public async ValueTask KillAsync()
    {
        if (ended) return;
        ended = true;
        Store.Cut();
        await provider.DisposeAsync().ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => KillAsync();
}
