// What all verbs of the store share: the open file, the clock, and the way to the writer and to the readers.
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Durable.Storage.Sqlite;

/// <summary>One store's view of an open file.</summary>
internal sealed class StoreCore(string path, SqliteOptions options, TimeProvider clock, ILogger logger)
{
    private readonly SemaphoreSlim opening = new(1);
    private readonly BatchWriter batches = new();
    private DatabaseFile? file;
    private bool disposed;

    /// <summary>The store's clock: the host's (Q3).</summary>
    public DateTimeOffset Now => clock.GetUtcNow();

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    public DatabaseFile File => Volatile.Read(ref file) ?? throw SqliteErrors.NotInitialized();

    /// <summary>Opens the file, if it is not open.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await opening.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(disposed, typeof(SqliteStore));
            file ??= await Task.Run(() => DatabaseFile.Acquire(Path, options, clock, logger), cancellationToken);
        }
        finally
        {
            opening.Release();
        }
    }

    public Task<T> ReadAsync<T>(Func<Session, T> read, CancellationToken cancellationToken) => File.Readers.ReadAsync(read, cancellationToken);

    /// <summary>Runs work in a transaction of the writer, alone or with others.</summary>
    /// <param name="work">Only statements; may run twice, of which one counts.</param>
    /// <param name="cancellationToken">Takes the work back if it has not begun; otherwise only the waiting ends.</param>
    /// <param name="urgent">Before all others.</param>
    /// <param name="relaxed">May be lost with the power.</param>
    public async Task<T> WriteAsync<T>(Func<Session, T> work, CancellationToken cancellationToken, bool urgent = false, bool relaxed = false)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var job = new WriteJob<T>(work, Path) { Urgent = urgent, Relaxed = relaxed };
        File.Writer.Add(job);
        try
        {
            return await job.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            job.TryAbandon();
            throw;
        }
    }

    /// <summary>Writes a lane's batch. Its lists are the engine's: while the writer reads them nobody else may, so a cancelled call still waits for a batch that has begun.</summary>
    public Task<CommitResult> CommitAsync(LaneBatch batch, CancellationToken cancellationToken)
    {
        var job = new CommitJob(batch, batches, clock, Path) { Relaxed = batch.IsClaimsOnly };
        try
        {
            File.Writer.Add(job);
        }
        catch (DurableException e)
        {
            return Task.FromResult(new CommitResult(CommitOutcome.Retry) { Error = e.Message });
        }
        return cancellationToken.CanBeCanceled ? AwaitAsync(job, cancellationToken) : job.Task;
    }

    private static async Task<CommitResult> AwaitAsync(CommitJob job, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(static (state, _) => ((CommitJob)state!).Cancel(), job);
        return await job.Task;
    }

    /// <summary>Begins a transaction for the code of a step, in a turn of the writer.</summary>
    public async Task<IUserTransaction> BeginUserTransactionAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var connection = File.OpenForUser(options.BusyLimit);
        var turn = new WriterTurn(given => new StepTransaction(connection, connection.BeginTransaction(deferred: false), given), limit);
        try
        {
            File.Writer.Add(turn);
            using var registration = cancellationToken.UnsafeRegister(static (state, _) => ((WriterTurn)state!).Cancel(), turn);
            return await turn.Begun;
        }
        catch (Exception e)
        {
            await connection.DisposeAsync();
            throw e is SqliteException failure ? SqliteErrors.Translate(new SqliteFailure(failure.SqliteExtendedErrorCode, failure.Message, "begin"), Path) : e;
        }
    }

    /// <summary>Gives the file up.</summary>
    public async ValueTask CloseAsync()
    {
        await opening.WaitAsync();
        try
        {
            disposed = true;
            if (Interlocked.Exchange(ref file, null) is { } open)
                await Task.Run(open.Release);
        }
        finally
        {
            opening.Release();
        }
    }
}
