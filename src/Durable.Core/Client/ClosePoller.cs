// Waits for the end of many runs with one statement at a time (F2), at a pace that adapts.
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>Looks at the statuses of all awaited runs of a process.</summary>
internal sealed class ClosePoller(IDurableStore store, TimeProvider clock, TimeSpan longest, Action<Exception> failed)
{
    private const int Page = 500;             // ids of one statement
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(5);
    private readonly Lock gate = new();
    private readonly Dictionary<Guid, Waiting> waiting = [];
    private TaskCompletionSource nudge = NewNudge();
    private TimeSpan delay = Shortest;
    private bool running;

    /// <summary>Waits until a run is closed.</summary>
    /// <exception cref="RunNotFoundException">DUR2001: there is no such run, or no longer.</exception>
    public async Task<RunStatus> WaitAsync(Guid runId, CancellationToken cancellationToken)
    {
        var entry = Enter(runId);
        try
        {
            return await entry.Source.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            Leave(runId, entry);
        }
    }

    /// <summary>Something happened: look at once, and often for a while.</summary>
    public void Hurry()
    {
        lock (gate)
        {
            delay = Shortest;
            nudge.TrySetResult();
        }
    }

    private Waiting Enter(Guid runId)
    {
        lock (gate)
        {
            if (!waiting.TryGetValue(runId, out var entry)) waiting[runId] = entry = new Waiting();
            entry.Count++;
            delay = Shortest;
            nudge.TrySetResult();
            if (!running)
            {
                running = true;
                _ = Task.Run(LoopAsync);
            }

            return entry;
        }
    }

    private void Leave(Guid runId, Waiting entry)
    {
        lock (gate)
        {
            if (--entry.Count == 0 && waiting.GetValueOrDefault(runId) == entry) waiting.Remove(runId);
        }
    }

    private async Task LoopAsync()
    {
        while (true)
        {
            Guid[] ids;
            Task hurried;
            TimeSpan pause;
            lock (gate)
            {
                if (waiting.Count == 0)
                {
                    running = false;
                    return;
                }

                ids = [.. waiting.Keys];
                if (nudge.Task.IsCompleted) nudge = NewNudge();
                hurried = nudge.Task;
                pause = delay;
                delay = delay * 2 < longest ? delay * 2 : longest;
            }

            foreach (var page in ids.Chunk(Page)) await LookAsync(page);
            using var ended = new CancellationTokenSource();
            await Task.WhenAny(hurried, Task.Delay(pause, clock, ended.Token));
            await ended.CancelAsync();
        }
    }

    private async Task LookAsync(Guid[] page)
    {
        try
        {
            var statuses = await store.ReadStatusesAsync(page);
            foreach (var missing in page.Except(statuses.Select(row => row.RunId))) Settle(missing, entry => entry.TrySetException(new RunNotFoundException($"There is no run {missing}, or no longer: it was purged.")));
            foreach (var row in statuses.Where(row => RunLifecycle.IsClosed(row.Status))) Settle(row.RunId, entry => entry.TrySetResult(row.Status));
        }
        catch (DurableException error) when (error.Code is DurableErrorCodes.StoreUnavailable or DurableErrorCodes.CommitInDoubt)
        {
            failed(error);                    // the database is away: those who wait go on waiting
        }
        catch (Exception error)
        {
            foreach (var id in page) Settle(id, entry => entry.TrySetException(error));
        }
    }

    private void Settle(Guid runId, Func<TaskCompletionSource<RunStatus>, bool> end)
    {
        Waiting? entry;
        lock (gate) waiting.Remove(runId, out entry);
        if (entry is not null) end(entry.Source);
    }

    private static TaskCompletionSource NewNudge() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Waiting
    {
        public TaskCompletionSource<RunStatus> Source { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Count { get; set; }
    }
}
