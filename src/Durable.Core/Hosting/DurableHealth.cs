// Health checks: is the worker alive, and can it work.
using Durable.Engine.Hosting;
using Durable.Engine.Worker;
using Durable.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Durable;

/// <summary>Liveness: unhealthy only if a loop of the worker has not come round for 60 seconds. Restarting the process then helps.</summary>
/// <remarks>Add it with <c>services.AddHealthChecks().AddCheck&lt;DurableLiveness&gt;("durable-live")</c>.</remarks>
public sealed class DurableLiveness : IHealthCheck
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly WorkerService? worker;

    /// <summary>Made by the container.</summary>
    /// <param name="services">The container.</param>
    public DurableLiveness(IServiceProvider services) => worker = (WorkerService?)services.GetService(typeof(WorkerService));

    /// <inheritdoc />
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var dead = worker?.DeadLoops(Limit) ?? [];
        return Task.FromResult(dead.Count == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy($"These loops have not come round for {Limit.TotalSeconds:0} s: {string.Join(", ", dead)}."));
    }
}

/// <summary>Readiness: store reachable, migrations applied, restored database accepted. A store that is away degrades for 30 seconds, then is unhealthy.</summary>
/// <remarks>Held runs are data, not a status: see <see cref="RunHandle.ExplainAsync"/>. Add it with <c>services.AddHealthChecks().AddCheck&lt;DurableReadiness&gt;("durable-ready")</c>.</remarks>
public sealed class DurableReadiness : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly EngineServices engine;
    private readonly WorkerService? worker;
    private long awaySince;

    /// <summary>Made by the container.</summary>
    /// <param name="services">The container.</param>
    public DurableReadiness(IServiceProvider services)
    {
        engine = (EngineServices)services.GetService(typeof(EngineServices))!;
        worker = (WorkerService?)services.GetService(typeof(WorkerService));
    }

    /// <inheritdoc />
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var info = await engine.ReadyAsync(cancellationToken).ConfigureAwait(false);
            await engine.Store.ReadReadyDepthAsync(cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref awaySince, 0);
            if (worker?.Refusal is { } refusal) return HealthCheckResult.Unhealthy(refusal);
            if (info.PlaceChanged) return HealthCheckResult.Unhealthy($"{DurableErrorCodes.StoreRestored}: the database was restored or copied; accept it with AcceptRestoredStoreAsync.");
            if (!engine.Groups.IsOne && await ((IGroupedStore)engine.Store).ReadFaultsAsync(cancellationToken).ConfigureAwait(false) is { Count: > 0 } faults)
                return HealthCheckResult.Degraded(string.Join(" ", faults.Select(fault => $"{fault.Server} does not answer; the runs of its shard groups ({string.Join(", ", fault.Groups)}) wait, the others go on: {fault.Error}")));
            if (engine.Refusals.Describe() is { } refused) return HealthCheckResult.Degraded(refused);
            return HealthCheckResult.Healthy($"{engine.Store.Description}, schema {info.SchemaVersion}");
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            var now = engine.Clock.GetTimestamp();
            if (Interlocked.CompareExchange(ref awaySince, now, 0) is var since and not 0 && engine.Clock.GetElapsedTime(since, now) > Patience)
                return HealthCheckResult.Unhealthy($"The store has not answered for more than {Patience.TotalSeconds:0} s: {error.Message}", error);
            return HealthCheckResult.Degraded($"The store does not answer: {error.Message}", error);
        }
    }
}
