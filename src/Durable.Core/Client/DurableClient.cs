using System.Data.Common;
using System.Linq.Expressions;
using System.Text.Json;

namespace Durable;

/// <summary>Starts runs and reaches existing ones, from any process that has the store, worker or not. A singleton service; safe to use from many threads.</summary>
/// <remarks>
/// <para>Every verb says in its name whether it stores (start, signal, send, cancel), asks and waits for the answer
/// (update), reads (query, describe, list) or waits (result). No other verb waits for a run.
/// Cancelling a call's token stops the waiting, never the run: what was on its way to the store then takes effect all the same.</para>
/// <para>Starts and messages of many callers at once share calls of the store, in the order in which they were made; each has its own outcome.</para>
/// <para>Any verb may throw <see cref="DurableException"/> with DUR2000 (the request itself is wrong),
/// DUR2008 (an id or name is too long), DUR5001 (the store is away) or DUR5004
/// (the connection broke during a commit: nobody knows whether it counted). Not for use in workflow code, where <see cref="WorkflowContext"/> has the same verbs.
/// Derive from this class only to fake it in tests.</para>
/// </remarks>
public abstract class DurableClient
{
    /// <summary>The namespace (tenant) that this client works in. Every verb sees runs of this namespace only.</summary>
    public abstract string Namespace { get; }

    /// <summary>The same client for another namespace. No I/O: a namespace need not be created.</summary>
    /// <param name="name">The namespace.</param>
    /// <returns>A client that may be kept.</returns>
    /// <exception cref="DurableException">DUR2000: the name is empty. DUR2008: it is too long.</exception>
    public abstract DurableClient ForNamespace(string name);

    /// <summary>Starts a run with a result. Returns when the start is stored, not when code runs.</summary>
    /// <remarks>Without <see cref="StartOptions.Id"/> a repeated call starts a second run; see <see cref="StartOptions.Once"/>.</remarks>
    /// <typeparam name="TWorkflow">The workflow class or its contract interface.</typeparam>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <param name="run">One call of its <c>[Run]</c> method: <c>(OrderWorkflow w) =&gt; w.RunAsync(order)</c>. Arguments are evaluated now and stored as JSON.</param>
    /// <param name="options">Id, policies, delay and more; null for the defaults.</param>
    /// <param name="cancellationToken">Ends this call; the run may have been started all the same.</param>
    /// <returns>A handle of the started run, or of the existing one where a policy says so.</returns>
    /// <exception cref="DurableException">DUR2000: not one call of the <c>[Run]</c> method. DUR2005: an
    /// argument cannot be stored. DUR2007: arguments are too large.</exception>
    /// <exception cref="RunConflictException">DUR2002: a run has the id, and the policy refuses.</exception>
    public abstract Task<RunHandle<TWorkflow, TResult>> StartAsync<TWorkflow, TResult>(
        Expression<Func<TWorkflow, Task<TResult>>> run, StartOptions? options = null, CancellationToken cancellationToken = default) where TWorkflow : class;

    /// <summary>Starts a run without a result. Returns when the start is stored, not when code runs.</summary>
    /// <remarks>Without <see cref="StartOptions.Id"/> a repeated call starts a second run; see <see cref="StartOptions.Once"/>.</remarks>
    /// <typeparam name="TWorkflow">The workflow class or its contract interface.</typeparam>
    /// <param name="run">One call of its <c>[Run]</c> method. Arguments are evaluated now and stored as JSON.</param>
    /// <param name="options">Id, policies, delay and more; null for the defaults.</param>
    /// <param name="cancellationToken">Ends this call; the run may have been started all the same.</param>
    /// <returns>A handle of the started run, or of the existing one where a policy says so.</returns>
    /// <exception cref="DurableException">DUR2000: not one call of the <c>[Run]</c> method. DUR2005: an
    /// argument cannot be stored. DUR2007: arguments are too large.</exception>
    /// <exception cref="RunConflictException">DUR2002: a run has the id, and the policy refuses.</exception>
    public abstract Task<RunHandle<TWorkflow>> StartAsync<TWorkflow>(
        Expression<Func<TWorkflow, Task>> run, StartOptions? options = null, CancellationToken cancellationToken = default) where TWorkflow : class;

    /// <summary>Signals the run that is open under the id, or starts one and signals it first: both in one transaction.</summary>
    /// <remarks>An open run gets the signal and no policy is asked; otherwise <see cref="StartOptions.IdReuse"/> decides about the start.</remarks>
    /// <typeparam name="TWorkflow">The workflow class or its contract interface.</typeparam>
    /// <param name="run">One call of its <c>[Run]</c> method, with or without a result.</param>
    /// <param name="signal">One call of a <c>[Signal]</c> method; a new run handles it before anything that comes later.</param>
    /// <param name="options">The options of the start; <see cref="StartOptions.Id"/> is required.</param>
    /// <param name="cancellationToken">Ends this call; the messages may have been stored all the same.</param>
    /// <returns>A handle of the signalled run.</returns>
    /// <exception cref="DurableException">DUR2000: an expression is not one call of its kind, or there is no
    /// id. DUR2007: arguments are too large. DUR2009: too much mail waits.</exception>
    /// <exception cref="RunConflictException">DUR2002: the id's last run has closed, and the policy refuses another.</exception>
    public abstract Task<RunHandle<TWorkflow>> SignalWithStartAsync<TWorkflow>(
        Expression<Func<TWorkflow, Task>> run, Expression<Action<TWorkflow>> signal, StartOptions options, CancellationToken cancellationToken = default)
        where TWorkflow : class;

    /// <summary>A handle by id for what needs no class: describe, cancel, wait, history. No I/O; a missing run shows at the first verb.</summary>
    /// <param name="workflowId">The workflow id.</param>
    /// <param name="runId">One certain run of the id. Null: the open one, else the latest, decided at each verb.</param>
    /// <returns>The handle.</returns>
    public abstract RunHandle GetRun(string workflowId, Guid? runId = null);

    /// <summary>A handle by id for signals, queries and updates. No I/O; a missing run shows at the first verb.</summary>
    /// <typeparam name="TWorkflow">The workflow class or its contract interface.</typeparam>
    /// <param name="workflowId">The workflow id.</param>
    /// <param name="runId">One certain run of the id. Null: the open one, else the latest, decided at each verb.</param>
    /// <returns>The handle.</returns>
    public abstract RunHandle<TWorkflow> GetRun<TWorkflow>(string workflowId, Guid? runId = null) where TWorkflow : class;

    /// <summary>A handle by id for everything, the result included. No I/O; a missing run shows at the first verb.</summary>
    /// <typeparam name="TWorkflow">The workflow class or its contract interface.</typeparam>
    /// <typeparam name="TResult">The type of the result. A wrong one shows when the result is read (DUR2005).</typeparam>
    /// <param name="workflowId">The workflow id.</param>
    /// <param name="runId">One certain run of the id. Null: the open one, else the latest, decided at each verb.</param>
    /// <returns>The handle.</returns>
    public abstract RunHandle<TWorkflow, TResult> GetRun<TWorkflow, TResult>(string workflowId, Guid? runId = null) where TWorkflow : class;

    /// <summary>Verbs that become true with the caller's own transaction: your rows and the start of the run, both or neither.</summary>
    /// <param name="transaction">An open transaction on the database that holds the engine's tables. You commit it; the library never does.</param>
    /// <returns>A client for as long as the transaction is open.</returns>
    /// <exception cref="DurableException">DUR2000: the transaction is of another provider or has ended, or the store has no transactions.</exception>
    public abstract EnlistedClient Enlist(DbTransaction transaction);

    /// <summary>Settles a promise with a value. The first settlement counts; later ones change nothing.</summary>
    /// <typeparam name="T">The type of the promise, stored as JSON.</typeparam>
    /// <param name="token">The promise's <see cref="Promise{T}.Token"/>; the namespace need not match.</param>
    /// <param name="value">The value.</param>
    /// <param name="cancellationToken">Ends this call; the value may have been stored all the same.</param>
    /// <returns>A task that ends when the value is stored.</returns>
    /// <exception cref="RunNotFoundException">DUR2001: the token is not one that a run gave out, or its run was purged.</exception>
    /// <exception cref="RunConflictException">DUR2010: the run has closed.</exception>
    /// <exception cref="DurableException">DUR2007: the value is too large.</exception>
    public abstract Task CompleteAsync<T>(string token, T value, CancellationToken cancellationToken = default);

    /// <summary>Settles a promise with a failure. The first settlement counts; later ones change nothing.</summary>
    /// <param name="token">The promise's <see cref="Promise{T}.Token"/>; the namespace need not match.</param>
    /// <param name="reason">What went wrong; the workflow sees it as the message of the failure.</param>
    /// <param name="cancellationToken">Ends this call; the failure may have been stored all the same.</param>
    /// <returns>A task that ends when the failure is stored.</returns>
    /// <exception cref="RunNotFoundException">DUR2001: the token is not one that a run gave out, or its run was purged.</exception>
    /// <exception cref="RunConflictException">DUR2010: the run has closed.</exception>
    public abstract Task FailAsync(string token, string reason, CancellationToken cancellationToken = default);

    /// <summary>Runs of this namespace that match the filter, latest started first. Pages are read as the caller goes on.</summary>
    /// <param name="filter">What to list; null for all.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>The runs, each as it was when its page was read; runs started meanwhile may be missing. <see cref="RunInfo.WaitReason"/> is
    /// read only where the filter asks for it with <see cref="RunFilter.WaitingFor"/>.</returns>
    public abstract IAsyncEnumerable<RunInfo> ListAsync(RunFilter? filter = null, CancellationToken cancellationToken = default);

    /// <summary>How many runs of this namespace match the filter, at one moment.</summary>
    /// <param name="filter">What to count; null for all.</param>
    /// <param name="cancellationToken">Ends this call.</param>
    /// <returns>The number.</returns>
    public abstract Task<long> CountAsync(RunFilter? filter = null, CancellationToken cancellationToken = default);

    /// <summary>Puts an exported run into this store, paused, with its workflow id and history and a new secret: tokens given out before settle nothing here.</summary>
    /// <param name="export">What <see cref="RunHandle.ExportAsync"/> gave.</param>
    /// <param name="cancellationToken">Ends this call; the run may have been stored all the same.</param>
    /// <returns>A handle of the imported run; <see cref="RunHandle.ResumeAsync"/> lets it go on.</returns>
    /// <exception cref="DurableException">DUR2000: not an export. DUR5002: its history is broken. DUR5003: it has events that this build does not know.</exception>
    /// <exception cref="RunConflictException">DUR2002: the run, or an open run with its workflow id, is here already.</exception>
    public abstract Task<RunHandle> ImportAsync(JsonElement export, CancellationToken cancellationToken = default);

    /// <summary>Says that this database, restored or copied from elsewhere, is meant to be worked on here.
    /// Until then workers claim nothing (DUR1010) and clients only read.</summary>
    /// <remarks>The decision is recorded with the place of the database, so it is asked once for each copy. It concerns all namespaces of the store.</remarks>
    /// <param name="policy">What becomes of the open runs.</param>
    /// <param name="cancellationToken">Ends this call; the decision may have been stored all the same.</param>
    /// <returns>A task that ends when the decision is stored. Where there is nothing to accept it changes nothing.</returns>
    public abstract Task AcceptRestoredStoreAsync(RestoredStorePolicy policy, CancellationToken cancellationToken = default);
}
