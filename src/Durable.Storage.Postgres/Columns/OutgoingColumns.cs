// Columns of rows on their way to other groups.
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>The senders' shards: the column before the messages in <c>CommitOutgoing.sql</c>.</summary>
internal sealed class OwnShardColumn : ColumnSet
{
    private readonly Column<short> shard;

    public OwnShardColumn() => shard = Next<short>(NpgsqlDbType.Smallint);

    public void Add(OutgoingRecord row)
    {
        Count++;
        shard.Add(row.Shard);
    }
}

/// <summary>Outgoing rows by key: sender, seq, shard.</summary>
internal sealed class OutgoingKeyColumns : ColumnSet
{
    private readonly Column<Guid> sender;
    private readonly Column<long> seq;
    private readonly Column<short> shard;

    public OutgoingKeyColumns()
    {
        sender = Next<Guid>(NpgsqlDbType.Uuid);
        seq = Next<long>(NpgsqlDbType.Bigint);
        shard = Next<short>(NpgsqlDbType.Smallint);
    }

    public void Add(OutgoingKey key)
    {
        Count++;
        sender.Add(key.Sender);
        seq.Add(key.Seq);
        shard.Add(key.Shard);
    }
}
