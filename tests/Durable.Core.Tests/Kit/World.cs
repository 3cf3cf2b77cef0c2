// One store, one clock, and the hosts that come and go on them.
using System.Diagnostics;
using Durable.Storage;
using Durable.Storage.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Durable.Core.Tests.Kit;

/// <summary>Which store a test runs on.</summary>
public enum StoreKind
{
    /// <summary>The reference.</summary>
    Memory,

    /// <summary>A file that goes with the test.</summary>
    Sqlite,
}

/// <summary>What outlives hosts.</summary>
internal sealed class World : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly List<Node> nodes = [];
    private readonly string? folder;

    public World(StoreKind kind = StoreKind.Memory, bool manual = false, int groups = 1)
    {
        Manual = manual ? new ManualTime() : null;
        Clock = Manual ?? TimeProvider.System;
        if (kind == StoreKind.Sqlite)
        {
            folder = Directory.CreateTempSubdirectory("durable-").FullName;
            Store = new SqliteStore(Path.Combine(folder, "app.db"), new SqliteOptions(), Clock, NullLogger.Instance);
        }
        else Store = new InMemoryStore(Clock, groups);
    }

    public TimeProvider Clock { get; }

    public ManualTime? Manual { get; }

    public IDurableStore Store { get; }

    public Bench Bench { get; } = new();

    public Logs Logs { get; } = new();

    /// <summary>Starts a host. Hosts of one name are one identity.</summary>
    public async Task<Node> StartAsync(Action<DurableBuilder> configure, string name = "a", Action<DurableOptions>? options = null, Action<IServiceCollection>? services = null, Action<FaultyStore>? faults = null)
    {
        var node = new Node(this, name, configure, options, services);
        faults?.Invoke(node.Store);
        nodes.Add(node);
        await node.StartAsync();
        return node;
    }

    /// <summary>Waits until something holds; time of a manual clock goes on meanwhile.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition, string what, TimeSpan? step = null)
    {
        var since = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(since) > Patience) Assert.Fail($"Waited {Patience.TotalSeconds:0} s in vain until {what}. Log:\n{string.Join('\n', Logs.Entries.Select(entry => $"{entry.Level} {entry.Text} {entry.Error}").TakeLast(30))}");
            if (Manual is not null && step is { } by) Manual.Advance(by);
            await Task.Delay(1);
        }
    }

    /// <summary>Waits until something holds.</summary>
    public Task UntilAsync(Func<bool> condition, string what, TimeSpan? step = null) => UntilAsync(() => Task.FromResult(condition()), what, step);

    /// <summary>Waits for a task; time of a manual clock goes on meanwhile.</summary>
    public async Task<T> GetAsync<T>(Task<T> task, string what, TimeSpan? step = null)
    {
        await UntilAsync(() => task.IsCompleted, what, step);
        return await task;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes) await node.KillAsync();
        await Store.DisposeAsync();
        if (folder is not null) Directory.Delete(folder, recursive: true);
    }
}

/// <summary>One host process, as far as the engine can tell.</summary>
internal sealed class Node
{
    private readonly ServiceProvider provider;
    private readonly List<IHostedService> hosted;
    private bool ended;

    public Node(World world, string name, Action<DurableBuilder> configure, Action<DurableOptions>? options, Action<IServiceCollection>? more)
    {
        World = world;
        Name = name;
        Store = new FaultyStore(world.Store);
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(world.Logs));
        services.AddSingleton(world.Clock).AddSingleton(world.Bench).AddSingleton(this);
        services.AddDurable(durable =>
        {
            durable.UseStore(_ => Store).AddActivities<IWork, Work>().Configure(o =>
            {
                o.Identity = name;
                o.PollInterval = TimeSpan.FromMilliseconds(100);
                options?.Invoke(o);
            });
            configure(durable);
        });
        more?.Invoke(services);
        provider = services.BuildServiceProvider();
        hosted = [.. provider.GetServices<IHostedService>()];
    }

    public World World { get; }

    public string Name { get; }

    public FaultyStore Store { get; }

    public IServiceProvider Services => provider;

    public DurableClient Client => provider.GetRequiredService<DurableClient>();

    public async Task StartAsync()
    {
        foreach (var service in hosted.OfType<IHostedLifecycleService>()) await service.StartingAsync(default);
        foreach (var service in hosted) await service.StartAsync(default);
        foreach (var service in hosted.OfType<IHostedLifecycleService>()) await service.StartedAsync(default);
    }

    /// <summary>Ends as on SIGTERM.</summary>
    public async Task StopAsync()
    {
        if (ended) return;
        ended = true;
        foreach (var service in hosted.OfType<IHostedLifecycleService>()) await service.StoppingAsync(default);
        foreach (var service in hosted) await service.StopAsync(default);
        await provider.DisposeAsync();
    }

    /// <summary>Ends as on SIGKILL: nothing reaches the store any more.</summary>
    public async Task KillAsync()
    {
        if (ended) return;
        ended = true;
        Store.Cut();
        await provider.DisposeAsync();
    }
}
