// How every call but a commit reaches the database: a pooled connection, a deadline, a bounded repeat, one translation of errors.
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>Runs calls on engine connections.</summary>
/// <param name="connections">Where they go.</param>
/// <param name="group">The shard group that they are about, or null for the whole database.</param>
/// <param name="spread">True where the engine spreads its tables.</param>
internal sealed class Calls(EngineConnections connections, ShardGroup? group = null, bool spread = false)
{
    // Serialization failures of single statements are rare at read committed; five in a row are a fault worth reporting.
    private const int MaxTries = 5;

    /// <summary>Options in force.</summary>
    public PostgresOptions Options => connections.Options;

    /// <summary>True if the database is in several groups.</summary>
    public bool IsGrouped => group?.Shards is not null;

    /// <summary>The shards that statements must name, or null.</summary>
    public short[]? Shards { get; } = spread ? group?.Shards?.ToArray() : null;

    /// <summary>The clock of the statements.</summary>
    public string Now => Shards is null ? "clock_timestamp()" : "now()";

    /// <summary>Runs a call.</summary>
    /// <param name="verb">What it does, for messages.</param>
    /// <param name="body">The call; it may run again from the start after a serialization failure or a deadlock.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<T> RunAsync<T>(string verb, Func<NpgsqlConnection, CancellationToken, Task<T>> body, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await connections.OpenAsync(cancellationToken).ConfigureAwait(false);
                return await body(connection, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (attempt < MaxTries && Sqlstates.MayRepeat(e))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 10 << attempt)), cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
            {
                throw Sqlstates.ToDurable(e, verb, connections.Description);
            }
        }
    }

    /// <summary>One statement, or several in one transaction.</summary>
    public PgBatch Batch(NpgsqlConnection connection, bool transaction = false) => new(connection, Options, connections.Pooler, transaction, Shards);

    /// <summary>Statements inside a transaction that is open.</summary>
    public PgBatch Batch(NpgsqlTransaction transaction) => new(transaction, Options, Shards);
}
