// Columns of event rows.
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Event rows, in the order of <c>CommitAppend.sql</c>.</summary>
internal sealed class EventColumns : ColumnSet
{
    private readonly Column<Guid> runId;
    private readonly Column<int> gen, seq;
    private readonly Column<short> shard;
    private readonly Column<string> ns;
    private readonly Column<short> kind;
    private readonly Column<DateTimeOffset> at;
    private readonly Column<int> ordinal;
    private readonly Column<string?> target;
    private readonly Column<byte[]?> payload, commands;
    private readonly Column<short> encoding, schema;
    private readonly Column<int> crc;
    private readonly Column<Guid?> sender;
    private readonly Column<long> senderSeq;
    private readonly Column<string?> actor, correlation, causation, trace;

    public EventColumns()
    {
        runId = Next<Guid>(NpgsqlDbType.Uuid);
        gen = Next<int>(NpgsqlDbType.Integer);
        seq = Next<int>(NpgsqlDbType.Integer);
        shard = Next<short>(NpgsqlDbType.Smallint);
        ns = Next<string>(NpgsqlDbType.Text);
        kind = Next<short>(NpgsqlDbType.Smallint);
        at = Next<DateTimeOffset>(NpgsqlDbType.TimestampTz);
        ordinal = Next<int>(NpgsqlDbType.Integer);
        target = Next<string?>(NpgsqlDbType.Text);
        payload = Next<byte[]?>(NpgsqlDbType.Bytea);
        commands = Next<byte[]?>(NpgsqlDbType.Bytea);
        encoding = Next<short>(NpgsqlDbType.Smallint);
        schema = Next<short>(NpgsqlDbType.Smallint);
        crc = Next<int>(NpgsqlDbType.Integer);
        sender = Next<Guid?>(NpgsqlDbType.Uuid);
        senderSeq = Next<long>(NpgsqlDbType.Bigint);
        actor = Next<string?>(NpgsqlDbType.Text);
        correlation = Next<string?>(NpgsqlDbType.Text);
        causation = Next<string?>(NpgsqlDbType.Text);
        trace = Next<string?>(NpgsqlDbType.Text);
    }

    public void Add(EventRecord e)
    {
        Count++;
        runId.Add(e.RunId);
        gen.Add(e.Gen);
        seq.Add(e.Seq);
        shard.Add(e.Shard);
        ns.Add(e.Namespace);
        kind.Add(e.Kind);
        at.Add(e.At.ToUniversalTime());
        ordinal.Add(e.Ordinal);
        target.Add(e.Target);
        payload.Add(e.Payload);
        commands.Add(e.Commands);
        encoding.Add(e.Encoding);
        schema.Add(e.Schema);
        crc.Add(e.Crc);
        sender.Add(e.Sender == Guid.Empty ? null : e.Sender);
        senderSeq.Add(e.SenderSeq);
        actor.Add(e.Actor);
        correlation.Add(e.Correlation);
        causation.Add(e.Causation);
        trace.Add(e.Trace);
    }
}
