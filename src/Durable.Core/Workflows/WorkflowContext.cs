using System.Linq.Expressions;
using System.Runtime.CompilerServices;

namespace Durable;

/// <summary>What a workflow can ask for. The engine gives one to the constructor of the workflow class; it belongs to that run and to its turns only.</summary>
/// <remarks>
/// <para>Each asynchronous member is a command: the first time it is recorded and done, in replay
/// it is compared with the record (kind, name, target) and answered from it.
/// If code and record differ the run stops as <see cref="RunStatus.Stalled"/> with
/// <see cref="DurableErrorCodes.Diverged"/> (DUR4001), changes nothing, and a fixed build goes on;
/// workflow code never sees this as an exception. A call from another thread is refused the same way with <see cref="DurableErrorCodes.NotDurable"/> (DUR4002).</para>
/// <para>A cancel of the run ends the waits that are pending when it arrives, with
/// <see cref="OperationCanceledException"/>. What the code asks for after that runs, unless it is given
/// <see cref="CancellationToken"/>. A token given to a member ends that member's wait only.</para>
/// <para>Members without <c>Async</c> never wait. Derive from this class only to fake it in tests.</para>
/// </remarks>
public abstract class WorkflowContext
{
    /// <summary>Ids, version and start of this run. Equal in every replay.</summary>
    public abstract WorkflowInfo Info { get; }

    /// <summary>The time of the newest event that the code has seen; it stands still within a turn and never goes back. Equal in every replay.</summary>
    public abstract DateTimeOffset UtcNow { get; }

    /// <summary>Cancelled when a cancel of this run arrives, and from then on. Replay cancels it at the recorded place.</summary>
    public abstract CancellationToken CancellationToken { get; }

    /// <summary>True when this generation's history has grown so far that it is time to continue as new:
    /// <see cref="DurableOptions.RollOverSteps"/> or <see cref="DurableOptions.RollOverBytes"/>.</summary>
    /// <remarks>Nothing happens by itself: ask at a point where the state is small, such as the top of a loop. The
    /// answer is recorded, so replay gets the same one even if the options changed.</remarks>
    public abstract bool ContinueAsNewSuggested { get; }

    /// <summary>True when no signal or update method of this run is still under way. Wait for it before
    /// returning: <c>WaitUntilAsync(() =&gt; workflow.AllHandlersFinished)</c>.</summary>
    public abstract bool AllHandlersFinished { get; }

    /// <summary>A new id, derived from the seed of the run and a counter. Nothing is recorded; replay gives the same ids in the same order.</summary>
    /// <returns>A GUID that no other call of this run gets.</returns>
    public abstract Guid NewGuid();

    /// <summary>Runs a delegate once, records its result, and gives the recorded result in replay without running it.</summary>
    /// <remarks>
    /// The delegate runs on the process that owns the run, outside the turn, so it may do I/O; it must
    /// not use this context or change the workflow's fields. It is retried as
    /// <paramref name="options"/> say; a crash between its effect and the record runs it again, so make the effect idempotent
    /// (the forms with a service can take <see cref="ActivityContext"/>, which has an <see cref="ActivityContext.IdempotencyKey"/>).
    /// </remarks>
    /// <typeparam name="TResult">The type of the result, stored as JSON.</typeparam>
    /// <param name="name">What histories call the step. Replay compares it; it need not be unique.</param>
    /// <param name="step">The work.</param>
    /// <param name="options">Time-out and retries; null for the defaults.</param>
    /// <returns>What the step returned, decoded from the record (in the first execution too).</returns>
    /// <exception cref="ActivityFailedException">The step gave up (DUR3101) or ran out of time (DUR3102).</exception>
    /// <exception cref="OperationCanceledException">A cancel of the run arrived during the wait.</exception>
    public abstract Task<TResult> StepAsync<TResult>(string name, Func<Task<TResult>> step, StepOptions? options = null);

    /// <summary>Runs a delegate without a result once and records that it ended; replay does not run it again.</summary>
    /// <remarks>As the form with a result: outside the turn, retried, at least once.</remarks>
    /// <param name="name">What histories call the step. Replay compares it; it need not be unique.</param>
    /// <param name="step">The work.</param>
    /// <param name="options">Time-out and retries; null for the defaults.</param>
    /// <returns>A task that ends when the end of the step is recorded.</returns>
    /// <exception cref="ActivityFailedException">The step gave up (DUR3101) or ran out of time (DUR3102).</exception>
    /// <exception cref="OperationCanceledException">A cancel of the run arrived during the wait.</exception>
    public abstract Task StepAsync(string name, Func<Task> step, StepOptions? options = null);

    /// <summary>Runs a delegate with a service once, records its result, and gives the recorded result in replay without running it.</summary>
    /// <remarks>
    /// Each attempt has a dependency-injection scope of its own, and the service comes from it; <see cref="ActivityContext"/> is a service of that scope.
    /// Otherwise as the form without a service. Write the parameter's type: <c>(IStamper stamper) =&gt; stamper.NextAsync()</c>.
    /// </remarks>
    /// <typeparam name="TService">The service that the step needs.</typeparam>
    /// <typeparam name="TResult">The type of the result, stored as JSON.</typeparam>
    /// <param name="name">What histories call the step. Replay compares it; it need not be unique.</param>
    /// <param name="step">The work, given the service.</param>
    /// <param name="options">Time-out and retries; null for the defaults.</param>
    /// <returns>What the step returned, decoded from the record (in the first execution too).</returns>
    /// <exception cref="ActivityFailedException">The step gave up (DUR3101) or ran out of time (DUR3102).</exception>
    /// <exception cref="OperationCanceledException">A cancel of the run arrived during the wait.</exception>
    public abstract Task<TResult> StepAsync<TService, TResult>(string name, Func<TService, Task<TResult>> step, StepOptions? options = null) where TService : notnull;

    /// <summary>Runs a delegate with a service and without a result once and records that it ended; replay does not run it again.</summary>
    /// <remarks>As the form with a service and a result.</remarks>
    /// <typeparam name="TService">The service that the step needs.</typeparam>
    /// <param name="name">What histories call the step. Replay compares it; it need not be unique.</param>
    /// <param name="step">The work, given the service.</param>
    /// <param name="options">Time-out and retries; null for the defaults.</param>
    /// <returns>A task that ends when the end of the step is recorded.</returns>
    /// <exception cref="ActivityFailedException">The step gave up (DUR3101) or ran out of time (DUR3102).</exception>
    /// <exception cref="OperationCanceledException">A cancel of the run arrived during the wait.</exception>
    public abstract Task StepAsync<TService>(string name, Func<TService, Task> step, StepOptions? options = null) where TService : notnull;

    /// <summary>Runs database work once: what it writes and the record of its result commit in one transaction, so that neither is there without the other.</summary>
    /// <remarks>
    /// <para>The transaction is on the engine's own database. <typeparamref name="TSession"/> is its transaction type (<c>NpgsqlTransaction</c>, <c>SqliteTransaction</c>,
    /// <see cref="System.Data.Common.DbTransaction"/>) or a type registered with <see cref="DurableBuilder.AddTransactional{TSession}"/>. The delegate runs on the process
    /// that owns the run, outside the turn; it must not commit or roll back, use this context, or change the workflow's fields. An exception rolls back and is retried as
    /// <paramref name="options"/> say, and so does an attempt of a process that has lost the run meanwhile: its writes never count. What it does outside of the
    /// transaction may happen more than once.</para>
    /// <para>On SQLite the transaction holds the file's only write lock: it may take 2 s (<see cref="StepOptions.Timeout"/> if that is set, at most a quarter of
    /// <see cref="DurableOptions.Lease"/>), and cannot use <see cref="DurableClient"/> except through <see cref="DurableClient.Enlist"/>. The in-memory store has no
    /// transactions: there the step fails with DUR1012.</para>
    /// </remarks>
    /// <typeparam name="TSession">What the work needs: a transaction type or a registered session type.</typeparam>
    /// <typeparam name="TResult">The type of the result, stored as JSON.</typeparam>
    /// <param name="name">What histories call the step. Replay compares it; it need not be unique.</param>
    /// <param name="work">The work, given the session.</param>
    /// <param name="options">Time-out and retries; null for the defaults.</param>
    /// <returns>What the work returned, decoded from the record (in the first execution too).</returns>
    /// <exception cref="ActivityFailedException">The step gave up (DUR3101) or ran out of time (DUR3102).</exception>
    /// <exception cref="OperationCanceledException">A cancel of the run arrived during the wait.</exception>
    public virtual Task<TResult> TransactAsync<TSession, TResult>(string name, Func<TSession, Task<TResult>> work, StepOptions? options = null) where TSession : notnull =>
        throw new NotSupportedException($"{GetType().Name} has no transactional steps: override TransactAsync in this fake.");

    /// <summary>Runs database work without a result once: what it writes and the record of its end commit in one transaction.</summary>
    /// <remarks>As the form with a result.</remarks>
    /// <typeparam name="TSession">What the work needs: a transaction type or a registered session type.</typeparam>
    /// <param name="name">What histories call the step. Replay compares it; it need not be unique.</param>
    /// <param name="work">The work, given the session.</param>
    /// <param name="options">Time-out and retries; null for the defaults.</param>
    /// <returns>A task that ends when the end of the step is recorded.</returns>
    /// <exception cref="ActivityFailedException">The step gave up (DUR3101) or ran out of time (DUR3102).</exception>
    /// <exception cref="OperationCanceledException">A cancel of the run arrived during the wait.</exception>
    public virtual Task TransactAsync<TSession>(string name, Func<TSession, Task> work, StepOptions? options = null) where TSession : notnull =>
        throw new NotSupportedException($"{GetType().Name} has no transactional steps: override TransactAsync in this fake.");

    /// <summary>The same activities with other options: <c>await workflow.With(warehouse, new() { Queue = "warehouse" }).ShipAsync(order)</c>.</summary>
    /// <remarks>Options given here win over those of attributes; what they leave null falls through. Nothing is recorded by this call.</remarks>
    /// <typeparam name="TActivities">The activity interface.</typeparam>
    /// <param name="activities">The activities as the constructor got them.</param>
    /// <param name="options">What differs for calls through the returned object.</param>
    /// <returns>An object of the same interface; <paramref name="activities"/> itself is unchanged.</returns>
    /// <exception cref="DurableException">DUR2000: the object is not one that the engine injected, or an option is out of range.</exception>
    public abstract TActivities With<TActivities>(TActivities activities, ActivityOptions options) where TActivities : class;

    /// <summary>Waits for a length of durable time. The timer survives restarts, never ends early, and may be years long.</summary>
    /// <param name="delay">How long, counted from <see cref="UtcNow"/>; zero or less ends at once but is recorded all the same.</param>
    /// <param name="cancellationToken">Ends this wait.</param>
    /// <returns>A task that ends when the time has passed; in replay at the recorded place.</returns>
    /// <exception cref="OperationCanceledException">The token, or a cancel of the run that arrived during the wait, ended it.</exception>
    public abstract Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken = default);

    /// <summary>Waits until a condition over the workflow's own state holds.</summary>
    /// <remarks>
    /// The condition is asked now, and again whenever the code has nothing left to do in a turn. Waiters are
    /// served in the order they came, one at a time, so a condition that one waiter
    /// makes false again holds the next one back: that is a fair mutex. It must be quick, without effects, and read nothing but the workflow.
    /// </remarks>
    /// <param name="condition">Asked often, in replay too.</param>
    /// <param name="cancellationToken">Ends this wait.</param>
    /// <returns>A task that ends when the condition was true.</returns>
    /// <exception cref="OperationCanceledException">The token, or a cancel of the run that arrived during the wait, ended it.</exception>
    public abstract Task WaitUntilAsync(Func<bool> condition, CancellationToken cancellationToken = default);

    /// <summary>Waits until a condition over the workflow's own state holds, but at most <paramref name="timeout"/> of durable time.</summary>
    /// <remarks>As the form without a time-out.</remarks>
    /// <param name="condition">Asked often, in replay too; quick, without effects.</param>
    /// <param name="timeout">How long to wait, of any length. Zero asks once.</param>
    /// <param name="cancellationToken">Ends this wait.</param>
    /// <returns>True when the condition held, false when the time passed first.</returns>
    /// <exception cref="OperationCanceledException">The token, or a cancel of the run that arrived during the wait, ended it.</exception>
    public abstract Task<bool> WaitUntilAsync(Func<bool> condition, TimeSpan timeout, CancellationToken cancellationToken = default);

    /// <summary>Gives tasks in the order in which they end. It replaces <c>Task.WhenEach</c>, which resumes on the thread pool and so cannot be replayed.</summary>
    /// <typeparam name="T">The type of the tasks' results.</typeparam>
    /// <param name="tasks">Durable tasks; enumerated once.</param>
    /// <returns>Each task once, ended; await it for its result or exception. Replay gives them in the recorded order.</returns>
    public abstract IAsyncEnumerable<Task<T>> WhenEachAsync<T>(IEnumerable<Task<T>> tasks);

    /// <summary>Runs a body for each item, with at most <paramref name="maxParallel"/> of them under way.</summary>
    /// <remarks>After the first exception no further item starts; those under way are awaited, then the exception of the earliest item is thrown.</remarks>
    /// <typeparam name="TItem">The type of the items.</typeparam>
    /// <typeparam name="TResult">The type of the results.</typeparam>
    /// <param name="items">Taken one after the other, as places become free. Replay enumerates them again, so they must come from the workflow's own state.</param>
    /// <param name="maxParallel">How many bodies may be under way at once; at least 1.</param>
    /// <param name="body">Workflow code: it may await activities, steps, children and timers.</param>
    /// <returns>The results in the order of the items.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxParallel"/> is below 1.</exception>
    public abstract Task<IReadOnlyList<TResult>> ForEachAsync<TItem, TResult>(IEnumerable<TItem> items, int maxParallel, Func<TItem, Task<TResult>> body);

    /// <summary>Makes a mailbox: <c>public Mailbox&lt;Command&gt; Commands { get; } = workflow.CreateMailbox&lt;Command&gt;();</c></summary>
    /// <remarks>Messages that came before the mailbox was made wait in it. Nothing is recorded by this call.</remarks>
    /// <typeparam name="T">The type of the messages, stored as JSON.</typeparam>
    /// <param name="name">The stored name; in a property initializer the compiler gives the property's.</param>
    /// <returns>The mailbox.</returns>
    /// <exception cref="DurableException">DUR2000: the run has a mailbox of that name already.</exception>
    public abstract Mailbox<T> CreateMailbox<T>([CallerMemberName] string name = "") where T : class;

    /// <summary>Makes a promise that somebody outside settles by its token, for example a person who follows a link.</summary>
    /// <remarks>It is a command: recorded once, with the same token in every replay. It does not outlive
    /// the generation: after continue-as-new its token settles nothing.</remarks>
    /// <typeparam name="T">The type of the result, stored as JSON.</typeparam>
    /// <returns>The promise.</returns>
    public abstract Promise<T> CreatePromise<T>();

    /// <summary>Starts a child run and waits for its result.</summary>
    /// <typeparam name="TWorkflow">The class or contract interface of the child.</typeparam>
    /// <typeparam name="TResult">The type of its result.</typeparam>
    /// <param name="run">One call of its <c>[Run]</c> method: <c>(Invoice w) =&gt; w.RunAsync(order)</c>. Arguments are evaluated now and stored as JSON.</param>
    /// <param name="options">Id, queue, time-out and what happens if this run closes first; null for the defaults.</param>
    /// <param name="cancellationToken">When cancelled, the child is asked to cancel and this wait ends.</param>
    /// <returns>What the child returned; in replay the recorded result.</returns>
    /// <exception cref="DurableException">DUR2000: the expression is not one call of the child's <c>[Run]</c> method.</exception>
    /// <exception cref="RunConflictException">DUR2002: an open run has the id.</exception>
    /// <exception cref="RunFailedException">The child failed (DUR3001), was cancelled (DUR3002) or terminated (DUR3003), or ran out of time (DUR3004).</exception>
    /// <exception cref="OperationCanceledException">The token, or a cancel of this run that arrived during the wait, ended it.</exception>
    public abstract Task<TResult> RunChildAsync<TWorkflow, TResult>(
        Expression<Func<TWorkflow, Task<TResult>>> run, ChildOptions? options = null, CancellationToken cancellationToken = default) where TWorkflow : class;

    /// <summary>Starts a child run without a result and waits for its end.</summary>
    /// <typeparam name="TWorkflow">The class or contract interface of the child.</typeparam>
    /// <param name="run">One call of its <c>[Run]</c> method. Arguments are evaluated now and stored as JSON.</param>
    /// <param name="options">Id, queue, time-out and what happens if this run closes first; null for the defaults.</param>
    /// <param name="cancellationToken">When cancelled, the child is asked to cancel and this wait ends.</param>
    /// <returns>A task that ends when the child completed; in replay at the recorded place.</returns>
    /// <exception cref="DurableException">DUR2000: the expression is not one call of the child's <c>[Run]</c> method.</exception>
    /// <exception cref="RunConflictException">DUR2002: an open run has the id.</exception>
    /// <exception cref="RunFailedException">The child failed (DUR3001), was cancelled (DUR3002) or terminated (DUR3003), or ran out of time (DUR3004).</exception>
    /// <exception cref="OperationCanceledException">The token, or a cancel of this run that arrived during the wait, ended it.</exception>
    public abstract Task RunChildAsync<TWorkflow>(
        Expression<Func<TWorkflow, Task>> run, ChildOptions? options = null, CancellationToken cancellationToken = default) where TWorkflow : class;

    /// <summary>Starts a child run and goes on without waiting for its result.</summary>
    /// <typeparam name="TWorkflow">The class or contract interface of the child.</typeparam>
    /// <typeparam name="TResult">The type of its result.</typeparam>
    /// <param name="run">One call of its <c>[Run]</c> method. Arguments are evaluated now and stored as JSON.</param>
    /// <param name="options">Id, queue, time-out and what happens if this run closes first; null for the defaults.</param>
    /// <returns>The child, when its start is recorded. Children that nobody awaits live on through a continue-as-new of this run.</returns>
    /// <exception cref="DurableException">DUR2000: the expression is not one call of the child's <c>[Run]</c> method.</exception>
    /// <exception cref="RunConflictException">DUR2002: an open run has the id.</exception>
    public abstract Task<ChildRun<TWorkflow, TResult>> StartChildAsync<TWorkflow, TResult>(
        Expression<Func<TWorkflow, Task<TResult>>> run, ChildOptions? options = null) where TWorkflow : class;

    /// <summary>Starts a child run without a result and goes on without waiting for its end.</summary>
    /// <typeparam name="TWorkflow">The class or contract interface of the child.</typeparam>
    /// <param name="run">One call of its <c>[Run]</c> method. Arguments are evaluated now and stored as JSON.</param>
    /// <param name="options">Id, queue, time-out and what happens if this run closes first; null for the defaults.</param>
    /// <returns>The child, when its start is recorded.</returns>
    /// <exception cref="DurableException">DUR2000: the expression is not one call of the child's <c>[Run]</c> method.</exception>
    /// <exception cref="RunConflictException">DUR2002: an open run has the id.</exception>
    public abstract Task<ChildRun<TWorkflow>> StartChildAsync<TWorkflow>(Expression<Func<TWorkflow, Task>> run, ChildOptions? options = null) where TWorkflow : class;

    /// <summary>Another run of this namespace, by its workflow id. Nothing is looked up or recorded until one of its verbs is used.</summary>
    /// <typeparam name="TWorkflow">The class or contract interface of the other workflow.</typeparam>
    /// <param name="workflowId">Its id. The verbs go to whichever run is open under it at that time.</param>
    /// <returns>The other run, to signal, send or cancel.</returns>
    public abstract ExternalRun<TWorkflow> GetRun<TWorkflow>(string workflowId) where TWorkflow : class;

    /// <summary>Ends this generation and begins the next with an empty history: <c>return workflow.ContinueAsNew(() =&gt; RunAsync(next));</c></summary>
    /// <remarks>
    /// It only counts when <c>[Run]</c> returns it; the value itself means nothing. Run id, attributes,
    /// unread mail and children stay; promises, timers and activities under way end with
    /// the generation. The verb and its name come from Cadence and Temporal.
    /// </remarks>
    /// <typeparam name="TResult">The type of the result of <c>[Run]</c>.</typeparam>
    /// <param name="run">One call of this workflow's own <c>[Run]</c> method. Arguments are evaluated now and stored as JSON; the method is not entered.</param>
    /// <returns>A placeholder for <c>[Run]</c> to return.</returns>
    /// <exception cref="DurableException">DUR2000: the expression is not one call of this workflow's <c>[Run]</c> method.</exception>
    public abstract TResult ContinueAsNew<TResult>(Expression<Func<Task<TResult>>> run);

    /// <summary>Ends this generation and begins the next with an empty history, for a <c>[Run]</c> without a result. Return right after it.</summary>
    /// <remarks>As the form with a result; it counts when <c>[Run]</c> returns.</remarks>
    /// <param name="run">One call of this workflow's own <c>[Run]</c> method. Arguments are evaluated now and stored as JSON; the method is not entered.</param>
    /// <exception cref="DurableException">DUR2000: the expression is not one call of this workflow's <c>[Run]</c> method.</exception>
    public abstract void ContinueAsNew(Expression<Func<Task>> run);

    /// <summary>Guards a change of workflow code: true for code that runs for the first time, false where a history was recorded without the change.</summary>
    /// <remarks>
    /// The first true leaves a marker in the history, and replay answers by the marker, always the same
    /// way for one id in one run. Write the new code under true and keep the old
    /// one under false until no run needs it. The idea and the word are Temporal's.
    /// </remarks>
    /// <param name="id">The name of the change.</param>
    /// <returns>True to take the new way.</returns>
    public abstract bool Patched(string id);

    /// <summary>The version of a piece of workflow code that this run is to follow, where <see cref="Patched"/> with its two ways is too little.</summary>
    /// <remarks>Code that runs for the first time gets, and records, <paramref name="maxSupported"/>; replay gets the
    /// recorded number, or 0 where the history was recorded before the call existed.</remarks>
    /// <param name="id">The name of the piece.</param>
    /// <param name="minSupported">The oldest version that the code still has; 0 is the code before there were versions.</param>
    /// <param name="maxSupported">The newest version that the code has.</param>
    /// <returns>A number from <paramref name="minSupported"/> to <paramref name="maxSupported"/>. A recorded number outside them stalls the run (DUR4001).</returns>
    public abstract int Version(string id, int minSupported, int maxSupported);

    /// <summary>Opens a saga: a list of compensations that run in reverse when <c>[Run]</c> throws, or when it asks for it.</summary>
    /// <returns>The saga. Nothing is recorded until a compensation runs.</returns>
    public abstract Saga StartSaga();

    /// <summary>Sets a searchable attribute of this run, with the commit of the turn. Replay sets nothing again.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="key">Which attribute; an earlier value of it is replaced.</param>
    /// <param name="value">The value, stored as readable JSON that no payload codec encodes: no secrets.</param>
    public abstract void SetAttribute<T>(AttributeKey<T> key, T value);
}
