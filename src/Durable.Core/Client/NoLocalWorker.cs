// What a process without a worker has instead of one.
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
    private readonly ClosePoller poller = new(services.Store, services.Clock, services.Options.PollInterval, error => ClientLog.StatusesUnreadable(logger, error));

    public Task<bool?> TryStartAsync(StartRecord start, CancellationToken cancellationToken) => Task.FromResult<bool?>(null);

    public void Hint(Guid runId) => poller.Hurry();

    public Task<RunStatus> WaitClosedAsync(Guid runId, CancellationToken cancellationToken) => poller.WaitAsync(runId, cancellationToken);

    public Task<(bool Owned, object? Answer)> TryQueryAsync(Guid runId, HandlerDefinition query, object?[] arguments, CancellationToken cancellationToken) => Task.FromResult((false, (object?)null));

    public Task<IReadOnlyList<WaitDocument>?> TryExplainAsync(Guid runId, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<WaitDocument>?>(null);
}
