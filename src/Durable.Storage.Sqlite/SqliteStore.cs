// The SQLite provider: each verb is one line that says on which connection its work runs. The work itself stands in Writing/ and Reading/, its SQL in Sql/.
using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace Durable.Storage.Sqlite;

/// <summary>One file, one writer, some readers (PROTOCOL §7).</summary>
internal sealed class SqliteStore : IDurableStore, ITransactionalStore
{
    private readonly StoreCore core;
    private readonly Catalog catalog;
    private readonly Purger purger;
    private readonly Reaper reaper;

    /// <summary>A store that opens its file when it is initialized.</summary>
    public SqliteStore(string path, SqliteOptions options, TimeProvider clock, ILogger logger)
    {
        core = new(path, options, clock, logger);
        (catalog, purger, reaper) = (new(core), new(core), new(core));
    }

    public string Description => $"SQLite {core.Path}";

    public IReadOnlyList<ShardGroup> Groups { get; } = [ShardGroup.Whole];

    /// <summary>The open file, for tests that have to disturb it.</summary>
    internal StoreCore Core => core;

    public async Task<StoreInfo> InitializeAsync(CancellationToken cancellationToken = default)
    {
        await core.OpenAsync(cancellationToken);
        var file = core.File;
        var beside = file.Mark.Beside;                                                 // first: whoever raises it has raised the file's before
        var place = await core.ReadAsync(Acceptance.PlaceOf, cancellationToken);       // another process may have accepted it
        file.Mark.IsHere = FilePlace.IsSame(place, FilePlace.Describe(file.Path)) && (FilePlace.MarkOf(place) ?? long.MaxValue) >= beside;
        return new(file.Schema.Version, file.Schema.InstallationId, !file.Mark.IsHere, file.Schema.ShardModulus);
    }

    public async Task AcceptPlaceAsync(RestoredStorePolicy policy, CancellationToken cancellationToken = default)
    {
        var mark = core.File.Mark;
        var (place, beside) = (FilePlace.Describe(core.File.Path), mark.Beside);
        mark.Write(await core.WriteAsync(session => Acceptance.Accept(session, policy, place, beside, core.Now), cancellationToken));
        mark.IsHere = true;
    }

    // ── lanes and runs ──

    public Task<OpenedLane?> OpenLaneAsync(OpenLane request, CancellationToken cancellationToken = default) =>
        core.WriteAsync(session => LaneVerbs.Open(session, request, core.Now), cancellationToken, urgent: true);

    public Task<bool> HeartbeatAsync(LaneKey lane, long epoch, TimeSpan lease, CancellationToken cancellationToken = default) =>
        core.WriteAsync(session => LaneVerbs.Beat(session, lane, epoch, lease, core.Now), cancellationToken, urgent: true, relaxed: true);

    public Task<LookResult> LookAsync(LookRequest request, CancellationToken cancellationToken = default) =>
        core.ReadAsync(session => Looker.Look(session, request, core.Now), cancellationToken);

    public Task<CommitResult> CommitAsync(LaneBatch batch, CancellationToken cancellationToken = default) => core.CommitAsync(batch, cancellationToken);

    public Task<IReadOnlyList<LoadedRun>> LoadAsync(LoadRequest request, CancellationToken cancellationToken = default) =>
        core.ReadAsync(session => Looker.Load(session, request), cancellationToken);

    public Task<DeliverResult> DeliverAsync(Delivery delivery, DbTransaction? transaction = null, CancellationToken cancellationToken = default) =>
        Write(session => Deliveries.Deliver(session, delivery, core.Now), transaction, cancellationToken);

    public async Task<ReapResult> ReapAsync(ReapRequest request, CancellationToken cancellationToken = default)
    {
        var mark = core.File.Mark;
        if (mark.IsDue(core.Now)) mark.Write(await core.WriteAsync(mark.Raise, cancellationToken));
        return await reaper.ReapAsync(request, cancellationToken);
    }

    public Task CloseLaneAsync(LaneKey lane, long epoch, CancellationToken cancellationToken = default) =>
        core.WriteAsync(session => LaneVerbs.Close(session, lane, epoch), cancellationToken, urgent: true);

    // ── tasks ──

    public async Task<TaskClaimResult> ClaimTasksAsync(TaskClaim request, CancellationToken cancellationToken = default) =>
        await core.ReadAsync(session => TaskVerbs.Peek(session, request, core.Now), cancellationToken)
        ?? await core.WriteAsync(session => TaskVerbs.Claim(session, request, core.Now), cancellationToken);

    public Task<IReadOnlyList<TaskState>> HeartbeatTasksAsync(IReadOnlyList<TaskBeat> beats, CancellationToken cancellationToken = default) =>
        core.WriteAsync(session => TaskVerbs.Beat(session, beats, core.Now), cancellationToken, urgent: true, relaxed: true);

    public Task<IReadOnlyList<bool>> CompleteTasksAsync(IReadOnlyList<TaskEnd> ends, DbTransaction? transaction = null, CancellationToken cancellationToken = default) =>
        Write(session => TaskVerbs.Complete(session, ends, core.Now), transaction, cancellationToken);

    public async Task<IReadOnlyList<Guid>> ExpireTasksAsync(int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken = default) =>
        await core.ReadAsync(session => TaskVerbs.AnyExpired(session, core.Now), cancellationToken)
            ? await core.WriteAsync(session => TaskVerbs.Expire(session, limit, failure, core.Now), cancellationToken)
            : [];

    public TimeSpan? ExclusiveLimit { get; } = TimeSpan.FromSeconds(2);

    public Task<IUserTransaction> BeginUserTransactionAsync(TimeSpan limit, CancellationToken cancellationToken = default) => core.BeginUserTransactionAsync(limit, cancellationToken);

    // ── reading and administration ──

    public Task<int> TakeSlotsAsync(SlotRequest request, CancellationToken cancellationToken = default) => core.WriteAsync(session => Leases.TakeSlots(session, request, core.Now), cancellationToken);

    public Task<RunRecord?> FindRunAsync(string ns, string? workflowId, Guid? runId, CancellationToken cancellationToken = default) =>
        catalog.FindRunAsync(ns, workflowId, runId, cancellationToken);

    public Task<IReadOnlyList<RunStatusRow>> ReadStatusesAsync(IReadOnlyList<Guid> runIds, CancellationToken cancellationToken = default) =>
        catalog.ReadStatusesAsync(runIds, cancellationToken);

    public Task<IReadOnlyList<RunRecord>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => catalog.ListRunsAsync(query, cancellationToken);

    public Task<long> CountRunsAsync(RunQuery query, CancellationToken cancellationToken = default) => catalog.CountRunsAsync(query, cancellationToken);

    public Task<IReadOnlyList<EventRecord>> ReadEventsAsync(Guid runId, int fromGen, int fromSeq, int limit, CancellationToken cancellationToken = default) =>
        catalog.ReadEventsAsync(runId, fromGen, fromSeq, limit, cancellationToken);

    public Task<RunPlacement> ReadPlacementAsync(Guid runId, CancellationToken cancellationToken = default) => catalog.ReadPlacementAsync(runId, cancellationToken);

    public Task<DocumentRecord?> FindDocumentAsync(string ns, string kind, string key, CancellationToken cancellationToken = default) =>
        catalog.FindDocumentAsync(ns, kind, key, cancellationToken);

    public Task<bool> PutDocumentAsync(DocumentRecord document, CancellationToken cancellationToken = default) =>
        core.WriteAsync(session => Rows.Document(session, SqlText.PutDocument, document, Micros.From(core.Now)), cancellationToken);

    public Task<StartResult> ImportRunAsync(StartRecord start, int gen, int firstGen, CloseRecord? close, IReadOnlyList<EventRecord> events, CancellationToken cancellationToken = default) =>
        core.WriteAsync(session => Deliveries.Import(session, start, gen, firstGen, close, events, core.Now), cancellationToken);

    public Task<int> PurgeAsync(PurgeRequest request, CancellationToken cancellationToken = default) => purger.PurgeAsync(request, cancellationToken);

    public Task<IReadOnlyList<LaneRow>> ReadLanesAsync(CancellationToken cancellationToken = default) => catalog.ReadLanesAsync(cancellationToken);

    public Task<long?> TryLeaseAsync(string name, Guid holder, TimeSpan length, CancellationToken cancellationToken = default) =>
        core.WriteAsync(session => Leases.Take(session, name, holder, length, core.Now), cancellationToken);

    public Task<ReadyDepth> ReadReadyDepthAsync(CancellationToken cancellationToken = default) => catalog.ReadReadyDepthAsync(cancellationToken);

    public ValueTask DisposeAsync() => core.CloseAsync();

    /// <summary>In the user's transaction, on the caller's thread, or in one of the writer's.</summary>
    private Task<T> Write<T>(Func<Session, T> work, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        if (transaction is null)
            return core.WriteAsync(work, cancellationToken);
        try
        {
            return Task.FromResult(Enlisted.Run(transaction, core.File, work));
        }
        catch (DurableException e)
        {
            return Task.FromException<T>(e);
        }
    }
}
