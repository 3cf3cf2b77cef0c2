// One queue of deliveries for each group of shards: what one call of the store may touch together.
using System.Collections.Concurrent;
using Durable.Engine.Hosting;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>What the clients of this process deliver.</summary>
/// <param name="store">Where to.</param>
/// <param name="groupOf">The number of a shard's group.</param>
/// <param name="machine">Threads.</param>
/// <param name="clock">Time.</param>
internal sealed class Deliveries(IDurableStore store, Func<short, int> groupOf, Machine machine, TimeProvider clock)
{
    private readonly ConcurrentDictionary<int, DeliveryQueue> queues = new();

    /// <summary>Stores a delivery to one run; see <see cref="DeliveryQueue.DeliverAsync"/>.</summary>
    public Task<DeliverResult> DeliverAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var shard = delivery.Starts.Count > 0 ? delivery.Starts[0].Shard : delivery.Messages[0].Shard;
        return queues.GetOrAdd(groupOf(shard), static (_, self) => new DeliveryQueue(self.Store, self.Machine, self.Clock), (Store: store, Machine: machine, Clock: clock)).DeliverAsync(delivery, cancellationToken);
    }
}
