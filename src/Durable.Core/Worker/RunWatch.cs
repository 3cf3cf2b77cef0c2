// Waiting for runs to end: local ends are told, others are looked up, many at a time (F2).
using System.Collections.Concurrent;
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Engine.Hosting;

namespace Durable.Engine.Worker;

/// <summary>Who waits for the end of which run.</summary>
internal sealed class RunWatch(EngineServices services, EngineLog log)
{
    private const int PageSize = 500;
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(20);
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource<RunStatus>> waiters = new();
    private int polling;

    /// <summary>True while somebody waits.</summary>
    public bool HasWaiters => !waiters.IsEmpty;

    /// <summary>A lane of this process made the end of a run durable.</summary>
    public void Closed(Guid runId, RunStatus status)
    {
        if (waiters.TryRemove(runId, out var waiter)) waiter.TrySetResult(status);
    }

    /// <summary>Waits until a run is closed.</summary>
    public Task<RunStatus> WaitAsync(Guid runId, CancellationToken cancellationToken)
    {
        var waiter = waiters.GetOrAdd(runId, static _ => new TaskCompletionSource<RunStatus>(TaskCreationOptions.RunContinuationsAsynchronously));
        if (Interlocked.CompareExchange(ref polling, 1, 0) == 0) _ = PollAsync();
        return cancellationToken.CanBeCanceled ? waiter.Task.WaitAsync(cancellationToken) : waiter.Task;
    }

    // One loop for all waiters of the process, only while there are any.
    private async Task PollAsync()
    {
        var pause = First;
        while (true)
        {
            try
            {
                if (await LookAsync().ConfigureAwait(false)) pause = First;
            }
            catch (Exception error)
            {
                log.StoreAway("read statuses", error);
            }

            if (waiters.IsEmpty)
            {
                Volatile.Write(ref polling, 0);
                if (waiters.IsEmpty || Interlocked.CompareExchange(ref polling, 1, 0) != 0) return;
            }

            await Task.Delay(pause, services.Clock).ConfigureAwait(false);
            pause = pause * 1.5 < services.Options.PollInterval ? pause * 1.5 : services.Options.PollInterval;
        }
    }

    private async Task<bool> LookAsync()
    {
        var found = false;
        foreach (var page in waiters.Keys.Chunk(PageSize))
        {
            foreach (var row in await services.Store.ReadStatusesAsync(page).ConfigureAwait(false))
            {
                if (!RunLifecycle.IsClosed(row.Status)) continue;
                found = true;
                Closed(row.RunId, row.Status);
            }
        }

        return found;
    }
}
