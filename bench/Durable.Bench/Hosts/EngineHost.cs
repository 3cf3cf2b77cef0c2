// The engine as an application hosts it: a generic host, AddDurable, the client. Only its store is wrapped, to be counted.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Durable.Bench;

/// <summary>A running host.</summary>
internal sealed class EngineHost : IAsyncDisposable
{
    private readonly IHost host;

    private EngineHost(IHost host, StoreCounts counts, Echo echo) => (this.host, Counts, Echo, Client) = (host, counts, echo, host.Services.GetRequiredService<DurableClient>());

    public DurableClient Client { get; }

    public StoreCounts Counts { get; }

    public Echo Echo { get; }

    /// <summary>Starts a host with all workflows of the bench.</summary>
    public static async Task<EngineHost> StartAsync(Action<DurableBuilder> store, StoreCounts counts, Action<DurableOptions>? options = null, Action<DurableBuilder>? more = null, Echo? echo = null)
    {
        var activities = echo ?? new Echo();
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddDurable(durable =>
        {
            store(durable);
            var inner = durable.Registrations.Store!;
            durable.Registrations.Store = services => CountingStore.Around(inner(services), counts);
            durable.AddWorkflow<Sequence>().AddWorkflow<Fan>().AddWorkflow<Inline>().AddWorkflow<Records>().AddWorkflow<Queued>().AddWorkflow<Sleeper>().AddWorkflow<Pong>().AddWorkflow<Witness>().AddWorkflow<Hanger>().AddWorkflow<Idler>()
                .AddActivities<IEcho>(activities)
                .Configure(given =>
                {
                    given.Identity = "bench";
                    given.DebuggerFriendly = false;
                    options?.Invoke(given);
                });
            more?.Invoke(durable);
        });
        var host = builder.Build();
        await host.StartAsync();
        return new EngineHost(host, counts, activities);
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        if (host is IAsyncDisposable disposable) await disposable.DisposeAsync();
        else host.Dispose();
    }
}
