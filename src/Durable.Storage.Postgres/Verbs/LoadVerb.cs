// L3: runs as stored.

namespace Durable.Storage.Postgres;

/// <summary>Reads claimed runs whole, or only their messages.</summary>
internal sealed class LoadVerb(Calls calls)
{
    public Task<IReadOnlyList<LoadedRun>> LoadAsync(LoadRequest request, CancellationToken cancellationToken) => calls.RunAsync("load runs", async (connection, ct) =>
    {
        var ids = request.RunIds.Distinct().ToArray();
        var runs = new Dictionary<Guid, RunRecord>();
        var events = new Dictionary<Guid, List<EventRecord>>();
        var tasks = new Dictionary<Guid, List<TaskRecord>>();
        var outgoing = new Dictionary<Guid, List<OutgoingRecord>>();
        Dictionary<Guid, List<MessageRecord>> messages;
        await using (var batch = calls.Batch(connection, transaction: true))
        {
            // Each statement sees its own moment. Any host may turn a task into its message in between: tasks first, so that it is seen as one of them at least. Seen as neither, the lane would
            // think that nobody has begun it, and one that may run at most once would fail.
            if (!request.MessagesOnly) batch.Add("LoadTasks", PgBatch.Uuids(ids));
            batch.Add("LoadMessages", PgBatch.Uuids(ids), PgBatch.Int(request.MessageLimit)).Add("LoadRuns", PgBatch.Uuids(ids));
            if (!request.MessagesOnly) batch.Add("LoadEvents", PgBatch.Uuids(ids));
            if (!request.MessagesOnly && calls.IsGrouped) batch.Add("LoadOutgoing", PgBatch.Uuids(ids));
            await using var reader = await batch.ReadAsync(ct).ConfigureAwait(false);
            if (!request.MessagesOnly) tasks = Group(await RowReader.AllAsync(reader, RowReader.Task, ct).ConfigureAwait(false), t => t.RunId);
            messages = Group(await (request.MessagesOnly ? RowReader.AllAsync(reader, RowReader.Message, ct) : RowReader.NextAsync(reader, RowReader.Message, ct)).ConfigureAwait(false), m => m.RunId);
            foreach (var run in await RowReader.NextAsync(reader, r => RowReader.Run(r), ct).ConfigureAwait(false)) runs[run.RunId] = run;
            if (!request.MessagesOnly)
            {
                events = Group(await RowReader.NextAsync(reader, RowReader.Event, ct).ConfigureAwait(false), e => e.RunId);
                if (calls.IsGrouped) outgoing = Group(await RowReader.NextAsync(reader, OutgoingVerb.Record, ct).ConfigureAwait(false), o => o.Message.Sender);
            }

            await LaneVerbs.FinishAsync(reader, ct).ConfigureAwait(false);
        }

        return (IReadOnlyList<LoadedRun>)[.. ids.Where(runs.ContainsKey).Select(id => new LoadedRun(id, request.MessagesOnly ? null : runs[id],
            Of(events, id), Of(messages, id), Of(tasks, id)) { Outgoing = Of(outgoing, id) })];
    }, cancellationToken);

    private static IReadOnlyList<T> Of<T>(Dictionary<Guid, List<T>> rows, Guid run) => rows.TryGetValue(run, out var list) ? list : [];

    private static Dictionary<Guid, List<T>> Group<T>(List<T> rows, Func<T, Guid> key)
    {
        var groups = new Dictionary<Guid, List<T>>();
        foreach (var row in rows)
        {
            if (!groups.TryGetValue(key(row), out var list)) groups.Add(key(row), list = []);
            list.Add(row);
        }

        return groups;
    }
}
