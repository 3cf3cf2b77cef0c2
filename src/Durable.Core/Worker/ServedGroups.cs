// Which shard groups a worker serves: all of them, unless there are more than it may have lanes.
using System.Security.Cryptography;
using System.Text;
using Durable.Engine.Hosting;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Chooses groups.</summary>
internal static class ServedGroups
{
    /// <summary>All groups, or as many as <see cref="DurableOptions.MaxLanes"/> allows: those with the fewest live lanes first, else by a hash of the worker's name.</summary>
    public static async Task<IReadOnlyList<ShardGroup>> ChooseAsync(EngineServices services, WorkerIdentity identity, CancellationToken cancellationToken)
    {
        var groups = services.Groups.All;
        if (groups.Count <= services.Options.MaxLanes) return groups;
        var served = new Dictionary<int, int>();
        foreach (var group in groups) served[group.Number] = await LiveAsync((IGroupedStore)services.Store, group, cancellationToken).ConfigureAwait(false);
        return [.. groups.OrderBy(group => served[group.Number]).ThenBy(group => HashOf(identity, group)).Take(services.Options.MaxLanes).OrderBy(group => group.Number)];
    }

    private static async Task<int> LiveAsync(IGroupedStore store, ShardGroup group, CancellationToken cancellationToken)
    {
        try
        {
            return (await store.ReadLanesAsync(group, cancellationToken).ConfigureAwait(false)).Count(lane => lane.Alive);
        }
        catch (DurableException)
        {
            return int.MaxValue;                         // its server is away: others first
        }
    }

    private static ulong HashOf(WorkerIdentity identity, ShardGroup group) =>
        System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{identity.Name}\0{identity.Engine}\0{group.Number}")));
}
