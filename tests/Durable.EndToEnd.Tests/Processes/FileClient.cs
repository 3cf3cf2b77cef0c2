// A client of this test process on a file of another process's work: it reads and asks, it runs nothing.
using Durable.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Durable.EndToEnd.Tests;

internal sealed class FileClient : IAsyncDisposable
{
    private readonly IHost host;

    private FileClient(IHost host) => this.host = host;

    public DurableClient Client => host.Services.GetRequiredService<DurableClient>();

    /// <summary>Opens a file of the test host; shared, if that is alive.</summary>
    public static async Task<FileClient> OpenAsync(string file, bool shared = false)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.AddDurable(durable => durable
            .UseSqlite(file, options => options.AllowSharedFile = shared).AddWorkflow<GeneratedWorkflow>().AddActivities<IEffects, Ledger>().WithoutWorker());
        var host = builder.Build();
        await host.StartAsync();
        return new FileClient(host);
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }
}
