// Which lanes have a holder, as the store says: how a campaign knows that a frozen worker was taken for dead.
using Durable.Storage;

namespace Durable.Chaos.Workers;

/// <summary>Reads lanes. Null when the store is away.</summary>
internal sealed class Lanes(IDurableStore store)
{
    /// <summary>All lanes with a holder.</summary>
    public async Task<HashSet<long>?> AllAsync() => await ReadAsync(static _ => true);

    /// <summary>The lanes of a worker: the one of its name, or the one that it has made because that name was another's.</summary>
    public async Task<HashSet<long>?> OfAsync(string identity) =>
        await ReadAsync(lane => lane.Identity == identity || lane.Identity.StartsWith(identity + "~", StringComparison.Ordinal)) is { Count: > 0 } lanes ? lanes : null;

    private async Task<HashSet<long>?> ReadAsync(Func<LaneRow, bool> which)
    {
        try
        {
            return [.. (await store.ReadLanesAsync()).Where(which).Select(lane => lane.LaneId)];
        }
        catch (DurableException)
        {
            return null;
        }
    }
}
