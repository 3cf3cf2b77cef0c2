// The server of this test assembly: one from outside, or a throw-away of its own for as long as the tests run.
using System.Diagnostics;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

/// <summary>Finds or starts a PostgreSQL server, once.</summary>
[SetUpFixture]
public sealed class PostgresServer
{
    private const string Variable = "DURABLE_TEST_POSTGRES";
    private static string? folder;
    private static string? connectionString;

    /// <summary>A connection of a superuser, or of a role that may create schemas and roles.</summary>
    public static string ConnectionString => connectionString ?? throw new InvalidOperationException("There is no server.");

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        connectionString = Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(connectionString)) return;
        var output = await RunAsync("start");
        folder = Value(output, "DURABLE_PG_DIR");
        connectionString = Value(output, Variable);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await PostgresHarness.DropAllAsync();
        NpgsqlConnection.ClearAllPools();
        await SecondServer.StopAsync();
        if (folder is not null) await RunAsync("stop", folder);
    }

    /// <summary>Opens a plain connection, as an application would.</summary>
    public static async Task<NpgsqlConnection> OpenAsync(string? text = null)
    {
        var connection = new NpgsqlConnection(text ?? ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Runs statements on a connection of their own.</summary>
    public static async Task ExecuteAsync(string sql, string? text = null)
    {
        await using var connection = await OpenAsync(text);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Reads one value.</summary>
    public static async Task<T> ScalarAsync<T>(string sql, string? text = null)
    {
        await using var connection = await OpenAsync(text);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The repository's root: the folder with the solution.</summary>
    public static string Root()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Durable.sln"))) at = at.Parent;
        return at?.FullName ?? throw new InvalidOperationException("The tests must run inside the repository.");
    }

    internal static async Task<string> RunAsync(params string[] arguments)
    {
        var script = Path.Combine(Root(), "eng", "postgres.sh");
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(script);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        // The server that the script leaves behind keeps its error stream open: only the output is read to its end.
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode == 0) return output;
        Assert.Fail($"No PostgreSQL server for the tests. Install the package 'postgresql' (13 or newer), or set PG_BINDIR to a folder with initdb, postgres and pg_ctl, "
            + $"or set {Variable} to a connection string. eng/postgres.sh said: {await process.StandardError.ReadToEndAsync()}");
        return "";
    }

    internal static string Value(string output, string name)
    {
        var line = output.Split('\n').Single(l => l.StartsWith($"export {name}=", StringComparison.Ordinal));
        return line[(line.IndexOf('\'', StringComparison.Ordinal) + 1)..line.LastIndexOf('\'')];
    }
}
