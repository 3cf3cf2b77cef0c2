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
    private readonly IGroupedStore store = (IGroupedStore)services.Store;

    /// <summary>The loop.</summary>
    public async Task RunAsync(Action tick, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            tick();
            await SweepAsync(tick, stop).ConfigureAwait(false);
            services.Refusals.Forget();
            await Supervisor.PauseAsync(Every, services.Clock, tick, stop).ConfigureAwait(false);
        }
    }

    private async Task SweepAsync(Action tick, CancellationToken stop)
    {
        var rows = await store.ReadOutgoingAsync(new OutgoingQuery(group, null, Every, PageSize), stop).ConfigureAwait(false);
        if (rows.Count < PageSize)
        {
            await Task.WhenAll(rows.GroupBy(row => services.Groups.Of(row.Record.Message.Shard)).Select(target => CarryAsync(target.Key, [.. target]))).ConfigureAwait(false);
            return;
        }

        // Many wait: what waits for one target that is away must not hide the others.
        await Task.WhenAll(services.Groups.All.Where(target => target.Number != group.Number).Select(target => CarryAllAsync(target, tick, stop))).ConfigureAwait(false);
    }

    // Page by page; senders whose rows stay where they are do not hide those behind them.
    private async Task CarryAllAsync(ShardGroup target, Action tick, CancellationToken stop)
    {
        Guid? after = null;
        while (!stop.IsCancellationRequested)
        {
            tick();
            var page = await store.ReadOutgoingAsync(new OutgoingQuery(group, target, Every, PageSize) { After = after }, stop).ConfigureAwait(false);
            if (await CarryAsync(target.Number, page).ConfigureAwait(false) is not { } carried || page.Count < PageSize) return;
            var senders = page.Select(row => row.Record.Message.Sender).Distinct().ToList();
            if (senders.Count > 1) after = senders[^2];                     // of the last one there may be more
            else if (!carried.Contains(senders[0])) after = senders[0];
        }
    }

    // The start of a child is its parent's owner's as long as the parent is open: only he may tell it a refusal. What stands behind it waits with it, and so does what stands behind a row that the target does not take.
    private List<OutgoingRecord> Sendable(int target, IReadOnlyList<OutgoingRow> rows)
    {
        var stopped = new HashSet<Guid>();
        var sendable = new List<OutgoingRecord>(rows.Count);
        foreach (var row in rows)
        {
            var sender = row.Record.Message.Sender;
            if ((!row.SenderClosed && LaneForwards.IsStart(row.Record)) || services.Refusals.Left(sender, target) > TimeSpan.Zero) stopped.Add(sender);
            if (!stopped.Contains(sender)) sendable.Add(row.Record);
        }

        return sendable;
    }

    // The senders of which rows were carried; null if a server is away.
    private async Task<HashSet<Guid>?> CarryAsync(int target, IReadOnlyList<OutgoingRow> rows)
    {
        var sendable = Sendable(target, rows);
        if (sendable.Count == 0) return [];
        try
        {
            var sent = await OutgoingDelivery.SendAsync(services.Store, sendable).ConfigureAwait(false);
            foreach (var (row, error) in sent.Refused) services.Refusals.Add(log, row, target, error);
            if (sent.Arrived.Count > 0) await store.RemoveOutgoingAsync([.. sent.Arrived.Select(row => row.Key)]).ConfigureAwait(false);
            foreach (var row in sent.Arrived) hint(row.Message.RunId);
            var carried = sent.Arrived.Select(row => row.Message.Sender).ToHashSet();
            foreach (var sender in carried.Except(sent.Refused.Select(refused => refused.Row.Message.Sender))) services.Refusals.Remove(sender, target);
            return carried;
        }
        catch (Exception error)
        {
            log.StoreAway("forward", error);             // the next round
            return null;
        }
    }
}
