// Reading for clients and administrators. Dapper where a row is plain, the driver where rows become the seam's records.
using Dapper;
using Npgsql;
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>The reading half of <see cref="IRunCatalog"/>, documents and leases.</summary>
internal sealed class Catalog(Calls calls)
{
    public Task<RunRecord?> FindRunAsync(string ns, string? workflowId, Guid? runId, CancellationToken cancellationToken) => calls.RunAsync("find a run", async (connection, ct) =>
    {
        await using var batch = calls.Batch(connection);
        if (runId is { } id) batch.Add("FindRun", PgBatch.Text(ns), PgBatch.Uuid(id));
        else batch.Add("FindNewestRun", PgBatch.Text(ns), PgBatch.Text(workflowId ?? ""));
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var runs = await RowReader.AllAsync(reader, r => RowReader.Run(r), ct).ConfigureAwait(false);
        return runs.Count == 1 && (workflowId is null || runs[0].WorkflowId == workflowId) ? runs[0] : null;
    }, cancellationToken);

    public Task<IReadOnlyList<RunStatusRow>> ReadStatusesAsync(IReadOnlyList<Guid> runIds, CancellationToken cancellationToken) => calls.RunAsync("read statuses", async (connection, ct) =>
    {
        await using var batch = calls.Batch(connection).Add("ReadStatuses", PgBatch.Uuids(runIds));
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        return (IReadOnlyList<RunStatusRow>)await RowReader.AllAsync(reader, r => new RunStatusRow(r.GetGuid(0), (RunStatus)r.GetInt16(1)), ct).ConfigureAwait(false);
    }, cancellationToken);

    public Task<IReadOnlyList<RunRecord>> ListRunsAsync(RunQuery query, CancellationToken cancellationToken) => calls.RunAsync("list runs", async (connection, ct) =>
    {
        await using var batch = Page(connection, query);
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var runs = await RowReader.AllAsync(reader, r => RowReader.Run(r), ct).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
        return (IReadOnlyList<RunRecord>)runs;
    }, cancellationToken);

    public Task<long> CountRunsAsync(RunQuery query, CancellationToken cancellationToken) => calls.RunAsync("count runs", async (connection, ct) =>
    {
        await using var batch = calls.Batch(connection).Add("CountRuns", Filter(query));
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var counts = await RowReader.AllAsync(reader, r => r.GetInt64(0), ct).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
        return counts[0];
    }, cancellationToken);

    public Task<IReadOnlyList<EventRecord>> ReadEventsAsync(Guid runId, int fromGen, int fromSeq, int limit, CancellationToken cancellationToken) => calls.RunAsync("read events", async (connection, ct) =>
    {
        await using var batch = calls.Batch(connection).Add("ReadEvents", PgBatch.Uuid(runId), PgBatch.Int(fromGen), PgBatch.Int(fromSeq), PgBatch.Int(limit));
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        return (IReadOnlyList<EventRecord>)await RowReader.AllAsync(reader, RowReader.Event, ct).ConfigureAwait(false);
    }, cancellationToken);

    public Task<RunPlacement> ReadPlacementAsync(Guid runId, CancellationToken cancellationToken) => calls.RunAsync("read a placement", async (connection, ct) =>
    {
        await using var batch = calls.Batch(connection, transaction: true)
            .Add("ReadWake", PgBatch.Uuid(runId)).Add("ReadOwner", PgBatch.Uuid(runId)).Add("ReadInbox", PgBatch.Uuid(runId)).Add("ReadTasks", PgBatch.Uuid(runId));
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var wake = await RowReader.AllAsync(reader, r => (Row: Wake(r, runId), Attempt: r.GetInt32(13)), ct).ConfigureAwait(false);
        var owner = await RowReader.NextAsync(reader, r => (Identity: r.GetString(0), Alive: r.GetBoolean(1), Attempt: r.GetInt32(2)), ct).ConfigureAwait(false);
        var inbox = await RowReader.NextAsync(reader, r => r.GetInt32(0), ct).ConfigureAwait(false);
        var tasks = await RowReader.NextAsync(reader, RowReader.Task, ct).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
        return new RunPlacement(wake.Count > 0 ? wake[0].Row : null, wake.Count > 0 ? wake[0].Attempt : 0, owner.Count > 0 ? owner[0].Identity : null,
            owner.Count > 0 && owner[0].Alive, owner.Count > 0 ? owner[0].Attempt : 0, inbox[0], tasks);
    }, cancellationToken);

    public Task<DocumentRecord?> FindDocumentAsync(string ns, string kind, string key, CancellationToken cancellationToken) => calls.RunAsync("find a document", async (connection, ct) =>
        await connection.QuerySingleOrDefaultAsync<DocumentRecord?>(new CommandDefinition(Sql("FindDocument"), new { kind, key, ns, shards = calls.Shards }, cancellationToken: ct)).ConfigureAwait(false), cancellationToken);

    public Task<bool> PutDocumentAsync(DocumentRecord document, CancellationToken cancellationToken) => calls.RunAsync("put a document", async (connection, ct) =>
    {
        var isNew = document.Version == 1;
        var command = new CommandDefinition(Sql(isNew ? "PutNewDocument" : "PutDocument"),
            new { document.Namespace, document.Kind, document.Key, document.Shard, document.Version, document.Json, document.RunId, shards = calls.Shards }, cancellationToken: ct);
        return (isNew && calls.Shards is not null ? await connection.ExecuteScalarAsync<int>(command).ConfigureAwait(false) : await connection.ExecuteAsync(command).ConfigureAwait(false)) == 1;
    }, cancellationToken);

    public Task<IReadOnlyList<LaneRow>> ReadLanesAsync(CancellationToken cancellationToken) => calls.RunAsync("read lanes", async (connection, ct) =>
    {
        await using var batch = calls.Batch(connection).Add("ReadLanes");
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        return (IReadOnlyList<LaneRow>)await RowReader.AllAsync(reader, r => new LaneRow(r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetFieldValue<string[]>(3), RowReader.Time(r, 4), r.GetBoolean(5), r.GetInt32(6))
        {
            CommitSeq = r.GetInt64(7),
        }, ct).ConfigureAwait(false);
    }, cancellationToken);

    public Task<long?> TryLeaseAsync(string name, Guid holder, TimeSpan length, CancellationToken cancellationToken) => calls.RunAsync("take a lease", async (connection, ct) =>
    {
        var stored = await LeaseScope.NameAsync(connection, calls.Options.Schema, name, ct).ConfigureAwait(false);
        await using var batch = calls.Batch(connection).Add("TryLease", PgBatch.Text(stored), PgBatch.Uuid(holder), PgBatch.Span(length));
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var epochs = await RowReader.AllAsync(reader, r => r.GetInt64(0), ct).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
        return epochs.Count == 0 ? (long?)null : epochs[0];
    }, cancellationToken);

    /// <summary>A page of the list, read in the order of its key. The planner would rather read and sort all that fits the filter: without statistics it thinks that hardly anything does.</summary>
    internal PgBatch Page(NpgsqlConnection connection, RunQuery query) => calls.Batch(connection, transaction: true).AddText("set local enable_sort = off")
        .Add("ListRuns", [.. Filter(query), PgBatch.OrNull(query.After, NpgsqlDbType.Uuid), PgBatch.Int(query.Limit)]);

    private static NpgsqlParameter[] Filter(RunQuery query) =>
    [
        PgBatch.Text(query.Namespace),
        PgBatch.OrNull(query.Type, NpgsqlDbType.Text),
        PgBatch.OrNull(query.Statuses.Count == 0 ? null : query.Statuses.Select(s => (short)s).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Smallint),
        PgBatch.OrNull(query.StartedFrom?.ToUniversalTime(), NpgsqlDbType.TimestampTz),
        PgBatch.OrNull(query.StartedBefore?.ToUniversalTime(), NpgsqlDbType.TimestampTz),
        PgBatch.OrNull(query.IdPrefix, NpgsqlDbType.Text),
        PgBatch.OrNull(query.WaitingFor, NpgsqlDbType.Text),
    ];

    private string Sql(string name) => SqlText.For(calls.Options.Schema, name, spread: calls.Shards is not null);

    private static ParkRecord Wake(NpgsqlDataReader r, Guid runId) => new()
    {
        RunId = runId,
        Shard = r.GetInt16(0),
        Namespace = r.GetString(1),
        DueAt = RowReader.TimeOrNull(r, 2),
        Asap = r.GetBoolean(3),
        Type = r.GetString(4),
        Version = r.GetInt32(5),
        Queue = r.GetString(6),
        Priority = r.GetInt32(7),
        Hold = r.GetInt16(8),
        HoldBuilds = r.IsDBNull(9) ? null : r.GetFieldValue<string[]>(9),
        WaitReason = RowReader.Text(r, 10),
        Gen = r.GetInt32(11),
        NextSeq = r.GetInt32(12),
    };
}
