using System.Linq.Expressions;

namespace Durable;

/// <summary>A run whose class the caller knows: signal, send, query, update.</summary>
/// <remarks>Every verb throws <see cref="RunNotFoundException"/> (DUR2001) if there is no such run. Derive from it only to fake it in tests.</remarks>
/// <typeparam name="TWorkflow">The workflow class or its contract interface.</typeparam>
public abstract class RunHandle<TWorkflow> : RunHandle where TWorkflow : class
{
    /// <summary>Stores a signal for the run. It is handled once, in the order in which this process sent it, when the run gets to it.</summary>
    /// <param name="signal">One call of a <c>[Signal]</c> method: <c>w =&gt; w.Approve("ada")</c>. Arguments are evaluated now and stored as JSON.</param>
    /// <param name="cancellationToken">Ends this call; the signal may have been stored all the same.</param>
    /// <returns>A task that ends when the signal is stored.</returns>
    /// <exception cref="RunConflictException">DUR2010: the run has closed.</exception>
    /// <exception cref="DurableException">DUR2000: not one call of a signal. DUR2007: arguments are too large. DUR2009: too much mail waits.</exception>
    public abstract Task SignalAsync(Expression<Action<TWorkflow>> signal, CancellationToken cancellationToken = default);

    /// <summary>Puts a message into a mailbox of the run. It is received once, in the order in which this process sent it.</summary>
    /// <typeparam name="T">The type of the mailbox's messages.</typeparam>
    /// <param name="mailbox">The mailbox property: <c>w =&gt; w.Commands</c>.</param>
    /// <param name="message">The message, stored as JSON.</param>
    /// <param name="cancellationToken">Ends this call; the message may have been stored all the same.</param>
    /// <returns>A task that ends when the message is stored.</returns>
    /// <exception cref="RunConflictException">DUR2010: the run has closed.</exception>
    /// <exception cref="DurableException">DUR2000: not a mailbox property. DUR2007: the message is too large. DUR2009: too much mail waits.</exception>
    public abstract Task SendAsync<T>(Expression<Func<TWorkflow, Mailbox<T>>> mailbox, T message, CancellationToken cancellationToken = default) where T : class;

    /// <summary>Reads state of the run, open or closed. Nothing is recorded, and nothing of the run is disturbed.</summary>
    /// <remarks>Answered from the last committed turn: on the owner if this process is it, else by replaying the history here.</remarks>
    /// <typeparam name="TValue">The type of the answer.</typeparam>
    /// <param name="query">One <c>[Query]</c> property or call: <c>w =&gt; w.State</c>.</param>
    /// <param name="cancellationToken">Ends this call.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="DurableException">DUR2000: not one query. DUR2006: this process has not
    /// registered the class. DUR4001: the code here does not fit the history.</exception>
    public abstract Task<TValue> QueryAsync<TValue>(Expression<Func<TWorkflow, TValue>> query, CancellationToken cancellationToken = default);

    /// <summary>Changes the run and waits for its answer.</summary>
    /// <remarks>Accepted, the update is recorded and is carried out whether or not the caller goes on waiting; a
    /// call with the same <see cref="UpdateOptions.Id"/> gets the same answer.</remarks>
    /// <typeparam name="TAnswer">The type of the answer.</typeparam>
    /// <param name="update">One call of an <c>[Update]</c> method: <c>w =&gt; w.AddLineAsync(line)</c>. Arguments are evaluated now and stored as JSON.</param>
    /// <param name="options">The idempotency key; null for none.</param>
    /// <param name="cancellationToken">Ends the wait; the update may be carried out all the same.</param>
    /// <returns>What the method returned.</returns>
    /// <exception cref="UpdateRejectedException">DUR2004: the validator refused; nothing was recorded. DUR2011: it was accepted, and its method threw.</exception>
    /// <exception cref="RunConflictException">DUR2010: the run has closed, or closed before it answered.</exception>
    /// <exception cref="DurableException">DUR2000: not one call of an update. DUR2007: arguments are too large. DUR2009: too much mail waits.</exception>
    public abstract Task<TAnswer> UpdateAsync<TAnswer>(
        Expression<Func<TWorkflow, Task<TAnswer>>> update, UpdateOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Changes the run and waits until that is done.</summary>
    /// <remarks>As the form with an answer.</remarks>
    /// <param name="update">One call of an <c>[Update]</c> method. Arguments are evaluated now and stored as JSON.</param>
    /// <param name="options">The idempotency key; null for none.</param>
    /// <param name="cancellationToken">Ends the wait; the update may be carried out all the same.</param>
    /// <returns>A task that ends when the method has ended.</returns>
    /// <exception cref="UpdateRejectedException">DUR2004: the validator refused; nothing was recorded. DUR2011: it was accepted, and its method threw.</exception>
    /// <exception cref="RunConflictException">DUR2010: the run has closed, or closed before it answered.</exception>
    /// <exception cref="DurableException">DUR2000: not one call of an update. DUR2007: arguments are too large. DUR2009: too much mail waits.</exception>
    public abstract Task UpdateAsync(Expression<Func<TWorkflow, Task>> update, UpdateOptions? options = null, CancellationToken cancellationToken = default);
}

/// <summary>A run whose class and result the caller knows.</summary>
/// <remarks>Derive from it only to fake it in tests.</remarks>
/// <typeparam name="TWorkflow">The workflow class or its contract interface.</typeparam>
/// <typeparam name="TResult">The type of the result.</typeparam>
public abstract class RunHandle<TWorkflow, TResult> : RunHandle<TWorkflow> where TWorkflow : class
{
    /// <summary>Waits for the result, however long that takes.</summary>
    /// <remarks>If the run is held, or no live worker can serve it, a warning with the explanation is logged after 10 s and then each minute.</remarks>
    /// <param name="cancellationToken">Ends the wait, not the run.</param>
    /// <returns>What <c>[Run]</c> returned, decoded from the store.</returns>
    /// <exception cref="RunFailedException">The run failed (DUR3001), was cancelled (DUR3002) or terminated
    /// (DUR3003), ran out of time (DUR3004) or reached a limit of its history (DUR3005).</exception>
    /// <exception cref="DurableException">DUR2005: the stored result does not fit the type.</exception>
    public abstract Task<TResult> ResultAsync(CancellationToken cancellationToken = default);

    /// <summary>Waits for the run to close, but at most <paramref name="timeout"/>. A failed run is an answer, not an exception.</summary>
    /// <param name="timeout">How long to wait by this process's clock; zero looks once.</param>
    /// <param name="cancellationToken">Ends the wait, not the run.</param>
    /// <returns>How the run ended, with its result if it completed, or null if it is still open.</returns>
    /// <exception cref="DurableException">DUR2005: the stored result does not fit the type.</exception>
    public abstract Task<RunOutcome<TResult>?> OutcomeAsync(TimeSpan timeout, CancellationToken cancellationToken = default);
}
