// Columns of task rows and of what hosts say about them.
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Task rows, in the order of <c>CommitTaskInsert.sql</c>.</summary>
internal sealed class TaskColumns : ColumnSet
{
    private readonly Column<Guid> runId;
    private readonly Column<int> gen, taskNo;
    private readonly Column<short> shard;
    private readonly Column<string> ns, activity, queue;
    private readonly Column<int> priority;
    private readonly Column<DateTimeOffset> visibleAt;
    private readonly Column<Guid?> token;
    private readonly Column<int> attempt, logicalAttempt;
    private readonly Column<DateTimeOffset?> deadlineAt;
    private readonly Column<TimeSpan> visibility;
    private readonly Column<byte[]?> details, failures;
    private readonly Column<bool> cancel;
    private readonly Column<byte[]?> payload;
    private readonly Column<short> encoding;

    public TaskColumns()
    {
        runId = Next<Guid>(NpgsqlDbType.Uuid);
        gen = Next<int>(NpgsqlDbType.Integer);
        taskNo = Next<int>(NpgsqlDbType.Integer);
        shard = Next<short>(NpgsqlDbType.Smallint);
        ns = Next<string>(NpgsqlDbType.Text);
        activity = Next<string>(NpgsqlDbType.Text);
        queue = Next<string>(NpgsqlDbType.Text);
        priority = Next<int>(NpgsqlDbType.Integer);
        visibleAt = Next<DateTimeOffset>(NpgsqlDbType.TimestampTz);
        token = Next<Guid?>(NpgsqlDbType.Uuid);
        attempt = Next<int>(NpgsqlDbType.Integer);
        logicalAttempt = Next<int>(NpgsqlDbType.Integer);
        deadlineAt = Next<DateTimeOffset?>(NpgsqlDbType.TimestampTz);
        visibility = Next<TimeSpan>(NpgsqlDbType.Interval);
        details = Next<byte[]?>(NpgsqlDbType.Bytea);
        failures = Next<byte[]?>(NpgsqlDbType.Bytea);
        cancel = Next<bool>(NpgsqlDbType.Boolean);
        payload = Next<byte[]?>(NpgsqlDbType.Bytea);
        encoding = Next<short>(NpgsqlDbType.Smallint);
    }

    public void Add(TaskRecord t)
    {
        Count++;
        runId.Add(t.RunId);
        gen.Add(t.Gen);
        taskNo.Add(t.TaskNo);
        shard.Add(t.Shard);
        ns.Add(t.Namespace);
        activity.Add(t.Activity);
        queue.Add(t.Queue);
        priority.Add(t.Priority);
        visibleAt.Add(t.VisibleAt.ToUniversalTime());
        token.Add(t.Token);
        attempt.Add(t.Attempt);
        logicalAttempt.Add(t.LogicalAttempt);
        deadlineAt.Add(Utc(t.DeadlineAt));
        visibility.Add(t.Visibility);
        details.Add(t.Details);
        failures.Add(t.Failures);
        cancel.Add(t.Cancel);
        payload.Add(t.Payload);
        encoding.Add(t.Encoding);
    }
}

/// <summary>Heartbeats, in the order of <c>TaskHeartbeat.sql</c>.</summary>
internal sealed class TaskBeatColumns : TaskKeyColumns
{
    private readonly Column<Guid> token;
    private readonly Column<TimeSpan> visibility;
    private readonly Column<byte[]?> details;

    public TaskBeatColumns()
    {
        token = Next<Guid>(NpgsqlDbType.Uuid);
        visibility = Next<TimeSpan>(NpgsqlDbType.Interval);
        details = Next<byte[]?>(NpgsqlDbType.Bytea);
    }

    public void Add(TaskBeat beat)
    {
        Add(beat.Task);
        token.Add(beat.Token);
        visibility.Add(beat.Visibility);
        details.Add(beat.Details);
    }
}

/// <summary>Attempts that end with a message: the columns before the message in <c>TaskComplete.sql</c>.</summary>
internal sealed class TaskEndColumns : ColumnSet
{
    private readonly Column<int> gen, taskNo;
    private readonly Column<Guid> token, taskRun;
    private readonly Column<short> taskShard;

    public TaskEndColumns()
    {
        gen = Next<int>(NpgsqlDbType.Integer);
        taskNo = Next<int>(NpgsqlDbType.Integer);
        token = Next<Guid>(NpgsqlDbType.Uuid);
        taskRun = Next<Guid>(NpgsqlDbType.Uuid);
        taskShard = Next<short>(NpgsqlDbType.Smallint);
    }

    public void Add(TaskEnd end)
    {
        Count++;
        gen.Add(end.Task.Gen);
        taskNo.Add(end.Task.TaskNo);
        token.Add(end.Token);
        taskRun.Add(end.Task.RunId);
        taskShard.Add(end.Task.Shard);
    }
}

/// <summary>Attempts that are to be tried again, in the order of <c>TaskRetry.sql</c>.</summary>
internal sealed class TaskRetryColumns : TaskKeyColumns
{
    private readonly Column<Guid> token;
    private readonly Column<TimeSpan> delay;
    private readonly Column<int> logicalAttempt;
    private readonly Column<byte[]?> failures;
    private readonly Column<int> neverBegan;

    public TaskRetryColumns()
    {
        token = Next<Guid>(NpgsqlDbType.Uuid);
        delay = Next<TimeSpan>(NpgsqlDbType.Interval);
        logicalAttempt = Next<int>(NpgsqlDbType.Integer);
        failures = Next<byte[]?>(NpgsqlDbType.Bytea);
        neverBegan = Next<int>(NpgsqlDbType.Integer);
    }

    public void Add(TaskEnd end)
    {
        Add(end.Task);
        token.Add(end.Token);
        delay.Add(end.RetryAfter);
        logicalAttempt.Add(end.LogicalAttempt);
        failures.Add(end.Failures);
        neverBegan.Add(end.NeverBegan ? 1 : 0);
    }
}
