// What Citus' catalogue says about the store's tables. Reads only, on the coordinator.
using Npgsql;
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>How a table is spread.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Exists">False: the schema has no such table.</param>
/// <param name="Method">Citus' letter: h by the hash of a column, n in one piece, null not at all.</param>
/// <param name="Model">Citus' letter for copies: t a copy on every node, s one copy.</param>
/// <param name="Colocation">Tables with the same number have their rows of one shard on one node.</param>
/// <param name="Column">What it is spread by.</param>
internal sealed record CitusTable(string Name, bool Exists, char? Method, char? Model, int? Colocation, string? Column);

/// <summary>Where the rows of one shard value are.</summary>
/// <param name="Shard">The value.</param>
/// <param name="Piece">The Citus shard of <c>run</c> that has it.</param>
/// <param name="Copies">How many nodes have that piece.</param>
/// <param name="Node">The node's number (Citus: group), or null if the catalogue has none; 0 is the coordinator.</param>
/// <param name="Host">The node's name.</param>
/// <param name="Port">The node's port.</param>
internal sealed record CitusPlace(short Shard, long Piece, int Copies, int? Node, string? Host, int? Port);

/// <summary>A node and its address.</summary>
/// <param name="Node">Its number; 0 is the coordinator.</param>
/// <param name="Address">Name and port of the coordinator as the catalogue has them, or null.</param>
internal sealed record CitusSelf(int Node, string? Address);

/// <summary>Reads the catalogue.</summary>
/// <param name="schema">The schema that the catalogue is in: Citus' own is <c>pg_catalog</c>; tests have look-alikes elsewhere.</param>
internal sealed class CitusCatalogue(string schema = "pg_catalog")
{
    private const string Extension = "select exists (select 1 from $c.pg_extension where extname = 'citus')";

    private const string Self = """
        select (select l.groupid from $c.pg_dist_local_group l limit 1), (select n.nodename || ':' || n.nodeport from $c.pg_dist_node n where n.groupid = 0 order by n.nodename limit 1)
        """;

    // $1 the store's schema, $2 tables.
    private const string Tables = """
        select w.name, c.oid is not null, p.partmethod::text, p.repmodel::text, p.colocationid::int, case when p.partkey is not null then $c.column_to_column_name(p.logicalrelid, p.partkey) end
        from unnest($2) with ordinality w(name, place)
        left join pg_catalog.pg_class c on c.relnamespace = to_regnamespace($1)::oid and c.relname = w.name and c.relkind in ('r', 'p')
        left join $c.pg_dist_partition p on p.logicalrelid::oid = c.oid
        order by w.place
        """;

    // Nodes that are away stay in it: their runs wait for them. $1 the first table, $2 the modulus.
    private const string Places = """
        select s.shard, s.piece, count(*) over (partition by s.shard)::int, p.groupid::int, n.nodename::text, n.nodeport::int
        from (select v::smallint as shard, $c.get_shard_id_for_distribution_column(to_regclass($1), v::smallint) as piece from generate_series(0, $2 - 1) v offset 0) s
        left join $c.pg_dist_placement p on p.shardid = s.piece and p.shardstate = 1
        left join $c.pg_dist_node n on n.groupid = p.groupid and n.noderole::text = 'primary'
        order by s.shard
        """;

    /// <summary>True if the database has the extension.</summary>
    public async Task<bool> IsThereAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Text(Extension), connection);
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true;
    }

    /// <summary>Which server of the cluster answers.</summary>
    public async Task<CitusSelf> SelfAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Text(Self), connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        return new CitusSelf(reader.IsDBNull(0) ? 0 : reader.GetInt32(0), RowReader.Text(reader, 1));
    }

    /// <summary>How the named tables are spread, in the order of the names.</summary>
    public async Task<IReadOnlyList<CitusTable>> TablesAsync(NpgsqlConnection connection, string store, IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Text(Tables), connection);
        command.Parameters.Add(PgBatch.Text(store));
        command.Parameters.Add(PgBatch.Texts(names));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        return await RowReader.AllAsync(reader, r => new CitusTable(r.GetString(0), r.GetBoolean(1), Letter(r, 2), Letter(r, 3), Number(r, 4), RowReader.Text(r, 5)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Where each shard value is, in their order; a value with several copies comes several times.</summary>
    public async Task<IReadOnlyList<CitusPlace>> PlacesAsync(NpgsqlConnection connection, string store, int modulus, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Text(Places), connection);
        command.Parameters.Add(PgBatch.Text(store + "." + StoreTables.First));
        command.Parameters.Add(PgBatch.Of(modulus, NpgsqlDbType.Integer));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        return await RowReader.AllAsync(reader, r => new CitusPlace(r.GetInt16(0), r.GetInt64(1), r.GetInt32(2), Number(r, 3), RowReader.Text(r, 4), Number(r, 5)), cancellationToken).ConfigureAwait(false);
    }

    private string Text(string text) => text.Replace("$c.", SchemaName.IsAllowed(schema) ? schema + "." : "pg_catalog.", StringComparison.Ordinal);

    private static char? Letter(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column)[0];

    private static int? Number(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt32(column);
}
