// Wake rows that the store itself makes up: for a started run, and for one that lost its owner.
namespace Durable.Storage.Sqlite;

/// <summary>Makes the content of wake rows.</summary>
internal static class Wakes
{
    public static ParkRecord Started(StartRecord start, int length) => new()
    {
        RunId = start.RunId,
        Shard = start.Shard,
        Namespace = start.Namespace,
        DueAt = start.DueAt,
        Asap = start.DueAt is null,
        Type = start.Type,
        Version = start.Version,
        Queue = start.Queue,
        Priority = start.Priority,
        Hold = start.Hold,
        Gen = 0,
        NextSeq = length,
    };

    /// <summary>Due at once whatever the run waited for (R3), and held if its status says so: a hold must not end because an owner died.</summary>
    public static ParkRecord Released(LostRun run) => new()
    {
        RunId = run.RunId,
        Shard = run.Shard,
        Namespace = run.Namespace,
        Asap = true,
        Type = run.Type,
        Version = run.Version,
        Queue = run.Queue,
        Priority = run.Priority,
        Hold = HoldOf(run.Status),
        Gen = run.Gen,
        NextSeq = run.Length,
    };

    public static ParkRecord Imported(StartRecord start, int gen, int length) => Released(new(start.RunId, 0, 0, 0, gen, length, start.Type, start.Version, start.Queue,
        start.Priority, RunStatus.Paused, start.Shard, start.Namespace));

    private static short HoldOf(RunStatus status) => status switch
    {
        RunStatus.Paused => HoldReasons.Paused,
        RunStatus.Stalled => HoldReasons.Stalled,
        RunStatus.Quarantined => HoldReasons.Quarantined,
        _ => 0,
    };
}

/// <summary>An owned run as another than its owner sees it: what the claim noted, and how far the run is now.</summary>
internal sealed record LostRun(Guid RunId, int Attempt, int ClaimGen, int ClaimNextSeq, int Gen, int Length, string Type, int Version, string Queue, int Priority, RunStatus Status,
    short Shard, string Namespace)
{
    /// <summary>Attempts that go on counting: those of a run whose history did not grow since it was claimed (A2).</summary>
    public int CarriedAttempts => ClaimGen == Gen && ClaimNextSeq == Length ? Attempt : 0;

    /// <summary>The runs of a lane, in order of their ids.</summary>
    public static List<LostRun> OfLane(Session session, long laneId, int limit)
    {
        var runs = new List<LostRun>();
        var row = session[SqlText.OwnedOfLane].Bind(laneId).Bind(limit);
        while (row.Read())
        {
            runs.Add(new(row.Id(0), row.Int32(1), row.Int32(2), row.Int32(3), row.Int32(4), row.Int32(5), row.Text(6), row.Int32(7), row.Text(8), row.Int32(9), (RunStatus)row.Int16(10),
                row.Int16(11), row.Text(12)));
        }
        return runs;
    }
}
