// Columns of documents.
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Documents, in the order of <c>CommitDocument.sql</c>: one row per key, the last one written, because an upsert may not touch a row twice.</summary>
internal sealed class DocumentColumns : ColumnSet
{
    private readonly Dictionary<(string, string, string), int> rows = [];
    private readonly Column<string> kind, key;
    private readonly Column<short> shard;
    private readonly Column<string> ns;
    private readonly Column<int> version;
    private readonly Column<Guid?> runId;
    private readonly Column<string> json;

    public DocumentColumns()
    {
        kind = Next<string>(NpgsqlDbType.Text);
        key = Next<string>(NpgsqlDbType.Text);
        shard = Next<short>(NpgsqlDbType.Smallint);
        ns = Next<string>(NpgsqlDbType.Text);
        version = Next<int>(NpgsqlDbType.Integer);
        runId = Next<Guid?>(NpgsqlDbType.Uuid);
        json = Next<string>(NpgsqlDbType.Text);
    }

    public void Add(DocumentRecord d)
    {
        if (rows.TryGetValue((d.Kind, d.Key, d.Namespace), out var row))
        {
            version[row] = d.Version;
            runId[row] = d.RunId;
            json[row] = d.Json;
            return;
        }

        rows.Add((d.Kind, d.Key, d.Namespace), Count++);
        kind.Add(d.Kind);
        key.Add(d.Key);
        shard.Add(d.Shard);
        ns.Add(d.Namespace);
        version.Add(d.Version);
        runId.Add(d.RunId);
        json.Add(d.Json);
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        base.Clear();
        rows.Clear();
    }
}
