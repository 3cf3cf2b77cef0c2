// One scenario on one file: everything from outside is stored first, then hosts come and die until the run is closed.
using System.Collections.Concurrent;
using Durable.Engine.Hosting;
using Durable.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Durable.EndToEnd.Tests;

/// <summary>An effect that happened: which call, which attempt, in the hands of which host.</summary>
internal sealed record Happened(string Key, string What, int Attempt, int Host);

/// <summary>One host's hands in the outside world. They do nothing any more once the host is dead.</summary>
internal sealed class Hands(ConcurrentQueue<Happened> world, int host)
{
    private readonly TaskCompletionSource never = new();
    private volatile bool dead;

    public void Die() => dead = true;

    /// <summary>Has an effect.</summary>
    public async Task<string> DoAsync(ActivityContext attempt, string what)
    {
        await Task.Yield();
        if (dead) await never.Task;
        world.Enqueue(new(attempt.IdempotencyKey, what, attempt.Attempt, host));
        return $"{what} done";
    }
}

/// <summary>What a scenario registers and does.</summary>
/// <param name="Name">For people.</param>
/// <param name="Register">Workflows and activities; activities find <see cref="Hands"/> in the services.</param>
/// <param name="TellAsync">Starts the run and sends everything that it gets from outside.</param>
/// <param name="Id">The run whose end ends the scenario.</param>
internal sealed record Story(string Name, Action<DurableBuilder> Register, Func<DurableClient, Task> TellAsync, string Id)
{
    public override string ToString() => Name;
}

/// <summary>A story on a file of its own.</summary>
internal sealed class Scenario : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private readonly QuickClock clock = new();
    private readonly Story story;
    private readonly IHost reader;
    private int hosts;

    private Scenario(Story story)
    {
        this.story = story;
        reader = Build(worker: false, null, new Hands(World, 0));
    }

    public ConcurrentQueue<Happened> World { get; } = new();

    public DurableClient Client => reader.Services.GetRequiredService<DurableClient>();

    public static async Task<Scenario> BeginAsync(Story story)
    {
        var scenario = new Scenario(story);
        await scenario.reader.StartAsync();
        await story.TellAsync(scenario.Client);
        return scenario;
    }

    /// <summary>Works with one host until the run is closed, or until the host has committed so many batches.</summary>
    /// <returns>True if the host died before the run was closed.</returns>
    public async Task<bool> WorkAsync(int? batches)
    {
        var hands = new Hands(World, ++hosts);
        MortalStore? life = null;
        var host = Build(worker: true, store => Wrap(store, batches, out life), hands);
        try
        {
            await host.StartAsync();
            var closed = reader.Services.GetRequiredService<DurableClient>().GetRun(story.Id).WaitAsync(TimeSpan.FromMinutes(10));
            var ended = await Task.WhenAny(closed, life?.Died ?? closed);
            if (ended != closed)
            {
                hands.Die();
                return true;
            }

            Assert.That(await closed, Is.Not.Null, "the run closes");
            if (life is null) await host.StopAsync();
            return false;
        }
        finally
        {
            hands.Die();
            host.Dispose();                      // without StopAsync: nothing is parked, nothing is said
        }
    }

    /// <summary>All runs with all that happened in them, as text.</summary>
    public async Task<Dictionary<string, List<RunEvent>>> HistoriesAsync()
    {
        var histories = new Dictionary<string, List<RunEvent>>();
        await foreach (var run in Client.ListAsync())
        {
            var events = new List<RunEvent>();
            await foreach (var one in Client.GetRun(run.WorkflowId, run.RunId).HistoryAsync()) events.Add(one);
            histories.Add(run.WorkflowId, events);
        }

        return histories;
    }

    public async ValueTask DisposeAsync()
    {
        await reader.StopAsync();
        reader.Dispose();
        folder.Dispose();
    }

    private static IDurableStore Wrap(IDurableStore store, int? batches, out MortalStore? life)
    {
        life = null;
        if (batches is not { } count) return store;
        (var mortal, life) = MortalStore.Make(store, count);
        return mortal;
    }

    private IHost Build(bool worker, Func<IDurableStore, IDurableStore>? wrap, Hands hands)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddSingleton(hands);
        builder.Services.AddDurable(durable =>
        {
            durable.UseSqlite(folder.File("engine.db"), options => options.FullSync = false);
            durable.Configure(options => (options.KeepGenerations, options.Identity) = (100, "host"));
            story.Register(durable);
            if (!worker) durable.WithoutWorker();
            if (wrap is not null && durable.Registrations.Store is { } make) durable.Registrations.Store = services => wrap(make(services));
        });
        return builder.Build();
    }
}
