// Log lines of the PostgreSQL store. Event ids 5200 to 5299.
using Microsoft.Extensions.Logging;

namespace Durable.Storage.Postgres;

/// <summary>Source-generated log methods. Never a payload, never a secret.</summary>
internal static partial class Log
{
    [LoggerMessage(5201, LogLevel.Warning, "{Store}: statements are sent unprepared and with their planner settings in each transaction, because {Reason}. Slower, not less safe.")]
    public static partial void BehindPooler(ILogger log, string store, string reason);

    [LoggerMessage(5202, LogLevel.Warning, "{Store}: notifications do not arrive (a pooler in transaction mode?). Work of other hosts is found by polling.")]
    public static partial void ListenDead(ILogger log, string store);

    [LoggerMessage(5203, LogLevel.Debug, "{Store}: the connection for wake-ups was lost; it is opened again.")]
    public static partial void WakeUpsLost(ILogger log, Exception error, string store);

    [LoggerMessage(5204, LogLevel.Information, "{Store}: migration {Number} {Name} was applied.")]
    public static partial void Migrated(ILogger log, string store, int number, string name);

    [LoggerMessage(5205, LogLevel.Warning, "{Store}: less than 2 months of event partitions are left, and this role may not add any. Run the migrations with a role that may.")]
    public static partial void PartitionsRunOut(ILogger log, string store);

    [LoggerMessage(5206, LogLevel.Warning, "{Store}: a session that held the row of dead lane {Lane} was ended.")]
    public static partial void BlockerEnded(ILogger log, string store, long lane);

    [LoggerMessage(5207, LogLevel.Warning, "{Store}: lane {Lane}, batch {Number}: {Alarm}")]
    public static partial void CountAlarm(ILogger log, string store, long lane, long number, string alarm);

    [LoggerMessage(5208, LogLevel.Information, "{Store}: the server was promoted (timeline {Timeline}).")]
    public static partial void Promoted(ILogger log, string store, int timeline);

    [LoggerMessage(5209, LogLevel.Warning, "{Store}: event partitions could not be added: {Reason}")]
    public static partial void PartitionsNotAdded(ILogger log, string store, string reason);

    [LoggerMessage(5210, LogLevel.Debug, "{Store}: the connection of lane {Lane} was lost; it is opened again.")]
    public static partial void LaneConnectionLost(ILogger log, Exception error, string store, long lane);

    [LoggerMessage(5211, LogLevel.Debug, "{Store}: sessions that hold rows of dead lanes cannot be ended here.")]
    public static partial void BlockersUnknown(ILogger log, Exception error, string store);

    [LoggerMessage(5212, LogLevel.Information, "Schema {Schema}: {Partition} was dropped; all of its runs are past their retention.")]
    public static partial void MonthDropped(ILogger log, string schema, string partition);

    [LoggerMessage(5230, LogLevel.Warning, "{Store}: data node {Node} cannot be reached, and was not tried: {Reason} Runs that it holds wait for it; others go on.")]
    public static partial void NodeAway(ILogger log, string store, int node, string reason);

    [LoggerMessage(5220, LogLevel.Warning, "The transaction of a step (backend {ProcessId}) could not be ended at once; the server rolls it back when its connection ends.")]
    public static partial void StepNotEnded(ILogger log, int processId, Exception error);

    [LoggerMessage(5221, LogLevel.Information, "Shard group {Group} has moved from {Before} to {Now}.")]
    public static partial void GroupMoved(ILogger log, int group, string before, string now);

    [LoggerMessage(5222, LogLevel.Error, "{Store}: its shards were split or joined. Restart this process, so that it has lanes for the groups as they are now.")]
    public static partial void GroupsChanged(ILogger log, string store);

    [LoggerMessage(5223, LogLevel.Warning, "{Store}: where its shard groups are could not be read; what was known is used.")]
    public static partial void PlacementUnknown(ILogger log, Exception error, string store);

    [LoggerMessage(5224, LogLevel.Warning, "{Store}: a call over all shard groups went without it.")]
    public static partial void GroupLeftOut(ILogger log, Exception error, string store);
}
