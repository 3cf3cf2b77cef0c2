// One canonical workflow on one database: told first, then worked on by a host whose k-th call fails, and by a second one if that died.
using System.Collections.Concurrent;
using System.Diagnostics;
using Durable.EndToEnd.Tests;
using Durable.Engine.Hosting;
using Durable.Simulation;
using Durable.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Durable.Sweep.Tests;

/// <summary>What became of a trial.</summary>
/// <param name="Outcome">Status and result.</param>
/// <param name="Calls">How many calls the first host made.</param>
/// <param name="Bitten">Whether the aimed one was among them.</param>
/// <param name="StoodStill">True if the machine let this process wait long enough for a time limit of the workflow to pass: ten times as much on its clock.</param>
internal sealed record Played(string Outcome, int Calls, bool Bitten, bool StoodStill);

/// <summary>Where a trial takes place.</summary>
/// <param name="Use">Registers the store.</param>
internal sealed class Stage(Action<DurableBuilder> use)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(20);       // of the quick clock: two seconds
    private static readonly TimeSpan Still = TimeSpan.FromMilliseconds(25);  // a heartbeat of an activity is due after 60
    private readonly QuickClock clock = new();
    private readonly StageLog log = new();
    private readonly Outside outside = new();

    /// <summary>Runs the workflow to its end.</summary>
    public async Task<Played> PlayAsync(Canonical story, int call, Miss miss)
    {
        using var heart = new Heart();
        using var reader = Build(null, worker: false);
        await reader.StartAsync();
        var client = outside.Client = reader.Services.GetRequiredService<DurableClient>();
        var run = await client.StartAsync((SimWorkflow w) => w.RunAsync(story.Plan, null), new StartOptions { Id = Canonical.Id });
        for (var i = 1; i <= story.Signals; i++) await run.SignalAsync(w => w.Poke(new Note("c", i)));
        for (var i = 1; i <= story.Items; i++) await run.SendAsync(w => w.Inbox, new Note("c", i));

        AimedStore? aim = null;
        var first = Build(store => Aim(store, call, miss, out aim), worker: true);
        var ended = Task.Run(() => EndAsync(run));
        first.Services.GetRequiredService<DurableClient>();
        var starting = first.StartAsync();
        await Task.WhenAny(starting, aim!.Died);
        var died = starting.IsFaulted || await Task.WhenAny(ended, aim.Died) != ended;         // a host whose start fails is started again
        if (!died) died = await Task.WhenAny(first.StopAsync(), aim.Died) == aim.Died;         // its last calls are calls too
        first.Dispose();
        if (died)
        {
            using var second = Build(null, worker: true);
            await second.StartAsync();
            await ended;
            await second.StopAsync();
        }

        var outcome = await ended;
        if (outcome is null) Assert.Fail($"{story}, call {call} {miss}: it did not end. {await run.ExplainAsync()}\n{string.Join('\n', log.Lines.TakeLast(60))}");
        var result = outcome!.Status == RunStatus.Completed ? await run.ResultAsync() : outcome.Failure?.Message;
        await CheckAsync(client, run.RunId!.Value);
        await reader.StopAsync();
        return new Played($"{outcome.Status} {result}", aim.Calls, call > 0 && (died || aim.Calls >= call), heart.Longest > Still);
    }

    // The engine takes a turn of 10 s for an endless one; of this clock that is a second, which a machine that is busy elsewhere may let pass. Its run goes on, as an operator would have it.
    private static async Task<RunOutcome?> EndAsync(RunHandle<SimWorkflow> run)
    {
        for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < Limit;)
        {
            if (await run.WaitAsync(Slice) is { } outcome) return outcome;
            if (await run.ExplainAsync() is { Status: RunStatus.Stalled } explained && explained.Summary.Contains("held its thread", StringComparison.Ordinal)) await run.ResumeAsync();
        }

        return null;
    }

    private static IDurableStore Aim(IDurableStore store, int call, Miss miss, out AimedStore aim)
    {
        (var aimed, aim) = AimedStore.Make(store, call, miss);
        return aimed;
    }

    // Its history is whole, and each command has one outcome.
    private static async Task CheckAsync(DurableClient client, Guid runId)
    {
        var settled = new HashSet<(int, int)>();
        var events = 0;
        await foreach (var one in client.GetRun(Canonical.Id, runId).HistoryAsync())
        {
            events++;
            if (one.Kind is "ActivityCompleted" or "ActivityFailed" or "StepCompleted" or "StepFailed" or "TimerFired" or "ChildCompleted" or "ChildFailed")
                Assert.That(settled.Add((one.Generation, one.Data.GetProperty("ordinal").GetInt32())), $"{one.Position} {one.Kind} is a second outcome");
        }

        Assert.That(events, Is.GreaterThan(1));
    }

    private IHost Build(Func<IDurableStore, IDurableStore>? wrap, bool worker)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Debug).AddProvider(log);
        builder.Services.AddSingleton<TimeProvider>(clock).AddSingleton(outside);
        builder.Services.AddDurable(durable =>
        {
            use(durable);
            durable.AddWorkflow<SimWorkflow>().AddActivities<ISimActivities, Acts>();
            durable.Configure(options =>
            {
                (options.Identity, options.KeepGenerations, options.Lease) = ("host", 100, TimeSpan.FromSeconds(30));
                options.ServedQueues.Add("q");
            });
            if (!worker) durable.WithoutWorker();
            if (wrap is not null && durable.Registrations.Store is { } make) durable.Registrations.Store = services => wrap(make(services));
        });
        return builder.Build();
    }
}

/// <summary>Who settles promises: somebody outside, who does not die with a host.</summary>
internal sealed class Outside
{
    public DurableClient? Client { get; set; }
}

/// <summary>The activities of the canonical workflows, without any delay that a real clock would show.</summary>
internal sealed class Acts(ActivityContext attempt, Outside outside) : ISimActivities
{
    public Task<int> DoAsync(int salt, int behaviour)
    {
        if (behaviour is 3 or 4 && attempt.Attempt <= (behaviour == 3 ? 2 : 1)) throw new IOException("Not yet.");
        if (behaviour == 7) attempt.Heartbeat(salt);
        return Task.FromResult(salt);
    }

    public Task PublishAsync(string token)
    {
        _ = Task.Run(() => outside.Client!.CompleteAsync(token, 1));
        return Task.CompletedTask;
    }
}

/// <summary>What the hosts of a trial said.</summary>
internal sealed class StageLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> lines = new();

    public IEnumerable<string> Lines => lines;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {logLevel} {formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}

/// <summary>Notices when this process stands still.</summary>
internal sealed class Heart : IDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(5);
    private readonly ITimer timer;
    private long last = Stopwatch.GetTimestamp();
    private long longest;

    public Heart() => timer = TimeProvider.System.CreateTimer(_ => Tick(), null, Beat, Beat);

    /// <summary>The longest time between two beats.</summary>
    public TimeSpan Longest
    {
        get
        {
            Tick();
            return Stopwatch.GetElapsedTime(0, Interlocked.Read(ref longest));
        }
    }

    public void Dispose() => timer.Dispose();

    private void Tick()
    {
        var now = Stopwatch.GetTimestamp();
        var gap = now - Interlocked.Exchange(ref last, now);
        if (gap > Interlocked.Read(ref longest)) Interlocked.Exchange(ref longest, gap);
    }
}
