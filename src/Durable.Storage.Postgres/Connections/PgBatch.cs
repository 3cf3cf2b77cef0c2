// One round trip of several statements, with begin and commit inside where there is more than one (SCALING 3.1).
using Npgsql;
using NpgsqlTypes;

namespace Durable.Storage.Postgres;

/// <summary>Builds and runs an <see cref="NpgsqlBatch"/> of named statements.</summary>
internal sealed class PgBatch : IAsyncDisposable
{
    private readonly NpgsqlBatch batch;
    private readonly string schema;
    private readonly PostgresVariant variant;
    private readonly bool inTransaction;
    private readonly short[]? shards;
    private bool owesShards;

    /// <summary>A batch on an engine connection.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="options">The store's options.</param>
    /// <param name="pooler">True: the pins are set inside the transaction.</param>
    /// <param name="transaction">True for more than one statement.</param>
    /// <param name="shards">The shards of the group, where the engine spreads its tables, else null.</param>
    public PgBatch(NpgsqlConnection connection, PostgresOptions options, bool pooler, bool transaction, short[]? shards = null)
    {
        this.shards = shards;
        schema = options.Schema;
        variant = options.Variant;
        batch = new NpgsqlBatch(connection);
        inTransaction = transaction || pooler;
        if (inTransaction) AddText("begin isolation level " + variant.Isolation);
        if (pooler) foreach (var pin in PinTexts) AddText(pin);
    }

    /// <summary>A batch inside the user's own transaction: nothing of it is changed but the rows.</summary>
    public PgBatch(NpgsqlTransaction transaction, PostgresOptions options, short[]? shards = null)
    {
        this.shards = shards;
        schema = options.Schema;
        variant = options.Variant;
        batch = new NpgsqlBatch(transaction.Connection, transaction);
    }

    /// <summary>The pins as statements, for where start-up options do not pass.</summary>
    public static IReadOnlyList<string> PinTexts { get; } =
        ["set local enable_seqscan = off", "set local enable_hashjoin = off", "set local enable_mergejoin = off", "set local jit = off"];

    /// <summary>Adds a statement of <c>Sql/</c>.</summary>
    public PgBatch Add(string name, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        PayShards();
        var command = new NpgsqlBatchCommand(SqlText.For(schema, name, variant.SkipLocked, shards is not null));
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        batch.BatchCommands.Add(command);
        owesShards = shards is not null && SqlText.TakesShards(name);
        return this;
    }

    /// <summary>Adds a statement of <c>Sql/</c> whose parameters are column sets, scalars before them.</summary>
    public PgBatch Add(string name, ReadOnlySpan<NpgsqlParameter> scalars, params ReadOnlySpan<ColumnSet> sets)
    {
        Add(name, scalars);
        foreach (var set in sets)
        {
            set.Refresh();
            set.AttachTo(batch.BatchCommands[^1]);
        }

        return this;
    }

    /// <summary>The parameters of the statement added last, for those that stand behind its columns.</summary>
    public NpgsqlParameterCollection Last => batch.BatchCommands[^1].Parameters;

    /// <summary>The commands added so far, for tests that explain them.</summary>
    internal NpgsqlBatchCommandCollection Commands => batch.BatchCommands;

    /// <summary>Adds a statement without a file: transaction control and settings.</summary>
    public PgBatch AddText(string text)
    {
        PayShards();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(text));
        return this;
    }

    /// <summary>Sends it, <c>commit</c> included, and gives the results of the statements that return rows.</summary>
    public Task<NpgsqlDataReader> ReadAsync(CancellationToken cancellationToken)
    {
        PayShards();
        if (inTransaction) AddText("commit");
        return batch.ExecuteReaderAsync(cancellationToken);
    }

    /// <summary>Sends it and gives the number of rows that each named statement changed, in order.</summary>
    public async Task<IReadOnlyList<int>> ExecuteAsync(CancellationToken cancellationToken)
    {
        PayShards();
        if (inTransaction) AddText("commit");
        await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        var counts = new List<int>();
        foreach (NpgsqlBatchCommand command in batch.BatchCommands)
            if (!IsControl(command.CommandText)) counts.Add((int)command.RecordsAffected);
        return counts;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => batch.DisposeAsync();

    /// <summary>A scalar parameter.</summary>
    public static NpgsqlParameter Of<T>(T value, NpgsqlDbType type) => new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type };

    /// <summary>A parameter that may be null.</summary>
    public static NpgsqlParameter OrNull(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };

    /// <summary>A text array.</summary>
    public static NpgsqlParameter Texts(IReadOnlyList<string>? value) => OrNull(value as string[] ?? value?.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text);

    /// <summary>A uuid array.</summary>
    public static NpgsqlParameter Uuids(IReadOnlyList<Guid> value) => Of(value as Guid[] ?? [.. value], NpgsqlDbType.Array | NpgsqlDbType.Uuid);

    /// <summary>A uuid.</summary>
    public static NpgsqlParameter Uuid(Guid value) => Of(value, NpgsqlDbType.Uuid);

    /// <summary>A bigint.</summary>
    public static NpgsqlParameter Long(long value) => Of(value, NpgsqlDbType.Bigint);

    /// <summary>An int.</summary>
    public static NpgsqlParameter Int(int value) => Of(value, NpgsqlDbType.Integer);

    /// <summary>A smallint.</summary>
    public static NpgsqlParameter Short(short value) => Of(value, NpgsqlDbType.Smallint);

    /// <summary>A text.</summary>
    public static NpgsqlParameter Text(string value) => Of(value, NpgsqlDbType.Text);

    /// <summary>An interval.</summary>
    public static NpgsqlParameter Span(TimeSpan value) => Of(value, NpgsqlDbType.Interval);

    /// <summary>A point in time; null is the beginning of time.</summary>
    public static NpgsqlParameter From(DateTimeOffset? value) => Of((value ?? DateTimeOffset.MinValue).ToUniversalTime(), NpgsqlDbType.TimestampTz);

    // The shards stand behind all other parameters of their statement, columns included.
    private void PayShards()
    {
        if (owesShards) batch.BatchCommands[^1].Parameters.Add(Of(shards!, NpgsqlDbType.Array | NpgsqlDbType.Smallint));
        owesShards = false;
    }

    private static bool IsControl(string text) => text.StartsWith("begin", StringComparison.Ordinal) || text == "commit" || text.StartsWith("set local", StringComparison.Ordinal);
}
