// The tests of the sound engine, over a broken one.
using Durable.EndToEnd.Tests;

namespace Durable.Broken.Tests;

/// <summary>What tests said.</summary>
/// <param name="ExitCode">0 if all passed.</param>
/// <param name="Failed">Names of those that failed.</param>
/// <param name="Text">All they wrote.</param>
internal sealed record Verdict(int? ExitCode, IReadOnlyList<string> Failed, string Text);

/// <summary>Runs the program of a test project with one assembly replaced.</summary>
internal static class Trial
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Runs the tests that a filter names.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="tests">Folder of the test project in tests.</param>
    /// <param name="filter">Which tests.</param>
    public static async Task<Verdict> RunAsync(BrokenBuild engine, string tests, string filter)
    {
        using var copy = new TempFolder();
        var built = Path.GetDirectoryName(Repository.Program($"tests/{tests}", tests))!;
        foreach (var file in Directory.EnumerateFiles(built, "*", SearchOption.AllDirectories))
        {
            var target = copy.File(Path.GetRelativePath(built, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        await Rebuild.CompileAsync(engine.Project, engine.Changes, copy.File(engine.Project + ".dll"));
        using var run = HostProcess.Start(copy.File(tests + ".dll"), copy.Path, "--filter", filter, "--ansi", "off");
        var ended = await run.EndAsync(Limit);
        var failed = run.Lines.Where(line => line.StartsWith("failed ", StringComparison.Ordinal)).Select(line => line["failed ".Length..].Split(' ')[0]).ToList();
        return new Verdict(ended.ExitCode, failed, run.Text);
    }
}
