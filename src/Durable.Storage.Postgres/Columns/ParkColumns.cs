// Columns of runs given back to the store.
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Wake rows, in the order of <c>CommitPark.sql</c>.</summary>
internal sealed class ParkColumns : ColumnSet
{
    private readonly Column<Guid> runId;
    private readonly Column<short> shard;
    private readonly Column<string> ns;
    private readonly Column<DateTimeOffset?> dueAt;
    private readonly Column<bool> asap;
    private readonly Column<string> type;
    private readonly Column<int> version;
    private readonly Column<string> queue;
    private readonly Column<int> priority;
    private readonly Column<short> hold;
    private readonly Column<string?> holdBuilds, waitReason;
    private readonly Column<int> gen, nextSeq;

    public ParkColumns()
    {
        runId = Next<Guid>(NpgsqlDbType.Uuid);
        shard = Next<short>(NpgsqlDbType.Smallint);
        ns = Next<string>(NpgsqlDbType.Text);
        dueAt = Next<DateTimeOffset?>(NpgsqlDbType.TimestampTz);
        asap = Next<bool>(NpgsqlDbType.Boolean);
        type = Next<string>(NpgsqlDbType.Text);
        version = Next<int>(NpgsqlDbType.Integer);
        queue = Next<string>(NpgsqlDbType.Text);
        priority = Next<int>(NpgsqlDbType.Integer);
        hold = Next<short>(NpgsqlDbType.Smallint);
        holdBuilds = Next<string?>(NpgsqlDbType.Text);
        waitReason = Next<string?>(NpgsqlDbType.Text);
        gen = Next<int>(NpgsqlDbType.Integer);
        nextSeq = Next<int>(NpgsqlDbType.Integer);
    }

    public void Add(ParkRecord p)
    {
        Count++;
        runId.Add(p.RunId);
        shard.Add(p.Shard);
        ns.Add(p.Namespace);
        dueAt.Add(Utc(p.DueAt));
        asap.Add(p.Asap);
        type.Add(p.Type);
        version.Add(p.Version);
        queue.Add(p.Queue);
        priority.Add(p.Priority);
        hold.Add(p.Hold);
        holdBuilds.Add(p.HoldBuilds is null ? null : string.Join('\n', p.HoldBuilds));    // an array of arrays would be flattened by unnest
        waitReason.Add(p.WaitReason);
        gen.Add(p.Gen);
        nextSeq.Add(p.NextSeq);
    }
}
