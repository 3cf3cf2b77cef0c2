// Carries rows for other groups whose forwarder has died, or lost sight of them (M2).
using Durable.Engine.Diagnostics;
using Durable.Engine.Hosting;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Sweeps the outgoing rows of one group. Any worker may at any time: what arrives twice counts once.</summary>
internal sealed class OutgoingSweep(EngineServices services, EngineLog log, ShardGroup group, Action<Guid> hint)
{
    private const int PageSize = 500;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);      // also how old a row must be: the lane that stored it is quicker

    /// <summary>The loop.</summary>
    public async Task RunAsync(Action tick, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            tick();
            var again = await SweepAsync(stop).ConfigureAwait(false);
            await Supervisor.PauseAsync(again ? TimeSpan.FromMilliseconds(10) : Every, services.Clock, tick, stop).ConfigureAwait(false);
        }
    }

    /// <summary>One round. True: there may be more.</summary>
    private async Task<bool> SweepAsync(CancellationToken stop)
    {
        var store = (IGroupedStore)services.Store;
        var rows = await store.ReadOutgoingAsync(new OutgoingQuery(group, null, Every, PageSize), stop).ConfigureAwait(false);
        if (rows.Count == 0) return false;
        if (rows.Count < PageSize)
        {
            await Task.WhenAll(Sendable(rows).GroupBy(row => services.Groups.Of(row.Record.Message.Shard)).Select(target => CarryAsync([.. target]))).ConfigureAwait(false);
            return false;
        }

        // Many wait: what waits for one target that is away must not hide the others.
        var carried = await Task.WhenAll(services.Groups.All.Where(target => target.Number != group.Number).Select(async target =>
        {
            var page = await store.ReadOutgoingAsync(new OutgoingQuery(group, target, Every, PageSize), stop).ConfigureAwait(false);
            return await CarryAsync(Sendable(page)).ConfigureAwait(false) && page.Count == PageSize;
        })).ConfigureAwait(false);
        return carried.Contains(true);
    }

    // The start of a child is its parent's owner's as long as the parent is open: only he may tell it a refusal. What stands behind it waits with it.
    private static List<OutgoingRow> Sendable(IReadOnlyList<OutgoingRow> rows)
    {
        var stopped = new HashSet<Guid>();
        var sendable = new List<OutgoingRow>();
        foreach (var row in rows)
        {
            if (!row.SenderClosed && LaneForwards.IsStart(row.Record)) stopped.Add(row.Record.Message.Sender);
            if (!stopped.Contains(row.Record.Message.Sender)) sendable.Add(row);
        }

        return sendable;
    }

    private async Task<bool> CarryAsync(List<OutgoingRow> rows)
    {
        if (rows.Count == 0) return false;
        try
        {
            await LaneForwards.DeliverAsync(services.Store, [.. rows.Select(row => row.Record)]).ConfigureAwait(false);
            await ((IGroupedStore)services.Store).RemoveOutgoingAsync([.. rows.Select(row => row.Record.Key)]).ConfigureAwait(false);
            foreach (var row in rows) hint(row.Record.Message.RunId);
            return true;
        }
        catch (Exception error)
        {
            log.StoreAway("forward", error);             // the next round
            return false;
        }
    }
}
