// One queue of deliveries for each group of shards: what one call of the store may touch together.
using System.Collections.Concurrent;
using Durable.Engine.Hosting;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>What the clients of this process deliver.</summary>
internal sealed class Deliveries(IDurableStore store, Machine machine, TimeProvider clock)
{
    private readonly ConcurrentDictionary<int, DeliveryQueue> queues = new();

    /// <summary>Stores a delivery to one run; see <see cref="DeliveryQueue.DeliverAsync"/>.</summary>
    public Task<DeliverResult> DeliverAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var shard = delivery.Starts.Count > 0 ? delivery.Starts[0].Shard : delivery.Messages[0].Shard;
        return queues.GetOrAdd(GroupOf(shard), static (_, self) => new DeliveryQueue(self.Store, self.Machine, self.Clock), (Store: store, Machine: machine, Clock: clock)).DeliverAsync(delivery, cancellationToken);
    }

    private int GroupOf(short shard)
    {
        foreach (var group in store.Groups)
            if (group.Shards is null || group.Shards.Contains(shard)) return group.Number;
        throw new ArgumentOutOfRangeException(nameof(shard), shard, "No group of the database has this shard.");
    }
}
