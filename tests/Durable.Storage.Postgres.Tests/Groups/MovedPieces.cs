// Moves pieces from node to node while hosts work, in the mode that docs/scaling.md asks for.
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

/// <summary>Moves on a cluster.</summary>
internal static class MovedPieces
{
    /// <summary>Each piece of a schema, to the node that it is not on, so many times.</summary>
    /// <returns>How many moves there were.</returns>
    public static Task<int> AllAsync(string connectionString, string schema, int rounds = 1) => Task.Run(async () =>
    {
        var moved = 0;
        await using var connection = await PostgresServer.OpenAsync(new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 600 }.ConnectionString);
        await using var look = new NpgsqlCommand($"select shardid from pg_dist_shard where logicalrelid = '{schema}.run'::regclass order by shardid", connection);
        List<long> pieces;
        await using (var reader = await look.ExecuteReaderAsync()) pieces = await RowReader.AllAsync(reader, r => r.GetInt64(0), CancellationToken.None);
        foreach (var piece in Enumerable.Repeat(pieces, rounds).SelectMany(round => round))
        {
            await using var move = new NpgsqlCommand($"""
                select count(citus_move_shard_placement({piece}, f.nodename, f.nodeport, t.nodename, t.nodeport, shard_transfer_mode := 'block_writes')::text)
                from pg_dist_placement p join pg_dist_node f on f.groupid = p.groupid and f.noderole = 'primary'
                cross join lateral (select n.nodename, n.nodeport from pg_dist_node n where n.noderole = 'primary' and n.shouldhaveshards and n.groupid <> f.groupid order by n.groupid limit 1) t
                where p.shardid = {piece}
                """, connection);
            moved += (int)(long)(await move.ExecuteScalarAsync())!;
        }

        return moved;
    });
}
