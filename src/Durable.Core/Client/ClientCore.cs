// What all verbs of the client share: readiness, finding runs, making and delivering messages.
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Durable.Engine.History;
using Durable.Engine.Hosting;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Engine.Worker;
using Durable.Storage;
using Microsoft.Extensions.Logging;

namespace Durable.Engine.Client;

/// <summary>The run that a handle stands for.</summary>
/// <param name="WorkflowId">The workflow id.</param>
/// <param name="RunId">One certain run; null: the open one, else the latest.</param>
internal readonly record struct RunTarget(string WorkflowId, Guid? RunId)
{
    public override string ToString() => RunId is { } id ? $"run '{WorkflowId}' ({id})" : $"run '{WorkflowId}'";
}

/// <summary>One namespace of one engine, as its client sees it.</summary>
internal sealed class ClientCore(EngineServices services, ILocalWorker worker, ILogger logger, string ns, InboxProbe inbox)
{
    private const int MaxDeliveries = 3;      // a connection that breaks in three commits in a row is the caller's to know about
    private static long lastSeq;              // one counter for the process: a sender's later message has the higher number (D4)

    public EngineServices Services { get; } = services;

    public ILocalWorker Worker { get; } = worker;

    public ILogger Logger { get; } = logger;

    public string Namespace { get; } = ns;

    public InboxProbe Inbox { get; } = inbox;

    public IDurableStore Store => Services.Store;

    public PayloadSerializer Serializer => Services.Serializer;

    public TimeProvider Clock => Services.Clock;

    /// <summary>The same engine in another namespace.</summary>
    public ClientCore In(string name) => new(Services, Worker, Logger, name, Inbox);

    /// <summary>Gets ready for a verb that reads.</summary>
    public async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        RefuseInTurn();
        await Services.ReadyAsync(cancellationToken);
    }

    /// <summary>Gets ready for a verb that writes.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <param name="enlisted">True: it writes in the caller's own transaction.</param>
    /// <exception cref="DurableException">DUR1010: the database is a copy that nobody has accepted.</exception>
    public async ValueTask WriteAsync(CancellationToken cancellationToken, bool enlisted = false)
    {
        RefuseInTurn();
        if (!enlisted && TransactionalSteps.IsExclusive)
            throw new DurableException(DurableErrorCodes.RequestInvalid, $"DurableClient was used in a transactional step on {Store.Description}: the step's transaction holds the only write lock, so the call would wait for itself. Use Enlist(transaction), or call the client in a step of its own.");
        var info = await Services.ReadyAsync(cancellationToken);
        if (info.PlaceChanged)
            throw new DurableException(DurableErrorCodes.StoreRestored, $"The database ({Store.Description}) was restored or copied from another place, so clients only read it. Decide what becomes of its open runs and call AcceptRestoredStoreAsync.");
    }

    /// <summary>The run, or DUR2001.</summary>
    public async Task<RunRecord> FindAsync(RunTarget target, CancellationToken cancellationToken) =>
        await Store.FindRunAsync(Namespace, target.WorkflowId, target.RunId, cancellationToken) ?? throw NotFound(target);

    /// <summary>A run that this process owns and that was open a moment ago; what is sent to it is checked against its end afterwards (D3). Null: ask the store.</summary>
    public RunRecord? FindOpen(RunTarget target) => target.RunId is { } id && Worker.FindOpen(id) is { } run && run.Namespace == Namespace && run.WorkflowId == target.WorkflowId ? run : null;

    public RunNotFoundException NotFound(RunTarget target) => new($"There is no {target} in namespace '{Namespace}'. Check id and namespace; a closed run may have been purged.");

    /// <summary>A message from this process, with the next number.</summary>
    public MessageRecord Message(RunRecord run, EventKind kind, string? target, byte[]? json) =>
        Message(run.RunId, run.Namespace, run.Shard, kind, target, json, Services.ClientId, Interlocked.Increment(ref lastSeq));

    /// <summary>A message to a run that is started with it.</summary>
    public MessageRecord Message(StartRecord run, EventKind kind, string? target, byte[]? json) =>
        Message(run.RunId, run.Namespace, run.Shard, kind, target, json, Services.ClientId, Interlocked.Increment(ref lastSeq));

    /// <summary>A message that is one however often it is sent: its sender is a key.</summary>
    public MessageRecord Message(RunRecord run, EventKind kind, string? target, byte[]? json, Guid sender, int replyGen = -1, int replyOrdinal = 0) =>
        Message(run.RunId, run.Namespace, run.Shard, kind, target, json, sender, 0, replyGen, replyOrdinal);

    /// <summary>A sender made from an idempotency key.</summary>
    public static Guid SenderOf(string purpose, Guid runId, string key) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes($"{purpose}\0{runId:N}\0{key}")).AsSpan(0, 16), bigEndian: true);

    /// <summary>Stores a delivery, together with those of other callers if there are any; repeats it when nobody knows whether it counted: run ids and message keys make that harmless (D5, N1).</summary>
    public async Task<DeliverResult> DeliverAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await Services.Deliveries.DeliverAsync(delivery, cancellationToken);
            }
            catch (DurableException error) when (error.Code == DurableErrorCodes.CommitInDoubt && tries < MaxDeliveries)
            {
                ClientLog.DeliveryRepeated(Logger, tries);
                await Task.Delay(TimeSpan.FromMilliseconds(100 * tries), Clock, cancellationToken);
            }
        }
    }

    /// <summary>The trace context and business transaction of the caller.</summary>
    public static (string? Trace, string? Correlation) Ambient()
    {
        if (Activity.Current is not { } activity) return default;
        var correlation = activity.GetBaggageItem("correlation");
        return (activity.IdFormat == ActivityIdFormat.W3C ? activity.Id : null, correlation is not null && Names.Fault(correlation) is null ? correlation : null);
    }

    private MessageRecord Message(Guid runId, string runNamespace, short shard, EventKind kind, string? target, byte[]? json, Guid sender, long seq, int replyGen = -1, int replyOrdinal = 0)
    {
        var (trace, correlation) = Ambient();
        return new MessageRecord
        {
            RunId = runId, Namespace = runNamespace, Shard = shard, Kind = (short)kind, Control = EventKinds.IsControl(kind), Target = target,
            Payload = Codecs.Encode(Serializer.Codec, json, runNamespace, runId), Encoding = Codecs.EncodingOf(Serializer.Codec),
            Sender = sender, SenderSeq = seq, ReplyGen = replyGen, ReplyOrdinal = replyOrdinal, Trace = trace, Correlation = correlation,
        };
    }

    // A verb in workflow code would run again in every replay, and its answer would not be in the history.
    private static void RefuseInTurn()
    {
        if (WorkflowExecution.OnTurn is not null)
            throw new DurableException(DurableErrorCodes.NotDurable, "DurableClient was used in workflow code. Use WorkflowContext there: RunChildAsync, StartChildAsync, GetRun; or call the client in an activity.");
    }
}
