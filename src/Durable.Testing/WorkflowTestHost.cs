// The host of a test: the real engine on a store in memory and a virtual clock.
using System.Globalization;
using Durable.Engine.Client;
using Durable.Engine.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Durable.Testing;

/// <summary>
/// Runs workflows in a test: the engine as it is, a store in memory, and a virtual clock that skips to whatever is due next when nothing is runnable. After
/// every turn a second instance replays the history on another thread (strict mode). It needs no test framework: what fails throws.
/// </summary>
/// <remarks>
/// Time moves only while the test waits for the end of a run or the answer of an update, so what the test does between two waits happens at one moment. Tests
/// with hosts of their own can run in parallel.
/// <example><code>
/// await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow&lt;Reminder&gt;().AddFake&lt;IMail&gt;());
/// var run = await host.Client.StartAsync((Reminder w) => w.RunAsync("ada"));
/// await run.CompletionAsync();      // ten days pass at once
/// </code></example>
/// </remarks>
public sealed class WorkflowTestHost : IAsyncDisposable
{
    private readonly TestWorld world;
    private readonly TestWorker worker;
    private readonly Action<DurableBuilder> configure;
    private readonly StrictCheck? strict;
    private readonly ServiceProvider front;
    private readonly TimePump pump;
    private readonly ICommitFaults? faults;

    private WorkflowTestHost(Action<DurableBuilder> configure, WorkflowTestOptions options, ICommitFaults? faults)
    {
        this.configure = configure;
        this.faults = faults;
        world = TestWorld.Create(options);
        worker = new TestWorker(world);
        strict = options.Strict ? new StrictCheck(world) : null;
        front = TestProcess.Build(world, configure, new ProcessStore(world, strict), world.ClientClock, worker: false, "test-client");
        var engine = front.GetRequiredService<EngineServices>();
        Client = new EngineClient(engine, worker, NullLogger.Instance, engine.Options.Namespace);
        pump = new TimePump(world, worker, ExplainAsync);
    }

    /// <summary>Starts, signals, asks: the client of the host. It and its handles outlive <see cref="CrashAsync"/>.</summary>
    public DurableClient Client { get; }

    /// <summary>The virtual time.</summary>
    public TimeProvider Time => world.Clock;

    /// <summary>The services of the worker process that lives now. Activities and steps get theirs from there.</summary>
    public IServiceProvider Services => worker.Process?.Services ?? throw new InvalidOperationException("There is no worker process now.");

    /// <summary>True: while the test waits and nothing is runnable, time jumps to what is due next. False: only <see cref="AdvanceAsync"/> moves it.</summary>
    public bool SkipTime
    {
        get => pump.Skips;
        set => pump.Skips = value;
    }

    /// <summary>Starts a host.</summary>
    /// <param name="configure">Registers workflows and activities, as the application does; a store that it names is replaced. Called once for each process of the host.</param>
    /// <param name="options">Sets options, or null for the defaults.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The host. Dispose it: a difference that strict mode found and nobody has heard of is thrown then.</returns>
    public static Task<WorkflowTestHost> StartAsync(Action<DurableBuilder> configure, Action<WorkflowTestOptions>? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(configure);
        cancellationToken.ThrowIfCancellationRequested();
        var chosen = new WorkflowTestOptions();
        options?.Invoke(chosen);
        return StartAsync(configure, chosen, null);
    }

    internal static async Task<WorkflowTestHost> StartAsync(Action<DurableBuilder> configure, WorkflowTestOptions options, ICommitFaults? faults)
    {
        var host = new WorkflowTestHost(configure, options, faults);
        try
        {
            await host.StartProcessAsync().ConfigureAwait(false);
        }
        catch
        {
            await host.CloseAsync().ConfigureAwait(false);
            throw;
        }

        host.pump.Start();
        return host;
    }

    /// <summary>Moves time on. Whatever becomes due on the way happens at its time, in order, and has happened when this returns.</summary>
    /// <param name="by">How far.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <remarks>An attempt of an activity that is still under way after two real seconds is taken to wait for time itself, which then passes: so time-outs can be tested.</remarks>
    public Task AdvanceAsync(TimeSpan by, CancellationToken cancellationToken = default) => pump.AdvanceAsync(by, cancellationToken);

    /// <summary>Waits until nothing is runnable: everything that was sent has been applied, and every attempt has ended. Time stands still.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task SettleAsync(CancellationToken cancellationToken = default) => pump.SettleAsync(cancellationToken);

    /// <summary>Kills the worker process as kill -9 would, and starts another one on the same store.</summary>
    /// <remarks>What was not durable is gone; attempts that were under way run again.</remarks>
    public async Task CrashAsync()
    {
        if (worker.Process is { } dying) await dying.KillAsync().ConfigureAwait(false);
        await StartProcessAsync().ConfigureAwait(false);
    }

    /// <summary>The history of a run, with assertions.</summary>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<RecordedHistory> HistoryAsync(RunHandle run, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        var events = new List<RunEvent>();
        await foreach (var one in run.HistoryAsync(cancellationToken).ConfigureAwait(false)) events.Add(one);
        return new RecordedHistory(run.WorkflowId, events);
    }

    /// <summary>Ends the host. Open runs are forgotten with its store.</summary>
    /// <exception cref="WorkflowTestException">Strict mode found a difference, and no call of the test has thrown it yet.</exception>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        world.ThrowIfUntold();
    }

    internal TestWorld World => world;

    internal TestWorker Worker => worker;

    internal async Task StartProcessAsync(string identity = "test-host") => worker.Process = await TestProcess.StartAsync(world, configure, strict, faults, identity).ConfigureAwait(false);

    private async Task CloseAsync()
    {
        await pump.DisposeAsync().ConfigureAwait(false);
        if (worker.Process is { } process) await process.KillAsync().ConfigureAwait(false);
        strict?.Dispose();
        await front.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<string> ExplainAsync(Guid runId)
    {
        var run = await world.Store.FindRunAsync(Client.Namespace, null, runId).ConfigureAwait(false);
        if (run is null) return string.Create(CultureInfo.InvariantCulture, $"run {runId}.");
        return $"run '{run.WorkflowId}' of {run.Type}. {(await Client.GetRun(run.WorkflowId, runId).ExplainAsync().ConfigureAwait(false)).Summary}";
    }
}
