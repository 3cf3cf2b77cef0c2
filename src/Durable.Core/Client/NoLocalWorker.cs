// What a process without a worker has instead of one.
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Engine.Hosting;
using Durable.Engine.Registration;
using Durable.Engine.Worker;
using Durable.Storage;
using Microsoft.Extensions.Logging;

namespace Durable.Engine.Client;

/// <summary>Answers "not here"; ends of runs are found by looking at the store.</summary>
internal sealed class NoLocalWorker(EngineServices services, ILogger logger) : ILocalWorker
{
    private readonly RunWatch watch = new(services, new EngineLog(logger));

    public Task<bool?> TryStartAsync(StartRecord start, CancellationToken cancellationToken) => Task.FromResult<bool?>(null);

    /// <summary>Tells the hosts, which would otherwise find it with their next poll only.</summary>
    public void Hint(Guid runId)
    {
        watch.Hurry();
        (services.Store as IWakeUps)?.Announce();
    }

    public Task<RunStatus> WaitClosedAsync(Guid runId, CancellationToken cancellationToken) => watch.WaitAsync(runId, cancellationToken);

    public Task<(bool Owned, byte[]? Answer)> TryQueryAsync(Guid runId, HandlerDefinition query, object?[] arguments, CancellationToken cancellationToken) => Task.FromResult((false, (byte[]?)null));

    public Task<IReadOnlyList<WaitDocument>?> TryExplainAsync(Guid runId, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<WaitDocument>?>(null);
}
