// Where the engine's connections come from (DECISIONS 32): never from the application's pool, with pinned plans, bounded in number.
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Durable.Storage.Postgres;

/// <summary>Opens connections of the store: a small pool for calls that come and go, and single ones for lanes, heartbeats and wake-ups.</summary>
internal sealed class EngineConnections : IAsyncDisposable
{
    /// <summary>
    /// Plans under which every join is a lookup by key: on tables without statistics the planner otherwise keeps a sequential scan in a prepared statement (CEILING 3.5).
    /// </summary>
    public const string Pins = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off";

    /// <summary>
    /// A statement is planned once for each connection. Under the pins its plan is the same look-up whatever the parameters are, yet PostgreSQL would plan each call of a few rows anew: its special plan looks cheaper than the general one,
    /// which is made for ten (docs/decisions/0029). Not where the engine spreads its tables: it needs the values to plan.
    /// </summary>
    public const string PlanOnce = "-c plan_cache_mode=force_generic_plan";

    // A sender that froze in the middle of a batch keeps the lane row; the server drops it when the network does (C9). Read committed: see PROTOCOL G3.
    private const string Guards = "-c tcp_user_timeout=30000 -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c idle_in_transaction_session_timeout=60000";

    private readonly PostgresOptions options;
    private readonly NpgsqlDataSource? source;
    private readonly NpgsqlConnectionStringBuilder given;
    private readonly ILogger log;
    private readonly string tag = Guid.NewGuid().ToString("N")[..6];
    private readonly bool isNode;
    private readonly bool planOnce;
    private bool probed;
    private string? pooledText;          // composing it costs more than a short statement; two who do it at once compose the same
    private string? userText;

    /// <summary>Connections to what a connection string names, or to where a data source of the user's leads.</summary>
    /// <param name="options">Options in force.</param>
    /// <param name="connectionString">The connection string, or null with a data source.</param>
    /// <param name="source">The data source, or null.</param>
    /// <param name="log">Where to log.</param>
    /// <param name="host">Another server with the same database and credentials, or null.</param>
    /// <param name="port">Its port, or null for the one that is given.</param>
    /// <param name="planOnce">True for connections of a store whose tables are on one server each (<see cref="PlanOnce"/>).</param>
    public EngineConnections(PostgresOptions options, string? connectionString, NpgsqlDataSource? source, ILogger log, string? host = null, int? port = null, bool planOnce = false)
    {
        isNode = host is not null;
        this.planOnce = planOnce;
        this.options = options;
        this.source = source;
        this.log = log;
        try
        {
            given = new NpgsqlConnectionStringBuilder(source?.ConnectionString ?? connectionString ?? "");
        }
        catch (ArgumentException e)
        {
            throw new DurableException(DurableErrorCodes.OptionsInvalid, "The PostgreSQL connection string cannot be read: " + e.Message, e);
        }

        if (string.IsNullOrEmpty(given.Host)) throw new DurableException(DurableErrorCodes.OptionsInvalid, "The PostgreSQL connection string names no Host.");
        if (host is not null) given.Host = host;
        if (port is { } other) given.Port = other;
        Pooler = options.Variant.Pooler;
        Description = $"PostgreSQL {given.Host}:{given.Port}/{given.Database ?? given.Username}, schema {options.Schema}";
    }

    /// <summary>Host, database and schema, without secrets.</summary>
    public string Description { get; }

    /// <summary>True: start-up options do not reach the server, or its sessions are shared: pins go into each transaction and nothing is prepared.</summary>
    public bool Pooler { get; private set; }

    /// <summary>The server's version number, such as 150018, once <see cref="ProbeAsync"/> has answered.</summary>
    public int ServerVersion { get; private set; }

    /// <summary>Where what it sees is logged.</summary>
    public ILogger Logger => log;

    /// <summary>Options in force.</summary>
    public PostgresOptions Options => options;

    /// <summary>Names sessions of a lane, so that a reaper finds the one that holds a dead lane's row.</summary>
    public static string LaneApplication(long lane) => $"durable-lane-{lane:x16}";

    /// <summary>Finds out once whether start-up options reach the server and whether something stands between.</summary>
    /// <exception cref="DurableException">DUR1013: the server is older than 13.</exception>
    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        if (probed) return;
        var reason = Pooler ? "it was configured so" : await TryProbeAsync(withOptions: true, cancellationToken).ConfigureAwait(false);
        if (reason is not null)
        {
            ClearPool(PooledText);
            (Pooler, pooledText) = (true, null);
            if (await TryProbeAsync(withOptions: false, cancellationToken).ConfigureAwait(false) is { } still && ServerVersion == 0)
                throw new DurableException(DurableErrorCodes.StoreUnavailable, $"{Description}: {still}.");
            Log.BehindPooler(log, Description, reason);
        }

        RequireVersion(Description, ServerVersion);
        probed = true;
    }

    /// <summary>Refuses servers older than 13.</summary>
    internal static void RequireVersion(string store, int version)
    {
        if (version < 130_000) throw new DurableException(DurableErrorCodes.PostgresTooOld, $"{store} is version {version / 10_000}; 13 or newer is needed.");
    }

    /// <summary>True if this is a server beside the one that the connection string names.</summary>
    public bool IsNode => isNode;

    /// <summary>True if this is the server.</summary>
    public bool Is(string host, int? port) => string.Equals(given.Host, host, StringComparison.OrdinalIgnoreCase) && given.Port == (port ?? given.Port);

    /// <summary>A connection from the small pool; disposing it gives it back.</summary>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        if (isNode) await ProbeAsync(cancellationToken).ConfigureAwait(false);      // the coordinator was probed at start
        return await OpenAsync(PooledText, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A connection of its own, closed when it is disposed.</summary>
    public ValueTask<NpgsqlConnection> OpenOwnAsync(string application, CancellationToken cancellationToken) => OpenAsync(Text(pooled: false, application), cancellationToken);

    /// <summary>A connection for code of the application: from its own data source, else from a pool of its own with the settings of the connection string.</summary>
    public async ValueTask<NpgsqlConnection> OpenForUserAsync(CancellationToken cancellationToken) =>
        source is not null ? await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false) : await OpenAsync(UserText, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        ClearPool(PooledText);
        ClearPool(UserText);
        return ValueTask.CompletedTask;
    }

    private void ClearPool(string text)
    {
        using var connection = Create(text);
        NpgsqlConnection.ClearPool(connection);
    }

    private async ValueTask<NpgsqlConnection> OpenAsync(string text, CancellationToken cancellationToken)
    {
        var connection = Create(text);
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private string PooledText => pooledText ??= Text(pooled: true, "durable-" + tag);

    private string UserText => userText ??= TextForUser();

    // A clone takes passwords and certificate callbacks of the user's data source along, but none of its pool.
    private NpgsqlConnection Create(string text)
    {
        if (source is null) return new NpgsqlConnection(text);
        using var template = source.CreateConnection();
        return template.CloneWith(text);
    }

    private string Text(bool pooled, string application)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(options.CommandTimeout.TotalSeconds));
        var text = new NpgsqlConnectionStringBuilder(given.ConnectionString)
        {
            ApplicationName = application,
            Enlist = false,
            Multiplexing = false,
            NoResetOnClose = true,
            Pooling = pooled,
            MinPoolSize = 0,
            MaxPoolSize = options.MaxPoolSize,
            ConnectionIdleLifetime = 60,
            CommandTimeout = seconds,
            CancellationTimeout = 2_000,
            Timeout = Math.Min(given.Timeout is 0 ? seconds : given.Timeout, Math.Max(seconds, 5)),
            TcpKeepAlive = true,
            TcpKeepAliveTime = 10,
            TcpKeepAliveInterval = 5,
            IncludeErrorDetail = false,
            LogParameters = false,
            MaxAutoPrepare = Pooler ? 0 : 120,
            AutoPrepareMinUsages = 1,
            WriteBufferSize = pooled ? 8_192 : 262_144,           // C9: a batch is in memory as a whole before its first byte is sent
        };
        text["Server Compatibility Mode"] = "NoTypeLoading";          // our columns have built-in types; reading the server's catalogue of them was half of the time that a connection took
        if (given.Host!.Contains(',', StringComparison.Ordinal)) text.TargetSessionAttributes = "primary";      // G8
        if (!Pooler) text.Options = string.Join(' ', new[] { given.Options, Pins, planOnce ? PlanOnce : null, Guards, DefaultIsolation }.Where(o => !string.IsNullOrEmpty(o)));
        return text.ConnectionString;
    }

    private string TextForUser()
    {
        var text = new NpgsqlConnectionStringBuilder(given.ConnectionString) { ApplicationName = "durable-steps-" + tag, Enlist = false, Multiplexing = false, MinPoolSize = 0, MaxPoolSize = options.MaxTransactions };
        if (given.Host!.Contains(',', StringComparison.Ordinal)) text.TargetSessionAttributes = "primary";
        return text.ConnectionString;
    }

    private string DefaultIsolation => "-c default_transaction_isolation=" + options.Variant.Isolation.Replace(" ", "\\ ", StringComparison.Ordinal);

    // Null: all passes. Otherwise why not.
    private async Task<string?> TryProbeAsync(bool withOptions, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await OpenAsync(PooledText, cancellationToken).ConfigureAwait(false);       // the next call goes on with it
            await using var command = new NpgsqlCommand("select pg_backend_pid(), current_setting('enable_seqscan'), current_setting('server_version_num')::int", connection);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            ServerVersion = reader.GetInt32(2);
            if (reader.GetInt32(0) != connection.ProcessID) return "sessions are shared by a pooler";
            return withOptions && reader.GetString(1) == "on" ? "start-up options are ignored" : null;
        }
        catch (PostgresException e) when (withOptions && (e.SqlState is "08P01" or "42704" || e.MessageText.Contains("startup parameter", StringComparison.OrdinalIgnoreCase)))
        {
            return "start-up options are refused";
        }
    }
}
