// Columns of message rows.
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Message rows, in the order of <c>Deliver.sql</c>.</summary>
internal sealed class MessageColumns : ColumnSet
{
    private readonly Column<Guid> runId;
    private readonly Column<short> shard;
    private readonly Column<string> ns;
    private readonly Column<Guid> sender;
    private readonly Column<long> senderSeq;
    private readonly Column<short> kind;
    private readonly Column<bool> control;
    private readonly Column<string?> target;
    private readonly Column<byte[]?> payload;
    private readonly Column<short> encoding;
    private readonly Column<DateTimeOffset?> acceptedAt;
    private readonly Column<int> replyGen, replyOrdinal;
    private readonly Column<string?> actor, correlation, causation, trace;

    public MessageColumns()
    {
        runId = Next<Guid>(NpgsqlDbType.Uuid);
        shard = Next<short>(NpgsqlDbType.Smallint);
        ns = Next<string>(NpgsqlDbType.Text);
        sender = Next<Guid>(NpgsqlDbType.Uuid);
        senderSeq = Next<long>(NpgsqlDbType.Bigint);
        kind = Next<short>(NpgsqlDbType.Smallint);
        control = Next<bool>(NpgsqlDbType.Boolean);
        target = Next<string?>(NpgsqlDbType.Text);
        payload = Next<byte[]?>(NpgsqlDbType.Bytea);
        encoding = Next<short>(NpgsqlDbType.Smallint);
        acceptedAt = Next<DateTimeOffset?>(NpgsqlDbType.TimestampTz);
        replyGen = Next<int>(NpgsqlDbType.Integer);
        replyOrdinal = Next<int>(NpgsqlDbType.Integer);
        actor = Next<string?>(NpgsqlDbType.Text);
        correlation = Next<string?>(NpgsqlDbType.Text);
        causation = Next<string?>(NpgsqlDbType.Text);
        trace = Next<string?>(NpgsqlDbType.Text);
    }

    public void Add(MessageRecord m)
    {
        Count++;
        runId.Add(m.RunId);
        shard.Add(m.Shard);
        ns.Add(m.Namespace);
        sender.Add(m.Sender);
        senderSeq.Add(m.SenderSeq);
        kind.Add(m.Kind);
        control.Add(m.Control);
        target.Add(m.Target);
        payload.Add(m.Payload);
        encoding.Add(m.Encoding);
        acceptedAt.Add(m.AcceptedAt == default ? null : Utc(m.AcceptedAt));
        replyGen.Add(m.ReplyGen);
        replyOrdinal.Add(m.ReplyOrdinal);
        actor.Add(m.Actor);
        correlation.Add(m.Correlation);
        causation.Add(m.Causation);
        trace.Add(m.Trace);
    }
}
