// Columns of keys: messages, tasks, claims.
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Messages by key, in the order of <c>CommitConsume.sql</c>.</summary>
internal sealed class MessageKeyColumns : ColumnSet
{
    private readonly Column<Guid> runId, sender;
    private readonly Column<long> senderSeq;
    private readonly Column<short> shard;

    public MessageKeyColumns()
    {
        runId = Next<Guid>(NpgsqlDbType.Uuid);
        sender = Next<Guid>(NpgsqlDbType.Uuid);
        senderSeq = Next<long>(NpgsqlDbType.Bigint);
        shard = Next<short>(NpgsqlDbType.Smallint);
    }

    public void Add(MessageKey key)
    {
        Count++;
        runId.Add(key.RunId);
        sender.Add(key.Sender);
        senderSeq.Add(key.SenderSeq);
        shard.Add(key.Shard);
    }
}

/// <summary>Tasks by key: run, gen, task_no, shard.</summary>
internal class TaskKeyColumns : ColumnSet
{
    private readonly Column<Guid> runId;
    private readonly Column<int> gen, taskNo;
    private readonly Column<short> shard;

    public TaskKeyColumns()
    {
        runId = Next<Guid>(NpgsqlDbType.Uuid);
        gen = Next<int>(NpgsqlDbType.Integer);
        taskNo = Next<int>(NpgsqlDbType.Integer);
        shard = Next<short>(NpgsqlDbType.Smallint);
    }

    public void Add(TaskKey key)
    {
        Count++;
        runId.Add(key.RunId);
        gen.Add(key.Gen);
        taskNo.Add(key.TaskNo);
        shard.Add(key.Shard);
    }
}

/// <summary>Run ids.</summary>
internal sealed class RunIdColumn : ColumnSet
{
    private readonly Column<Guid> runId;

    public RunIdColumn() => runId = Next<Guid>(NpgsqlDbType.Uuid);

    public void Add(Guid run)
    {
        Count++;
        runId.Add(run);
    }
}

/// <summary>Starts that may be refused, as the columns before the message in <c>StartRefused.sql</c>: run and shard.</summary>
internal sealed class RefusableColumns : ColumnSet
{
    private readonly Column<Guid> child;
    private readonly Column<short> childShard;

    public RefusableColumns()
    {
        child = Next<Guid>(NpgsqlDbType.Uuid);
        childShard = Next<short>(NpgsqlDbType.Smallint);
    }

    public void Add(StartRecord start)
    {
        Count++;
        child.Add(start.RunId);
        childShard.Add(start.Shard);
    }
}
