// K1 to K4: activities as rows.
using System.Data.Common;
using Npgsql;
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Claims, keeps and ends tasks.</summary>
internal sealed class TaskVerbs(EngineConnections connections, Calls calls, HomeCheck home)
{
    public Task<TaskClaimResult> ClaimAsync(TaskClaim request, CancellationToken cancellationToken) => calls.RunAsync("claim tasks", async (connection, ct) =>
    {
        var token = Guid.NewGuid();
        var queues = request.Queues.Distinct().ToArray();
        var most = PgBatch.OrNull(queues.Select(queue => request.Most.TryGetValue(queue, out var few) ? few : (int?)null).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Integer);
        await using var batch = calls.Batch(connection, transaction: true)
            .Add("TaskClaim", PgBatch.Texts(queues), most, PgBatch.Texts(request.Namespaces), PgBatch.Texts(request.Known), PgBatch.Int(request.Limit), PgBatch.Uuid(token))
            .Add("TaskNext", PgBatch.Texts(queues), most.Clone(), PgBatch.Texts(request.Namespaces), PgBatch.Texts(request.Known), PgBatch.Uuid(token));
        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var tasks = await RowReader.AllAsync(reader, RowReader.Task, ct).ConfigureAwait(false);
        var left = await RowReader.NextAsync(reader, r => (Now: RowReader.Time(r, 0), Queue: r.IsDBNull(1) ? "" : r.GetString(1), Due: RowReader.TimeOrNull(r, 2), Later: RowReader.TimeOrNull(r, 3)), ct).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
        var held = left.Where(l => l.Due is not null && request.Most.TryGetValue(l.Queue, out var few) && tasks.Count(t => t.Queue == l.Queue) >= few).Select(l => l.Queue).ToList();
        return new TaskClaimResult(left[0].Now, tasks, left.Min(l => held.Contains(l.Queue) ? l.Later : l.Due ?? l.Later)) { Held = held };
    }, cancellationToken);

    /// <summary>P4: five short statements on keys; none waits for another holder but for the key of a slot that both insert.</summary>
    public Task<int> TakeSlotsAsync(SlotRequest request, CancellationToken cancellationToken) => calls.RunAsync("take slots", async (connection, ct) =>
    {
        await using var batch = calls.Batch(connection, transaction: true);
        foreach (var name in new[] { "SlotKeep", "SlotGive", "SlotTake", "SlotInsert" })
        {
            batch.Add(name, PgBatch.Text(request.Name), PgBatch.Uuid(request.Holder), PgBatch.Int(request.Limit), PgBatch.Int(request.Units), PgBatch.Int(request.Sequence));
            if (name != "SlotGive") batch.Last.Add(PgBatch.Span(request.Length));
        }

        await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
        var has = await RowReader.AllAsync(reader, r => r.GetInt32(0), ct).ConfigureAwait(false);
        await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
        return has[0];
    }, cancellationToken);

    public async Task<IReadOnlyList<TaskState>> HeartbeatAsync(IReadOnlyList<TaskBeat> beats, CancellationToken cancellationToken)
    {
        if (beats.Count == 0) return [];
        var held = await calls.RunAsync("heartbeat of activities", async (connection, ct) =>
        {
            var columns = new TaskBeatColumns();
            foreach (var beat in beats.OrderBy(b => b.Task, Comparer<TaskKey>.Create(TaskOrder.Compare))) columns.Add(beat);
            await using var batch = calls.Batch(connection).Add("TaskHeartbeat", [], columns);
            await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
            var rows = await RowReader.AllAsync(reader, r => (Key: (r.GetGuid(0), r.GetInt32(1), r.GetInt32(2), r.GetGuid(3)), Cancel: r.GetBoolean(4)), ct).ConfigureAwait(false);
            await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
            return rows.ToDictionary(r => r.Key, r => r.Cancel);
        }, cancellationToken).ConfigureAwait(false);
        return [.. beats.Select(b => held.TryGetValue((b.Task.RunId, b.Task.Gen, b.Task.TaskNo, b.Token), out var cancel) ? new TaskState(true, cancel) : default)];
    }

    public async Task<IReadOnlyList<bool>> CompleteAsync(IReadOnlyList<TaskEnd> ends, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        if (ends.Count == 0) return [];
        if (transaction is null)
            return await calls.RunAsync("complete tasks", (connection, ct) => CompleteAsync(calls.Batch(connection, transaction: true), ends, ct), cancellationToken).ConfigureAwait(false);

        var own = await home.RequireAsync(transaction, cancellationToken).ConfigureAwait(false);
        try
        {
            return await CompleteAsync(calls.Batch(own), ends, cancellationToken).ConfigureAwait(false);
        }
        catch (NpgsqlException e) when (!e.IsTransient)
        {
            throw Sqlstates.ToDurable(e, "complete in the step's transaction", connections.Description);
        }
    }

    public Task<IReadOnlyList<Guid>> ExpireAsync(int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken) => calls.RunAsync("expire tasks", async (connection, ct) =>
    {
        await using var transaction = await connection.BeginTransactionAsync(ct).ConfigureAwait(false);
        List<TaskRecord> expired;
        await using (var batch = calls.Batch(transaction))
        {
            if (connections.Pooler) foreach (var pin in PgBatch.PinTexts) batch.AddText(pin);
            await using var reader = await batch.Add("TaskExpired", PgBatch.Int(limit)).ReadAsync(ct).ConfigureAwait(false);
            expired = await RowReader.AllAsync(reader, RowReader.Task, ct).ConfigureAwait(false);
        }

        if (expired.Count == 0) return (IReadOnlyList<Guid>)[];
        var (keys, messages) = (new TaskKeyColumns(), new MessageColumns());
        foreach (var task in expired)
        {
            keys.Add(task.Key);
            messages.Add(failure(task));
        }

        await using (var batch = calls.Batch(transaction).Add("CommitTaskDelete", [], keys).Add("Deliver", [], messages))
        {
            await batch.ExecuteAsync(ct).ConfigureAwait(false);
        }

        await transaction.CommitAsync(ct).ConfigureAwait(false);
        return [.. expired.Select(t => t.RunId).Distinct()];
    }, cancellationToken);

    private static async Task<IReadOnlyList<bool>> CompleteAsync(PgBatch owner, IReadOnlyList<TaskEnd> ends, CancellationToken cancellationToken)
    {
        await using var batch = owner;
        var (keys, messages, retries) = (new TaskEndColumns(), new MessageColumns(), new TaskRetryColumns());
        foreach (var end in ends.OrderBy(e => e.Task, Comparer<TaskKey>.Create(TaskOrder.Compare)))
        {
            if (end.Message is { } message)
            {
                keys.Add(end);
                messages.Add(message);
            }
            else
            {
                retries.Add(end);
            }
        }

        if (keys.Count > 0) batch.Add("TaskComplete", [], keys, messages);
        if (retries.Count > 0) batch.Add("TaskRetry", [], retries);
        var done = new HashSet<(Guid, int, int, Guid)>();
        await using var reader = await batch.ReadAsync(cancellationToken).ConfigureAwait(false);
        do
        {
            done.UnionWith(await RowReader.AllAsync(reader, r => (r.GetGuid(0), r.GetInt32(1), r.GetInt32(2), r.GetGuid(3)), cancellationToken).ConfigureAwait(false));
        }
        while (await reader.NextResultAsync(cancellationToken).ConfigureAwait(false));
        return [.. ends.Select(e => done.Contains((e.Task.RunId, e.Task.Gen, e.Task.TaskNo, e.Token)))];
    }
}
