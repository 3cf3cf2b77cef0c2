// Reading for people and for administration: nothing here is on the path of a turn, so it goes through ADO.NET and Dapper, except what raw statements have already.

namespace Durable.Storage.Sqlite;

/// <summary>The reading verbs of <see cref="IRunCatalog"/>.</summary>
internal sealed class Catalog(StoreCore core)
{
    private const int MostCounted = 10_000;

    public async Task<RunRecord?> FindRunAsync(string ns, string? workflowId, Guid? runId, CancellationToken cancellationToken)
    {
        if (runId is null && workflowId is null)
            return null;
        var run = await core.ReadAsync(
            session => RowReader.First(runId is { } id ? session[SqlText.LoadRun].Bind(id) : session[SqlText.NewestRun].Bind(workflowId).Bind(ns), RowReader.Run), cancellationToken);
        return run is not null && run.Namespace == ns && (workflowId is null || run.WorkflowId == workflowId) ? run : null;
    }

    public Task<IReadOnlyList<RunStatusRow>> ReadStatusesAsync(IReadOnlyList<Guid> runIds, CancellationToken cancellationToken) => core.ReadAsync<IReadOnlyList<RunStatusRow>>(
        session =>
        {
            var rows = new List<RunStatusRow>(runIds.Count);
            foreach (var runId in runIds)
            {
                var row = session[SqlText.RunExists].Bind(runId);
                if (!row.Read())
                    continue;
                rows.Add(new(runId, (RunStatus)row.Int16(0)));
                row.Reset();
            }
            return rows;
        },
        cancellationToken);

    public Task<IReadOnlyList<RunRecord>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken) => core.ReadAsync<IReadOnlyList<RunRecord>>(
        session => [.. NamedRows.Query<RunRow>(session.Connection, RunQuerySql.List(query), RunQuerySql.Parameters(query)).Select(row => row.ToRecord())], cancellationToken);

    public Task<long> CountRunsAsync(RunQuery query, CancellationToken cancellationToken) =>
        core.ReadAsync(session => NamedRows.Number(session.Connection, RunQuerySql.Count(query), RunQuerySql.Parameters(query)), cancellationToken);

    public Task<IReadOnlyList<EventRecord>> ReadEventsAsync(Guid runId, int fromGen, int fromSeq, int limit, CancellationToken cancellationToken) => core.ReadAsync<IReadOnlyList<EventRecord>>(
        session => RowReader.All(session[SqlText.ReadEvents].Bind(runId).Bind(fromGen).Bind(fromSeq).Bind(limit), RowReader.Event), cancellationToken);

    public Task<RunPlacement> ReadPlacementAsync(Guid runId, CancellationToken cancellationToken) => core.ReadAsync(
        session =>
        {
            var id = runId.ToByteArray(bigEndian: true);
            using var snapshot = session.Connection.BeginTransaction(deferred: true);
            var wake = NamedRows.First<WakeRow>(session.Connection, WakeRow.Select, ("id", id));
            var owner = NamedRows.First<OwnerRow>(session.Connection, OwnerRow.Select, ("id", id));
            var messages = (int)NamedRows.Number(session.Connection, $"select count(*) from (select 1 from durable_message where run_id = @id limit {MostCounted})", ("id", id));
            var tasks = RowReader.All(session[SqlText.LoadTasks].Bind(runId), row => RowReader.Task(row, withPayload: false));
            snapshot.Commit();
            return new RunPlacement(wake?.ToRecord(runId), wake?.Attempt ?? 0, owner?.Identity, owner?.IsAlive(Micros.From(core.Now)) ?? false, owner?.Attempt ?? 0, messages, tasks);
        },
        cancellationToken);

    public Task<DocumentRecord?> FindDocumentAsync(string ns, string kind, string key, CancellationToken cancellationToken) => core.ReadAsync(
        session => NamedRows.First<DocumentRow>(session.Connection, DocumentRow.Select, ("ns", ns), ("kind", kind), ("key", key))?.ToRecord(ns, kind, key), cancellationToken);

    public Task<IReadOnlyList<LaneRow>> ReadLanesAsync(CancellationToken cancellationToken) => core.ReadAsync<IReadOnlyList<LaneRow>>(
        session =>
        {
            var now = Micros.From(core.Now);
            return [.. NamedRows.Query<LaneState>(session.Connection, LaneState.Select).Select(lane => lane.ToRow(now))];
        },
        cancellationToken);

    public Task<ReadyDepth> ReadReadyDepthAsync(CancellationToken cancellationToken) => core.ReadAsync(
        session =>
        {
            var now = Micros.From(core.Now);
            var (count, oldest) = (0, now);
            var walked = Namespaces.Of(session, SqlText.NextAsapNamespace).Select(ns => (ns, Asap: true)).Concat(Namespaces.Of(session, SqlText.NextDueNamespace).Select(ns => (ns, Asap: false)));
            foreach (var (ns, asap) in walked)
            {
                if (count >= MostCounted)
                    break;
                var row = session[asap ? SqlText.DepthAsap : SqlText.DepthDue].Bind(ns).Bind(asap ? long.MaxValue : now).Bind(MostCounted - count);
                row.Read();
                count += row.Int32(0);
                oldest = row.IsNull(1) ? oldest : Math.Min(oldest, row.Int64(1));
                row.Reset();
            }
            return new ReadyDepth(count, Micros.ToSpan(now - oldest));
        },
        cancellationToken);
}
