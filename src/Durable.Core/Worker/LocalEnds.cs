// Runs that this process started and still owns: their ends are told with their outcome, and what else clients ask about them is answered, without a look at the store.
using System.Collections.Concurrent;
using Durable.Engine.Hosting;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Who may wait here for a run of this process's own lane. Entries live as long as the lane has the run.</summary>
internal sealed class LocalEnds(Machine machine)
{
    private readonly ConcurrentDictionary<Guid, (TaskCompletionSource<RunRecord?> End, RunRecord? Run)> expected = new();

    /// <summary>A run is about to be started here.</summary>
    public void Expect(Guid runId) => expected.TryAdd(runId, (machine.NewSource<RunRecord?>(), null));

    /// <summary>Its start is durable.</summary>
    public void Started(RunRecord run)
    {
        if (expected.TryGetValue(run.RunId, out var entry)) expected.TryUpdate(run.RunId, (entry.End, run), entry);
    }

    /// <summary>The end of a run of this lane, or null as its result once the lane has let the run go; null if it is not here.</summary>
    public Task<RunRecord?>? Find(Guid runId) => expected.TryGetValue(runId, out var entry) ? entry.End.Task : null;

    /// <summary>The row of a run that was open a moment ago, as its start wrote it; null if it is not here.</summary>
    public RunRecord? FindOpen(Guid runId) => expected.TryGetValue(runId, out var entry) ? entry.Run : null;

    /// <summary>The end of a run is durable.</summary>
    public void Closed(Guid runId, Func<RunRecord> end)
    {
        if (expected.TryRemove(runId, out var entry)) entry.End.TrySetResult(end());
    }

    /// <summary>The lane has let the run go: whoever waits must look at the store.</summary>
    public void Left(Guid runId)
    {
        if (expected.TryRemove(runId, out var entry)) entry.End.TrySetResult(null);
    }
}
