// The script that spreads a schema over a Citus cluster: Distribute.sql with one statement per table.
using System.Globalization;
using System.Text;

namespace Durable.Storage.Postgres;

/// <summary>Fills the script.</summary>
internal static class DistributeText
{
    /// <summary>Pieces that <c>run</c> is cut into unless told otherwise: Citus' own default, and 2 to 4 for each lane of a cluster of 8 to 16 lanes.</summary>
    public const int DefaultShardCount = 32;

    /// <summary>The script for a schema.</summary>
    /// <param name="schema">An allowed schema name.</param>
    /// <param name="shardCount">How many pieces <c>run</c> is cut into.</param>
    public static string For(string schema, int shardCount)
    {
        // More pieces than shard values: the rest could never hold a row.
        if (shardCount is < 1 or > StoreTables.Modulus)
            throw new DurableException(DurableErrorCodes.OptionsInvalid, $"The shard count {shardCount} must be from 1 to {StoreTables.Modulus}, the number of shard values.");
        var tables = new StringBuilder();
        foreach (var name in StoreTables.Spread)
        {
            var how = name == StoreTables.First
                ? $"shard_count := {shardCount.ToString(CultureInfo.InvariantCulture)}, colocate_with := 'none'"
                : $"colocate_with := '{schema}.{StoreTables.First}'";
            Append($"create_distributed_table('{schema}.{name}', '{StoreTables.Column}', {how})", name);
        }

        foreach (var name in StoreTables.Everywhere) Append($"create_reference_table('{schema}.{name}')", name);
        return SqlText.Resource("Placement/Distribute").Replace("$tables", tables.ToString(), StringComparison.Ordinal)
            .Replace("$modulus", StoreTables.Modulus.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("$schema", schema, StringComparison.Ordinal);

        void Append(string call, string name) =>
            tables.Append("select ").Append(call).Append(" where not exists (select 1 from pg_dist_partition where logicalrelid = '").Append(schema).Append('.').Append(name).Append("'::regclass);\n");
    }
}
