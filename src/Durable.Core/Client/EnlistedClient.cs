using System.Linq.Expressions;

namespace Durable;

/// <summary>Verbs inside the caller's own database transaction. They become true when the caller commits; after
/// a rollback they never were. Get it with <see cref="DurableClient.Enlist"/>.</summary>
/// <remarks>
/// There is no verb here that waits for a run, because the run cannot see anything before the commit. Not safe for use from several threads, as the
/// transaction is not. Each verb throws <see cref="DurableException"/> with DUR2000 when the transaction has ended. Derive from it only to fake it in tests.
/// </remarks>
public abstract class EnlistedClient
{
    /// <summary>Starts a run with a result, with the caller's commit.</summary>
    /// <typeparam name="TWorkflow">The workflow class or its contract interface.</typeparam>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <param name="run">One call of its <c>[Run]</c> method. Arguments are evaluated now and stored as JSON.</param>
    /// <param name="options">Id, policies, delay and more; null for the defaults.
    /// <see cref="IdConflictPolicy.TerminateExisting"/> is refused here: it has to wait.</param>
    /// <param name="cancellationToken">Ends this call.</param>
    /// <returns>A handle. Await its result only after the commit.</returns>
    /// <exception cref="DurableException">DUR2000: not one call of the <c>[Run]</c> method, or a policy that
    /// waits. DUR2005, DUR2007: an argument cannot be stored, or is too large.</exception>
    /// <exception cref="RunConflictException">DUR2002: a run has the id, and the policy refuses.</exception>
    public abstract Task<RunHandle<TWorkflow, TResult>> StartAsync<TWorkflow, TResult>(
        Expression<Func<TWorkflow, Task<TResult>>> run, StartOptions? options = null, CancellationToken cancellationToken = default) where TWorkflow : class;

    /// <summary>Starts a run without a result, with the caller's commit.</summary>
    /// <typeparam name="TWorkflow">The workflow class or its contract interface.</typeparam>
    /// <param name="run">One call of its <c>[Run]</c> method. Arguments are evaluated now and stored as JSON.</param>
    /// <param name="options">Id, policies, delay and more; null for the defaults.
    /// <see cref="IdConflictPolicy.TerminateExisting"/> is refused here: it has to wait.</param>
    /// <param name="cancellationToken">Ends this call.</param>
    /// <returns>A handle. Await its end only after the commit.</returns>
    /// <exception cref="DurableException">DUR2000: not one call of the <c>[Run]</c> method, or a policy that
    /// waits. DUR2005, DUR2007: an argument cannot be stored, or is too large.</exception>
    /// <exception cref="RunConflictException">DUR2002: a run has the id, and the policy refuses.</exception>
    public abstract Task<RunHandle<TWorkflow>> StartAsync<TWorkflow>(
        Expression<Func<TWorkflow, Task>> run, StartOptions? options = null, CancellationToken cancellationToken = default) where TWorkflow : class;

    /// <summary>Signals the open run of an id, with the caller's commit.</summary>
    /// <typeparam name="TWorkflow">The workflow class or its contract interface.</typeparam>
    /// <param name="workflowId">The workflow id.</param>
    /// <param name="signal">One call of a <c>[Signal]</c> method. Arguments are evaluated now and stored as JSON.</param>
    /// <param name="cancellationToken">Ends this call.</param>
    /// <returns>A task that ends when the signal is written into the transaction.</returns>
    /// <exception cref="RunNotFoundException">DUR2001: no run has the id.</exception>
    /// <exception cref="RunConflictException">DUR2010: the run has closed.</exception>
    /// <exception cref="DurableException">DUR2000: not one call of a signal. DUR2007: arguments are too large. DUR2009: too much mail waits.</exception>
    public abstract Task SignalAsync<TWorkflow>(
        string workflowId, Expression<Action<TWorkflow>> signal, CancellationToken cancellationToken = default) where TWorkflow : class;

    /// <summary>Asks the open run of an id to cancel, with the caller's commit.</summary>
    /// <param name="workflowId">The workflow id.</param>
    /// <param name="reason">Why, for people who read the history; null for none.</param>
    /// <param name="cancellationToken">Ends this call.</param>
    /// <returns>A task that ends when the request is written into the transaction.</returns>
    /// <exception cref="RunNotFoundException">DUR2001: no run has the id.</exception>
    /// <exception cref="RunConflictException">DUR2010: the run has closed.</exception>
    public abstract Task CancelAsync(string workflowId, string? reason = null, CancellationToken cancellationToken = default);

    /// <summary>Settles a promise with a value, with the caller's commit. The first settlement counts.</summary>
    /// <typeparam name="T">The type of the promise, stored as JSON.</typeparam>
    /// <param name="token">The promise's <see cref="Promise{T}.Token"/>.</param>
    /// <param name="value">The value.</param>
    /// <param name="cancellationToken">Ends this call.</param>
    /// <returns>A task that ends when the value is written into the transaction.</returns>
    /// <exception cref="RunNotFoundException">DUR2001: the token is not one that a run gave out, or its run was purged.</exception>
    /// <exception cref="RunConflictException">DUR2010: the run has closed.</exception>
    /// <exception cref="DurableException">DUR2007: the value is too large.</exception>
    public abstract Task CompleteAsync<T>(string token, T value, CancellationToken cancellationToken = default);
}
