// Whose lease it is: under row-level security a role sees its own namespaces only, so what it does under a lease is done for those and nobody else.
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>Names of leases, each set of namespaces with its own.</summary>
internal static class LeaseScope
{
    /// <summary>The name under which a lease is stored: as it is, or with a mark of the namespaces that bind the role. Asked each time: an administrator may change them.</summary>
    public static async Task<string> NameAsync(NpgsqlConnection connection, string schema, string name, CancellationToken cancellationToken)
    {
        await using (var look = new NpgsqlCommand("select to_regprocedure($1) is not null", connection))
        {
            look.Parameters.Add(PgBatch.Text(SchemaName.Checked(schema) + ".own_namespaces()"));
            if (await look.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not true) return name;
        }

        await using var ask = new NpgsqlCommand($"select case when row_security_active(to_regclass($1)) then {schema}.own_namespaces() end", connection);
        ask.Parameters.Add(PgBatch.Text(schema + ".run"));
        if (await ask.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not string[] own) return name;
        var set = string.Join('\n', own.Order(StringComparer.Ordinal));
        return $"{name}@{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(set)))[..16]}";
    }
}
