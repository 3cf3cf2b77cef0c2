// A throw-away PostgreSQL server with the settings of the issue: fsync and synchronous_commit on, 512 MB of shared buffers.
using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Durable.Bench;

/// <summary>One server for all rounds; each round has a database of its own.</summary>
internal sealed class PostgresServer : StoreKind
{
    private const string Settings = "-c shared_buffers=512MB -c max_wal_size=4GB -c checkpoint_timeout=15min";
    private readonly string script;
    private readonly string folder;
    private readonly string connection;
    private readonly string version;
    private int made;

    private PostgresServer(string script, string folder, string connection)
    {
        (this.script, this.folder, this.connection) = (script, folder, connection);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Stop();
        using var admin = new NpgsqlConnection(connection);
        admin.Open();
        version = admin.ServerVersion;
    }

    public override string Name => "postgres";

    public override string Description => $"PostgreSQL {version}, fsync=on, synchronous_commit=on, {Settings.Replace("-c ", "", StringComparison.Ordinal)}, loopback";

    /// <summary>Where peers find it.</summary>
    public string ConnectionString => connection;

    /// <summary>Starts one by <c>eng/postgres.sh</c>.</summary>
    public static PostgresServer Start()
    {
        var script = Path.Combine(Repository.Root, "eng", "postgres.sh");
        var lines = Run(script, ["start", "--safe"], new() { ["DURABLE_PG_EXTRA"] = $"{Settings} {Environment.GetEnvironmentVariable("DURABLE_PG_EXTRA")}" });
        return new PostgresServer(script, Value("DURABLE_PG_DIR"), Value("DURABLE_TEST_POSTGRES"));

        string Value(string name) => lines.Split('\n').First(line => line.StartsWith($"export {name}=", StringComparison.Ordinal)).Split('=', 2)[1].Trim().Trim('\'');
    }

    public override async Task<Place> NewAsync()
    {
        var name = $"bench{++made}";
        await ExecuteAsync($"create database {name}");
        return new PostgresPlace(new NpgsqlConnectionStringBuilder(connection) { Database = name }.ConnectionString, () => ExecuteAsync($"drop database {name} with (force)"));
    }

    public override Task SettleAsync() => ExecuteAsync("checkpoint");

    public override async Task<ServerUse> UseAsync()
    {
        await using var admin = new NpgsqlConnection(connection);
        await admin.OpenAsync();
        await using var command = new NpgsqlCommand("select (pg_current_wal_insert_lsn() - '0/0')::bigint", admin);
        return new ServerUse(Cpu(), (long)(await command.ExecuteScalarAsync())!);
    }

    public override ValueTask DisposeAsync()
    {
        Stop();
        return ValueTask.CompletedTask;
    }

    // The postmaster, its children, and those of its children that have ended.
    private TimeSpan Cpu()
    {
        var postmaster = int.Parse(File.ReadLines(Path.Combine(folder, "data", "postmaster.pid")).First(), CultureInfo.InvariantCulture);
        var ticks = 0L;
        foreach (var process in Directory.GetDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            try
            {
                var stat = File.ReadAllText(Path.Combine(process, "stat"));
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                var isPostmaster = Path.GetFileName(process) == postmaster.ToString(CultureInfo.InvariantCulture);
                if (!isPostmaster && fields[1] != postmaster.ToString(CultureInfo.InvariantCulture)) continue;
                ticks += Ticks(11) + Ticks(12) + (isPostmaster ? Ticks(13) + Ticks(14) : 0);

                long Ticks(int field) => long.Parse(fields[field], CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                continue;            // it ended meanwhile
            }
        }

        return TimeSpan.FromMilliseconds(ticks * 10);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var admin = new NpgsqlConnection(connection);
        await admin.OpenAsync();
        await using var command = new NpgsqlCommand(sql, admin) { CommandTimeout = 120 };
        await command.ExecuteNonQueryAsync();
    }

    private void Stop()
    {
        if (!Directory.Exists(folder)) return;
        NpgsqlConnection.ClearAllPools();
        Run(script, ["stop", folder], []);
    }

    private static string Run(string script, IReadOnlyList<string> arguments, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true };
        start.ArgumentList.Add(script);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{script} could not be started.");
        // The server inherits the pipe, so its end is never seen: the script's last line is.
        var lines = new List<string>();
        while (process.StandardOutput.ReadLine() is { } line)
        {
            lines.Add(line);
            if (line.StartsWith("export DURABLE_TEST_POSTGRES=", StringComparison.Ordinal)) break;
        }

        process.WaitForExit();
        return process.ExitCode == 0 ? string.Join('\n', lines) : throw new InvalidOperationException($"{script} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }
}

/// <summary>The working copy that this runs in.</summary>
internal static class Repository
{
    /// <summary>The folder of the solution, from the working directory or the program upwards.</summary>
    public static string Root { get; } = Above(Directory.GetCurrentDirectory()) ?? Above(AppContext.BaseDirectory) ?? throw new InvalidOperationException("The bench must run inside a clone of the repository.");

    private static string? Above(string from)
    {
        var folder = new DirectoryInfo(from);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Durable.sln"))) folder = folder.Parent;
        return folder?.FullName;
    }
}
