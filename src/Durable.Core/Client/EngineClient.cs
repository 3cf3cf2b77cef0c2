// The DurableClient of one engine. Each verb checks its request and makes one call of the store (or a few, where policies ask).
using System.Data.Common;
using System.Linq.Expressions;
using System.Text.Json;
using Durable.CompilerServices;
using Durable.Engine.History;
using Durable.Engine.Hosting;
using Durable.Engine.Worker;
using Microsoft.Extensions.Logging;

namespace Durable.Engine.Client;

/// <summary>A client of one namespace.</summary>
internal sealed class EngineClient : DurableClient, ITypedClient
{
    private readonly ClientCore core;
    private readonly ClientVerbs verbs;

    public EngineClient(EngineServices services, ILocalWorker worker, ILogger logger, string ns) : this(new ClientCore(services, worker, logger, Check.Name(ns, "The namespace"), new InboxProbe()))
    {
    }

    private EngineClient(ClientCore core)
    {
        this.core = core;
        verbs = new ClientVerbs(core);
    }

    public override string Namespace => core.Namespace;

    public override DurableClient ForNamespace(string name) => Check.Name(name, "The namespace") == Namespace ? this : new EngineClient(core.In(name));

    public override async Task<RunHandle<TWorkflow, TResult>> StartAsync<TWorkflow, TResult>(
        Expression<Func<TWorkflow, Task<TResult>>> run, StartOptions? options = null, CancellationToken cancellationToken = default)
    {
        var start = PreparedStart.Read(core, typeof(TWorkflow), run, options, "StartAsync");
        return new ClientRunHandle<TWorkflow, TResult>(verbs, new RunTarget(start.WorkflowId, await verbs.Starter.StartAsync(start, cancellationToken)));
    }

    public override async Task<RunHandle<TWorkflow>> StartAsync<TWorkflow>(Expression<Func<TWorkflow, Task>> run, StartOptions? options = null, CancellationToken cancellationToken = default)
    {
        var start = PreparedStart.Read(core, typeof(TWorkflow), run, options, "StartAsync");
        return new ClientRunHandle<TWorkflow>(verbs, new RunTarget(start.WorkflowId, await verbs.Starter.StartAsync(start, cancellationToken)));
    }

    async Task<RunHandle<TWorkflow, TResult>> ITypedClient.StartAsync<TWorkflow, TResult>(object?[] arguments, StartOptions? options, CancellationToken cancellationToken)
    {
        var start = PreparedStart.Read(core, typeof(TWorkflow), arguments, options);
        return new ClientRunHandle<TWorkflow, TResult>(verbs, new RunTarget(start.WorkflowId, await verbs.Starter.StartAsync(start, cancellationToken)));
    }

    async Task<RunHandle<TWorkflow>> ITypedClient.StartAsync<TWorkflow>(object?[] arguments, StartOptions? options, CancellationToken cancellationToken)
    {
        var start = PreparedStart.Read(core, typeof(TWorkflow), arguments, options);
        return new ClientRunHandle<TWorkflow>(verbs, new RunTarget(start.WorkflowId, await verbs.Starter.StartAsync(start, cancellationToken)));
    }

    public override async Task<RunHandle<TWorkflow>> SignalWithStartAsync<TWorkflow>(
        Expression<Func<TWorkflow, Task>> run, Expression<Action<TWorkflow>> signal, StartOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Id is null) throw new DurableException(DurableErrorCodes.RequestInvalid, "SignalWithStartAsync needs StartOptions.Id: without it there is no run that could be open already.");
        var start = PreparedStart.Read(core, typeof(TWorkflow), run, options, "SignalWithStartAsync");
        var (name, arguments) = verbs.Mail.Signal(typeof(TWorkflow), signal);
        return new ClientRunHandle<TWorkflow>(verbs, new RunTarget(start.WorkflowId, await verbs.Starter.SignalWithStartAsync(start, name, arguments, verbs.Mail, cancellationToken)));
    }

    public override RunHandle GetRun(string workflowId, Guid? runId = null) => new ClientRunHandle(verbs, Target(workflowId, runId));

    public override RunHandle<TWorkflow> GetRun<TWorkflow>(string workflowId, Guid? runId = null) => new ClientRunHandle<TWorkflow>(verbs, Target(workflowId, runId));

    public override RunHandle<TWorkflow, TResult> GetRun<TWorkflow, TResult>(string workflowId, Guid? runId = null) => new ClientRunHandle<TWorkflow, TResult>(verbs, Target(workflowId, runId));

    public override EnlistedClient Enlist(DbTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return new TransactionClient(verbs, transaction);
    }

    public override Task CompleteAsync<T>(string token, T value, CancellationToken cancellationToken = default) =>
        verbs.Mail.SettleAsync(token, EventKind.PromiseCompleted, core.Serializer.Encode(value, "The value of a promise"), "CompleteAsync", cancellationToken);

    public override Task FailAsync(string token, string reason, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reason);
        var failure = Check.Document(() => new OperationFailure { Code = DurableErrorCodes.ActivityGaveUp, Failure = new Failure(typeof(DurableException).FullName!, reason), Attempts = 1 },
            HistoryJson.Default.OperationFailure, core.Serializer, "The reason");
        return verbs.Mail.SettleAsync(token, EventKind.PromiseFailed, failure, "FailAsync", cancellationToken);
    }

    public override IAsyncEnumerable<RunInfo> ListAsync(RunFilter? filter = null, CancellationToken cancellationToken = default) => verbs.Reader.ListAsync(filter, cancellationToken);

    public override Task<long> CountAsync(RunFilter? filter = null, CancellationToken cancellationToken = default) => verbs.Reader.CountAsync(filter, cancellationToken);

    public override async Task<RunHandle> ImportAsync(JsonElement export, CancellationToken cancellationToken = default) =>
        new ClientRunHandle(verbs, await verbs.Transfer.ImportAsync(export, cancellationToken));

    public override async Task AcceptRestoredStoreAsync(RestoredStorePolicy policy, CancellationToken cancellationToken = default)
    {
        Check.Defined(policy, "The policy");
        await core.ReadAsync(cancellationToken);
        await core.Store.AcceptPlaceAsync(policy, cancellationToken);
        core.Services.Refresh();
    }

    private static RunTarget Target(string workflowId, Guid? runId) => new(Check.Name(workflowId, "The workflow id"), runId);
}
