// The lane that the raw protocol writes behind: opened by the provider once, so that the schema is the provider's own migration.
using Durable.Storage;

namespace Durable.Bench;

/// <summary>An open lane.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="CommitSeq">Number of its last batch.</param>
internal sealed record RawLane(LaneKey Key, long Epoch, long CommitSeq)
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(20);

    /// <summary>Applies the schema and opens a lane; the store is closed again.</summary>
    public static async Task<RawLane> OpenAsync(IDurableStore store)
    {
        await using (store)
        {
            await store.InitializeAsync();
            return await OpenOnAsync(store);
        }
    }

    /// <summary>Opens a lane on a store that stays open.</summary>
    public static async Task<RawLane> OpenOnAsync(IDurableStore store)
    {
        var key = new LaneKey(4711, store.Groups[0], Guid.NewGuid(), "raw");
        var opened = await store.OpenLaneAsync(new OpenLane(key, Lease, true, "raw", [])) ?? throw new InvalidOperationException("The lane could not be opened.");
        return new RawLane(key, opened.Epoch, opened.CommitSeq);
    }
}
