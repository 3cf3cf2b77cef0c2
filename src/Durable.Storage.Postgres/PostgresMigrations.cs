// The public way to migrate with another role than the one that runs the workers.
using Durable.Storage.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Durable;

/// <summary>Creates and migrates the schema of the PostgreSQL store outside of the host, for roles that may what the workers' role may not.</summary>
/// <remarks>The workers' role then needs USAGE on the schema and SELECT, INSERT, UPDATE, DELETE on its tables, and <see cref="PostgresOptions.Migrate"/> = false
/// (or true: nothing is left to do then, and nothing is tried).</remarks>
public static class PostgresMigrations
{
    /// <summary>Applies what is missing, under a row lock, and adds event partitions for the next 24 months. Safe to call again and from several processes.</summary>
    /// <param name="connectionString">A connection of a role that may create the schema, or tables in it.</param>
    /// <param name="schema">The schema; see <see cref="PostgresOptions.Schema"/>.</param>
    /// <param name="cancellationToken">Stops waiting; what was applied stays.</param>
    /// <exception cref="DurableException">DUR1002: schema name. DUR1005: the database is too new. DUR1008: a migration was changed. DUR1014: a right is missing.
    /// DUR1015: half of a migration. DUR1016: wrong database or credentials. DUR5001: the server cannot be reached.</exception>
    public static async Task MigrateAsync(string connectionString, string schema = "durable", CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        SchemaName.Checked(schema);
        await using var connections = new EngineConnections(new PostgresOptions { Schema = schema }, connectionString, source: null, NullLogger.Instance);
        await Migrator.RunAsync(connections, NullLogger.Instance, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same as SQL text for <c>psql</c>: each migration in a transaction of its own that fails as a whole if it was applied before.</summary>
    /// <param name="schema">The schema; see <see cref="PostgresOptions.Schema"/>.</param>
    /// <returns>Statements in order, with the partitions of the 24 months from now on.</returns>
    /// <exception cref="DurableException">DUR1002: schema name.</exception>
    public static string Script(string schema = "durable") => Migrator.Script(SchemaName.Checked(schema), TimeProvider.System.GetUtcNow());

    /// <summary>SQL text that adds row-level security by namespace, for tenants that connect with roles of their own. See docs/operations-postgres.md.</summary>
    /// <remarks>The second wall: every statement of the engine names its namespaces already. Run it as the owner of the tables after each migration; it may be repeated.</remarks>
    /// <param name="schema">The schema; see <see cref="PostgresOptions.Schema"/>.</param>
    /// <returns>Statements for <c>psql</c> or one command.</returns>
    /// <exception cref="DurableException">DUR1002: schema name.</exception>
    public static string RowSecurityScript(string schema = "durable") => RowSecurity.For(SchemaName.Checked(schema));

    /// <summary>SQL text that distributes the schema over a Citus cluster, for <see cref="DurableCitusExtensions.UseCitus"/>. See docs/scaling.md.</summary>
    /// <remarks>Run it on the coordinator as the owner of the tables, after each migration; it may be repeated. On a database in use stop all hosts first: it refuses while runs are in
    /// their hands, and moves the rows with their tables.</remarks>
    /// <param name="schema">The schema; see <see cref="PostgresOptions.Schema"/>.</param>
    /// <param name="shardCount">Into how many pieces the runs are cut, each of which is on one server: 2 to 4 times the workers that the cluster will run. Default 32; from 1 to 128.
    /// It counts when the schema is distributed for the first time.</param>
    /// <returns>Statements for <c>psql</c> or one command.</returns>
    /// <exception cref="DurableException">DUR1002: schema name or shard count.</exception>
    public static string DistributeScript(string schema = "durable", int shardCount = DistributeText.DefaultShardCount) => DistributeText.For(SchemaName.Checked(schema), shardCount);
}
