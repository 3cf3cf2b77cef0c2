// A folder outside the repository where the packages are installed as a user installs them.
using System.Diagnostics;

namespace Durable.Consumer.Tests;

/// <summary>Packs, restores and runs. Sources are those of the machine, and a folder with our packages.</summary>
internal sealed class Workshop : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);      // a loaded machine takes its time
    private readonly string root = Directory.CreateTempSubdirectory("durable-consumer-").FullName;

    public Workshop()
    {
        Folder = Directory.CreateDirectory(Path.Combine(root, "tickets")).FullName;
        Feed = Directory.CreateDirectory(Path.Combine(root, "feed")).FullName;
        Repository = Find(AppContext.BaseDirectory);
    }

    public string Folder { get; }

    public string Feed { get; }

    public string Repository { get; }

    /// <summary>Packs what was built with this test.</summary>
    public void Pack(string project)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var (code, text) = Run(Repository, $"pack src/{project} --no-build --nologo -c {configuration} -o \"{Feed}\"");
        Assert.That(code, Is.Zero, text);
    }

    /// <summary>Runs dotnet there and gives its end and all that it said.</summary>
    public (int Code, string Text) Run(string folder, string arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || name.StartsWith("TESTINGPLATFORM", StringComparison.OrdinalIgnoreCase)).ToList()) start.Environment.Remove(name);
        start.Environment["RestoreAdditionalProjectSources"] = Feed;
        start.Environment["RestorePackagesPath"] = Path.Combine(root, "packages");      // of its own: another build of the same version must not be taken
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        if (Known() is { } known) start.Environment["RestoreFallbackFolders"] = known;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"dotnet {arguments} took longer than {Patience.TotalMinutes:0} minutes.");
        }

        return (process.ExitCode, output.GetAwaiter().GetResult() + error.GetAwaiter().GetResult());
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    // What the machine has downloaded already need not be downloaded again; but our own packages must come from the feed.
    private static string? Known()
    {
        var folder = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        return Directory.Exists(folder) && !Directory.Exists(Path.Combine(folder, "durable.core")) ? folder : null;
    }

    private static string Find(string folder) => File.Exists(Path.Combine(folder, "Durable.sln")) ? folder : Find(Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("The tests run inside the repository."));
}
