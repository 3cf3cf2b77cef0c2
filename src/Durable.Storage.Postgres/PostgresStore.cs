// The PostgreSQL provider: one database, its verbs in Verbs/, its statements in Sql/.
using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>The store on PostgreSQL 13 or newer.</summary>
internal sealed class PostgresStore : IDurableStore, IWakeUps, ITransactionalStore
{
    private readonly PostgresOptions options;
    private readonly ILogger log;
    private readonly EngineConnections connections;
    private readonly Installation installation;
    private readonly LaneVerbs lanes;
    private readonly LookVerb look;
    private readonly LoadVerb load;
    private readonly DeliverVerb deliver;
    private readonly ReapVerb reap;
    private readonly TaskVerbs tasks;
    private readonly Catalog catalog;
    private readonly ImportVerb import;
    private readonly PurgeVerb purge;
    private readonly PostgresWakeUps wakeUps;
    private readonly StepConnections steps;
    private readonly ConcurrentDictionary<(long Lane, Guid Holder), LaneConnection> lines = new();

    /// <summary>A store on the database of a connection string, or of a data source whose host and credentials are taken.</summary>
    public PostgresStore(PostgresOptions options, string? connectionString, NpgsqlDataSource? source = null, ILogger? log = null)
    {
        if (options.Faults() is { Count: > 0 } faults) throw new DurableException(DurableErrorCodes.OptionsInvalid, "PostgresOptions: " + string.Join(" ", faults));
        this.options = options;
        this.log = log ?? NullLogger.Instance;
        connections = new EngineConnections(options, connectionString, source, this.log);
        var calls = new Calls(connections);
        var home = new HomeCheck(connections);
        var namespaces = new Namespaces(calls);
        installation = new Installation(connections, calls, home, this.log);
        lanes = new LaneVerbs(connections, calls);
        look = new LookVerb(calls, namespaces);
        load = new LoadVerb(calls);
        deliver = new DeliverVerb(connections, calls, namespaces, home);
        reap = new ReapVerb(connections, calls, namespaces, this.log);
        tasks = new TaskVerbs(connections, calls, home);
        catalog = new Catalog(calls);
        import = new ImportVerb(connections, calls, deliver);
        purge = new PurgeVerb(calls);
        wakeUps = new PostgresWakeUps(connections, this.log);
        steps = new StepConnections(connections, calls, this.log);
    }

    /// <inheritdoc/>
    public string Description => connections.Description;

    /// <inheritdoc/>
    public IReadOnlyList<ShardGroup> Groups { get; } = [ShardGroup.Whole];

    /// <inheritdoc/>
    public async Task<StoreInfo> InitializeAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await connections.ProbeAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
        {
            throw Sqlstates.ToDurable(e, "connect", Description);
        }

        if (options.Migrate) await Migrator.RunAsync(connections, log, cancellationToken).ConfigureAwait(false);
        return await installation.ReadAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task AcceptPlaceAsync(RestoredStorePolicy policy, CancellationToken cancellationToken = default) => installation.AcceptAsync(policy, cancellationToken);

    /// <inheritdoc/>
    public Task<OpenedLane?> OpenLaneAsync(OpenLane request, CancellationToken cancellationToken = default) => lanes.OpenAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> HeartbeatAsync(LaneKey lane, long epoch, TimeSpan lease, CancellationToken cancellationToken = default) => lanes.HeartbeatAsync(lane, epoch, lease, cancellationToken);

    /// <inheritdoc/>
    public Task<LookResult> LookAsync(LookRequest request, CancellationToken cancellationToken = default) => look.LookAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task<CommitResult> CommitAsync(LaneBatch batch, CancellationToken cancellationToken = default) => Line(batch.Lane).CommitAsync(batch, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LoadedRun>> LoadAsync(LoadRequest request, CancellationToken cancellationToken = default) => load.LoadAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task<DeliverResult> DeliverAsync(Delivery delivery, DbTransaction? transaction = null, CancellationToken cancellationToken = default) =>
        deliver.DeliverAsync(delivery, transaction, cancellationToken);

    /// <inheritdoc/>
    public Task<ReapResult> ReapAsync(ReapRequest request, CancellationToken cancellationToken = default) => reap.ReapAsync(request, cancellationToken);

    /// <inheritdoc/>
    public async Task CloseLaneAsync(LaneKey lane, long epoch, CancellationToken cancellationToken = default)
    {
        if (lines.TryRemove((lane.LaneId, lane.Holder), out var line)) await line.DisposeAsync().ConfigureAwait(false);
        await lanes.CloseAsync(lane, epoch, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<int> TakeSlotsAsync(SlotRequest request, CancellationToken cancellationToken = default) => tasks.TakeSlotsAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task<TaskClaimResult> ClaimTasksAsync(TaskClaim request, CancellationToken cancellationToken = default) => tasks.ClaimAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<TaskState>> HeartbeatTasksAsync(IReadOnlyList<TaskBeat> beats, CancellationToken cancellationToken = default) => tasks.HeartbeatAsync(beats, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<bool>> CompleteTasksAsync(IReadOnlyList<TaskEnd> ends, DbTransaction? transaction = null, CancellationToken cancellationToken = default) =>
        tasks.CompleteAsync(ends, transaction, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Guid>> ExpireTasksAsync(int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken = default) =>
        tasks.ExpireAsync(limit, failure, cancellationToken);

    /// <inheritdoc/>
    public Task<RunRecord?> FindRunAsync(string ns, string? workflowId, Guid? runId, CancellationToken cancellationToken = default) =>
        catalog.FindRunAsync(ns, workflowId, runId, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RunStatusRow>> ReadStatusesAsync(IReadOnlyList<Guid> runIds, CancellationToken cancellationToken = default) => catalog.ReadStatusesAsync(runIds, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RunRecord>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => catalog.ListRunsAsync(query, cancellationToken);

    /// <inheritdoc/>
    public Task<long> CountRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => catalog.CountRunsAsync(query, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<EventRecord>> ReadEventsAsync(Guid runId, int fromGen, int fromSeq, int limit, CancellationToken cancellationToken = default) =>
        catalog.ReadEventsAsync(runId, fromGen, fromSeq, limit, cancellationToken);

    /// <inheritdoc/>
    public Task<RunPlacement> ReadPlacementAsync(Guid runId, CancellationToken cancellationToken = default) => catalog.ReadPlacementAsync(runId, cancellationToken);

    /// <inheritdoc/>
    public Task<DocumentRecord?> FindDocumentAsync(string ns, string kind, string key, CancellationToken cancellationToken = default) =>
        catalog.FindDocumentAsync(ns, kind, key, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> PutDocumentAsync(DocumentRecord document, CancellationToken cancellationToken = default) => catalog.PutDocumentAsync(document, cancellationToken);

    /// <inheritdoc/>
    public Task<StartResult> ImportRunAsync(StartRecord start, int gen, int firstGen, CloseRecord? close, IReadOnlyList<EventRecord> events, CancellationToken cancellationToken = default) =>
        import.ImportAsync(start, gen, firstGen, close, events, cancellationToken);

    /// <inheritdoc/>
    public Task<int> PurgeAsync(PurgeRequest request, CancellationToken cancellationToken = default) => purge.PurgeAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LaneRow>> ReadLanesAsync(CancellationToken cancellationToken = default) => catalog.ReadLanesAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<long?> TryLeaseAsync(string name, Guid holder, TimeSpan length, CancellationToken cancellationToken = default) => catalog.TryLeaseAsync(name, holder, length, cancellationToken);

    /// <inheritdoc/>
    public Task<ReadyDepth> ReadReadyDepthAsync(CancellationToken cancellationToken = default) => look.DepthAsync(cancellationToken);

    /// <inheritdoc/>
    public TimeSpan? ExclusiveLimit => null;

    /// <inheritdoc/>
    public Task<IUserTransaction> BeginUserTransactionAsync(TimeSpan limit, CancellationToken cancellationToken = default) => steps.BeginAsync(cancellationToken);

    /// <inheritdoc/>
    public void Announce() => wakeUps.Announce();

    /// <inheritdoc/>
    public IAsyncDisposable Listen(Action onWake) => wakeUps.Listen(onWake);

    /// <summary>The line of a lane, for tests and benches that count its statements.</summary>
    internal LaneConnection Line(LaneKey lane) => lines.GetOrAdd((lane.LaneId, lane.Holder), _ => new LaneConnection(connections, lane, log));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await wakeUps.DisposeAsync().ConfigureAwait(false);
        foreach (var line in lines.Values) await line.DisposeAsync().ConfigureAwait(false);
        lines.Clear();
        await lanes.DisposeAsync().ConfigureAwait(false);
        await connections.DisposeAsync().ConfigureAwait(false);
    }
}
