// The worker's periodic loops: looking, reaping, heartbeats, purging. Each is supervised, paced, and stops on request.
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Engine.Hosting;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>What a worker does beside its lanes.</summary>
internal sealed class Loops(EngineServices services, LaneContext shared, EngineLog log)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Ahead = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestClaim = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPurgePause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ShortestPurgePause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPurgeRest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LowMargin = TimeSpan.FromSeconds(5);      // longer than any ordinary transaction that inserts
    private readonly AsyncSignal look = new(services.Machine);
    private readonly Dictionary<long, (LaneSeen Seen, long Since)> impossible = [];
    private readonly Dictionary<long, TimeSpan> lengths = [];
    private readonly LaneBalance balance = new(services);
    private long lastGood = services.Clock.GetTimestamp();

    /// <summary>Looks now.</summary>
    public void Poke() => look.Set();

    /// <summary>True if other hosts live that can run what this one can.</summary>
    public bool HasPeers => balance.HasPeers;

    /// <summary>True if the lane has more runs than its share, and others could run them.</summary>
    public bool IsAboveShare(Lane lane) => balance.IsAbove(lane.Owned);

    /// <summary>Finds runs to claim and mail for own runs (L1): soon after something was found, else at most once a poll interval; a full sweep each second.</summary>
    public async Task LookAsync(Lane lane, Action tick, CancellationToken stop)
    {
        using var alarm = services.Clock.CreateTimer(static signal => ((AsyncSignal)signal!).Set(), look, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var options = services.Options;
        var namespaces = options.ServedNamespaces.Count == 0 ? null : options.ServedNamespaces.ToList();
        var queues = new List<string> { "" };
        queues.AddRange(options.ServedQueues);
        var pause = FirstPause;
        DateTimeOffset? low = null;
        var lastSweep = 0L;
        while (!stop.IsCancellationRequested)
        {
            tick();
            // From a low-water mark: what somebody's long transaction keeps from being vacuumed is not walked over each time. A full sweep each second misses nothing.
            var sweep = low is null || services.Clock.GetElapsedTime(lastSweep) >= SweepEvery;
            if (sweep) lastSweep = services.Clock.GetTimestamp();
            var most = Math.Clamp(lane.Room, 1, 1_000);
            var found = await services.Store.LookAsync(new LookRequest(lane.Key, sweep ? null : low, most, services.Registry.Serves, services.Build, namespaces, queues) { Ahead = AheadOf(lane) }, stop).ConfigureAwait(false);
            Good();
            var isFull = found.Claimable.Count >= most;
            if (!isFull) low = found.Now - LowMargin;      // else more is due than one look brings: the mark must not pass over what is left behind
            lane.Clock.Set(found.Now);
            var chosen = lane.Room > 0 ? balance.Choose(found.Claimable, lane.Owned, sweep) : [];
            if (isFull && (chosen.Count > 0 || lane.Room == 0)) lane.LooksNext = true;      // who leaves the rest to others does not look for it after each commit
            if (chosen.Count > 0) lane.Claim(chosen);
            if (found.Mail.Count > 0) lane.Post(() => lane.Loads.ReadMail(found.Mail));
            // Mail is mostly known from hints of this process, and announced by others: looking for it as often as for runs would cost more than it finds.
            var next = chosen.Count > 0 ? FirstPause : found.Mail.Count > 0 ? FirstPause * 2 : pause * 2;
            pause = next < options.PollInterval ? next : options.PollInterval;
            var wait = found.NextDue is { } due && due - found.Now < pause ? due - found.Now : pause;
            if (wait < TimeSpan.FromMilliseconds(1)) wait = TimeSpan.FromMilliseconds(1);
            alarm.Change(wait, Timeout.InfiniteTimeSpan);
            await look.WaitAsync().AsTask().WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await AnsweredAsync(lane, alarm, stop).ConfigureAwait(false);
        }
    }

    // While there is room: a timer that waits here is on time, where one that is claimed when it is due is late by a claim and a load. Less than runs idle here before they are parked, or they would come and go.
    private TimeSpan AheadOf(Lane lane) => lane.Room < lane.MaxRuns / 2 ? TimeSpan.Zero : services.Options.ParkAfter / 2 < Ahead ? services.Options.ParkAfter / 2 : Ahead;

    // At most one look for each claim: before its commit a look would find the same runs again. That commit calls for the next.
    private async Task AnsweredAsync(Lane lane, ITimer alarm, CancellationToken stop)
    {
        if (!lane.IsClaiming) return;
        var since = services.Clock.GetTimestamp();
        alarm.Change(LongestClaim, Timeout.InfiniteTimeSpan);
        while (lane.IsClaiming && services.Clock.GetElapsedTime(since) < LongestClaim && !stop.IsCancellationRequested)
        {
            lane.LooksNext = true;
            await look.WaitAsync().AsTask().WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Renews the lease, if the lane's loop has come round since the last time (R7).</summary>
    public async Task HeartbeatAsync(Lane lane, Action tick, CancellationToken stop)
    {
        var before = -1L;
        while (!stop.IsCancellationRequested)
        {
            tick();
            var ticks = lane.Ticks;
            var epoch = lane.Epoch;
            if (ticks == before) lane.Post(static () => { });              // an idle lane ticks when it is asked to
            else if (await services.Store.HeartbeatAsync(lane.Key, epoch, services.LaneLease, stop).ConfigureAwait(false)) Good();
            else lane.Suspect(epoch);
            before = ticks;
            await Supervisor.PauseAsync(services.Options.Lease / 4, services.Clock, tick, stop).ConfigureAwait(false);
        }
    }

    /// <summary>Fences expired lanes, releases the runs of dead ones, sweeps orphaned notices (R1–R6, D8).</summary>
    public async Task ReapAsync(Lane lane, Action tick, CancellationToken stop)
    {
        var ttl = services.Options.Lease;
        while (!stop.IsCancellationRequested)
        {
            tick();
            // R6: after an outage of our own everybody's lease looks expired; a whole lease of patience lets the others come back.
            var cutOff = services.Clock.GetElapsedTime(Volatile.Read(ref lastGood)) > ttl / 2;
            if (cutOff)
            {
                await Supervisor.PauseAsync(ttl, services.Clock, tick, stop).ConfigureAwait(false);
                Good();
                continue;
            }

            var now = services.Clock.GetTimestamp();
            // R5: seen unchanged for a whole lease, ours and its own: one that is longer than ours is renewed less often, and by a debugger's hour perhaps not at all.
            var unchanged = impossible.Values.Where(entry => services.Clock.GetElapsedTime(entry.Since, now) is var still && still >= ttl && still >= lengths.GetValueOrDefault(entry.Seen.LaneId, ttl)).Select(entry => entry.Seen).ToList();
            var reaped = await services.Store.ReapAsync(new ReapRequest(lane.Key, ttl, true, unchanged), stop).ConfigureAwait(false);
            Remember(reaped.Impossible, now);
            await EndOverdueAsync(reaped.Overdue, stop).ConfigureAwait(false);
            if (Telemetry.IsReadyWanted) Telemetry.SetReady(await services.Store.ReadReadyDepthAsync(stop).ConfigureAwait(false));
            if (reaped.Fenced + reaped.Released > 0)
            {
                log.Reaped(reaped.Fenced, reaped.Released);
                Poke();
                shared.Announce();
            }

            await Supervisor.PauseAsync(reaped.Released > 0 ? TimeSpan.FromMilliseconds(10) : await UntilNextExpiryAsync(lane, ttl, stop).ConfigureAwait(false), services.Clock, tick, stop).ConfigureAwait(false);
        }
    }

    // A held run is in nobody's memory, so nobody's timer ends it: the reaper tells it, under one key however often (DECISIONS 14).
    private async Task EndOverdueAsync(IReadOnlyList<OverdueRun> overdue, CancellationToken stop)
    {
        if (overdue.Count == 0) return;
        var messages = overdue.Select(run => new MessageRecord { RunId = run.RunId, Sender = run.RunId, SenderSeq = long.MaxValue, Kind = (short)EventKind.TimedOut, Control = true, Namespace = run.Namespace, Shard = run.Shard });
        await services.Store.DeliverAsync(new Delivery([.. messages], []), null, stop).ConfigureAwait(false);
        Poke();
        shared.Announce();
    }

    /// <summary>Deletes closed runs after their retention; one purger in the whole cluster (P3).</summary>
    public async Task PurgeAsync(Action tick, CancellationToken stop)
    {
        var holder = services.Machine.NewGuid();
        while (!stop.IsCancellationRequested)
        {
            tick();
            var pause = LongestPurgePause;
            if (services.Options.Retention is { } retention)
            {
                if (retention < 4 * pause) pause = TimeSpan.FromSeconds(Math.Max(1, retention.TotalSeconds / 4));       // who keeps runs for minutes wants them gone in minutes
                if (await services.Store.TryLeaseAsync("purge", holder, TimeSpan.FromMinutes(10), stop).ConfigureAwait(false) is not null)
                {
                    var (before, since) = (services.Clock.GetUtcNow() - retention, services.Clock.GetTimestamp());
                    if (await services.Store.PurgeAsync(new PurgeRequest(before, null, 1_000, before), stop).ConfigureAwait(false) == 1_000) pause = Rest(services.Clock.GetElapsedTime(since));
                }
            }

            await Supervisor.PauseAsync(pause, services.Clock, tick, stop).ConfigureAwait(false);
        }
    }

    // Between two full pages: as long as the page took. With a fixed pause one host could end more runs than all of them purged.
    internal static TimeSpan Rest(TimeSpan page) => page < ShortestPurgePause ? ShortestPurgePause : page > LongestPurgeRest ? LongestPurgeRest : page;

    // Looks at all lanes. Sleeps a quarter of a lease, or until the first of the others can be over: a dead host's runs go on half a second after its lease.
    private async Task<TimeSpan> UntilNextExpiryAsync(Lane lane, TimeSpan ttl, CancellationToken stop)
    {
        var now = lane.Clock.Now;
        var wait = ttl / 4;
        var (key, epoch, durable) = (lane.Key, lane.Epoch, lane.CommitSeq);
        var lanes = await (services.Groups.IsOne ? services.Store.ReadLanesAsync(stop) : ((IGroupedStore)services.Store).ReadLanesAsync(key.Group, stop)).ConfigureAwait(false);
        lengths.Clear();
        if (!lane.IsDraining && balance.Seen(key, lane.Owned, lanes) is var surplus and > 0) lane.Post(() => LaneBalance.Shed(lane, surplus));
        foreach (var other in lanes)
        {
            // An idle lane would never learn from a refused batch that a failover lost what it has in memory (O3): it asks.
            if (other.LaneId == key.LaneId && other.CommitSeq < durable) lane.Suspect(epoch);
            lengths[other.LaneId] = LaneLease.Of(other);
            if (other.LaneId != key.LaneId && other.ExpiresAt - now is var left && left < wait) wait = left;
        }

        return wait < TimeSpan.FromMilliseconds(100) ? TimeSpan.FromMilliseconds(100) : wait;
    }

    private void Good() => Volatile.Write(ref lastGood, services.Clock.GetTimestamp());

    private void Remember(IReadOnlyList<LaneSeen> seen, long now)
    {
        foreach (var gone in impossible.Keys.Except(seen.Select(lane => lane.LaneId)).ToList()) impossible.Remove(gone);
        foreach (var lane in seen)
            if (!impossible.TryGetValue(lane.LaneId, out var known) || known.Seen != lane) impossible[lane.LaneId] = (lane, now);
    }
}
