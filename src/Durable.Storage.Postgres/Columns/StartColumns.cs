// Columns of runs to start.
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Runs to start, in the order of <c>StartWake.sql</c> and <c>CommitStartOwned.sql</c>.</summary>
internal sealed class StartColumns : ColumnSet
{
    private readonly Column<Guid> runId;
    private readonly Column<string> ns, workflowId;
    private readonly Column<short> shard;
    private readonly Column<string> type;
    private readonly Column<int> version;
    private readonly Column<string> build, queue;
    private readonly Column<int> priority;
    private readonly Column<byte[]?> input;
    private readonly Column<short> encoding;
    private readonly Column<byte[]> secret;
    private readonly Column<string?> attributes;
    private readonly Column<Guid?> parent;
    private readonly Column<DateTimeOffset?> deadlineAt, dueAt;
    private readonly Column<string?> actor, correlation, trace;
    private readonly Column<short> gate, status, hold;

    public StartColumns()
    {
        runId = Next<Guid>(NpgsqlDbType.Uuid);
        ns = Next<string>(NpgsqlDbType.Text);
        workflowId = Next<string>(NpgsqlDbType.Text);
        shard = Next<short>(NpgsqlDbType.Smallint);
        type = Next<string>(NpgsqlDbType.Text);
        version = Next<int>(NpgsqlDbType.Integer);
        build = Next<string>(NpgsqlDbType.Text);
        queue = Next<string>(NpgsqlDbType.Text);
        priority = Next<int>(NpgsqlDbType.Integer);
        input = Next<byte[]?>(NpgsqlDbType.Bytea);
        encoding = Next<short>(NpgsqlDbType.Smallint);
        secret = Next<byte[]>(NpgsqlDbType.Bytea);
        attributes = Next<string?>(NpgsqlDbType.Text);
        parent = Next<Guid?>(NpgsqlDbType.Uuid);
        deadlineAt = Next<DateTimeOffset?>(NpgsqlDbType.TimestampTz);
        dueAt = Next<DateTimeOffset?>(NpgsqlDbType.TimestampTz);
        actor = Next<string?>(NpgsqlDbType.Text);
        correlation = Next<string?>(NpgsqlDbType.Text);
        trace = Next<string?>(NpgsqlDbType.Text);
        gate = Next<short>(NpgsqlDbType.Smallint);
        status = Next<short>(NpgsqlDbType.Smallint);
        hold = Next<short>(NpgsqlDbType.Smallint);
    }

    public void Add(StartRecord s)
    {
        Count++;
        runId.Add(s.RunId);
        ns.Add(s.Namespace);
        workflowId.Add(s.WorkflowId);
        shard.Add(s.Shard);
        type.Add(s.Type);
        version.Add(s.Version);
        build.Add(s.Build);
        queue.Add(s.Queue);
        priority.Add(s.Priority);
        input.Add(s.Input);
        encoding.Add(s.Encoding);
        secret.Add(s.Secret);
        attributes.Add(s.Attributes);
        parent.Add(s.Parent);
        deadlineAt.Add(Utc(s.DeadlineAt));
        dueAt.Add(Utc(s.DueAt));
        actor.Add(s.Actor);
        correlation.Add(s.Correlation);
        trace.Add(s.Trace);
        gate.Add((short)s.Gate);
        status.Add((short)(s.Owned && s.Status == RunStatus.Pending ? RunStatus.Running : s.Status));
        hold.Add(s.Hold);
    }
}
