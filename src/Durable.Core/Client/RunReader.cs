// Describe, explain, list, count, purge.
using System.Runtime.CompilerServices;
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>Reads what the store, and this process's worker, know about runs.</summary>
internal sealed class RunReader(ClientCore core)
{
    private const int Page = 200;            // runs of one read: some tens of kilobytes

    /// <summary>A run as it is now.</summary>
    public async Task<RunInfo> DescribeAsync(RunTarget target, CancellationToken cancellationToken)
    {
        await core.ReadAsync(cancellationToken);
        var run = await core.FindAsync(target, cancellationToken);
        return RunInfos.Of(run, await WaitOfAsync(run, cancellationToken));
    }

    /// <summary>Why a run does not move.</summary>
    public async Task<Explanation> ExplainAsync(RunTarget target, CancellationToken cancellationToken)
    {
        await core.ReadAsync(cancellationToken);
        return Explainer.Explain(await SituationAsync(await core.FindAsync(target, cancellationToken), cancellationToken));
    }

    /// <summary>The explanation if an awaited run is held or nobody can serve it, else null.</summary>
    public async Task<string?> StuckAsync(RunRecord run, CancellationToken cancellationToken)
    {
        if (await core.Store.FindRunAsync(run.Namespace, null, run.RunId, cancellationToken) is not { } now) return null;
        var situation = await SituationAsync(now, cancellationToken);
        return Explainer.IsStuck(situation) ? Explainer.Explain(situation).Summary : null;
    }

    /// <summary>Runs that match, newest first. What they wait for is read when the filter asks for it.</summary>
    public async IAsyncEnumerable<RunInfo> ListAsync(RunFilter? filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = QueryOf(filter);
        await core.ReadAsync(cancellationToken);
        while (true)
        {
            var page = await core.Store.ListRunsAsync(query, cancellationToken);
            foreach (var run in page) yield return RunInfos.Of(run, query.WaitingFor is null ? null : await WaitOfAsync(run, cancellationToken));
            if (page.Count < query.Limit) yield break;
            query = query with { After = page[^1].RunId };
        }
    }

    /// <summary>How many runs match.</summary>
    public async Task<long> CountAsync(RunFilter? filter, CancellationToken cancellationToken)
    {
        var query = QueryOf(filter);
        await core.ReadAsync(cancellationToken);
        return await core.Store.CountRunsAsync(query, cancellationToken);
    }

    /// <summary>Deletes a closed run.</summary>
    /// <exception cref="RunConflictException">DUR2003: it is open.</exception>
    public async Task PurgeAsync(RunTarget target, CancellationToken cancellationToken)
    {
        await core.WriteAsync(cancellationToken);
        var run = await core.FindAsync(target, cancellationToken);
        if (!RunLifecycle.IsClosed(run.Status))
            throw new RunConflictException(DurableErrorCodes.RunInWrongState, $"The run '{run.WorkflowId}' ({run.RunId}) is {run.Status}; only closed runs are purged. Wait for its end, or terminate it first.", RunInfos.Of(run));
        await core.Store.PurgeAsync(new PurgeRequest(null, run.RunId), cancellationToken);
    }

    private RunQuery QueryOf(RunFilter? filter)
    {
        filter ??= new RunFilter();
        ArgumentNullException.ThrowIfNull(filter.Status);
        foreach (var status in filter.Status) Check.Defined(status, "RunFilter.Status");
        if (filter.Workflow is { } workflow) Check.Name(workflow, "RunFilter.Workflow");
        if (!string.IsNullOrEmpty(filter.IdPrefix)) Check.Name(filter.IdPrefix, "RunFilter.IdPrefix");
        if (filter.WaitingFor is { } target) Check.Name(target, "RunFilter.WaitingFor");
        return new RunQuery(core.Namespace, filter.Workflow, filter.Status, filter.StartedFrom, filter.StartedBefore, string.IsNullOrEmpty(filter.IdPrefix) ? null : filter.IdPrefix, filter.WaitingFor, null, Page);
    }

    private async Task<WaitReason?> WaitOfAsync(RunRecord run, CancellationToken cancellationToken)
    {
        if (RunLifecycle.IsClosed(run.Status)) return null;
        var placement = await core.Store.ReadPlacementAsync(run.RunId, cancellationToken);
        var waits = await WaitsOfAsync(run, placement, cancellationToken);
        return waits is { Count: > 0 } ? RunInfos.Of(waits[0]) : null;
    }

    private async Task<RunSituation> SituationAsync(RunRecord run, CancellationToken cancellationToken)
    {
        var now = core.Clock.GetUtcNow();
        if (RunLifecycle.IsClosed(run.Status)) return new RunSituation(run, new RunPlacement(null, 0, null, false, 0, 0, []), [], null, now);
        var placement = await core.Store.ReadPlacementAsync(run.RunId, cancellationToken);
        var lanes = placement.OwnerAlive ? [] : await core.Store.ReadLanesAsync(cancellationToken);
        return new RunSituation(run, placement, lanes, await WaitsOfAsync(run, placement, cancellationToken), now);
    }

    // A parked run's waits are in its wake row; those of an owned one are in its owner's memory.
    private async Task<IReadOnlyList<WaitDocument>?> WaitsOfAsync(RunRecord run, RunPlacement placement, CancellationToken cancellationToken) =>
        placement.Wake is { } wake ? RunInfos.WaitsOf(wake.WaitReason) : await core.Worker.TryExplainAsync(run.RunId, cancellationToken);
}
