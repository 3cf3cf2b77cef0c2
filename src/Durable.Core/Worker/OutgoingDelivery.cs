// Inserts rows at their target, and finds those that it does not take: halves, never a later row of a sender before an earlier one (docs/decisions/0018).
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>What became of rows that were sent to their target.</summary>
/// <param name="Arrived">Those that are there now, those of a sender in order.</param>
/// <param name="Started">Children of which a run is stored now. The other starts that have arrived were refused by their policy.</param>
/// <param name="Refused">Of each sender the first row that the target does not take, and why. What stands behind it was not sent.</param>
internal sealed record Delivered(IReadOnlyList<OutgoingRecord> Arrived, IReadOnlySet<Guid> Started, IReadOnlyList<(OutgoingRecord Row, Exception Error)> Refused);

/// <summary>Carries rows of one target.</summary>
internal sealed class OutgoingDelivery
{
    private readonly IDurableStore store;
    private readonly List<OutgoingRecord> arrived = [];
    private readonly HashSet<Guid> started = [];
    private readonly List<(OutgoingRecord Row, Exception Error)> refused = [];

    private OutgoingDelivery(IDurableStore store) => this.store = store;

    /// <summary>Inserts rows at their target, those of a sender in order. A target that is away throws: then nobody knows which are there, and all may be sent again.</summary>
    public static async Task<Delivered> SendAsync(IDurableStore store, IReadOnlyList<OutgoingRecord> rows)
    {
        var delivery = new OutgoingDelivery(store);
        await delivery.SendAsync(rows).ConfigureAwait(false);
        return new Delivered(delivery.arrived, delivery.started, delivery.refused);
    }

    // True: all of them are there.
    private async Task<bool> SendAsync(IReadOnlyList<OutgoingRecord> rows)
    {
        try
        {
            await InsertAsync(rows).ConfigureAwait(false);
            arrived.AddRange(rows);
            return true;
        }
        catch (Exception error) when (Refusals.IsOfTheRows(error))
        {
            if (rows.Count == 1)
            {
                refused.Add((rows[0], error));
                return false;
            }
        }

        var senders = rows.Select(row => row.Message.Sender).Distinct().ToList();
        if (senders.Count == 1)
        {
            var half = rows.Count / 2;
            return await SendAsync([.. rows.Take(half)]).ConfigureAwait(false) && await SendAsync([.. rows.Skip(half)]).ConfigureAwait(false);
        }

        var first = senders.Take(senders.Count / 2).ToHashSet();
        var left = await SendAsync([.. rows.Where(row => first.Contains(row.Message.Sender))]).ConfigureAwait(false);
        return await SendAsync([.. rows.Where(row => !first.Contains(row.Message.Sender))]).ConfigureAwait(false) && left;
    }

    // All in one transaction.
    private async Task InsertAsync(IReadOnlyList<OutgoingRecord> rows)
    {
        var starts = rows.Where(LaneForwards.IsStart).Select(row => Unreplied(LaneForwards.StartOf(row))).DistinctBy(start => start.RunId).ToList();
        var messages = rows.Where(row => !LaneForwards.IsStart(row)).Select(row => row.Message).ToList();
        var result = await store.DeliverAsync(new Delivery(messages, starts) { Settled = true }).ConfigureAwait(false);
        for (var i = 0; i < starts.Count; i++)
            if (result.Starts[i].Started) started.Add(starts[i].RunId);
    }

    // At the target nobody is told: the parent is here.
    private static StartRecord Unreplied(StartRecord start) => new()
    {
        RunId = start.RunId, Namespace = start.Namespace, WorkflowId = start.WorkflowId, Shard = start.Shard, Type = start.Type, Version = start.Version, Build = start.Build, Queue = start.Queue,
        Priority = start.Priority, Input = start.Input, Encoding = start.Encoding, Secret = start.Secret, Attributes = start.Attributes, Parent = start.Parent, DeadlineAt = start.DeadlineAt, DueAt = start.DueAt,
        Actor = start.Actor, Correlation = start.Correlation, Trace = start.Trace, Gate = start.Gate, Status = start.Status,
    };
}
