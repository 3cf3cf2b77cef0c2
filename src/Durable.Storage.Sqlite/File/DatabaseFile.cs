// A file that this process has open: its lock, its one writer, its readers. Stores of one process on one file share it.
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Durable.Storage.Sqlite;

/// <summary>Opened by the first store that initializes on the file, closed with the last.</summary>
internal sealed class DatabaseFile
{
    private static readonly object Gate = new();
    private static readonly Dictionary<string, DatabaseFile> Open = new(StringComparer.Ordinal);

    private readonly FileLock fileLock;
    private readonly bool fullSync;
    private int users;

    private DatabaseFile(string path, SqliteOptions options, TimeProvider clock, ILogger logger)
    {
        (Path, fullSync) = (path, options.FullSync);
        var library = SqliteErrors.RequireLibrary();
        var isSafe = library >= SqliteErrors.SafeSharing;
        fileLock = FileLock.Take(path, isSafe || options.AllowSharedFile, library);
        Session? writing = null;
        try
        {
            Patience.Retry(() => writing = OpenWriting(), options.BusyLimit);
            Schema = new Migrator(writing!, path, options.BusyLimit, clock, Migration.All).Run();
            FileName = writing!.FileName;
            Mark = new(path, Schema.InstallationId, fullSync);
            Writer = new(OpenWriting, writing, options, path, logger);
            Readers = new(OpenReading, options.BusyLimit, path);
        }
        catch (Exception e)
        {
            writing?.Dispose();
            fileLock.Dispose();
            throw SqliteErrors.Translate(e, path);
        }
        Log.Opened(logger, SqliteErrors.Version(library), path, Schema.Version, SyncName(fullSync));
        if (options.AllowSharedFile && !isSafe)
            Log.SharedUnsafely(logger, path, SqliteErrors.Version(library));
    }

    /// <summary>The file, links followed.</summary>
    public string Path { get; }

    /// <summary>The same in SQLite's own words, to compare a user's connection with.</summary>
    public string FileName { get; }

    /// <summary>What the file said about itself when it was opened.</summary>
    public FileSchema Schema { get; }

    /// <summary>What tells it from an older copy of itself.</summary>
    public FileMark Mark { get; }

    public Writer Writer { get; }

    public ReaderPool Readers { get; }

    /// <summary>Opens the file, or shares what is open.</summary>
    /// <exception cref="DurableException">DUR1003 to DUR1011, DUR5001.</exception>
    public static DatabaseFile Acquire(string path, SqliteOptions options, TimeProvider clock, ILogger logger)
    {
        var full = Resolve(path);
        lock (Gate)
        {
            if (!Open.TryGetValue(full, out var file))
                Open[full] = file = new(full, options, clock, logger);
            else if (file.fullSync != options.FullSync)
                Log.OtherOptions(logger, full, SyncName(file.fullSync), SyncName(options.FullSync));
            file.users++;
            return file;
        }
    }

    /// <summary>Gives up one use; with the last, what waits is written and the file is closed.</summary>
    public void Release()
    {
        lock (Gate)
        {
            if (--users > 0)
                return;
            Readers.Dispose();
            var marking = Mark.IsHere && Writer.Transactions > 0 ? new WriteJob<long>(Mark.Raise, Path) : null;
            if (marking is not null)
                Writer.Add(marking);
            Writer.Dispose();       // last: it moves the log into the file
            if (marking is { Task.IsCompletedSuccessfully: true } && (fullSync || !File.Exists(Path + "-wal")))
                Mark.Write(marking.Task.Result);       // the log is in the file, and so on the disk
            fileLock.Dispose();
            Open.Remove(Path);
        }
    }

    private static string SyncName(bool full) => full ? "FULL" : "NORMAL";

    private static string Resolve(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        return new FileInfo(full) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? full : full;
    }

    private Session OpenWriting()
    {
        var session = Session.Open(Path, create: true);
        try
        {
            session.Execute("pragma page_size=4096");
            if (session.Scalar("pragma journal_mode=wal") is not "wal")
                throw new SqliteFailure(SqliteFailure.ReadOnly, "the file cannot be put into WAL mode", "pragma journal_mode");
            session.Execute($"pragma synchronous={SyncName(fullSync)}; pragma cache_size=-32768; pragma wal_autocheckpoint=4000; pragma foreign_keys=off; pragma temp_store=memory");
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>A connection for the code of a step, with the engine's durability; like a reader it never moves the log into the file.</summary>
    public SqliteConnection OpenForUser(TimeSpan busyLimit)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path, Mode = SqliteOpenMode.ReadWrite, Pooling = false, DefaultTimeout = (int)Math.Ceiling(busyLimit.TotalSeconds) }.ToString());
        try
        {
            connection.Open();
            using var session = Session.Borrow(connection);
            session.Execute($"pragma wal_autocheckpoint=0; pragma synchronous={SyncName(fullSync)}");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Readers never move the log into the file: only one connection of a process may (DECISIONS 23).</summary>
    private Session OpenReading()
    {
        var session = Session.Open(Path, create: false);
        session.Execute("pragma query_only=on; pragma wal_autocheckpoint=0; pragma cache_size=-4096; pragma foreign_keys=off; pragma temp_store=memory");
        return session;
    }
}
