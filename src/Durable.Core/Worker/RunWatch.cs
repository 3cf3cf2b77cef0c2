// Waiting for runs to end: local ends are told, others are looked up, many at a time (F2).
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Engine.Hosting;

namespace Durable.Engine.Worker;

/// <summary>Who waits for the end of which run.</summary>
internal sealed class RunWatch(EngineServices services, EngineLog log)
{
    private const int PageSize = 500;
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(20);      // also the least between two looks, however many begin to wait
    private readonly Lock gate = new();
    private readonly Dictionary<Guid, Waiter> waiters = [];
    private TaskCompletionSource<bool> nudge = services.Machine.NewSource<bool>();
    private bool polling;

    /// <summary>True while somebody waits.</summary>
    public bool HasWaiters
    {
        get
        {
            lock (gate) return waiters.Count > 0;
        }
    }

    /// <summary>A lane of this process made the end of a run durable.</summary>
    public void Closed(Guid runId, RunStatus status) => Take(runId)?.TrySetResult(status);

    /// <summary>Something happened that may end runs soon: look often again.</summary>
    public void Hurry()
    {
        lock (gate) nudge.TrySetResult(true);
    }

    /// <summary>Waits until a run is closed.</summary>
    /// <exception cref="RunNotFoundException">DUR2001: there is no such run, or no longer.</exception>
    public async Task<RunStatus> WaitAsync(Guid runId, CancellationToken cancellationToken)
    {
        var waiter = Enter(runId);
        try
        {
            return await waiter.Source.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Leave(runId, waiter);
        }
    }

    private Waiter Enter(Guid runId)
    {
        lock (gate)
        {
            if (!waiters.TryGetValue(runId, out var waiter)) waiters[runId] = waiter = new Waiter(services.Machine);
            waiter.Count++;
            nudge.TrySetResult(true);
            if (polling) return waiter;
            polling = true;
            _ = services.Machine.Run(PollAsync);
            return waiter;
        }
    }

    // Those who gave up must not be looked up for as long as the run lives.
    private void Leave(Guid runId, Waiter waiter)
    {
        lock (gate)
        {
            if (--waiter.Count == 0 && waiters.GetValueOrDefault(runId) == waiter) waiters.Remove(runId);
        }
    }

    private TaskCompletionSource<RunStatus>? Take(Guid runId)
    {
        lock (gate) return waiters.Remove(runId, out var waiter) ? waiter.Source : null;
    }

    // One loop for all waiters of the process, only while there are any.
    private async Task PollAsync()
    {
        var pause = First;
        while (Next() is { } ids)
        {
            if (await LookAtAllAsync(ids).ConfigureAwait(false)) pause = First;
            await Task.Delay(First, services.Clock).ConfigureAwait(false);
            if (await NudgedAsync(pause - First).ConfigureAwait(false)) pause = First;
            else pause = pause * 1.5 < services.Options.PollInterval ? pause * 1.5 : services.Options.PollInterval;
        }
    }

    private Guid[]? Next()
    {
        lock (gate)
        {
            polling = waiters.Count > 0;
            return polling ? [.. waiters.Keys] : null;
        }
    }

    private async Task<bool> NudgedAsync(TimeSpan atMost)
    {
        Task nudged;
        lock (gate) nudged = nudge.Task;
        if (atMost > TimeSpan.Zero && !nudged.IsCompleted)
        {
            using var over = new CancellationTokenSource();
            await Task.WhenAny(nudged, Task.Delay(atMost, services.Clock, over.Token)).ConfigureAwait(false);
            over.Cancel();
        }

        lock (gate)
        {
            if (!nudge.Task.IsCompleted) return false;
            nudge = services.Machine.NewSource<bool>();
            return true;
        }
    }

    // Group by group: one that is away must not keep those of the others waiting.
    private async Task<bool> LookAtAllAsync(Guid[] ids)
    {
        if (services.Groups.IsOne) return await LookAsync(ids).ConfigureAwait(false);
        var found = await Task.WhenAll(ids.GroupBy(id => services.Groups.Of(Storage.Shards.Of(id))).Select(part => LookAsync([.. part]))).ConfigureAwait(false);
        return found.Contains(true);
    }

    private async Task<bool> LookAsync(Guid[] ids)
    {
        var found = false;
        try
        {
            foreach (var page in ids.Chunk(PageSize))
            {
                var rows = await services.Store.ReadStatusesAsync(page).ConfigureAwait(false);
                foreach (var row in rows.Where(row => RunLifecycle.IsClosed(row.Status)))
                {
                    found = true;
                    Closed(row.RunId, row.Status);
                }

                foreach (var missing in page.Except(rows.Select(row => row.RunId)))
                    Take(missing)?.TrySetException(new RunNotFoundException($"There is no run {missing}, or no longer: it was purged."));
            }
        }
        catch (Exception error)
        {
            log.StoreAway("read statuses", error);         // those who wait go on waiting
        }

        return found;
    }

    private sealed class Waiter(Machine machine)
    {
        public TaskCompletionSource<RunStatus> Source { get; } = machine.NewSource<RunStatus>();

        public int Count { get; set; }
    }
}
