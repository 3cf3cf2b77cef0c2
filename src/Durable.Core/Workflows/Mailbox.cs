namespace Durable;

/// <summary>An ordered inbox of a run for messages of one type. Make it with <see cref="WorkflowContext.CreateMailbox{T}"/> in a property initializer.</summary>
/// <remarks>
/// Every message that a sender was told is accepted arrives here once, in order per sender. Messages that nobody has received yet come along through continue-as-new
/// (at most 10,000 of them and 10 MB; beyond that the run fails with
/// <see cref="DurableErrorCodes.HistoryLimit"/>, DUR3005). Replay hands out the same messages at the
/// same places.
/// Derive from it only to fake it in tests.
/// </remarks>
/// <typeparam name="T">The message: a reference type, so that null can mean "nothing came".</typeparam>
public abstract class Mailbox<T> where T : class
{
    /// <summary>How many messages wait, as of the current turn. Replay shows the same number at the same place.</summary>
    public abstract int Count { get; }

    /// <summary>Takes the oldest message, waiting as long as it takes.</summary>
    /// <param name="cancellationToken">Ends this wait. A wait that was cancelled consumes nothing.</param>
    /// <returns>The message.</returns>
    /// <exception cref="OperationCanceledException">The token, or a cancel of the run that arrived during the wait, ended it.</exception>
    public abstract Task<T> ReceiveAsync(CancellationToken cancellationToken = default);

    /// <summary>Takes the oldest message, waiting at most <paramref name="timeout"/> of durable time.</summary>
    /// <param name="timeout">How long to wait, from zero (take what is there) to any length. The timer survives restarts.</param>
    /// <param name="cancellationToken">Ends this wait. A wait that was cancelled or timed out consumes nothing.</param>
    /// <returns>The message, or null if the time passed first.</returns>
    /// <exception cref="OperationCanceledException">The token, or a cancel of the run that arrived during the wait, ended it.</exception>
    public abstract Task<T?> ReceiveAsync(TimeSpan timeout, CancellationToken cancellationToken = default);
}
