// One batch in flight per lane: sending, the five ways it can end, and what follows from each (C7–C9, O3).
using Durable.Engine.Diagnostics;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Sends a lane's batches one after the other.</summary>
internal sealed class LaneCommits(Lane lane)
{
    private const int MaxTries = 1_000_000;              // a store that is away stays away until somebody brings it back: the pause is bounded, the tries are not
    private readonly HashSet<Guid> claiming = [];
    private readonly Queue<PendingBatch> again = new();
    private PendingBatch? inFlight;
    private long commitSeq;
    private Action? whenIdle;
    private Action? whenEmpty;
    private bool lost;
    private bool suspected;

    /// <summary>Starts with the number that the store has.</summary>
    public void Begin(long last)
    {
        Volatile.Write(ref commitSeq, last);
        lost = false;
    }

    /// <summary>Wants runs; they are taken by the next batch.</summary>
    public void Claim(IReadOnlyList<Guid> candidates)
    {
        if (lane.IsDraining || lane.IsLost) return;
        foreach (var run in candidates)
            if (!lane.Slots.ContainsKey(run) && claiming.Add(run)) lane.Filling.Rows.Claims.Add(run);
    }

    /// <summary>True while claims are on their way. Safe from any thread.</summary>
    public bool IsClaiming => claiming.Count > 0;

    /// <summary>True if no batch is on its way.</summary>
    public bool IsQuiet => inFlight is null && again.Count == 0 && !lost && !suspected;

    /// <summary>Forgets claims that are under way.</summary>
    public void ClearClaims() => claiming.Clear();

    /// <summary>Does something once no batch is in flight and none waits; then something else once those it made are durable too.</summary>
    public void WhenIdle(Action first, Action then) => (whenIdle, whenEmpty) = (first, then);

    /// <summary>A heartbeat under this epoch was refused: an empty batch finds out what has happened, so that an idle lane does not believe in runs that others have.</summary>
    /// <summary>Number of the last batch that is known to be durable. Safe from any thread.</summary>
    public long Durably => Volatile.Read(ref commitSeq);

    public void Suspect(long epoch) => suspected |= epoch == lane.Epoch;

    /// <summary>Sends the next batch if none is in flight.</summary>
    public void Pump()
    {
        if (inFlight is not null || lost) return;
        if (suspected)
        {
            suspected = false;
            Send(new PendingBatch(lane.Key, lane.Services.LaneLease));
            return;
        }

        if ((again.TryDequeue(out var repeated) ? repeated : lane.NextBatch()) is { } batch)
        {
            Send(batch);
            return;
        }

        if (whenIdle is { } first)
        {
            whenIdle = null;
            first();
            Pump();
        }
        else if (whenEmpty is { } then)
        {
            whenEmpty = null;
            then();
        }
    }

    private void Send(PendingBatch batch)
    {
        inFlight = batch;
        batch.Rows.Epoch = lane.Epoch;
        batch.Rows.CommitSeq = commitSeq + 1;
        batch.SentAt = lane.Services.Clock.GetTimestamp();
        batch.Tries++;
        batch.Answered ??= () => Answered(batch, batch.Answer!);
        _ = SendAsync(batch);
    }

    private async Task SendAsync(PendingBatch batch)
    {
        try
        {
            batch.Answer = await lane.Services.Store.CommitAsync(batch.Rows).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            batch.Answer = new CommitResult(CommitOutcome.Unknown) { Error = error.Message };
        }

        lane.Post(batch.Answered!);
    }

    private void Answered(PendingBatch batch, CommitResult result)
    {
        Telemetry.CommitDuration.Record(lane.Services.Clock.GetElapsedTime(batch.SentAt).TotalSeconds, new KeyValuePair<string, object?>("outcome", result.Outcome));
        switch (result.Outcome)
        {
            case CommitOutcome.Committed:
                lane.Clock.Set(result.Now);
                if (result.Error is { } alarm) lane.Shared.Log.CommitCountsWrong(lane.Key.Identity, alarm);
                Durable(batch, result.Claimed, result.Refused);
                break;
            case CommitOutcome.Retry:
                Again(batch);
                break;
            case CommitOutcome.Rejected when result.Error?.Contains(DurableErrorCodes.DiskFull, StringComparison.Ordinal) == true:
                lane.Shared.Log.CommitWaits(lane.Key.Identity, result.Error);
                Again(batch);
                break;
            case CommitOutcome.Rejected:
                Split(batch, result.Error ?? "no reason given");
                break;
            default:
                lane.Shared.Log.CommitInDoubt(lane.Key.Identity, result.Outcome.ToString(), result.Error);
                _ = ReadBackAsync(batch);
                break;
        }
    }

    private void Durable(PendingBatch batch, IReadOnlyList<OwnedRun> claimed, IReadOnlyList<Guid> refused)
    {
        inFlight = null;
        Volatile.Write(ref commitSeq, batch.Rows.CommitSeq);
        foreach (var run in batch.Rows.Claims) claiming.Remove(run);
        foreach (var slot in batch.Slots)
            if (slot.LastBatch == batch) slot.LastBatch = null;
        lane.Releases.Release(batch, refused);
        if (claimed.Count > 0) lane.Loads.Claimed(claimed);
        if (lane.LooksNext && claiming.Count == 0 && lane.Room > 0)
        {
            lane.LooksNext = false;
            lane.Shared.Poke();
        }

        lane.Recycle(batch);
        lane.Exits.ParkCrowd();
    }

    // The same rows under the next number, after a pause that grows to a second.
    private void Again(PendingBatch batch)
    {
        if (batch.Tries > MaxTries) throw new InvalidOperationException("A batch was tried too often.");
        var pause = TimeSpan.FromMilliseconds(Math.Min(1_000, 5 * Math.Pow(2, Math.Min(batch.Tries, 10))));
        _ = LaterAsync();

        async Task LaterAsync()
        {
            await Task.Delay(pause, lane.Services.Clock).ConfigureAwait(false);
            lane.Post(() => Send(batch));
        }
    }

    // Ends a doubt by a write (I5): only what this open returns is the truth. Repeated until it answers.
    private async Task ReadBackAsync(PendingBatch batch)
    {
        for (var pause = 20; !lane.IsOver; pause = Math.Min(pause * 2, 1_000))
        {
            try
            {
                var opened = await lane.Services.Store.OpenLaneAsync(new OpenLane(lane.Key, lane.Services.LaneLease, false, lane.Services.Build, lane.Services.LaneServes)).ConfigureAwait(false);
                lane.Post(() => ReadBack(batch, opened));
                return;
            }
            catch (Exception error)
            {
                lane.Shared.Log.StoreAway("open lane", error);
                await Task.Delay(TimeSpan.FromMilliseconds(pause), lane.Services.Clock).ConfigureAwait(false);
            }
        }
    }

    private void ReadBack(PendingBatch batch, OpenedLane? opened)
    {
        var sequel = opened is null ? -1 : opened.CommitSeq - batch.Rows.CommitSeq;
        if (opened is null || BeganAgain(opened) || sequel is not (0 or -1) || Released(batch, opened, durable: sequel == 0) is not 0)
        {
            GiveUp(batch, opened);
            return;
        }

        lane.Reopened(lane.Key, opened);
        if (sequel == -1)
        {
            Send(batch);
            var unknown = opened.Owned.Where(run => !lane.Slots.ContainsKey(run.RunId)).ToList();      // what a failover gave back
            if (unknown.Count > 0) lane.Loads.Claimed(unknown);
            return;
        }

        var owned = opened.Owned.Select(run => run.RunId).ToHashSet();
        var refused = batch.Rows.Starts.Concat(batch.Rows.Children).Where(start => start.Owned && !owned.Contains(start.RunId)).Select(start => start.RunId).ToList();
        Durable(batch, [.. opened.Owned.Where(run => !lane.Slots.ContainsKey(run.RunId))], refused);
    }

    // Runs that the lane has in memory and the store gave to others: a reaper fenced the lane meanwhile, and the open that took it back must not hide that (O3: the list is the truth).
    private int Released(PendingBatch batch, OpenedLane opened, bool durable)
    {
        var ours = opened.Owned.Select(run => run.RunId).ToHashSet();
        if (durable) ours.UnionWith(batch.Rows.Parks.Select(park => park.RunId).Concat(batch.Rows.Closes.Select(close => close.RunId)));
        return lane.Slots.Values.Concat(batch.Slots).Count(slot => slot.State is not (SlotState.Starting or SlotState.Gone) && !ours.Contains(slot.RunId));
    }

    // Drops everything that memory says, and goes on with what the store says: in this lane if it is ours again, else under another name.
    private void GiveUp(PendingBatch batch, OpenedLane? opened)
    {
        inFlight = null;
        lost = true;
        Telemetry.LeaseLosses.Add(1);
        lane.Shared.Log.LaneLost(lane.Key.Identity, opened is null ? "another owner has it"
            : $"the store is at commit {opened.CommitSeq} with {opened.Owned.Count} of its {lane.Slots.Count} runs, {batch.Rows.CommitSeq} was expected");
        var reason = new DurableException(DurableErrorCodes.CommitInDoubt, "The lane was lost while its batch was under way, and whether the batch counted is not told any more. Send the request again under the same id.");
        foreach (var waiting in again.Prepend(batch)) Lane.Lose(waiting, reason, lost: true);
        again.Clear();
        lane.DropAll(reason);
        if (opened is null || BeganAgain(opened)) lane.Shared.Lost(lane);
        else lane.Restart(lane.Key, opened);
    }

    // An open raises the epoch, unless a failover has lost the lane's row or the end of it. Numbers come twice then, and a batch of the time before that is still on its way would fit: only
    // another holder's do not (the fence compares it, decision 6).
    private bool BeganAgain(OpenedLane opened) => opened.Epoch <= lane.Epoch;

    // Finds the run whose rows the store refuses: halves, never inside a run; the culprit alone is held, the others proceed (C8).
    private void Split(PendingBatch batch, string error)
    {
        inFlight = null;
        var runs = BatchSplitter.Runs(batch.Rows);
        if (runs.Count > 1)
        {
            var (left, right) = BatchSplitter.Halve(batch, lane.Key, lane.Services.LaneLease, runs);
            again.Enqueue(left);
            again.Enqueue(right);
            return;
        }

        var reason = new DurableException(DurableErrorCodes.StoreUnavailable, $"The store refused this run's rows: {error}");
        Lane.Lose(batch, reason, lost: false);
        foreach (var child in batch.Rows.Children)
            if (lane.Slots.TryGetValue(child.RunId, out var unborn)) lane.Remove(unborn);      // its rows were among those refused
        foreach (var waiting in lane.Unsent)
            foreach (var run in runs) BatchSplitter.RemoveRun(waiting, run, reason);
        foreach (var run in runs)
            if (lane.Slots.TryGetValue(run, out var slot)) lane.Holds.HoldRefused(slot, reason.Message);
        foreach (var claim in batch.Rows.Claims) claiming.Remove(claim);
    }
}
