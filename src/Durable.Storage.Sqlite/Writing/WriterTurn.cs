// A turn at the write lock that the writer's thread gives away: while it lasts nothing else of this process writes or checkpoints.
namespace Durable.Storage.Sqlite;

/// <summary>What waits for the writing thread, and then holds it up.</summary>
/// <param name="begin">Begins the transaction, on the writer's thread.</param>
/// <param name="limit">Then it is over, whoever holds it.</param>
internal sealed class WriterTurn(Func<WriterTurn, StepTransaction> begin, TimeSpan limit)
{
    private const int Waiting = 0, Taken = 1, Abandoned = 2;
    private readonly TaskCompletionSource<StepTransaction> begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim over = new(false);
    private int state;

    /// <summary>The transaction, once it is its turn.</summary>
    public Task<StepTransaction> Begun => begun.Task;

    /// <summary>On the writer's thread: begins, and waits for the end.</summary>
    public void Give()
    {
        if (Interlocked.CompareExchange(ref state, Taken, Waiting) != Waiting)
            return;
        StepTransaction transaction;
        try
        {
            transaction = begin(this);
        }
        catch (Exception e)
        {
            begun.SetException(e);
            return;
        }
        begun.SetResult(transaction);
        if (!over.Wait(limit))
            transaction.Expire();
    }

    /// <summary>Refuses it: no more turns are given.</summary>
    public void Refuse(Exception reason)
    {
        if (Interlocked.CompareExchange(ref state, Abandoned, Waiting) == Waiting)
            begun.SetException(reason);
    }

    /// <summary>Gives it up, if it has not begun.</summary>
    public void Cancel()
    {
        if (Interlocked.CompareExchange(ref state, Abandoned, Waiting) == Waiting)
            begun.SetCanceled();
    }

    /// <summary>The writer may go on.</summary>
    public void End() => over.Set();
}
