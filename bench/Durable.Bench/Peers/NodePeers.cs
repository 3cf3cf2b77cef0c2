// Peers in another language (bench/peers): installed from npm when they are first asked for, into artifacts/; a round is a process.
using System.Diagnostics;
using System.Globalization;

namespace Durable.Bench;

/// <summary>A peer that runs the same workflows.</summary>
internal abstract class NodePeer
{
    /// <summary>Name of its column.</summary>
    public abstract string Name { get; }

    /// <summary>Runs workflows of five steps on an empty database.</summary>
    public abstract Task<Round> RoundAsync(Place place, int total, bool isLatency);

    /// <summary>Runs a program of <c>bench/peers</c>, whose last line is its name, workflows a second, p50 and p99 in milliseconds.</summary>
    protected async Task<Round> RunAsync(string program, string where, int total, int inFlight)
    {
        var lines = await NodePeers.RunAsync("node", program, where, total.ToString(CultureInfo.InvariantCulture), inFlight.ToString(CultureInfo.InvariantCulture));
        var figures = lines.Last(line => line.StartsWith(Name.ToUpperInvariant() + ' ', StringComparison.Ordinal)).Split(' ').Skip(1).Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return inFlight == 1 ? new Round(figures[1], [new Detail("p99 ms", figures[2])]) : new Round(figures[0], [new Detail("p50 ms", figures[1])]);
    }
}

/// <summary>All of them.</summary>
internal static class NodePeers
{
    private static readonly string Folder = Path.Combine(Repository.Root, "artifacts", "peers");

    public static IReadOnlyList<NodePeer> All { get; } = [new Dbos(), new Restate()];

    /// <summary>Installs them, if they are not there as the repository names them.</summary>
    public static async Task InstallAsync()
    {
        Directory.CreateDirectory(Folder);
        var (wanted, installed) = (Path.Combine(Repository.Root, "bench", "peers", "package.json"), Path.Combine(Folder, "package.json"));
        var fresh = Directory.Exists(Path.Combine(Folder, "node_modules")) && File.Exists(installed) && File.ReadAllText(installed) == File.ReadAllText(wanted);
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(wanted)!)) File.Copy(file, Path.Combine(Folder, Path.GetFileName(file)), overwrite: true);
        if (!fresh) await RunAsync("npm", "install", "--no-audit", "--no-fund", "--no-package-lock");
    }

    /// <summary>Runs a program in the folder.</summary>
    /// <returns>Its lines.</returns>
    public static async Task<List<string>> RunAsync(string program, params string[] arguments)
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
