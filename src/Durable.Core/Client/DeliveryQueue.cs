// Deliveries of many callers in one call of the store: one call is under way, everything that comes meanwhile goes into the next.
using Durable.Engine.Hosting;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>
/// Starts and messages to one group of shards. A caller who is alone goes straight to the store. Groups keep the order in which they were asked for; each delivery
/// has its own outcome.
/// </summary>
/// <param name="store">Where to.</param>
/// <param name="machine">Threads.</param>
/// <param name="clock">Time.</param>
internal sealed class DeliveryQueue(IDurableStore store, Machine machine, TimeProvider clock)
{
    /// <summary>Rows and bytes of one call: enough to share its cost, few enough that it is short.</summary>
    private const int MaxRows = 1_000;
    private const long MaxBytes = 4 << 20;

    // A call that takes longer waits for something: an id that a transaction of the user holds, a connection that is dead. The others go ahead of it.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    private readonly Lock gate = new();
    private readonly Queue<Waiting> waiting = new();
    private ITimer? overtake;
    private bool isTimed;
    private long calls;
    private long under;          // the number of the call that is waited for; 0: none
    private long since;

    /// <summary>Stores a delivery, alone or together with those of others.</summary>
    /// <param name="delivery">Rows of one run.</param>
    /// <param name="cancellationToken">Stops waiting. What has not been sent yet is not sent; what is under way takes effect all the same.</param>
    public async Task<DeliverResult> DeliverAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        Waiting? later = null;
        var call = 0L;
        lock (gate)
        {
            if (under == 0) call = Begin();
            else waiting.Enqueue(later = new Waiting(delivery, machine.NewSource<DeliverResult>()));
            if (later is not null && !isTimed) Watch(Patience);
        }

        if (later is null)
        {
            try
            {
                return await store.DeliverAsync(delivery, null, cancellationToken);
            }
            finally
            {
                End(call);
            }
        }

        await using var cancelled = cancellationToken.UnsafeRegister(static (source, token) => ((TaskCompletionSource<DeliverResult>)source!).TrySetCanceled(token), later.Outcome);
        return await later.Outcome.Task;
    }

    private long Begin()
    {
        since = clock.GetTimestamp();
        return under = ++calls;
    }

    private void End(long call)
    {
        lock (gate)
        {
            if (under != call) return;                   // others have gone ahead
            under = 0;
            SendNext();
            if (under == 0 && isTimed) Watch(Timeout.InfiniteTimeSpan);
        }
    }

    private void SendNext()
    {
        var group = Take();
        if (group.Count == 0) return;
        var call = Begin();
        machine.Queue(() => _ = SendAsync(call, group), soonest: true);
        if (waiting.Count > 0 && !isTimed) Watch(Patience);
    }

    private List<Waiting> Take()
    {
        var group = new List<Waiting>(Math.Min(waiting.Count, MaxRows));
        var (rows, bytes) = (0, 0L);
        while (rows < MaxRows && bytes < MaxBytes && waiting.TryDequeue(out var next))
        {
            if (next.Outcome.Task.IsCompleted) continue;          // its caller has gone
            group.Add(next);
            rows += next.Delivery.Starts.Count + next.Delivery.Messages.Count;
            foreach (var start in next.Delivery.Starts) bytes += start.Input?.Length ?? 0;
            foreach (var message in next.Delivery.Messages) bytes += message.Payload?.Length ?? 0;
        }

        return group;
    }

    private async Task SendAsync(long call, List<Waiting> group)
    {
        try
        {
            var result = await store.DeliverAsync(group.Count == 1 ? group[0].Delivery : Merge(group)).ConfigureAwait(false);
            Share(result, group);
        }
        catch (Exception error)
        {
            // One caller's rows, or the way to the store: nobody can tell, so each is tried as if it had been alone.
            if (group.Count == 1) group[0].Outcome.TrySetException(error);
            else foreach (var one in group) machine.Queue(() => _ = SendAsync(0, [one]));
        }
        finally
        {
            End(call);
        }
    }

    private static Delivery Merge(List<Waiting> group)
    {
        var (messages, starts) = (new List<MessageRecord>(group.Count), new List<StartRecord>(group.Count));
        foreach (var one in group)
        {
            messages.AddRange(one.Delivery.Messages);
            starts.AddRange(one.Delivery.Starts);
        }

        return new Delivery(messages, starts);
    }

    private static void Share(DeliverResult result, List<Waiting> group)
    {
        var (message, start) = (0, 0);
        foreach (var one in group)
        {
            var (messages, starts) = (one.Delivery.Messages.Count, one.Delivery.Starts.Count);
            one.Outcome.TrySetResult(new DeliverResult(Slice(result.Accepted, message, messages), Slice(result.Starts, start, starts)));
            (message, start) = (message + messages, start + starts);
        }

        static T[] Slice<T>(IReadOnlyList<T> all, int from, int count)
        {
            var part = count == 0 ? [] : new T[count];
            for (var i = 0; i < count; i++) part[i] = all[from + i];
            return part;
        }
    }

    private void Watch(TimeSpan pause)
    {
        isTimed = pause != Timeout.InfiniteTimeSpan;
        overtake ??= clock.CreateTimer(static self => ((DeliveryQueue)self!).Overtake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        overtake.Change(pause, Timeout.InfiniteTimeSpan);
    }

    private void Overtake()
    {
        lock (gate)
        {
            isTimed = false;
            if (waiting.Count == 0 || under == 0) return;
            var left = Patience - clock.GetElapsedTime(since);
            if (left > TimeSpan.Zero) Watch(left);
            else SendNext();
        }
    }

    private sealed record Waiting(Delivery Delivery, TaskCompletionSource<DeliverResult> Outcome);
}
