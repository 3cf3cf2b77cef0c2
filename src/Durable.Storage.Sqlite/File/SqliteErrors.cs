// Every error text of the provider: code, what happened, what to do. Built here and nowhere else.
using SQLitePCL;

namespace Durable.Storage.Sqlite;

/// <summary>Makes the exceptions that leave the provider.</summary>
internal static class SqliteErrors
{
    /// <summary>The oldest library that the statements run on: <c>returning</c> came with it.</summary>
    public const int OldestLibrary = 3_035_000;

    /// <summary>The first library in which two writing connections cannot damage a WAL file (DECISIONS 23).</summary>
    public const int SafeSharing = 3_051_003;

    /// <summary>Number of the native library.</summary>
    /// <exception cref="DurableException">DUR1003 or DUR1004.</exception>
    public static int RequireLibrary()
    {
        int number;
        try
        {
            using (new Microsoft.Data.Sqlite.SqliteConnection())        // its type initializer loads a bundle if the application has one
                number = raw.sqlite3_libversion_number();
        }
        catch (Exception e)
        {
            throw LibraryMissing(e);
        }
        return RequireVersion(number);
    }

    public static int RequireVersion(int number) => number >= OldestLibrary ? number : throw new DurableException(DurableErrorCodes.SqliteTooOld,
        $"The SQLite library is {Version(number)}; 3.35 or newer is needed. Update the package that brings it (Microsoft.Data.Sqlite or a SQLitePCLRaw bundle), or the machine's library.");

    public static DurableException LibraryMissing(Exception inner) => new(DurableErrorCodes.SqliteLibraryMissing,
        "No native SQLite library. Add the package Microsoft.Data.Sqlite (or SQLitePCLRaw.bundle_e_sqlite3) to the application: this package brings none, so that you choose its version.", inner);

    public static DurableException Shared(string path, int number, Exception inner) => new(DurableErrorCodes.DatabaseFileShared,
        $"Another process has {path} open, and with SQLite {Version(number)} two processes can damage the file. Stop the other process, use SQLite 3.51.3 or newer in both, "
        + "or set SqliteOptions.AllowSharedFile in both to accept the risk.", inner);

    public static DurableException SchemaNewer(string path, int needed, int own) => new(DurableErrorCodes.SchemaNewer,
        $"{path} was migrated by a newer release: it needs builds of format {needed} or newer, this one has format {own}. Deploy at least the release that migrated it.");

    public static DurableException MigrationChanged(string path, string name) => new(DurableErrorCodes.MigrationChanged,
        $"Migration {name} was applied to {path} with another content than this build has. Use an unmodified package, and compare the schema with the release that applied it.");

    public static DurableException ForeignObject(string path, string name) => new(DurableErrorCodes.StoreUnavailable,
        $"{path} has a table, index or view '{name}' that is not the engine's. Rename it, or give the engine a file of its own.");

    public static DurableException ForeignTransaction(string why) => new(DurableErrorCodes.TransactionForeign,
        $"{why} Begin the transaction with SqliteConnection.BeginTransaction on a connection to the engine's own file.");

    public static DurableException NotInitialized() => new(DurableErrorCodes.StoreUnavailable, "The SQLite store is not open: initialize it first, and do not use it after it was disposed.");

    /// <summary>A definite failure; what was being done had no effect.</summary>
    public static DurableException Translate(Exception cause, string path) => cause switch
    {
        DurableException known => known,
        SqliteFailure failure => new(CodeOf(failure), Describe(failure, path), failure),
        _ => new(DurableErrorCodes.StoreUnavailable, $"Work on {path} failed: {cause.GetType().Name}.", cause),
    };

    /// <summary>A commit that failed: nobody knows whether it counted.</summary>
    public static DurableException InDoubt(Exception cause, string path) => new(DurableErrorCodes.CommitInDoubt,
        $"The commit to {path} failed, and whether it counted is not known. Send the request again under the same id. {cause.Message}", cause);

    public static string Version(int number) => $"{number / 1_000_000}.{number / 1000 % 1000}.{number % 1000}";

    private static string CodeOf(SqliteFailure failure) => failure.Code switch
    {
        SqliteFailure.Busy or SqliteFailure.Locked => DurableErrorCodes.DatabaseFileLocked,
        SqliteFailure.Full => DurableErrorCodes.DiskFull,
        _ => DurableErrorCodes.StoreUnavailable,
    };

    private static string Describe(SqliteFailure failure, string path) => failure.Code switch
    {
        SqliteFailure.Busy or SqliteFailure.Locked => $"{path} is locked by another process, a tool, or a long transaction. Close it, or keep transactions short.",
        SqliteFailure.Full => $"The disk or the quota of {path} is full. Make room; nothing that was accepted is lost.",
        SqliteFailure.NotADatabase => $"{path} is not an SQLite database, or it is encrypted. Name another file.",
        SqliteFailure.ReadOnly => $"{path} or its folder is read-only. The process must be able to write the file and to make files beside it.",
        SqliteFailure.CannotOpen or SqliteFailure.Perm => $"{path} cannot be opened. Check that its folder exists and that the process may read and write there.",
        SqliteFailure.Corrupt => $"{path} is damaged. Stop all processes that use it, and restore it from a backup.",
        _ => $"{path}: {failure.Message}",
    };
}
