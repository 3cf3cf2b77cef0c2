// Lanes: open, renew, close (PROTOCOL §4.1, §4.8), and what a reaper does to those of others (§4.4). Each method is the content of one transaction.
namespace Durable.Storage.Sqlite;

/// <summary>Who may write.</summary>
internal static class LaneVerbs
{
    /// <summary>Opens a lane, takes it over, or reads it back (O1): the epoch is raised in every case.</summary>
    /// <returns>Null: a live holder has it.</returns>
    public static OpenedLane? Open(Session session, OpenLane request, DateTimeOffset clock)
    {
        var key = request.Lane;
        var now = Micros.From(clock);
        var expires = now + Micros.From(request.Lease);
        var serves = JsonTexts.Write(request.Serves);
        var found = session[SqlText.FindLane].Bind(key.LaneId);
        if (!found.Read())
        {
            session[SqlText.InsertLane].Bind(key.LaneId).Bind(expires).Bind(key.Holder).Bind(key.Identity).Bind(request.Build).Bind(serves).Bind(key.Group.HomeShard).Run();
            return new(1, 0, Micros.ToTime(now), []);
        }
        var holder = found.IdOrNull(2);
        found.Reset();
        if (holder is not null && holder != key.Holder && !request.Takeover)
            return null;

        var raised = session[SqlText.RaiseLane].Bind(key.Holder).Bind(expires).Bind(key.Identity).Bind(request.Build).Bind(serves).Bind(key.LaneId);
        raised.Read();
        var (epoch, commitSeq) = (raised.Int64(0), raised.Int64(1));
        raised.Reset();
        var runs = LostRun.OfLane(session, key.LaneId, int.MaxValue);
        var owned = holder == key.Holder
            ? runs.ConvertAll(run => new OwnedRun(run.RunId, run.Attempt, run.ClaimGen, run.ClaimNextSeq))
            : runs.ConvertAll(run => Adopt(session, run));
        return new(epoch, commitSeq, Micros.ToTime(now), owned);
    }

    public static bool Beat(Session session, LaneKey lane, long epoch, TimeSpan lease, DateTimeOffset clock) =>
        session[SqlText.BeatLane].Bind(Micros.From(clock) + Micros.From(lease)).Bind(lane.LaneId).Bind(epoch).Run() == 1;

    public static bool Close(Session session, LaneKey lane, long epoch) => session[SqlText.CloseLane].Bind(lane.LaneId).Bind(epoch).Run() == 1;

    /// <summary>Fences lanes that are as they were seen (R1, R5).</summary>
    public static int Fence(Session session, IReadOnlyList<LaneSeen> lanes)
    {
        var fenced = 0;
        foreach (var lane in lanes)
            fenced += session[SqlText.FenceLane].Bind(lane.LaneId).Bind(lane.Epoch).Bind(lane.ExpiresAt).Run();
        return fenced;
    }

    /// <summary>Gives runs of a dead lane their wake rows (R2, R3).</summary>
    public static int Release(Session session, long laneId, int limit, DateTimeOffset clock)
    {
        var dead = session[SqlText.IsLaneDead].Bind(laneId);
        if (!dead.Read())
            return 0;           // a new incarnation has it (R4)
        dead.Reset();
        var runs = LostRun.OfLane(session, laneId, limit);
        foreach (var run in runs)
        {
            session[SqlText.Disown].Bind(run.RunId).Bind(laneId).Run();
            Rows.Wake(session, Wakes.Released(run), run.CarriedAttempts, Micros.From(clock));
        }
        return runs.Count;
    }

    /// <summary>A new incarnation takes a run over in place: a claim, so it is counted (A1, A2).</summary>
    private static OwnedRun Adopt(Session session, LostRun run)
    {
        var adopted = new OwnedRun(run.RunId, run.CarriedAttempts + 1, run.Gen, run.Length);
        session[SqlText.AdoptOwned].Bind(adopted.Attempt).Bind(adopted.Gen).Bind(adopted.NextSeq).Bind(run.RunId).Run();
        return adopted;
    }
}
