// What the host's client sees of its worker: the process that lives now, whichever that is. Handles outlive crashes.
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Worker;
using Durable.Storage;

namespace Durable.Testing;

/// <summary>Passes the client's short cuts on to the process of the moment.</summary>
internal sealed class TestWorker(TestWorld world) : ILocalWorker
{
    private volatile TestProcess? process;

    /// <summary>The process that lives now, or null between two.</summary>
    public TestProcess? Process
    {
        get => process is { IsOver: false } alive ? alive : null;
        set => process = value;
    }

    public Task<bool?> TryStartAsync(StartRecord start, CancellationToken cancellationToken) => Process is { } here ? here.Worker.TryStartAsync(start, cancellationToken) : Task.FromResult<bool?>(null);

    public void Hint(Guid runId) => Process?.Worker.Hint(runId);

    public Task<RunStatus> WaitClosedAsync(Guid runId, CancellationToken cancellationToken) => world.WaitClosedAsync(runId, cancellationToken);

    public Task<(bool Owned, byte[]? Answer)> TryQueryAsync(Guid runId, HandlerDefinition query, object?[] arguments, CancellationToken cancellationToken) =>
        Process is { } here ? here.Worker.TryQueryAsync(runId, query, arguments, cancellationToken) : Task.FromResult((false, (byte[]?)null));

    public Task<IReadOnlyList<WaitDocument>?> TryExplainAsync(Guid runId, CancellationToken cancellationToken) =>
        Process is { } here ? here.Worker.TryExplainAsync(runId, cancellationToken) : Task.FromResult<IReadOnlyList<WaitDocument>?>(null);
}
