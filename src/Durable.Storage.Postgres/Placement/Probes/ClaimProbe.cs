// L2: a row that is claimed belongs to one.
using System.Collections.Concurrent;
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>Four sessions claim from the same rows at once: each row must go to exactly one of them.</summary>
internal sealed class ClaimProbe : EngineProbe
{
    private const int Rows = 40, Claimers = 4, Page = 3;

    // A claim that finds every row in other hands comes back empty; it is asked again so often before the rest counts as not claimable.
    private const int MaxEmpty = 200;

    // As in SCALING 3.6: the inner select locks, the outer delete names its shard and its keys.
    private const string Claim = """
        delete from $t where shard = $1 and name = any (array(select name from $t where shard = $1 and name = any ($2) order by name limit $3 $lock)) returning name
        """;

    /// <inheritdoc/>
    public override string Name => "four claimers";

    /// <inheritdoc/>
    public override async Task<string?> TryAsync(ProbeRoom room, CancellationToken cancellationToken)
    {
        string[] names = [.. Enumerable.Range(0, Rows).Select(i => room.Name($"claim-{i:00}"))];
        await using (var connection = await room.OpenAsync(cancellationToken).ConfigureAwait(false))
        {
            await ProbeRoom.ScalarAsync(connection, room.Command("insert into $t (name, shard, epoch, expires_at, holder, units) select n, $1, 1, $now, null, 1 from unnest($2) n", PgBatch.Texts(names)), cancellationToken).ConfigureAwait(false);
        }

        var claimed = new ConcurrentBag<string>();
        await Task.WhenAll(Enumerable.Range(0, Claimers).Select(_ => ClaimAsync(room, names, claimed, cancellationToken))).ConfigureAwait(false);
        if (claimed.GroupBy(n => n).FirstOrDefault(g => g.Count() > 1) is { } twice) return $"One of {Rows} rows went to {twice.Count()} claims: a run could have two owners.";
        return claimed.Count == Rows ? null : $"Of {Rows} rows {claimed.Count} could be claimed.";
    }

    private static async Task ClaimAsync(ProbeRoom room, string[] names, ConcurrentBag<string> claimed, CancellationToken cancellationToken)
    {
        await using var connection = await room.OpenAsync(cancellationToken).ConfigureAwait(false);
        for (var empty = 0; empty < MaxEmpty && claimed.Count < Rows;)
        {
            var found = await PageAsync(connection, room, names, cancellationToken).ConfigureAwait(false);
            foreach (var name in found) claimed.Add(name);
            if (found.Count > 0) continue;
            empty++;
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 20)), cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<List<string>> PageAsync(NpgsqlConnection connection, ProbeRoom room, string[] names, CancellationToken cancellationToken)
    {
        try
        {
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { room.Command(Claim, PgBatch.Texts(names), PgBatch.Int(Page)) } };
            await using var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            return await RowReader.AllAsync(reader, r => r.GetString(0), cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (Sqlstates.MayRepeat(e))
        {
            return [];
        }
    }
}
