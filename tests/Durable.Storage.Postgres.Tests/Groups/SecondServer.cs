// A second throw-away server for tests with two groups. It takes the credentials of the first: groups differ in host and port alone.
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

/// <summary>Starts the server when the first test asks for it.</summary>
internal static class SecondServer
{
    private static readonly SemaphoreSlim Gate = new(1, 1);
    private static string? folder;
    private static string? connectionString;

    /// <summary>A connection string with the first server's credentials.</summary>
    public static async Task<string> ConnectionStringAsync()
    {
        await Gate.WaitAsync();
        try
        {
            return connectionString ??= await StartAsync();
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>Stops it as a crash does.</summary>
    public static Task CrashAsync() => PostgresServer.RunAsync("crash", folder!);

    /// <summary>Starts it again on its port.</summary>
    public static Task RestartAsync() => PostgresServer.RunAsync("restart", folder!);

    /// <summary>Removes it, if it was started.</summary>
    public static async Task StopAsync()
    {
        if (folder is null) return;
        await PostgresServer.RunAsync("stop", folder);
        (folder, connectionString) = (null, null);
    }

    /// <summary>The two servers as groups.</summary>
    /// <param name="isSpread">With the texts for an engine that spreads its tables.</param>
    public static async Task<IPlacement> PlacementAsync(bool isSpread = false) => new PlainServers([PlaceOf(PostgresServer.ConnectionString), PlaceOf(await ConnectionStringAsync())], isSpread);

    /// <summary>Host and port of a connection string.</summary>
    public static (string Host, int Port) PlaceOf(string text)
    {
        var parts = new NpgsqlConnectionStringBuilder(text);
        return (parts.Host!, parts.Port);
    }

    private static async Task<string> StartAsync()
    {
        var output = await PostgresServer.RunAsync("start");
        folder = PostgresServer.Value(output, "DURABLE_PG_DIR");
        var own = new NpgsqlConnectionStringBuilder(PostgresServer.Value(output, "DURABLE_TEST_POSTGRES"));
        var first = new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString);
        var verb = first.Username == own.Username ? "alter" : "create";
        await PostgresServer.ExecuteAsync($"{verb} role {first.Username} with superuser login password '{first.Password}'", own.ConnectionString);
        await PostgresServer.ExecuteAsync($"alter role {first.Username} set synchronous_commit = on", own.ConnectionString);      // what it has acknowledged outlives its crash, though not the machine's
        if (first.Database != own.Database) await PostgresServer.ExecuteAsync($"create database {first.Database}", own.ConnectionString);
        return new NpgsqlConnectionStringBuilder(first.ConnectionString) { Host = own.Host, Port = own.Port, Pooling = false }.ConnectionString;
    }
}
