// The one place that says what an SQLSTATE means for the engine.
using System.Net.Sockets;
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>Classifies failures of the database.</summary>
internal static class Sqlstates
{
    /// <summary>What a failure means for a batch that was being committed (C8, G7).</summary>
    /// <param name="error">What the driver threw.</param>
    /// <param name="answered">True if the server answered on a connection that still works: only then is an error definite.</param>
    /// <param name="spread">True if the batch was one for an engine that spreads its tables.</param>
    public static CommitOutcome OutcomeOf(Exception error, bool answered, bool spread = false)
    {
        if (error is not PostgresException refusal || !answered || refusal.InvariantSeverity != "ERROR") return CommitOutcome.Unknown;
        return refusal.SqlState switch
        {
            "23502" when refusal.TableName == "commit_log" => CommitOutcome.Refused,                    // C1: the fence
            "22012" when spread => CommitOutcome.Refused,                                               // C1 there; nothing else of ours divides, and there are no triggers
            "40001" or "40P01" => CommitOutcome.Retry,
            "55P03" => CommitOutcome.Rejected,                                                          // G2: somebody's transaction holds an id
            "40003" => CommitOutcome.Unknown,
            // What the rows say cannot be stored: data, constraints, limits, features.
            ['2', '2', ..] or ['2', '3', ..] or ['2', '1', ..] or ['5', '4', ..] or ['0', 'A', ..] => CommitOutcome.Rejected,
            // The surroundings are at fault (disk, memory, shutdown, rights, a standby): no run must be blamed. Opening the lane again waits for better times.
            _ => CommitOutcome.Unknown,
        };
    }

    /// <summary>True if the same call may be sent again at once.</summary>
    public static bool MayRepeat(Exception error) => error is PostgresException { SqlState: "40001" or "40P01" or "26000" };

    /// <summary>The exception that callers of the store see.</summary>
    /// <param name="error">What the driver threw.</param>
    /// <param name="verb">What was being done, for the message.</param>
    /// <param name="where">The store's description.</param>
    public static Exception ToDurable(Exception error, string verb, string where) => error switch
    {
        DurableException or OperationCanceledException => error,
        PostgresException p => new DurableException(CodeOf(p), $"{where}: {verb}: {Explain(p)}", p),
        NpgsqlException { InnerException: TimeoutException } n => new DurableException(DurableErrorCodes.StoreUnavailable, $"{where}: {verb}: no answer within the deadline.", n),
        NpgsqlException { InnerException: SocketException s } n => new DurableException(DurableErrorCodes.StoreUnavailable, $"{where}: {verb}: the server cannot be reached ({s.SocketErrorCode}).", n),
        _ => new DurableException(DurableErrorCodes.StoreUnavailable, $"{where}: {verb}: {error.Message}", error),
    };

    /// <summary>True if the failure means that tables or the schema are missing.</summary>
    public static bool IsMissing(Exception error) => error is PostgresException { SqlState: "42P01" or "3F000" };

    /// <summary>True if the engine behind the protocol lacks a feature or its syntax.</summary>
    public static bool IsUnsupported(Exception error) => error is PostgresException { SqlState: "0A000" or "42601" or "42P16" or "42704" };

    private static string CodeOf(PostgresException p) => p.SqlState switch
    {
        "42501" => DurableErrorCodes.RightMissing,
        "3D000" or "28P01" or "28000" => DurableErrorCodes.ConnectionRefused,
        "42P01" or "3F000" or "42703" => DurableErrorCodes.SchemaNotReady,
        "53100" => DurableErrorCodes.DiskFull,
        _ => DurableErrorCodes.StoreUnavailable,
    };

    // The server's own sentence names the object; the details may hold values of rows and stay out.
    private static string Explain(PostgresException p) => p.SqlState switch
    {
        "42501" => $"the role lacks a right: {p.MessageText}. Grant USAGE on the schema and SELECT, INSERT, UPDATE, DELETE on its tables; migrating needs CREATE.",
        "3D000" => $"{p.MessageText}. Create the database, or correct Database in the connection string.",
        "28P01" or "28000" => $"{p.MessageText}. Correct the user name or password, or pg_hba.conf.",
        "42P01" or "3F000" or "42703" => $"{p.MessageText}. Run the migrations.",
        "53100" => $"the disk is full: {p.MessageText}",
        _ => $"{p.MessageText} (SQLSTATE {p.SqlState})",
    };
}
