// Attempts of transactional steps (K4): the user's writes and the end of the task row are one transaction.
using System.Data.Common;
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Engine.Hosting;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Runs the code of a step in a transaction of the store, with the completion of its task as the last statement.</summary>
internal sealed class TransactionalSteps(EngineServices services, IReadOnlyDictionary<Type, Func<IServiceProvider, DbTransaction, object>> sessions, EngineLog log)
{
    private static readonly AsyncLocal<bool> Exclusive = new();

    /// <summary>True inside code that holds the only write lock of its database: whoever waits there for another write waits for himself.</summary>
    public static bool IsExclusive => Exclusive.Value;

    /// <summary>Makes one attempt.</summary>
    /// <param name="attempt">The attempt; its task row is durable and has its token.</param>
    /// <param name="call">The call.</param>
    /// <param name="execute">Runs the code within its time.</param>
    /// <returns>True: it is committed. False: the task is no longer this attempt's, and nothing of it was written.</returns>
    /// <exception cref="Exception">The attempt failed, and nothing of it was written.</exception>
    public async Task<bool> RunAsync(ActivityAttempt attempt, AttemptCall call, Func<AttemptCall, ValueTask<byte[]?>> execute)
    {
        var store = services.Store as ITransactionalStore
            ?? throw new DurableException(DurableErrorCodes.TransactionForeign, $"{services.Store.Description} has no transactions, so step '{call.Name}' cannot run. Use SQLite or PostgreSQL, or StepAsync.");
        var task = attempt.Task!;
        var step = call.Step!;
        var limit = LimitOf(store, call.Options);
        var open = await BeginAsync(store, limit, attempt).ConfigureAwait(false);
        object? session = null;
        Task? code = null;
        try
        {
            Exclusive.Value = store.ExclusiveLimit is not null;
            var result = await execute(call with
            {
                Options = call.Options with { StartToClose = limit },
                Session = provider => session = SessionOf(step.Service!, provider, open.Transaction),
                Step = step with { Invoke = given => code = step.Invoke(given) },
            }).ConfigureAwait(false);
            await EndAsync(session, open.Transaction).ConfigureAwait(false);
            session = null;
            ThrowIfEnded(open, call.Name, limit);
            var end = new TaskEnd(task.Key, task.Token!.Value, TaskMessages.Of(services.Serializer, task, EventKind.StepCompleted, result));
            if (!(await services.Store.CompleteTasksAsync([end], open.Transaction).ConfigureAwait(false))[0]) return false;
            return await CommitAsync(open, task, attempt).ConfigureAwait(false);
        }
        finally
        {
            if (code is { IsCompleted: false })
            {
                await open.AbandonAsync(code).ConfigureAwait(false);
                _ = EndAfterAsync(code, session, open.Transaction);
            }
            else
            {
                await EndAsync(session, open.Transaction).ConfigureAwait(false);
                await open.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Takes a task away from an attempt that may still be under way somewhere: after this its transaction cannot commit.</summary>
    /// <param name="task">The task, with the attempt's token.</param>
    /// <param name="isWanted">False: the answer interests nobody any more.</param>
    /// <returns>True: the row is still there. False: it is gone, and its message is in the run's mail; or the answer is not wanted.</returns>
    public async Task<bool> TakeBackAsync(TaskRecord task, Func<bool> isWanted)
    {
        for (var pause = 20; isWanted(); pause = Math.Min(pause * 2, 1_000))
        {
            try
            {
                // Waits for a commit that is under way; only then there is an answer.
                return (await services.Store.CompleteTasksAsync([new TaskEnd(task.Key, task.Token!.Value, null, TimeSpan.Zero, task.LogicalAttempt, task.Failures)]).ConfigureAwait(false))[0];
            }
            catch (Exception error)
            {
                log.StoreAway("take a transactional step back", error);
                await Task.Delay(TimeSpan.FromMilliseconds(pause), services.Clock).ConfigureAwait(false);
            }
        }

        return false;
    }

    // Where a transaction holds everybody up it is short unless the step says otherwise, and never so long that leases are lost by it (DECISIONS 23).
    private TimeSpan LimitOf(ITransactionalStore store, CallOptions options)
    {
        if (store.ExclusiveLimit is not { } usual) return options.StartToClose;
        var most = services.LaneLease / 4;
        if (services.IsDebugging) return most;
        var wanted = options.StartToClose == CallOptions.Default.StartToClose ? usual : options.StartToClose;
        return wanted < most ? wanted : most;
    }

    // A store that cannot be reached is not the step's fault: no attempt is spent on it.
    private async Task<IUserTransaction> BeginAsync(ITransactionalStore store, TimeSpan limit, ActivityAttempt attempt)
    {
        for (var pause = 20; ; pause = Math.Min(pause * 2, 1_000))
        {
            attempt.Cancellation.Token.ThrowIfCancellationRequested();
            try
            {
                return await store.BeginUserTransactionAsync(limit, attempt.Cancellation.Token).ConfigureAwait(false);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                log.StoreAway("begin a transactional step", error);
                await Task.Delay(TimeSpan.FromMilliseconds(pause), services.Clock, attempt.Cancellation.Token).ConfigureAwait(false);
            }
        }
    }

    private object SessionOf(Type type, IServiceProvider provider, DbTransaction transaction)
    {
        if (sessions.TryGetValue(type, out var create)) return create(provider, transaction) ?? throw new NonRetryableException($"What AddTransactional<{type.Name}> was given made no session.");
        if (type.IsInstanceOfType(transaction)) return transaction;
        throw new NonRetryableException($"A transactional step asks for a {type}, but transactions of {services.Store.Description} are {transaction.GetType().Name}. Register the type with AddTransactional<{type.Name}>, or take the transaction.");
    }

    private static void ThrowIfEnded(IUserTransaction open, string name, TimeSpan limit)
    {
        if (open.State == UserTransactionState.Expired) throw RetryRules.Timeout($"The transaction of step '{name}'", limit);
        if (open.State == UserTransactionState.Ended)
            throw new NonRetryableException($"The code of transactional step '{name}' has committed or rolled back its transaction. The engine does that, together with the step's result; remove the call.");
    }

    private async Task<bool> CommitAsync(IUserTransaction open, TaskRecord task, ActivityAttempt attempt)
    {
        try
        {
            await open.CommitAsync().ConfigureAwait(false);
            return true;
        }
        catch (Exception error)
        {
            // Whatever was thrown: the row says what counts.
            log.StoreAway("commit a transactional step", error);
            if (await TakeBackAsync(task, () => attempt.End != AttemptEnd.LaneLost).ConfigureAwait(false)) throw;
            return true;
        }
    }

    private static async ValueTask EndAsync(object? session, DbTransaction transaction)
    {
        if (session is null || ReferenceEquals(session, transaction)) return;
        if (session is IAsyncDisposable later) await later.DisposeAsync().ConfigureAwait(false);
        else (session as IDisposable)?.Dispose();
    }

    private async Task EndAfterAsync(Task code, object? session, DbTransaction transaction)
    {
        await code.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await EndAsync(session, transaction).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            log.StoreAway("end the session of an abandoned step", error);
        }
    }
}
