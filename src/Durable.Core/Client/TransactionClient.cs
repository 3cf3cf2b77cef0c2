// Verbs within the caller's transaction: what they write becomes true with his commit.
using System.Data.Common;
using System.Linq.Expressions;
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>A client for as long as a transaction is open.</summary>
internal sealed class TransactionClient(ClientVerbs verbs, DbTransaction transaction) : EnlistedClient
{
    // Reads go past the transaction and do not see what it started, so those runs are remembered.
    private readonly Dictionary<string, RunRecord> started = new(StringComparer.Ordinal);

    public override async Task<RunHandle<TWorkflow, TResult>> StartAsync<TWorkflow, TResult>(
        Expression<Func<TWorkflow, Task<TResult>>> run, StartOptions? options = null, CancellationToken cancellationToken = default) =>
        new ClientRunHandle<TWorkflow, TResult>(verbs, await StartAsync(typeof(TWorkflow), run, options, cancellationToken));

    public override async Task<RunHandle<TWorkflow>> StartAsync<TWorkflow>(Expression<Func<TWorkflow, Task>> run, StartOptions? options = null, CancellationToken cancellationToken = default) =>
        new ClientRunHandle<TWorkflow>(verbs, await StartAsync(typeof(TWorkflow), run, options, cancellationToken));

    public override Task SignalAsync<TWorkflow>(string workflowId, Expression<Action<TWorkflow>> signal, CancellationToken cancellationToken = default)
    {
        var (name, json) = verbs.Mail.Signal(typeof(TWorkflow), signal);
        return PostAsync(workflowId, EventKind.SignalReceived, name, json, $"Signal '{name}'", cancellationToken);
    }

    public override Task CancelAsync(string workflowId, string? reason = null, CancellationToken cancellationToken = default) =>
        PostAsync(workflowId, EventKind.CancelRequested, null, verbs.Mail.Reason(reason), "CancelAsync", cancellationToken);

    public override async Task CompleteAsync<T>(string token, T value, CancellationToken cancellationToken = default)
    {
        ThrowIfEnded();
        var json = verbs.Core.Serializer.Encode(value, "The value of a promise");
        await verbs.Core.WriteAsync(cancellationToken, enlisted: true);
        var (run, message) = await verbs.Mail.PromiseAsync(token, EventKind.PromiseCompleted, json, cancellationToken);
        await DeliverAsync(run, message, "CompleteAsync", cancellationToken);
    }

    private async Task<RunTarget> StartAsync(Type workflow, LambdaExpression run, StartOptions? options, CancellationToken cancellationToken)
    {
        ThrowIfEnded();
        var prepared = PreparedStart.Read(verbs.Core, workflow, run, options, "StartAsync");
        var (runId, start) = await verbs.Starter.StartAsync(prepared, transaction, cancellationToken);
        if (start is not null) started[start.WorkflowId] = RowOf(start);
        return new RunTarget(prepared.WorkflowId, runId);
    }

    private async Task PostAsync(string workflowId, EventKind kind, string? name, byte[] json, string verb, CancellationToken cancellationToken)
    {
        ThrowIfEnded();
        var target = new RunTarget(Check.Name(workflowId, "The workflow id"), null);
        await verbs.Core.WriteAsync(cancellationToken, enlisted: true);
        var run = started.GetValueOrDefault(workflowId) ?? await verbs.Core.FindAsync(target, cancellationToken);
        await DeliverAsync(run, verbs.Core.Message(run, kind, name, json), verb, cancellationToken);
    }

    private async Task DeliverAsync(RunRecord run, MessageRecord message, string verb, CancellationToken cancellationToken)
    {
        if (RunLifecycle.IsClosed(run.Status)) throw RunInfos.Closed(run, verb);
        await verbs.Core.Inbox.CheckAsync(verbs.Core.Store, run, cancellationToken);
        await verbs.Core.Store.DeliverAsync(new Delivery([message], []), transaction, cancellationToken);
    }

    // A provider's transaction lets go of its connection when it is committed or rolled back.
    private void ThrowIfEnded()
    {
        if (transaction.Connection is null)
            throw new DurableException(DurableErrorCodes.RequestInvalid, "The transaction has ended. Enlist while it is open, and call the verbs before the commit.");
    }

    private RunRecord RowOf(StartRecord start) => new()
    {
        RunId = start.RunId, Namespace = start.Namespace, WorkflowId = start.WorkflowId, Ordinal = 0, Shard = RunIds.ShardOf(start.RunId), Type = start.Type, Version = start.Version,
        Status = RunStatus.Pending, Gen = 0, CreatedAt = verbs.Core.Clock.GetUtcNow(), Secret = start.Secret,
    };
}
