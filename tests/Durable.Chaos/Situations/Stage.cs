// Where a situation is played: a server, a folder, hosts in this process and workers in others.
using Durable.Chaos.Ledgers;
using Durable.Chaos.Workers;
using Durable.Chaos.Workload;
using Durable.Engine.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Durable.Chaos.Situations;

/// <summary>The stage.</summary>
internal sealed class Stage(ChaosOptions options, StorePlace store, string folder, Action<string> say) : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> open = [];

    public StorePlace Store => store;

    public int Seed => options.Seed;

    public string Folder => folder;

    public void Say(string text) => say(text);

    /// <summary>A client without worker.</summary>
    public async Task<(DurableClient Client, EngineServices Engine)> ClientAsync()
    {
        var builder = Builder();
        builder.Services.AddDurable(durable => WorkerProgram.Register(durable, options.Store, store.Place).WithoutWorker());
        var host = builder.Build();
        open.Add(new Stopping(host));
        var engine = host.Services.GetRequiredService<EngineServices>();
        await Opening.ReadyAsync(engine, CancellationToken.None);
        return (host.Services.GetRequiredService<DurableClient>(), engine);
    }

    /// <summary>A worker in this process, with the options of an application: it is for speed.</summary>
    public async Task<DurableClient> HostAsync(string identity, string? place = null)
    {
        var builder = Builder();
        builder.Services.AddDurable(durable => durable.UsePostgres(place ?? store.Place).AddWorkflow<QuickWorkflow>().Configure(o =>
        {
            o.Identity = identity;
            o.DrainTimeout = TimeSpan.FromSeconds(3);
        }));
        var host = builder.Build();
        await host.StartAsync();
        open.Add(new Stopping(host));
        return host.Services.GetRequiredService<DurableClient>();
    }

    /// <summary>Worker processes, each start under a name of its own.</summary>
    public Fleet Fleet(double lease, int workers)
    {
        var fleet = new Fleet(options with { Lease = lease, Workers = workers, FreshNames = true }, folder, store.Place);
        open.Add(fleet);
        fleet.Start();
        return fleet;
    }

    /// <summary>What the worker processes wrote into their ledgers so far.</summary>
    public IReadOnlyCollection<Execution> Ledger() => [.. Durable.Chaos.Ledgers.Ledger.Read(folder).Values];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var one in Enumerable.Reverse(open)) await one.DisposeAsync();
    }

    private HostApplicationBuilder Builder()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ContentRootPath = folder });
        builder.Services.AddSingleton(new EffectLedger(Path.Combine(folder, $"stage-{open.Count}.log"), $"stage{open.Count}"));
        return builder;
    }

    private sealed class Stopping(IHost host) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await host.StopAsync(limit.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
            host.Dispose();
        }
    }
}
