// The EF Core sample as a newcomer runs it: a process, on a database that is empty.
using System.Diagnostics;
using Npgsql;

namespace Durable.Storage.Postgres.Tests;

public sealed class EfSampleTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Test]
    public async Task A_delegate_that_ran_twice_made_one_purchase_and_one_run_and_took_from_the_stock_once()
    {
        var database = $"sample_{Environment.ProcessId}";
        await PostgresServer.ExecuteAsync($"create database {database}");
        try
        {
            var place = new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString) { Database = database }.ConnectionString;
            var (code, text) = await RunAsync(place);
            Assert.That(code, Is.Zero, text);
            var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.That(lines[^2], Is.EqualTo("Attempts 2, purchases 1, runs 1, left 98."), text);
            Assert.That(lines[^1], Does.Match("^purchase-[0-9a-f]{8} Completed$"), text);
        }
        finally
        {
            await PostgresServer.ExecuteAsync($"drop database {database} (force)");
        }
    }

    [Test]
    public async Task Without_a_database_the_sample_says_how_to_get_one()
    {
        var (code, text) = await RunAsync("");
        Assert.That((code, text), Is.EqualTo((2, text)));
        Assert.That(text, Does.Contain("eng/postgres.sh start"));
    }

    private static async Task<(int Code, string Text)> RunAsync(string place)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;       // Release or Debug, as these tests are
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(PostgresServer.Root(), "samples", "03-EfCore", "bin", configuration, "net10.0", "Samples.EfCore.dll"));
        start.Environment["DURABLE_SAMPLE_POSTGRES"] = place;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            Assert.Fail($"The sample did not end within {Limit}.");
        }

        return (process.ExitCode, (await errors + await output).ReplaceLineEndings("\n"));
    }
}
