// What the client may ask of the worker in its own process: short cuts only. Nothing here is needed for correctness.
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>The lanes of this process, as the client sees them. Without a worker every answer is "not here".</summary>
internal interface ILocalWorker
{
    /// <summary>Starts a run on a lane of this process: start and first turn are one commit (N3).</summary>
    /// <param name="start">The run, with its start document in <see cref="StartRecord.Input"/>.</param>
    /// <param name="cancellationToken">Stops waiting; the run may be started all the same.</param>
    /// <returns>Null: no lane here can; deliver it through the store. Else whether it was started (Existing is not filled in).</returns>
    Task<bool?> TryStartAsync(StartRecord start, CancellationToken cancellationToken);

    /// <summary>Says that mail for a run was stored, so that a lane here looks at once.</summary>
    void Hint(Guid runId);

    /// <summary>Waits until a run is closed. Local ends are told at once, others by looking at statuses, many runs at a time (F2).</summary>
    Task<RunStatus> WaitClosedAsync(Guid runId, CancellationToken cancellationToken);

    /// <summary>The end of a run that this process started and owns, with its outcome, once it is durable.</summary>
    /// <returns>Null: not here. A result of null: the lane has let the run go, look at the store.</returns>
    Task<RunRecord?>? WaitHere(Guid runId) => null;

    /// <summary>The row, as its start wrote it, of a run that this process started and owns. It was open a moment ago.</summary>
    /// <returns>Null: not here; ask the store.</returns>
    RunRecord? FindOpen(Guid runId) => null;

    /// <summary>Answers a query on the owning lane's loop, after the commit of the last turn.</summary>
    /// <returns>Owned false: replay committed history instead. Answer: JSON, made on the loop, because the answer may be an object that the code goes on changing.</returns>
    Task<(bool Owned, byte[]? Answer)> TryQueryAsync(Guid runId, HandlerDefinition query, object?[] arguments, CancellationToken cancellationToken);

    /// <summary>What an owned run waits for, or null if it is not owned here.</summary>
    Task<IReadOnlyList<WaitDocument>?> TryExplainAsync(Guid runId, CancellationToken cancellationToken);
}
