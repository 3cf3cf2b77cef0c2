// The bare protocol on PostgreSQL: the provider's own texts in one batch and one round trip, parameters made once and filled again and again.
using System.Buffers.Binary;
using Durable.Storage;
using Durable.Storage.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NpgsqlTypes;

namespace Durable.Bench;

/// <summary>Writes a template's rows with nothing of the engine or the provider around; only the connection's settings are the provider's.</summary>
internal sealed class RawPostgres : IRawWriter
{
    private readonly Template template;
    private readonly RawLane lane;
    private readonly NpgsqlConnection connection;
    private readonly NpgsqlBatch batch;
    private readonly NpgsqlParameter<long> commitSeq = new() { NpgsqlDbType = NpgsqlDbType.Bigint }, renewSeq = new() { NpgsqlDbType = NpgsqlDbType.Bigint };
    private readonly NpgsqlParameter<byte[]> touched = new() { NpgsqlDbType = NpgsqlDbType.Bytea };
    private readonly RawColumns events = new(), firsts = new(), starts = new(), closes = new(), closedTasks = new(), closedNotices = new();
    private readonly NpgsqlBatchCommand begin = new("begin isolation level read committed"), clock = new("select clock_timestamp()"), commit = new("commit");
    private readonly NpgsqlBatchCommand fence, renew, close, tasks, notices, start, append;

    private RawPostgres(NpgsqlConnection connection, RawLane lane, Template template)
    {
        (this.connection, this.lane, this.template) = (connection, lane, template);
        batch = new NpgsqlBatch(connection);
        commitSeq.TypedValue = lane.CommitSeq;
        EventColumns(events);
        EventColumns(firsts);
        StartColumns(starts);
        CloseColumns(closes);
        KeyColumns(closedTasks);
        KeyColumns(closedNotices);
        fence = Command("CommitFence");
        foreach (var parameter in new NpgsqlParameter[]
                 {
                     Long(lane.Key.LaneId), new NpgsqlParameter<short> { NpgsqlDbType = NpgsqlDbType.Smallint, TypedValue = lane.Key.Group.HomeShard }, Long(lane.Epoch), commitSeq, touched,
                     new NpgsqlParameter<Guid> { NpgsqlDbType = NpgsqlDbType.Uuid, TypedValue = lane.Key.Holder },
                 }) fence.Parameters.Add(parameter);
        renew = Command("CommitRenew");
        renew.Parameters.Add(Long(lane.Key.LaneId));
        renew.Parameters.Add(new NpgsqlParameter<short> { NpgsqlDbType = NpgsqlDbType.Smallint, TypedValue = lane.Key.Group.HomeShard });
        renew.Parameters.Add(renewSeq);
        foreach (var span in new[] { RawLane.Lease, RawLane.Lease * 0.75 }) renew.Parameters.Add(new NpgsqlParameter<TimeSpan> { NpgsqlDbType = NpgsqlDbType.Interval, TypedValue = span });
        close = Command("CommitClose");
        close.Parameters.Add(Long(lane.Key.LaneId));
        closes.AttachTo(close);
        tasks = Command("CommitCloseTasks");
        tasks.Parameters.Add(Long(lane.Key.LaneId));
        closedTasks.AttachTo(tasks);
        notices = Command("CommitCloseNotices");
        notices.Parameters.Add(Long(lane.Key.LaneId));
        closedNotices.AttachTo(notices);
        start = Command(template.Close is null ? "StartWake" : "CommitStartOwned");
        starts.AttachTo(start);
        if (template.Close is not null)
        {
            start.Parameters.Add(Long(lane.Key.LaneId));
            firsts.AttachTo(start);
        }

        append = Command("CommitAppend");
        events.AttachTo(append);
    }

    public static async Task<RawPostgres> OpenAsync(string connectionString, RawLane lane, Template template)
    {
        var connections = new EngineConnections(new PostgresOptions(), connectionString, null, NullLogger.Instance, planOnce: true);
        await connections.ProbeAsync(CancellationToken.None);
        return new RawPostgres(await connections.OpenOwnAsync("raw", CancellationToken.None), lane, template);
    }

    public async Task WriteAsync(IReadOnlyList<RawRow> rows)
    {
        foreach (var set in new[] { events, firsts, starts, closes, closedTasks, closedNotices }) set.Clear();
        var log = new byte[28 * rows.Count];
        var length = 0;
        var now = DateTimeOffset.UtcNow;
        foreach (var (run, step) in rows)
        {
            if (step == 0) Start(run, now);
            else Event(events, run, step, now);
            if (step == template.Events.Count - 1 && template.Close is { } end) Close(run, end);
            length = Touch(log, length, run, step);
        }

        renewSeq.TypedValue = ++commitSeq.TypedValue;
        touched.TypedValue = length == log.Length ? log : log[..length];
        var commands = batch.BatchCommands;
        commands.Clear();
        commands.Add(begin);
        commands.Add(fence);
        commands.Add(renew);
        Use(tasks, closedTasks);
        Use(notices, closedNotices);
        Use(close, closes);
        firsts.Refresh();
        Use(start, starts);
        Use(append, events);
        commands.Add(clock);
        commands.Add(commit);
        await using var reader = await batch.ExecuteReaderAsync();
        while (await reader.NextResultAsync())
        {
            // Only the end matters: it is durable when the commit's answer was read.
        }

        void Use(NpgsqlBatchCommand command, RawColumns set)
        {
            if (set.Count == 0) return;
            set.Refresh();
            commands.Add(command);
        }
    }

    public async ValueTask DisposeAsync()
    {
        batch.BatchCommands.Clear();
        await batch.DisposeAsync();
        await connection.DisposeAsync();
    }

    // The orders are those of the texts; a text with other parameters fails at its first use.
    private static void EventColumns(RawColumns set) => set
        .Add<Guid>(NpgsqlDbType.Uuid).Add<int>(NpgsqlDbType.Integer).Add<int>(NpgsqlDbType.Integer).Add<short>(NpgsqlDbType.Smallint).Add<string>(NpgsqlDbType.Text).Add<short>(NpgsqlDbType.Smallint)
        .Add<DateTimeOffset>(NpgsqlDbType.TimestampTz).Add<int>(NpgsqlDbType.Integer).Add<string?>(NpgsqlDbType.Text).Add<byte[]?>(NpgsqlDbType.Bytea).Add<byte[]?>(NpgsqlDbType.Bytea)
        .Add<short>(NpgsqlDbType.Smallint).Add<short>(NpgsqlDbType.Smallint).Add<int>(NpgsqlDbType.Integer).Add<Guid?>(NpgsqlDbType.Uuid).Add<long>(NpgsqlDbType.Bigint)
        .Add<string?>(NpgsqlDbType.Text).Add<string?>(NpgsqlDbType.Text).Add<string?>(NpgsqlDbType.Text).Add<string?>(NpgsqlDbType.Text);

    private static void StartColumns(RawColumns set) => set
        .Add<Guid>(NpgsqlDbType.Uuid).Add<string>(NpgsqlDbType.Text).Add<string>(NpgsqlDbType.Text).Add<short>(NpgsqlDbType.Smallint).Add<string>(NpgsqlDbType.Text).Add<int>(NpgsqlDbType.Integer)
        .Add<string>(NpgsqlDbType.Text).Add<string>(NpgsqlDbType.Text).Add<int>(NpgsqlDbType.Integer).Add<byte[]?>(NpgsqlDbType.Bytea).Add<short>(NpgsqlDbType.Smallint).Add<byte[]>(NpgsqlDbType.Bytea)
        .Add<string?>(NpgsqlDbType.Text).Add<Guid?>(NpgsqlDbType.Uuid).Add<DateTimeOffset?>(NpgsqlDbType.TimestampTz).Add<DateTimeOffset?>(NpgsqlDbType.TimestampTz)
        .Add<string?>(NpgsqlDbType.Text).Add<string?>(NpgsqlDbType.Text).Add<string?>(NpgsqlDbType.Text).Add<short>(NpgsqlDbType.Smallint).Add<short>(NpgsqlDbType.Smallint).Add<short>(NpgsqlDbType.Smallint);

    private static void CloseColumns(RawColumns set) => set
        .Add<Guid>(NpgsqlDbType.Uuid).Add<short>(NpgsqlDbType.Smallint).Add<short>(NpgsqlDbType.Smallint).Add<byte[]?>(NpgsqlDbType.Bytea).Add<short>(NpgsqlDbType.Smallint).Add<string?>(NpgsqlDbType.Text);

    private static void KeyColumns(RawColumns set) => set.Add<Guid>(NpgsqlDbType.Uuid).Add<short>(NpgsqlDbType.Smallint);

    private void Event(RawColumns set, RawRun run, int step, DateTimeOffset now)
    {
        var row = template.Events[step];
        set.Row().Next(run.RunId).Next(row.Gen).Next(row.Seq).Next(run.Shard).Next(row.Namespace).Next(row.Kind).Next(now).Next(row.Ordinal).Next<string?>(null).Next(row.Payload).Next(row.Commands)
            .Next(row.Encoding).Next(row.Schema).Next(row.Crc).Next<Guid?>(null).Next(0L).Next<string?>(null).Next<string?>(null).Next<string?>(null).Next<string?>(null);
    }

    private void Start(RawRun run, DateTimeOffset now)
    {
        var row = template.Start;
        starts.Row().Next(run.RunId).Next(row.Namespace).Next(run.WorkflowId).Next(run.Shard).Next(row.Type).Next(row.Version).Next(row.Build).Next(row.Queue).Next(row.Priority).Next(row.Input).Next(row.Encoding)
            .Next(row.Secret).Next<string?>(null).Next<Guid?>(null).Next<DateTimeOffset?>(null).Next<DateTimeOffset?>(null).Next<string?>(null).Next<string?>(null).Next<string?>(null)
            .Next((short)row.Gate).Next((short)row.Status).Next(row.Hold);
        if (template.Close is not null) Event(firsts, run, 0, now);
    }

    private void Close(RawRun run, CloseRecord row)
    {
        closes.Row().Next(run.RunId).Next(run.Shard).Next((short)row.Status).Next(row.Outcome).Next(row.Encoding).Next<string?>(null);
        if (!row.MayHaveRows) return;
        closedTasks.Row().Next(run.RunId).Next(run.Shard);
        closedNotices.Row().Next(run.RunId).Next(run.Shard);
    }

    private int Touch(byte[] log, int length, RawRun run, int step)
    {
        if (template.Close is null) return length;
        var entry = log.AsSpan(length, 28);
        run.RunIdBytes.CopyTo(entry);
        BinaryPrimitives.WriteInt32BigEndian(entry[20..], step);
        BinaryPrimitives.WriteInt32BigEndian(entry[24..], step);
        return length + 28;
    }

    private static NpgsqlBatchCommand Command(string name) => new(SqlText.For(new PostgresOptions().Schema, name));

    private static NpgsqlParameter<long> Long(long value) => new() { NpgsqlDbType = NpgsqlDbType.Bigint, TypedValue = value };
}
