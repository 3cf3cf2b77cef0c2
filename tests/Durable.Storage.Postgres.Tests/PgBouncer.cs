// A PgBouncer in transaction mode before the test server, for as long as a fixture runs.
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

/// <summary>Starts and stops Debian's pgbouncer on a free port.</summary>
internal sealed class PgBouncer : IAsyncDisposable
{
    private readonly Process process;
    private readonly string folder;

    private PgBouncer(Process process, string folder, string connectionString) => (this.process, this.folder, ConnectionString) = (process, folder, connectionString);

    /// <summary>Leads to the test server through the pooler.</summary>
    public string ConnectionString { get; }

    public static async Task<PgBouncer> StartAsync()
    {
        var program = new[] { Environment.GetEnvironmentVariable("PGBOUNCER"), "/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer" }.FirstOrDefault(File.Exists);
        if (program is null) Assert.Fail("No PgBouncer for the tests. Install the package 'pgbouncer', or set PGBOUNCER to the program.");
        var server = new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString);
        var port = FreePort();
        var folder = Directory.CreateTempSubdirectory("durable-pgbouncer").FullName;
        var file = Path.Combine(folder, "pgbouncer.ini");
        await File.WriteAllTextAsync(file, $"""
            [databases]
            * = host={server.Host} port={server.Port} user={server.Username} password={server.Password}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            default_pool_size = 20
            max_client_conn = 200
            """);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        var start = new ProcessStartInfo(program!) { RedirectStandardError = true, RedirectStandardOutput = true };
        if (Environment.UserName == "root") foreach (var argument in new[] { "-u", "nobody" }) start.ArgumentList.Add(argument);      // it refuses to run as root
        start.ArgumentList.Add(file);
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var text = new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString) { Host = "127.0.0.1", Port = port }.ConnectionString;
        await Eventually.IsTrueAsync(() => ListensAsync(port));
        return new PgBouncer(process, folder, text);
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<bool> ListensAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
