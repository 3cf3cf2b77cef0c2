// Wake rows that the store itself makes up: for a started run, and for one that lost its owner.
namespace Durable.Storage;

/// <summary>Makes wake rows from run rows.</summary>
internal static class MemoryWakes
{
    public static ParkRecord Started(MemoryRun run) => Row(run, run.Start.DueAt is null, run.Start.DueAt, run.Start.Hold);

    /// <summary>Due at once whatever the run waited for (R3), and held if its status says so: the hold must not end because an owner died.</summary>
    public static ParkRecord Released(MemoryRun run) => Row(run, true, null, run.Status switch
    {
        RunStatus.Paused => HoldReasons.Paused,
        RunStatus.Stalled => HoldReasons.Stalled,
        RunStatus.Quarantined => HoldReasons.Quarantined,
        _ => 0,
    });

    /// <summary>The same row with one more reason to hold it.</summary>
    public static ParkRecord Held(ParkRecord row, short reason) => new()
    {
        RunId = row.RunId,
        Shard = row.Shard,
        Namespace = row.Namespace,
        DueAt = row.DueAt,
        Asap = row.Asap,
        Type = row.Type,
        Version = row.Version,
        Queue = row.Queue,
        Priority = row.Priority,
        Hold = (short)(row.Hold | reason),
        HoldBuilds = row.HoldBuilds,
        WaitReason = row.WaitReason,
        Gen = row.Gen,
        NextSeq = row.NextSeq,
    };

    private static ParkRecord Row(MemoryRun run, bool asap, DateTimeOffset? dueAt, short hold) => new()
    {
        RunId = run.Id,
        Shard = run.Start.Shard,
        Namespace = run.Start.Namespace,
        DueAt = dueAt,
        Asap = asap,
        Type = run.Start.Type,
        Version = run.Version,
        Queue = run.Start.Queue,
        Priority = run.Start.Priority,
        Hold = hold,
        Gen = run.Gen,
        NextSeq = run.History.Length(run.Gen),
    };
}
