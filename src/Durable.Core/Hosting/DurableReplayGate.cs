// The deploy gate: does this build repeat what is recorded of the runs that are open now?
using Durable.Engine.Hosting;
using Durable.Engine.Registration;
using Durable.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Durable;

/// <summary>
/// Replays open runs against this build, without writing anything: as a readiness check, so that a host that would stall runs gets no traffic and a rolling deploy stops;
/// or as one call in CI, on a copy of the database or on the database itself.
/// </summary>
/// <remarks>
/// <c>services.AddHealthChecks().AddCheck&lt;DurableReplayGate&gt;("durable-replay")</c>. The first call begins the replay and reports Unhealthy until it is done; what it found stays, and
/// an unfavourable result is looked at again after a minute, because runs may have been terminated. The history is read and user code runs; nothing is claimed.
/// In CI: register it as a singleton, with <see cref="DurableBuilder.WithoutWorker"/>, and call <see cref="CheckAsync"/>.
/// </remarks>
public sealed class DurableReplayGate : IHealthCheck
{
    private const int PageOfHeaders = 1_000;
    private const int PageOfRuns = 50;       // histories of so many runs are in memory for each replay that goes on at the same time
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(1);
    private static readonly RunStatus[] Open = [RunStatus.Pending, RunStatus.Running, RunStatus.Paused, RunStatus.Cancelling, RunStatus.Stalled];
    private readonly EngineServices engine;
    private readonly ReplayGateOptions configured;
    private readonly GateResult result;

    /// <summary>Made by the container.</summary>
    /// <param name="services">The container.</param>
    public DurableReplayGate(IServiceProvider services)
    {
        ArgumentNullException.ThrowIfNull(services);
        engine = (EngineServices?)services.GetService(typeof(EngineServices)) ?? throw new DurableException(DurableErrorCodes.OptionsInvalid, "DurableReplayGate needs AddDurable, which says where the runs are and what their classes are.");
        result = (GateResult)services.GetService(typeof(GateResult))!;
        configured = ((IOptions<ReplayGateOptions>?)services.GetService(typeof(IOptions<ReplayGateOptions>)))?.Value ?? new ReplayGateOptions();
    }

    /// <summary>Replays open runs against this build.</summary>
    /// <param name="options">What to replay; null: as configured.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>What was found; see <see cref="ReplayReport.ThrowIfIncompatible"/>.</returns>
    public async Task<ReplayReport> CheckAsync(ReplayGateOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= configured;
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Parallelism, 1);
        await engine.ReadyAsync(cancellationToken).ConfigureAwait(false);
        var judge = new ReplayJudge(engine.Serializer, engine.Options.MaxPendingCommands, engine.Registry.Find);
        foreach (var ns in Namespaces(options))
        {
            var chosen = await ChooseAsync(ns, options, judge, cancellationToken).ConfigureAwait(false);
            var limits = new ParallelOptions { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(chosen.Chunk(PageOfRuns), limits, async (page, stop) =>
            {
                foreach (var loaded in await engine.Store.LoadAsync(new LoadRequest(page), stop).ConfigureAwait(false))
                {
                    stop.ThrowIfCancellationRequested();
                    if (loaded.Run is not { } run || loaded.Events.Count == 0 || run.Status >= RunStatus.Completed) continue;      // closed meanwhile, or not begun: nothing to repeat
                    judge.Judge(engine.Registry.Find(run.Type, run.Version)!, run, loaded.Events);
                }
            }).ConfigureAwait(false);
        }

        return judge.Report();
    }

    /// <inheritdoc />
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var task = result.Get(() => CheckAsync(configured, CancellationToken.None), IsGood, engine.Clock, Again);
        if (!task.IsCompleted) return HealthCheckResult.Unhealthy("Open runs are being replayed against this build.");
        if (!task.IsCompletedSuccessfully) return HealthCheckResult.Unhealthy($"Open runs could not be replayed: {task.Exception?.InnerException?.Message}", task.Exception?.InnerException);
        var report = await task.ConfigureAwait(false);
        var data = new Dictionary<string, object> { ["runs"] = report.Runs, ["events"] = report.Events, ["incompatible"] = report.Incompatible.Count };
        if (IsGood(report)) return HealthCheckResult.Healthy($"{report.Runs} open runs fit this build.", data);
        var what = report.IsCompatible ? $"This build has no class for {string.Join(", ", report.NotHere.Select(missing => $"{missing.Value} runs of {missing.Key}"))}." : report.ToMarkdown();
        return HealthCheckResult.Unhealthy(what, data: data);
    }

    private bool IsGood(ReplayReport report) => report.IsCompatible && (!configured.RequireAllWorkflows || report.NotHere.Count == 0);

    private IEnumerable<string> Namespaces(ReplayGateOptions options) =>
        options.Namespaces.Count > 0 ? options.Namespaces : engine.Options.ServedNamespaces.Count > 0 ? engine.Options.ServedNamespaces : [engine.Options.Namespace];

    // Headers of all open runs first: they are small, and only they tell how many of each workflow there are.
    private async Task<List<Guid>> ChooseAsync(string ns, ReplayGateOptions options, ReplayJudge judge, CancellationToken cancellationToken)
    {
        var runs = new Dictionary<(string Type, int Version), List<Guid>>();
        var query = new RunQuery(ns, null, Open, null, null, null, null, null, PageOfHeaders);
        while (true)
        {
            var page = await engine.Store.ListRunsAsync(query, cancellationToken).ConfigureAwait(false);
            foreach (var run in page)
            {
                if (!runs.TryGetValue((run.Type, run.Version), out var ids)) runs[(run.Type, run.Version)] = ids = [];
                ids.Add(run.RunId);
            }

            if (page.Count < query.Limit) break;
            query = query with { After = page[^1].RunId };
        }

        var chosen = new List<Guid>();
        foreach (var ((type, version), ids) in runs)
        {
            if (engine.Registry.Find(type, version) is null) judge.Missing(type, version, ids.Count);
            else if (options.SamplePerWorkflow is not { } most || ids.Count <= most) chosen.AddRange(ids);
            else for (var i = 0; i < most; i++) chosen.Add(ids[(int)((long)i * (ids.Count - 1) / Math.Max(1, most - 1))]);
        }

        return chosen;
    }
}
