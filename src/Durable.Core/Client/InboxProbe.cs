// The soft limit of waiting messages (D7): looked at now and then, because a look costs as much as a message.
using System.Collections.Concurrent;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>Stops a process that floods a run.</summary>
internal sealed class InboxProbe
{
    /// <summary>So many messages may wait for a run.</summary>
    public const int Limit = 10_000;

    /// <summary>One look in so many messages of this process: a flood is found within a fraction of the limit, and a single message rarely pays for it.</summary>
    public const int Every = 50;

    private const int MaxFull = 1_000;
    private readonly ConcurrentDictionary<Guid, bool> full = new();
    private int sent;

    /// <summary>Called before each message.</summary>
    /// <exception cref="DurableException">DUR2009.</exception>
    public async ValueTask CheckAsync(IDurableStore store, RunRecord run, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref sent) % Every != 0 && !full.ContainsKey(run.RunId)) return;
        var placement = await store.ReadPlacementAsync(run.RunId, cancellationToken);
        if (placement.Messages < Limit)
        {
            full.TryRemove(run.RunId, out _);
            return;
        }

        if (full.Count >= MaxFull) full.Clear();
        full[run.RunId] = true;
        throw new DurableException(DurableErrorCodes.InboxFull, $"About {Limit:N0} messages wait for the run '{run.WorkflowId}' ({run.RunId}) already. Slow the senders down, or see with ExplainAsync why the run does not take them.");
    }
}
