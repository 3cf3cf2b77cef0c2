// Rebalancing: a lane with more than its share of the runs gives back what idles, and lets the other hosts have the first pick of what is due.
using Durable.Engine.Hosting;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>
/// Compares this lane with those that can run the same. Nothing here decides who owns a run: runs are parked and claimed as ever, only sooner and later. What others do
/// not take within the patience is claimed after all, and a lane whose offers nobody takes stops offering for a while.
/// </summary>
internal sealed class LaneBalance(EngineServices services)
{
    private const int Slack = 10;                        // a difference of a few runs is not worth a replay
    private const int MostAtOnce = 500;
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(5);
    private readonly Dictionary<Guid, long> offered = [];
    private readonly Lock gate = new();
    private bool wasAbove;
    private int most = int.MaxValue;
    private int peers;
    private int share = int.MaxValue;
    private long restUntil;
    private int taken;
    private int left;

    /// <summary>True while the lane has more runs than its share was at the last comparison. Safe from any thread.</summary>
    public bool IsAbove(int owned) => owned > Volatile.Read(ref most);

    /// <summary>True if other hosts live that can run all that this one can. Safe from any thread.</summary>
    public bool HasPeers => Volatile.Read(ref peers) > 0;

    /// <summary>How long others have the first pick: one look of each, and a little more.</summary>
    public TimeSpan Patience => services.Options.PollInterval * 1.5;

    /// <summary>Takes over how many runs which lane owns.</summary>
    /// <param name="own">This lane.</param>
    /// <param name="owned">How many runs it owns.</param>
    /// <param name="lanes">All lanes.</param>
    /// <returns>How many runs it should give back.</returns>
    public int Seen(LaneKey own, int owned, IReadOnlyList<LaneRow> lanes)
    {
        var now = services.Clock.GetTimestamp();
        var equals = lanes.Where(lane => lane.LaneId != own.LaneId && lane.Alive && services.Registry.Serves.All(lane.Serves.Contains)).ToList();
        Volatile.Write(ref peers, equals.Count);
        lock (gate)
        {
            if (left > 0 && taken == 0) restUntil = now + (long)(Rest.TotalSeconds * services.Clock.TimestampFrequency);      // nobody wants them: queues, namespaces or room differ
            (taken, left) = (0, 0);
            share = equals.Count == 0 || now < restUntil ? int.MaxValue : (int)((equals.Sum(lane => (long)lane.Owned) + owned + equals.Count) / (equals.Count + 1));
            most = share == int.MaxValue ? share : share + Math.Max(Slack, share / 5);
            wasAbove = owned > most;
            return wasAbove ? Math.Min(owned - share, MostAtOnce) : 0;
        }
    }

    /// <summary>Which of the runs that a look found are to be claimed now.</summary>
    /// <param name="found">The runs.</param>
    /// <param name="owned">How many runs the lane owns.</param>
    /// <param name="whole">True if the look was a full sweep: what it has not found is not there any more.</param>
    public IReadOnlyList<Guid> Choose(IReadOnlyList<Guid> found, int owned, bool whole)
    {
        lock (gate)
        {
            // Hosts that were all idle when they compared themselves have a share of nothing: what comes then is not left to others, who would leave it too.
            if (!wasAbove || owned <= most)
            {
                offered.Clear();
                return found;
            }

            var now = services.Clock.GetTimestamp();
            var chosen = new List<Guid>();
            foreach (var run in found)
            {
                if (!offered.TryGetValue(run, out var since)) offered[run] = since = now;
                if (services.Clock.GetElapsedTime(since, now) >= Patience) chosen.Add(run);
            }

            foreach (var run in chosen) offered.Remove(run);
            foreach (var gone in whole ? offered.Keys.Except(found).ToList() : [])
            {
                offered.Remove(gone);
                taken++;
            }

            left += chosen.Count;
            return chosen;
        }
    }

    /// <summary>Gives idle runs back, the longest idle first. On the lane's loop.</summary>
    public static void Shed(Lane lane, int count)
    {
        foreach (var slot in lane.Slots.Values.Where(slot => !slot.IsBusy).OrderBy(slot => slot.LastActive).Take(count).ToList()) lane.Exits.Park(slot);
    }
}
