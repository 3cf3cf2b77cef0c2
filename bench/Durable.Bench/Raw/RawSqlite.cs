// The bare protocol on SQLite: the provider's own texts, prepared once, one row an execution, one transaction a batch, on the caller's thread.
using System.Buffers.Binary;
using System.Text;
using Durable.Storage;
using Durable.Storage.Sqlite;

namespace Durable.Bench;

/// <summary>Writes a template's rows with nothing of the engine or the provider around.</summary>
internal sealed class RawSqlite : IRawWriter
{
    private readonly Template template;
    private readonly RawLane lane;
    private readonly Session session;
    private readonly byte[] holder;
    private readonly RawStatement begin, fence, log, start, owned, wake, append, disown, close, tasks, ready, commit;
    private readonly byte[] ns, type, build, queue;
    private readonly List<RawRow> sorted = [];
    private byte[] touched = new byte[28 * 64];
    private int touchedLength;
    private long commitSeq;

    public RawSqlite(string path, RawLane lane, Template template)
    {
        (this.lane, this.template, commitSeq) = (lane, template, lane.CommitSeq);
        session = Session.Open(path, create: false);
        session.Execute("pragma journal_mode=wal; pragma synchronous=full; pragma cache_size=-65536; pragma wal_autocheckpoint=4000; pragma foreign_keys=off; pragma temp_store=memory");
        var db = session.Handle;
        begin = new(db, SqlText.BeginImmediate.Text, 0);
        commit = new(db, SqlText.Commit.Text, 0);
        holder = lane.Key.Holder.ToByteArray(bigEndian: true);
        fence = new(db, SqlText.Fence.Text, 5);
        log = new(db, SqlText.LogCommit.Text, 5);
        start = new(db, SqlText.StartRun.Text, 21);
        owned = new(db, SqlText.InsertOwned.Text, 7);
        wake = new(db, SqlText.InsertWake.Text, 15);
        append = new(db, SqlText.AppendEvent.Text, 20);
        disown = new(db, SqlText.Disown.Text, 2);
        close = new(db, SqlText.CloseRun.Text, 6);
        tasks = new(db, SqlText.DeleteRunTasks.Text, 1);
        ready = new(db, SqlText.DeleteRunReady.Text, 1);
        (ns, type, build, queue) = (Utf8(template.Namespace), Utf8(template.Start.Type), Utf8(template.Start.Build), Utf8(template.Start.Queue));
    }

    public Task WriteAsync(IReadOnlyList<RawRow> rows)
    {
        var now = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks / 10;
        sorted.Clear();
        sorted.AddRange(rows);
        sorted.Sort(static (a, b) => a.Run.Number != b.Run.Number ? a.Run.Number.CompareTo(b.Run.Number) : a.Step.CompareTo(b.Step));      // as the provider does
        touchedLength = 0;
        begin.Run();
        fence.Bind(now + (RawLane.Lease.Ticks / 10)).Bind(lane.Key.LaneId).Bind(lane.Epoch).Bind(commitSeq).Blob(holder).Run(changes: 1);
        foreach (var row in sorted)
            if (row.Step == template.Events.Count - 1 && template.Close is { } end) Close(row.Run, end, now);
        foreach (var row in sorted)
            if (row.Step == 0) Start(row.Run, now);
        for (var i = 0; i < sorted.Count; i++)
        {
            var first = sorted[i];
            while (i + 1 < sorted.Count && sorted[i + 1].Run == first.Run)
            {
                if (sorted[i].Step > 0) Append(sorted[i].Run, sorted[i].Step, now);
                i++;
            }

            if (sorted[i].Step > 0) Append(sorted[i].Run, sorted[i].Step, now);
            Touch(first, sorted[i]);
        }

        log.Bind(lane.Key.LaneId).Bind(++commitSeq).Bind(now).Bind(lane.Key.Group.HomeShard).Blob(touched.AsSpan(0, touchedLength)).Run();
        commit.Run();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        foreach (var statement in new[] { begin, fence, log, start, owned, wake, append, disown, close, tasks, ready, commit }) statement.Dispose();
        session.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Start(RawRun run, long now)
    {
        var row = template.Start;
        start.Blob(run.RunIdBytes).Text(ns).Text(run.WorkflowIdUtf8).Bind(run.Shard).Text(type).Bind(row.Version).Text(build).Bind((long)row.Status).Bind(now).Null()
            .Bind(row.Encoding).Text(queue).Bind(row.Priority).Blob(row.Secret).Blob(row.Input).Null().Null().Null().Null().Null().Bind((long)row.Gate).Run(changes: 1);
        if (template.Close is null)
        {
            wake.Blob(run.RunIdBytes).Bind(now).Bind(1).Bind(run.Shard).Text(ns).Text(type).Bind(row.Version).Text(queue).Bind(row.Priority).Bind(0).Null().Null().Bind(0).Bind(0).Bind(0).Run(changes: 1);
            return;
        }

        owned.Blob(run.RunIdBytes).Bind(lane.Key.LaneId).Bind(0).Bind(1).Bind(1).Bind(run.Shard).Text(ns).Run(changes: 1);
        Append(run, 0, now);
    }

    private void Append(RawRun run, int step, long now)
    {
        var row = template.Events[step];
        append.Blob(run.RunIdBytes).Bind(row.Gen).Bind(row.Seq).Bind(row.Kind).Bind(now).Bind(row.Ordinal).Bind(row.Encoding).Bind(row.Schema).Bind(row.Crc).Bind(run.Shard).Text(ns)
            .Null().Blob(row.Payload).Blob(row.Commands).Null().Null().Null().Null().Null().Null().Run();
    }

    private void Close(RawRun run, CloseRecord row, long now)
    {
        disown.Blob(run.RunIdBytes).Bind(lane.Key.LaneId).Run(changes: 1);
        close.Bind((long)row.Status).Blob(row.Outcome).Bind(row.Encoding).Bind(now).Null().Blob(run.RunIdBytes).Run(changes: 1);
        if (!row.MayHaveRows) return;
        tasks.Blob(run.RunIdBytes).Run();
        ready.Blob(run.RunIdBytes).Run();
    }

    private void Touch(RawRow first, RawRow last)
    {
        if (touchedLength + 28 > touched.Length) Array.Resize(ref touched, touched.Length * 2);
        var entry = touched.AsSpan(touchedLength, 28);
        first.Run.RunIdBytes.CopyTo(entry);
        BinaryPrimitives.WriteInt32BigEndian(entry[16..], 0);
        BinaryPrimitives.WriteInt32BigEndian(entry[20..], first.Step);
        BinaryPrimitives.WriteInt32BigEndian(entry[24..], last.Step);
        touchedLength += 28;
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
