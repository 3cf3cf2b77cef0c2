// The one writing connection of the process on a file, on a thread of its own. What waits when it becomes free is written in one transaction.
using Microsoft.Extensions.Logging;

namespace Durable.Storage.Sqlite;

/// <summary>
/// One writer needs no locks and no waiting inside SQLite; one transaction for all that waits needs one flush of the disk (an own commit each: some hundred
/// a second; a hundred together: some ten thousand).
/// </summary>
internal sealed class Writer : IDisposable
{
    /// <summary>Pieces in one transaction: enough to share a flush, few enough that leases never wait long behind one transaction.</summary>
    private const int MaxGroup = 128;

    private readonly object gate = new();
    private readonly Queue<WriteJob> urgent = new();
    private readonly Queue<WriteJob> others = new();
    private readonly Queue<WriterTurn> turns = new();
    private readonly List<WriteJob> group = new(MaxGroup);
    private readonly Func<Session> open;
    private readonly bool fullSync;
    private readonly TimeSpan busyLimit;
    private readonly string path;
    private readonly ILogger logger;
    private readonly Thread thread;
    private Session? session;
    private WriterTurn? turn;
    private bool isFullNow;
    private bool stopping;

    /// <param name="open">Opens a connection with the writer's settings.</param>
    /// <param name="first">The connection to begin with.</param>
    /// <param name="options">Whether commits wait for the disk, and how long for somebody else's lock.</param>
    /// <param name="path">The file, for texts.</param>
    /// <param name="logger">For what goes wrong.</param>
    public Writer(Func<Session> open, Session first, SqliteOptions options, string path, ILogger logger)
    {
        (this.open, session, this.path, this.logger) = (open, first, path, logger);
        (fullSync, busyLimit) = (options.FullSync, options.BusyLimit);
        isFullNow = fullSync;
        thread = new Thread(Loop) { IsBackground = true, Name = "Durable SQLite writer" };
        thread.Start();
    }

    /// <summary>Transactions so far; a test counts with it.</summary>
    public long Transactions { get; private set; }

    /// <summary>Hands a piece of work over.</summary>
    public void Add(WriteJob job)
    {
        lock (gate)
        {
            if (stopping)
                throw SqliteErrors.NotInitialized();
            (job.Urgent ? urgent : others).Enqueue(job);
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Asks for a turn at the write lock; one is given after each transaction, so that neither leases nor steps wait long for each other.</summary>
    public void Add(WriterTurn wanted)
    {
        lock (gate)
        {
            if (stopping)
                throw SqliteErrors.NotInitialized();
            turns.Enqueue(wanted);
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Writes what waits, then ends the thread and the connection.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            stopping = true;
            Monitor.Pulse(gate);
        }
        thread.Join();
    }

    private void Loop()
    {
        while (Next())
        {
            if (group.Count > 0)
                Write(group);
            group.Clear();
            turn?.Give();
        }
        foreach (var late in turns)
            late.Refuse(SqliteErrors.NotInitialized());
        session?.Dispose();
        session = null;
    }

    /// <summary>Waits for work, and takes what is there.</summary>
    /// <returns>False: no more will come.</returns>
    private bool Next()
    {
        lock (gate)
        {
            while (true)
            {
                Take(urgent);
                Take(others);
                if (stopping && group.Count == 0)
                    return false;
                turn = stopping ? null : turns.TryDequeue(out var next) ? next : null;
                if (group.Count > 0 || turn is not null)
                    return true;
                Monitor.Wait(gate);
            }
        }
    }

    private void Take(Queue<WriteJob> queue)
    {
        while (group.Count < MaxGroup && queue.TryDequeue(out var job))
        {
            if (job.TryTake())
                group.Add(job);
        }
    }

    /// <summary>Writes pieces in one transaction; if one of them fails, each in its own, so that none harms another.</summary>
    private void Write(List<WriteJob> jobs)
    {
        if (!TryBegin(jobs))
            return;
        try
        {
            foreach (var job in jobs)
                job.Run(session!);
        }
        catch (Exception e)
        {
            Rollback(e);
            if (jobs.Count == 1)
            {
                jobs[0].Fail(WriteStage.Inside, e);
                return;
            }
            foreach (var job in jobs)
                Write([job]);
            return;
        }
        Commit(jobs);
    }

    private bool TryBegin(List<WriteJob> jobs)
    {
        try
        {
            session ??= Reopen();
            SetSync(fullSync && !jobs.TrueForAll(static job => job.Relaxed));
            Patience.Begin(session, busyLimit);
            Transactions++;
            return true;
        }
        catch (Exception e)
        {
            if (e is SqliteFailure { IsBusy: true })
                Log.StayedLocked(logger, path, busyLimit.TotalSeconds, jobs.Count);
            else
                Drop(e);
            foreach (var job in jobs)
                job.Fail(WriteStage.Before, e);
            return false;
        }
    }

    private void Commit(List<WriteJob> jobs)
    {
        try
        {
            session![SqlText.Commit].Run();
        }
        catch (Exception e)
        {
            // A full disk is definite: the frame that would have ended the transaction is not in the log's index, and the next transaction writes over it.
            var stage = e is SqliteFailure { Code: SqliteFailure.Full } ? WriteStage.Inside : WriteStage.Commit;
            Rollback(e);
            if (stage == WriteStage.Commit)
                Drop(e);
            foreach (var job in jobs)
                job.Fail(stage, e);
            return;
        }
        foreach (var job in jobs)
            job.Done();
    }

    private void Rollback(Exception cause)
    {
        try
        {
            if (session!.InTransaction)
                session[SqlText.Rollback].Run();
            if (cause is SqliteFailure { IsBroken: true })
                Drop(cause);
        }
        catch (SqliteFailure failure)
        {
            Drop(failure);      // closing the connection rolls back
        }
    }

    private void Drop(Exception cause)
    {
        Log.WriterBroken(logger, path, cause.Message);
        session?.Dispose();
        session = null;
    }

    private Session Reopen()
    {
        var opened = open();
        isFullNow = fullSync;
        return opened;
    }

    private void SetSync(bool full)
    {
        if (full == isFullNow)
            return;
        session!.Execute(full ? "pragma synchronous=full" : "pragma synchronous=normal");
        isFullNow = full;
    }
}
