// The lock beside the database file that keeps a second process out while the SQLite library cannot share a file safely (DECISIONS 23).
namespace Durable.Storage.Sqlite;

/// <summary>Held as long as the process has the file open; the system gives it up when the process dies.</summary>
internal sealed class FileLock : IDisposable
{
    private readonly FileStream stream;

    private FileLock(FileStream stream) => this.stream = stream;

    /// <summary>Takes the lock: alone, or beside others that share it too.</summary>
    /// <exception cref="DurableException">DUR1011.</exception>
    public static FileLock Take(string databasePath, bool shared, int libraryNumber)
    {
        var path = databasePath + "-durable.lock";
        try
        {
            if (!shared)
                return new(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            return new(new FileStream(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.Read));
        }
        catch (DirectoryNotFoundException e)
        {
            throw new DurableException(DurableErrorCodes.StoreUnavailable, $"The folder of {databasePath} does not exist. Make it, or name another file.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new DurableException(DurableErrorCodes.StoreUnavailable,
                $"{databasePath} or its folder is read-only. The process must be able to write the file and to make files beside it.", e);
        }
        catch (IOException e)
        {
            throw SqliteErrors.Shared(databasePath, libraryNumber, e);
        }
    }

    /// <summary>Gives the lock up. The file stays: removing it would race with a process that is opening it.</summary>
    public void Dispose() => stream.Dispose();
}
