// Compiles an assembly of src as its build does, with a few texts of its sources changed.
using System.Collections.Concurrent;
using System.Text.Json;
using Durable.EndToEnd.Tests;

namespace Durable.Broken.Tests;

/// <summary>One text of a source file and what stands in its place.</summary>
/// <param name="File">The file, from the project's folder.</param>
/// <param name="Old">Stands there exactly once, so that a change of the engine shows here.</param>
/// <param name="New">Stands there instead.</param>
internal sealed record Change(string File, string Old, string New);

/// <summary>Calls the compiler with the arguments of the project's own build.</summary>
internal static class Rebuild
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly ConcurrentDictionary<string, Task<(string Compiler, string[] Arguments)>> Known = new();

    /// <summary>Compiles a project of src with changes.</summary>
    /// <param name="project">Its name, which is its folder's and its assembly's.</param>
    /// <param name="changes">The changes.</param>
    /// <param name="target">The assembly to write.</param>
    /// <param name="more">More arguments of the compiler.</param>
    public static async Task CompileAsync(string project, IEnumerable<Change> changes, string target, params string[] more)
    {
        var folder = Repository.PathOf($"src/{project}");
        var (compiler, known) = await Known.GetOrAdd(project, ArgumentsAsync);
        using var changed = new TempFolder();
        var arguments = known.ToList();
        foreach (var file in changes.GroupBy(change => change.File))
        {
            var text = await System.IO.File.ReadAllTextAsync(Path.Combine(folder, file.Key));
            foreach (var change in file)
            {
                Assert.That(text.Split(change.Old), Has.Length.EqualTo(2), $"{file.Key} has this text once: {change.Old}");
                text = text.Replace(change.Old, change.New, StringComparison.Ordinal);
            }

            var copy = changed.File(Path.GetFileName(file.Key));
            await System.IO.File.WriteAllTextAsync(copy, text);
            arguments[arguments.IndexOf(file.Key)] = copy;
        }

        var response = changed.File("compile.rsp");
        await System.IO.File.WriteAllLinesAsync(response, [.. arguments.Select(Quoted), .. more.Select(Quoted), Quoted($"/out:{target}")]);
        using var run = HostProcess.Start(compiler, folder, "/shared", "/keepalive:120", "/noconfig", $"@{response}");      // by the compiler's server, if there can be one: it has read the references before
        var ended = await run.EndAsync(Limit);
        Assert.That(ended.ExitCode, Is.Zero, $"{project} compiles with {string.Join("; ", changes)}: {run.Text}");
    }

    // Asked of the build itself, so that references, constants and generators are those of the shipped assembly.
    private static async Task<(string Compiler, string[] Arguments)> ArgumentsAsync(string project)
    {
        using var asked = HostProcess.Start("msbuild", Repository.PathOf($"src/{project}"), $"{project}.csproj", "-nologo", "-t:PrepareResources;Compile", $"-p:Configuration={Repository.Configuration}", "-p:SkipCompilerExecution=true",
            "-p:ProvideCommandLineArgs=true", "-p:BuildProjectReferences=false", "-p:NonExistentFile=none/none", "-getProperty:RoslynTargetsPath", "-getItem:CscCommandLineArgs");
        var ended = await asked.EndAsync(Limit);
        Assert.That(ended.ExitCode, Is.Zero, asked.Text);
        var text = string.Join('\n', asked.Lines);
        using var answer = JsonDocument.Parse(text[text.IndexOf('{', StringComparison.Ordinal)..]);
        var arguments = answer.RootElement.GetProperty("Items").GetProperty("CscCommandLineArgs").EnumerateArray().Select(item => item.GetProperty("Identity").GetString()!).ToList();
        Assert.That(arguments, Has.Count.GreaterThan(100));
        string[] left = ["/noconfig", "/out:", "/refout:", "/doc:", "/warnaserror", "/errorreport", "/additionalfile", "/analyzerconfig"];
        arguments.RemoveAll(argument => left.Any(start => argument.StartsWith(start, StringComparison.Ordinal)));
        arguments.AddRange(["/nowarn:1591", "/skipanalyzers+", "/warn:0"]);
        return (Path.Combine(answer.RootElement.GetProperty("Properties").GetProperty("RoslynTargetsPath").GetString()!, "bincore", "csc.dll"), [.. arguments]);
    }

    private static string Quoted(string argument) => argument.Contains('"', StringComparison.Ordinal) ? argument : $"\"{argument}\"";
}
