// Which faults of a store at the start of a host pass by themselves: the server restarts, the network blinks, somebody holds the file, the disk is full.
using System.Data.Common;
using System.Net.Sockets;

namespace Durable.Engine.Worker;

/// <summary>Tells a store that is away from one that is wrong: the first is waited for, the second is told at once.</summary>
internal static class PassingFaults
{
    /// <summary>True if the same start may succeed later without anybody changing anything.</summary>
    public static bool MayPass(DurableException error) => error.Code switch
    {
        DurableErrorCodes.DatabaseFileLocked or DurableErrorCodes.DiskFull => true,
        DurableErrorCodes.StoreUnavailable => error.InnerException is DbException cause && IsAway(cause),
        _ => false,
    };

    // Class 57P: the server goes down or comes up; 08: the connection broke; 53: it has no room just now.
    private static bool IsAway(DbException cause) => cause.IsTransient || cause.SqlState is ['5', '7', 'P', ..] or ['0', '8', ..] or ['5', '3', ..]
        || cause.InnerException is SocketException or TimeoutException or IOException;
}
