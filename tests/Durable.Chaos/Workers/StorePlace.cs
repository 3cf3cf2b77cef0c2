// Where a campaign's store is: a throw-away PostgreSQL server of its own, or a file.
using System.Diagnostics;
using Durable.Storage.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Durable.Chaos.Workers;

/// <summary>Makes the store and removes it.</summary>
internal sealed class StorePlace : IAsyncDisposable
{
    private const string Variable = "DURABLE_TEST_POSTGRES", CitusVariable = "DURABLE_TEST_CITUS", CitusFolders = "DURABLE_CITUS_DIRS";
    private readonly IReadOnlyList<string> servers;
    private readonly string? citusSchema;

    private StorePlace(string place, IReadOnlyList<string> servers, string? citusSchema = null)
    {
        Place = place;
        this.servers = servers;
        this.citusSchema = citusSchema;
    }

    /// <summary>True if a coordinator was named.</summary>
    public static bool HasCitus => Environment.GetEnvironmentVariable(CitusVariable) is { Length: > 0 };

    /// <summary>Folders of the cluster's servers, if they are throw-away ones of eng/citus.sh.</summary>
    public static IReadOnlyList<string> CitusServers => Environment.GetEnvironmentVariable(CitusFolders)?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>A connection string, or the path of the file. With several servers, the ports of all stand behind it: see <see cref="WorkerProgram.Register"/>.</summary>
    public string Place { get; }

    /// <summary>The first server's port.</summary>
    public int Port => new NpgsqlConnectionStringBuilder(First).Port;

    private string First => citusSchema is null ? Place.Split('|')[0] : Place.Split('|')[1];

    /// <summary>The same by another port.</summary>
    public string By(int port) => new NpgsqlConnectionStringBuilder(First) { Port = port }.ConnectionString;

    public static async Task<StorePlace> CreateAsync(ChaosOptions options, string folder)
    {
        if (options.Citus) return await OnCitusAsync();
        if (options.Store == "sqlite") return new StorePlace(Path.Combine(folder, "chaos.db"), []);
        var (first, folders, ports) = ("", new List<string>(), new List<int>());
        for (var group = 0; group < options.Groups; group++)
        {
            var output = await ScriptInAsync(options.Data, options.Faults.Contains("connections"), "start", "--safe");
            var text = new NpgsqlConnectionStringBuilder(Value(output, Variable)) { SslMode = SslMode.Disable };
            folders.Add(Value(output, "DURABLE_PG_DIR"));
            ports.Add(text.Port);
            if (group == 0) first = text.ConnectionString;
            else await AdoptAsync(text.ConnectionString, new NpgsqlConnectionStringBuilder(first).Password!);
        }

        return new StorePlace(ports.Count == 1 ? first : $"{first}|{string.Join('|', ports)}", folders);
    }

    // A schema of its own in four pieces, which go with it.
    private static async Task<StorePlace> OnCitusAsync()
    {
        var coordinator = new NpgsqlConnectionStringBuilder(Environment.GetEnvironmentVariable(CitusVariable)) { SslMode = SslMode.Disable, CommandTimeout = 600 };
        var schema = $"chaos_{Environment.ProcessId}";
        await using (var connections = new EngineConnections(new PostgresOptions { Schema = schema, CommandTimeout = TimeSpan.FromMinutes(10) }, coordinator.ConnectionString, source: null, NullLogger.Instance))
            await Migrator.RunAsync(connections, NullLogger.Instance, CancellationToken.None);
        await ExecuteAsync(coordinator.ConnectionString, PostgresMigrations.DistributeScript(schema, 4));
        foreach (var pin in new[] { "enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit" }) await ExecuteAsync(coordinator.ConnectionString, $"alter role {coordinator.Username} set {pin} = off");
        coordinator.Remove("Command Timeout");
        return new StorePlace($"{WorkerProgram.CitusMark}{schema}|{coordinator.ConnectionString}", CitusServers, schema);
    }

    private static async Task ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    // Groups differ in host and port alone: the password is the first server's.
    private static Task AdoptAsync(string server, string password) => ExecuteAsync(server, $"alter role {new NpgsqlConnectionStringBuilder(server).Username} password '{password}'");

    /// <summary>Stops the server as a crash does, and starts it again.</summary>
    public async Task CrashAsync(TimeSpan outage)
    {
        var server = servers[Random.Shared.Next(servers.Count)];
        await ScriptAsync("crash", server);
        await Task.Delay(outage);
        await ScriptAsync("restart", server);
    }

    /// <summary>Stops the server as a crash does, and starts it again when that is done.</summary>
    public async Task AwayAsync(Func<Task> meanwhile)
    {
        await ScriptAsync("crash", servers[0]);
        await meanwhile();
        await ScriptAsync("restart", servers[0]);
    }

    /// <summary>Starts the server if it has ended, as it does when its disk is full.</summary>
    public async Task ReviveAsync()
    {
        try
        {
            await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(First) { Pooling = false, Timeout = 30 }.ConnectionString);
            await connection.OpenAsync();
        }
        catch (NpgsqlException)
        {
            await ScriptAsync("restart", servers[0]);
        }
    }

    /// <summary>How many lines of the server's own log hold the text.</summary>
    public int CountInLog(string text) => servers.Sum(server => File.ReadLines(Path.Combine(server, "log")).Count(line => line.Contains(text, StringComparison.Ordinal)));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (citusSchema is not null)
        {
            await ExecuteAsync(new NpgsqlConnectionStringBuilder(First) { CommandTimeout = 600 }.ConnectionString, $"drop schema {citusSchema} cascade");
            return;                                          // the cluster is not ours
        }

        foreach (var server in servers) await ScriptAsync("stop", server);
    }

    private static Task<string> ScriptAsync(params string[] arguments) => ScriptInAsync(null, false, arguments);

    private static async Task<string> ScriptInAsync(string? data, bool crowded, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(Root(), "eng", "postgres.sh"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        if (data is not null) start.Environment["TMPDIR"] = data;
        if (crowded) start.Environment["DURABLE_PG_EXTRA"] = "-c max_connections=60";
        using var process = Process.Start(start)!;
        // A server that the script leaves behind keeps its error stream open: only the output is read to its end.
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode == 0) return output;
        throw new InvalidOperationException("No PostgreSQL server for the campaign. Install the package 'postgresql' (13 or newer), or set PG_BINDIR to a folder with initdb, postgres and pg_ctl. "
            + $"eng/postgres.sh {arguments[0]} said: {await process.StandardError.ReadToEndAsync()}");
    }

    private static string Root()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Durable.sln"))) at = at.Parent;
        return at?.FullName ?? throw new InvalidOperationException("The program must run inside the repository.");
    }

    private static string Value(string output, string name)
    {
        var line = output.Split('\n').Single(l => l.StartsWith($"export {name}=", StringComparison.Ordinal));
        return line[(line.IndexOf('\'', StringComparison.Ordinal) + 1)..line.LastIndexOf('\'')];
    }
}
