// What a trial works with: connections of the engine's own kind, and rows of its own in the table of leases.
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>One way into the database, and rows there that only the trials use.</summary>
/// <remarks>Leases are rows that every worker's role may write, and no statement of the engine reads those whose name begins as these do.</remarks>
/// <param name="connections">The way: to the coordinator, or to the node that holds <paramref name="shard"/>.</param>
/// <param name="shard">The shard that the rows carry.</param>
/// <param name="isSpread">Whether the texts for a spread database are used (DECISIONS 24).</param>
internal sealed class ProbeRoom(EngineConnections connections, short shard, bool isSpread)
{
    private const string Prefix = "probe:";
    private readonly string key = Prefix + Guid.NewGuid().ToString("N");

    /// <summary>The way, for messages.</summary>
    public string Description => connections.Description;

    /// <summary>The variant in force.</summary>
    public PostgresVariant Variant => connections.Options.Variant;

    /// <summary>True if settings go into each transaction.</summary>
    public bool Pooler => connections.Pooler;

    /// <summary>A name that only this room has.</summary>
    public string Name(string what) => $"{key}:{what}";

    /// <summary>A connection of its own, as the engine's are.</summary>
    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => connections.OpenOwnAsync("durable-probe", cancellationToken);

    /// <summary>A text with its tokens replaced: <c>$t</c> the table, <c>$now</c> the clock in writing statements, <c>$lock</c> the end of a locking select.</summary>
    public string Text(string text) => text.Replace("$t", SchemaName.Checked(connections.Options.Schema) + ".lease", StringComparison.Ordinal)
        .Replace("$now", isSpread ? "now()" : "clock_timestamp()", StringComparison.Ordinal)
        .Replace("$lock", Variant.SkipLocked ? "for update skip locked" : "for update", StringComparison.Ordinal);

    /// <summary>A statement on the room's shard: its parameters are the shard and what is given.</summary>
    public NpgsqlBatchCommand Command(string text, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(Text(text));
        command.Parameters.Add(PgBatch.Short(shard));
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        return command;
    }

    /// <summary>Inserts a row: epoch 1, no holder, the clock's time.</summary>
    public NpgsqlBatchCommand Insert(string name) =>
        Command("insert into $t (name, shard, epoch, expires_at, holder, units) values ($2, $1, 1, $now, null, 1)", PgBatch.Text(name));

    /// <summary>Runs one statement and gives its first value.</summary>
    public static async Task<object?> ScalarAsync(NpgsqlConnection connection, NpgsqlBatchCommand command, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { command } };
        return await batch.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes the rows of this room, and those that a process left which ended in the middle of its trials.</summary>
    public async Task CleanAsync(CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await ScalarAsync(connection, Command("delete from $t where shard = $1 and starts_with(name, $2)", PgBatch.Text(key)), cancellationToken).ConfigureAwait(false);
        await ScalarAsync(connection, Command("delete from $t where shard = $1 and starts_with(name, $2) and expires_at < $now - interval '1 hour'", PgBatch.Text(Prefix)), cancellationToken).ConfigureAwait(false);
    }
}
