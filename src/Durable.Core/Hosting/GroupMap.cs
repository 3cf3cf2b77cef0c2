// Which shard is in which group.
using Durable.Storage;

namespace Durable.Engine.Hosting;

/// <summary>The shard groups of a store, by shard.</summary>
internal sealed class GroupMap
{
    private readonly int[]? byShard;

    public GroupMap(IReadOnlyList<ShardGroup> groups)
    {
        All = groups;
        if (groups.Count == 1) return;
        byShard = new int[Shards.Modulus];
        foreach (var group in groups)
            foreach (var shard in group.Shards!) byShard[shard] = group.Number;
    }

    /// <summary>All groups.</summary>
    public IReadOnlyList<ShardGroup> All { get; }

    /// <summary>True unless the database is in several groups.</summary>
    public bool IsOne => byShard is null;

    /// <summary>The number of a shard's group.</summary>
    public int Of(short shard) => byShard is null ? All[0].Number : byShard[shard];
}
