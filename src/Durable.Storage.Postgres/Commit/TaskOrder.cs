// The order in which everybody locks task rows.

namespace Durable.Storage.Postgres;

/// <summary>Compares task keys as the table's key does.</summary>
internal static class TaskOrder
{
    /// <summary>By run, generation, number.</summary>
    public static int Compare(TaskKey a, TaskKey b)
    {
        var byRun = a.RunId.CompareTo(b.RunId);
        if (byRun != 0) return byRun;
        var byGen = a.Gen.CompareTo(b.Gen);
        return byGen != 0 ? byGen : a.TaskNo.CompareTo(b.TaskNo);
    }
}
