// The life of a run as one table: which status may follow which, and why.
namespace Durable.Engine.History;

/// <summary>What may change a run's status.</summary>
internal enum RunTrigger
{
    /// <summary>A lane took the run for the first time, or again after a hold.</summary>
    Claimed,

    /// <summary>Somebody asked it to cancel.</summary>
    CancelRequested,

    /// <summary>Code and history differ, or code threw under the policy Hold.</summary>
    Stalled,

    /// <summary>It killed its host too often, or its history is broken.</summary>
    Quarantined,

    /// <summary>An operator paused it (or it was imported).</summary>
    Paused,

    /// <summary>An operator, or a fixed build, ended the hold.</summary>
    Resumed,

    /// <summary>Its code returned.</summary>
    Completed,

    /// <summary>Its code threw.</summary>
    Failed,

    /// <summary>Its code ended because of the cancel.</summary>
    Cancelled,

    /// <summary>An operator ended it.</summary>
    Terminated,

    /// <summary>Its time is up.</summary>
    TimedOut,
}

/// <summary>The transition table. Every pair that is not in it is refused.</summary>
internal static class RunLifecycle
{
    private static readonly Dictionary<(RunStatus, RunTrigger), RunStatus> Table = Build();

    /// <summary>The status after a trigger, or null if the pair is not allowed.</summary>
    public static RunStatus? Next(RunStatus status, RunTrigger trigger) => Table.TryGetValue((status, trigger), out var next) ? next : null;

    /// <summary>True for statuses that never change again.</summary>
    public static bool IsClosed(RunStatus status) => (short)status >= 10;

    /// <summary>All rows of the table, in order, for the approved file.</summary>
    public static IEnumerable<(RunStatus From, RunTrigger Trigger, RunStatus To)> Rows =>
        Table.Select(row => (row.Key.Item1, row.Key.Item2, row.Value)).OrderBy(row => row.Item1).ThenBy(row => row.Item2);

    private static Dictionary<(RunStatus, RunTrigger), RunStatus> Build()
    {
        var table = new Dictionary<(RunStatus, RunTrigger), RunStatus>
        {
            [(RunStatus.Pending, RunTrigger.Claimed)] = RunStatus.Running,
            [(RunStatus.Pending, RunTrigger.CancelRequested)] = RunStatus.Cancelling,
            [(RunStatus.Running, RunTrigger.Claimed)] = RunStatus.Running,
            [(RunStatus.Running, RunTrigger.CancelRequested)] = RunStatus.Cancelling,
            [(RunStatus.Cancelling, RunTrigger.Claimed)] = RunStatus.Cancelling,
            [(RunStatus.Cancelling, RunTrigger.CancelRequested)] = RunStatus.Cancelling,
            [(RunStatus.Running, RunTrigger.Completed)] = RunStatus.Completed,
            [(RunStatus.Cancelling, RunTrigger.Completed)] = RunStatus.Completed,
            [(RunStatus.Running, RunTrigger.Failed)] = RunStatus.Failed,
            [(RunStatus.Cancelling, RunTrigger.Failed)] = RunStatus.Failed,
            [(RunStatus.Cancelling, RunTrigger.Cancelled)] = RunStatus.Cancelled,
            [(RunStatus.Running, RunTrigger.Cancelled)] = RunStatus.Cancelled,          // the cancel came before a hold that was ended since
            [(RunStatus.Cancelling, RunTrigger.Resumed)] = RunStatus.Cancelling,        // a held run was cancelled, then its hold was ended
        };
        foreach (var status in new[] { RunStatus.Stalled, RunStatus.Quarantined, RunStatus.Paused })
        {
            table[(status, RunTrigger.Claimed)] = status;                       // a lane takes it for a control message only
            table[(status, RunTrigger.Resumed)] = RunStatus.Running;
            table[(status, RunTrigger.CancelRequested)] = RunStatus.Cancelling;
        }

        foreach (var status in Enum.GetValues<RunStatus>().Where(status => !IsClosed(status)))
        {
            table[(status, RunTrigger.Terminated)] = RunStatus.Terminated;
            table[(status, RunTrigger.TimedOut)] = RunStatus.TimedOut;
            table[(status, RunTrigger.Stalled)] = RunStatus.Stalled;
            table[(status, RunTrigger.Quarantined)] = RunStatus.Quarantined;
            table[(status, RunTrigger.Paused)] = RunStatus.Paused;
        }

        return table;
    }
}
