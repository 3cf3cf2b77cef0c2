// Columns of changes of run rows: the end, other changes, and bare keys.
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Ends of runs, in the order of <c>CommitCloseRun.sql</c>.</summary>
internal sealed class CloseColumns : ColumnSet
{
    private readonly Column<Guid> runId;
    private readonly Column<short> shard, status;
    private readonly Column<byte[]?> outcome;
    private readonly Column<short> encoding;
    private readonly Column<string?> attributes;

    public CloseColumns()
    {
        runId = Next<Guid>(NpgsqlDbType.Uuid);
        shard = Next<short>(NpgsqlDbType.Smallint);
        status = Next<short>(NpgsqlDbType.Smallint);
        outcome = Next<byte[]?>(NpgsqlDbType.Bytea);
        encoding = Next<short>(NpgsqlDbType.Smallint);
        attributes = Next<string?>(NpgsqlDbType.Text);
    }

    public void Add(CloseRecord c)
    {
        Count++;
        runId.Add(c.RunId);
        shard.Add(c.Shard);
        status.Add((short)c.Status);
        outcome.Add(c.Outcome);
        encoding.Add(c.Encoding);
        attributes.Add(c.Attributes);
    }
}

/// <summary>Changes of open runs, in the order of <c>CommitUpdate.sql</c>: one row per run, because an update from two rows takes either.</summary>
internal sealed class UpdateColumns : ColumnSet
{
    private readonly Dictionary<Guid, int> rows = [];
    private readonly Column<Guid> runId;
    private readonly Column<short> shard;
    private readonly Column<short?> status;
    private readonly Column<string?> attributes;
    private readonly Column<int?> gen, version, firstGen;

    public UpdateColumns()
    {
        runId = Next<Guid>(NpgsqlDbType.Uuid);
        shard = Next<short>(NpgsqlDbType.Smallint);
        status = Next<short?>(NpgsqlDbType.Smallint);
        attributes = Next<string?>(NpgsqlDbType.Text);
        gen = Next<int?>(NpgsqlDbType.Integer);
        version = Next<int?>(NpgsqlDbType.Integer);
        firstGen = Next<int?>(NpgsqlDbType.Integer);
    }

    public void Add(RunUpdate u)
    {
        if (rows.TryGetValue(u.RunId, out var row))
        {
            status[row] = (short?)u.Status ?? status[row];
            attributes[row] = u.Attributes ?? attributes[row];
            gen[row] = u.Gen ?? gen[row];
            version[row] = u.Version ?? version[row];
            firstGen[row] = u.FirstGen ?? firstGen[row];
            return;
        }

        rows.Add(u.RunId, Count++);
        runId.Add(u.RunId);
        shard.Add(u.Shard);
        status.Add((short?)u.Status);
        attributes.Add(u.Attributes);
        gen.Add(u.Gen);
        version.Add(u.Version);
        firstGen.Add(u.FirstGen);
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        base.Clear();
        rows.Clear();
    }
}

/// <summary>Runs by key.</summary>
internal sealed class RunKeyColumns : ColumnSet
{
    private readonly Column<Guid> runId;
    private readonly Column<short> shard;

    public RunKeyColumns()
    {
        runId = Next<Guid>(NpgsqlDbType.Uuid);
        shard = Next<short>(NpgsqlDbType.Smallint);
    }

    public void Add(Guid run, short shardOfRun)
    {
        Count++;
        runId.Add(run);
        shard.Add(shardOfRun);
    }
}

/// <summary>Old generations to delete, in the order of <c>CommitTrim.sql</c>.</summary>
internal sealed class TrimColumns : ColumnSet
{
    private readonly Column<Guid> runId;
    private readonly Column<short> shard;
    private readonly Column<int> below;

    public TrimColumns()
    {
        runId = Next<Guid>(NpgsqlDbType.Uuid);
        shard = Next<short>(NpgsqlDbType.Smallint);
        below = Next<int>(NpgsqlDbType.Integer);
    }

    public void Add(TrimRecord t)
    {
        Count++;
        runId.Add(t.RunId);
        shard.Add(t.Shard);
        below.Add(t.BelowGen);
    }
}
