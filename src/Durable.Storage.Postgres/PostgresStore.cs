// The PostgreSQL provider: each verb goes to the group that its shard belongs to; verbs in Verbs/, statements in Sql/, groups in Groups/.
using System.Data.Common;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>The store on PostgreSQL 13 or newer, or on an engine that speaks its protocol and spreads the tables over servers.</summary>
internal sealed class PostgresStore : IDurableStore, IWakeUps, ITransactionalStore, IGroupedStore
{
    private static readonly TimeSpan SlowCommit = TimeSpan.FromSeconds(1);
    private readonly PostgresOptions options;
    private readonly ILogger log;
    private readonly Routes routes;
    private readonly Spread spread;
    private readonly Installation installation;
    private readonly StepConnections steps;
    private bool probed;

    /// <summary>A store on the database of a connection string, or of a data source whose host and credentials are taken.</summary>
    public PostgresStore(PostgresOptions options, string? connectionString, NpgsqlDataSource? source = null, ILogger? log = null)
    {
        if (options.Faults() is { Count: > 0 } faults) throw new DurableException(DurableErrorCodes.OptionsInvalid, "PostgresOptions: " + string.Join(" ", faults));
        this.options = options;
        this.log = log ?? NullLogger.Instance;
        routes = new Routes(options, connectionString, source, this.log);
        spread = new Spread(routes, this.log);
        installation = InstallationOn(routes.Coordinator);
        steps = new StepConnections(routes.Coordinator.Connections, new Calls(routes.Coordinator.Connections), this.log);
    }

    /// <inheritdoc/>
    public string Description => routes.Coordinator.Connections.Description;

    /// <inheritdoc/>
    public IReadOnlyList<ShardGroup> Groups => routes.Groups;

    /// <inheritdoc/>
    public async Task<StoreInfo> InitializeAsync(CancellationToken cancellationToken = default)
    {
        if (options.Placement is SinglePlacement) return await InitializeAsync(routes.Coordinator, installation, cancellationToken).ConfigureAwait(false);
        StoreInfo? info = null;
        Exception? away = null;
        // An engine that spreads the schema has it at its coordinator, and must have it before its placement can be read. Plain servers each have the whole of it.
        if (options.Placement.IsSpread && options.Migrate) info = await InitializeAsync(routes.Coordinator, installation, cancellationToken).ConfigureAwait(false);
        var map = await Answer(() => routes.ReadAsync(cancellationToken)).ConfigureAwait(false);
        foreach (var server in routes.Servers)
        {
            if (info is not null && options.Placement.IsSpread) break;
            try
            {
                var one = await InitializeAsync(server, server == routes.Coordinator ? installation : InstallationOn(server), cancellationToken).ConfigureAwait(false);
                info ??= one;
            }
            catch (DurableException error) when (error.Code is DurableErrorCodes.StoreUnavailable)
            {
                away ??= error;
                Log.GroupLeftOut(log, error, server.Connections.Description);
            }
        }

        if (info is null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(away!);
        if (map.Modulus != info!.ShardModulus || map.Modulus != Shards.Modulus)
            throw new DurableException(DurableErrorCodes.SchemaNotReady, $"{Description}: its placement has {map.Modulus} shards, the database was made with {info.ShardModulus}, and this build knows {Shards.Modulus}. The number never changes.");
        if (!probed) await Answer(async () =>
        {
            await options.Placement.ProbeAsync(routes.Coordinator.Connections, map, routes.ConnectionsOf, cancellationToken).ConfigureAwait(false);
            return probed = true;
        }).ConfigureAwait(false);
        routes.Follow();
        return info;
    }

    /// <inheritdoc/>
    public async Task AcceptPlaceAsync(RestoredStorePolicy policy, CancellationToken cancellationToken = default)
    {
        if (options.Placement.IsSpread)
        {
            // Group by group, each with its shards named, then the place: if a node is away, nothing is accepted, and what was held is held again later.
            await Answer(() => routes.ReadAsync(cancellationToken)).ConfigureAwait(false);
            if (policy == RestoredStorePolicy.HoldAllRuns) await spread.EveryAsync(async group =>
            {
                await group.HoldAllAsync(cancellationToken).ConfigureAwait(false);
                return true;
            }).ConfigureAwait(false);
            await installation.AcceptAsync(policy, held: true, cancellationToken).ConfigureAwait(false);
            return;
        }

        foreach (var server in routes.Servers)
            await (server == routes.Coordinator ? installation : InstallationOn(server)).AcceptAsync(policy, held: false, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<OpenedLane?> OpenLaneAsync(OpenLane request, CancellationToken cancellationToken = default) => routes.Of(request.Lane.Group).Lanes.OpenAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> HeartbeatAsync(LaneKey lane, long epoch, TimeSpan lease, CancellationToken cancellationToken = default) =>
        routes.Of(lane.Group).Lanes.HeartbeatAsync(lane, epoch, lease, cancellationToken);

    /// <inheritdoc/>
    public Task<LookResult> LookAsync(LookRequest request, CancellationToken cancellationToken = default) => routes.Of(request.Lane.Group).Look.LookAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task<CommitResult> CommitAsync(LaneBatch batch, CancellationToken cancellationToken = default) =>
        routes.All.Count == 1 ? Line(batch.Lane).CommitAsync(batch, cancellationToken) : CommitWatchedAsync(batch, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LoadedRun>> LoadAsync(LoadRequest request, CancellationToken cancellationToken = default) =>
        spread.ManyAsync(request.RunIds, Shards.Of, (group, runs) => group.Load.LoadAsync(request with { RunIds = runs }, cancellationToken));

    /// <inheritdoc/>
    public Task<DeliverResult> DeliverAsync(Delivery delivery, DbTransaction? transaction = null, CancellationToken cancellationToken = default) =>
        spread.DeliverAsync(delivery, transaction, cancellationToken);

    /// <inheritdoc/>
    public Task<ReapResult> ReapAsync(ReapRequest request, CancellationToken cancellationToken = default) => routes.Of(request.Lane.Group).Reap.ReapAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task CloseLaneAsync(LaneKey lane, long epoch, CancellationToken cancellationToken = default) => routes.Of(lane.Group).CloseLaneAsync(lane, epoch, cancellationToken);

    /// <inheritdoc/>
    public Task<int> TakeSlotsAsync(SlotRequest request, CancellationToken cancellationToken = default) => routes.Of(0).Tasks.TakeSlotsAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task<TaskClaimResult> ClaimTasksAsync(TaskClaim request, CancellationToken cancellationToken = default) => routes.Of(request.Group).Tasks.ClaimAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<TaskState>> HeartbeatTasksAsync(IReadOnlyList<TaskBeat> beats, CancellationToken cancellationToken = default) =>
        spread.EachAsync(beats, beat => beat.Task.Shard, (group, some) => group.Tasks.HeartbeatAsync(some, cancellationToken));

    /// <inheritdoc/>
    public Task<IReadOnlyList<bool>> CompleteTasksAsync(IReadOnlyList<TaskEnd> ends, DbTransaction? transaction = null, CancellationToken cancellationToken = default) =>
        spread.EachAsync(ends, end => end.Task.Shard, (group, some) => group.Tasks.CompleteAsync(some, transaction, cancellationToken));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Guid>> ExpireTasksAsync(int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken = default) =>
        [.. (await spread.AllAsync(group => group.Tasks.ExpireAsync(limit, failure, cancellationToken)).ConfigureAwait(false)).SelectMany(runs => runs)];

    /// <inheritdoc/>
    public Task<RunRecord?> FindRunAsync(string ns, string? workflowId, Guid? runId, CancellationToken cancellationToken = default) =>
        routes.Of(runId is { } id ? Shards.Of(id) : Shards.Of(ns, workflowId ?? "")).Catalog.FindRunAsync(ns, workflowId, runId, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RunStatusRow>> ReadStatusesAsync(IReadOnlyList<Guid> runIds, CancellationToken cancellationToken = default) =>
        spread.ManyAsync(runIds, Shards.Of, (group, runs) => group.Catalog.ReadStatusesAsync(runs, cancellationToken));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RunRecord>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken = default) =>
        routes.All is [var only] ? await only.Catalog.ListRunsAsync(query, cancellationToken).ConfigureAwait(false)
            : [.. (await spread.EveryAsync(group => group.Catalog.ListRunsAsync(query, cancellationToken)).ConfigureAwait(false)).SelectMany(runs => runs).OrderByDescending(run => run.RunId).Take(query.Limit)];

    /// <inheritdoc/>
    public async Task<long> CountRunsAsync(RunQuery query, CancellationToken cancellationToken = default) =>
        (await spread.EveryAsync(group => group.Catalog.CountRunsAsync(query, cancellationToken)).ConfigureAwait(false)).Sum();

    /// <inheritdoc/>
    public Task<IReadOnlyList<EventRecord>> ReadEventsAsync(Guid runId, int fromGen, int fromSeq, int limit, CancellationToken cancellationToken = default) =>
        routes.Of(Shards.Of(runId)).Catalog.ReadEventsAsync(runId, fromGen, fromSeq, limit, cancellationToken);

    /// <inheritdoc/>
    public Task<RunPlacement> ReadPlacementAsync(Guid runId, CancellationToken cancellationToken = default) => routes.Of(Shards.Of(runId)).Catalog.ReadPlacementAsync(runId, cancellationToken);

    /// <inheritdoc/>
    public Task<DocumentRecord?> FindDocumentAsync(string ns, string kind, string key, CancellationToken cancellationToken = default) => spread.FindDocumentAsync(ns, kind, key, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> PutDocumentAsync(DocumentRecord document, CancellationToken cancellationToken = default) => routes.Of(document.Shard).Catalog.PutDocumentAsync(document, cancellationToken);

    /// <inheritdoc/>
    public Task<StartResult> ImportRunAsync(StartRecord start, int gen, int firstGen, CloseRecord? close, IReadOnlyList<EventRecord> events, CancellationToken cancellationToken = default) =>
        routes.Of(start.Shard).Import.ImportAsync(start, gen, firstGen, close, events, cancellationToken);

    /// <inheritdoc/>
    public Task<int> PurgeAsync(PurgeRequest request, CancellationToken cancellationToken = default) =>
        request.RunId is { } one ? routes.Of(Shards.Of(one)).Purge.PurgeAsync(request, cancellationToken) : spread.PurgeAsync(request, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LaneRow>> ReadLanesAsync(CancellationToken cancellationToken = default) =>
        [.. (await spread.AllAsync(group => group.Catalog.ReadLanesAsync(cancellationToken)).ConfigureAwait(false)).SelectMany(lanes => lanes)];

    /// <inheritdoc/>
    public Task<long?> TryLeaseAsync(string name, Guid holder, TimeSpan length, CancellationToken cancellationToken = default) => routes.Of(0).Catalog.TryLeaseAsync(name, holder, length, cancellationToken);

    /// <inheritdoc/>
    public async Task<ReadyDepth> ReadReadyDepthAsync(CancellationToken cancellationToken = default)
    {
        var depths = await spread.AllAsync(group => group.Look.DepthAsync(cancellationToken)).ConfigureAwait(false);
        return depths is [var only] ? only : new ReadyDepth(Math.Min(10_000, depths.Sum(depth => depth.Count)), depths.Max(depth => depth.OldestAge));
    }

    /// <inheritdoc/>
    public TimeSpan? ExclusiveLimit => null;

    /// <inheritdoc/>
    public Task<IUserTransaction> BeginUserTransactionAsync(TimeSpan limit, CancellationToken cancellationToken = default) => steps.BeginAsync(cancellationToken);

    /// <inheritdoc/>
    public void Announce()
    {
        foreach (var server in routes.Servers) server.WakeUps.Announce();
    }

    /// <inheritdoc/>
    public IAsyncDisposable Listen(Action onWake) => routes.Servers is [var only] ? only.WakeUps.Listen(onWake) : new Subscriptions([.. routes.Servers.Select(server => server.WakeUps.Listen(onWake))]);

    /// <inheritdoc/>
    public Task<IReadOnlyList<OutgoingRow>> ReadOutgoingAsync(OutgoingQuery query, CancellationToken cancellationToken = default) => routes.Of(query.Group).Outgoing.ReadAsync(query, cancellationToken);

    /// <inheritdoc/>
    public async Task RemoveOutgoingAsync(IReadOnlyList<OutgoingKey> keys, CancellationToken cancellationToken = default)
    {
        foreach (var group in keys.GroupBy(key => routes.Of(key.Shard))) await group.Key.Outgoing.RemoveAsync([.. group], cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<LaneRow>> ReadLanesAsync(ShardGroup group, CancellationToken cancellationToken = default) => routes.Of(group).Catalog.ReadLanesAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Guid>> ExpireTasksAsync(ShardGroup group, int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken = default) =>
        routes.Of(group).Tasks.ExpireAsync(limit, failure, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<GroupFault>> ReadFaultsAsync(CancellationToken cancellationToken = default) => spread.ReadFaultsAsync(cancellationToken);

    /// <summary>The line of a lane, for tests and benches that count its statements.</summary>
    internal LaneConnection Line(LaneKey lane) => routes.Of(lane.Group).Line(lane);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => routes.DisposeAsync();

    private async Task<StoreInfo> InitializeAsync(Server server, Installation place, CancellationToken cancellationToken)
    {
        try
        {
            await server.Connections.ProbeAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
        {
            throw Sqlstates.ToDurable(e, "connect", server.Connections.Description);
        }

        if (options.Migrate) await Migrator.RunAsync(server.Connections, log, cancellationToken).ConfigureAwait(false);
        return await place.ReadAsync(cancellationToken).ConfigureAwait(false);
    }

    private Installation InstallationOn(Server server) => new(server.Connections, new Calls(server.Connections), server.Home, log);

    // A group that has moved answers from where it was, only slower, or refuses: where it is now is read again soon.
    private async Task<CommitResult> CommitWatchedAsync(LaneBatch batch, CancellationToken cancellationToken)
    {
        var since = TimeProvider.System.GetTimestamp();
        var result = await Line(batch.Lane).CommitAsync(batch, cancellationToken).ConfigureAwait(false);
        if (result.Outcome != CommitOutcome.Committed || TimeProvider.System.GetElapsedTime(since) > SlowCommit) routes.Doubt();
        return result;
    }

    private async Task<T> Answer<T>(Func<Task<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
        {
            throw Sqlstates.ToDurable(e, "read the placement", Description);
        }
    }

    private sealed class Subscriptions(IReadOnlyList<IAsyncDisposable> all) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            foreach (var one in all) await one.DisposeAsync().ConfigureAwait(false);
        }
    }
}
