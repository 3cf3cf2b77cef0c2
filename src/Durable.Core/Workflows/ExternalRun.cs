using System.Linq.Expressions;

namespace Durable;

/// <summary>Another run, seen from inside a workflow: to signal it, send to it, cancel it. Get it with <see cref="WorkflowContext.GetRun{TWorkflow}"/>.</summary>
/// <remarks>
/// Each verb is recorded as a command of this run and ends when its message is stored at the other one; replay sends nothing again. If no such run exists the
/// verb ends with <see cref="RunNotFoundException"/> (DUR2001), if it has closed with
/// <see cref="RunConflictException"/> (DUR2010). Derive from it only to fake it in tests.
/// </remarks>
/// <typeparam name="TWorkflow">The class or contract interface of the other workflow.</typeparam>
public abstract class ExternalRun<TWorkflow> where TWorkflow : class
{
    /// <summary>The workflow id of the other run, in the namespace of this one.</summary>
    public abstract string WorkflowId { get; }

    /// <summary>Sends a signal to the run that is open under the id.</summary>
    /// <param name="signal">One call of a <c>[Signal]</c> method: <c>w =&gt; w.Approve("ada")</c>. Its arguments are evaluated now and stored as JSON.</param>
    /// <returns>A task that ends when the signal is stored, not when it is handled.</returns>
    /// <exception cref="DurableException">DUR2000: the expression is not one call of a signal of the workflow.</exception>
    /// <exception cref="RunNotFoundException">DUR2001: no run has the id.</exception>
    /// <exception cref="RunConflictException">DUR2010: the run has closed.</exception>
    public abstract Task SignalAsync(Expression<Action<TWorkflow>> signal);

    /// <summary>Puts a message into a mailbox of the run that is open under the id.</summary>
    /// <typeparam name="T">The type of the mailbox's messages.</typeparam>
    /// <param name="mailbox">The mailbox property: <c>w =&gt; w.Commands</c>.</param>
    /// <param name="message">The message, stored as JSON.</param>
    /// <returns>A task that ends when the message is stored, not when it is received.</returns>
    /// <exception cref="DurableException">DUR2000: the expression is not a mailbox property of the workflow.</exception>
    /// <exception cref="RunNotFoundException">DUR2001: no run has the id.</exception>
    /// <exception cref="RunConflictException">DUR2010: the run has closed.</exception>
    public abstract Task SendAsync<T>(Expression<Func<TWorkflow, Mailbox<T>>> mailbox, T message) where T : class;

    /// <summary>Asks the run that is open under the id to cancel.</summary>
    /// <param name="reason">Why, for people who read the history; null for none.</param>
    /// <returns>A task that ends when the request is stored. The other run decides when and how it ends.</returns>
    /// <exception cref="RunNotFoundException">DUR2001: no run has the id.</exception>
    /// <exception cref="RunConflictException">DUR2010: the run has closed.</exception>
    public abstract Task CancelAsync(string? reason = null);
}
