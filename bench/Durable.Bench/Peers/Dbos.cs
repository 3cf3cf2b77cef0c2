// DBOS for TypeScript on the same server (bench/peers): installed from npm when it is first asked for, into artifacts/.
using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Durable.Bench;

/// <summary>A peer in another language: a round is a process.</summary>
internal static class Dbos
{
    /// <summary>Callers of the closed loop: the best of 32, 64, 128 and of 2,000 started at once.</summary>
    public const int InFlight = 32;

    private static readonly string Folder = Path.Combine(Repository.Root, "artifacts", "peers");

    /// <summary>Installs it, if it is not there.</summary>
    public static async Task InstallAsync()
    {
        Directory.CreateDirectory(Folder);
        foreach (var file in Directory.GetFiles(Path.Combine(Repository.Root, "bench", "peers"))) File.Copy(file, Path.Combine(Folder, Path.GetFileName(file)), overwrite: true);
        if (!Directory.Exists(Path.Combine(Folder, "node_modules"))) await RunAsync("npm", "install", "--no-audit", "--no-fund", "--no-package-lock");
    }

    /// <summary>Runs workflows of five steps.</summary>
    public static async Task<Round> RoundAsync(Place place, int total, bool isLatency)
    {
        var given = new NpgsqlConnectionStringBuilder(place.Address);
        var url = FormattableString.Invariant($"postgresql://{given.Username}:{given.Password}@{given.Host}:{given.Port}/{given.Database}");
        var lines = await RunAsync("node", "dbos.mjs", url, total.ToString(CultureInfo.InvariantCulture), (isLatency ? 1 : InFlight).ToString(CultureInfo.InvariantCulture));
        var figures = lines.First(line => line.StartsWith("DBOS ", StringComparison.Ordinal)).Split(' ').Skip(1).Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return isLatency ? new Round(figures[1], [new Detail("p99 ms", figures[2])]) : new Round(figures[0], [new Detail("p50 ms", figures[1])]);
    }

    private static async Task<List<string>> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} could not be started.");
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? [.. output.Split('\n')] : throw new InvalidOperationException($"{program} {arguments[0]} ended with {process.ExitCode}: {await errors}");
    }
}
