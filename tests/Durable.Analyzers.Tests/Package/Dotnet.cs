// Runs the dotnet command as a user would, in a folder that is none of this repository.
using System.Diagnostics;
using System.Text;

namespace Durable.Analyzers.Tests.Package;

/// <summary>One command, its output and its exit code.</summary>
internal static class Dotnet
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);      // a restore and a build on a machine that does ten other things

    /// <summary>Runs <c>dotnet</c>.</summary>
    public static Task<(int Code, string Output)> RunAsync(string folder, params string[] arguments) => RunAsync("dotnet", folder, arguments);

    /// <summary>Runs a program.</summary>
    public static async Task<(int Code, string Output)> RunAsync(string program, string folder, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var inherited in new[] { "MSBuildSDKsPath", "MSBUILD_EXE_PATH", "MSBuildExtensionsPath", "CI" }) start.Environment.Remove(inherited);
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var output = new StringBuilder();
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} took more than {Limit}:\n{output}");
        }

        return (process.ExitCode, output.ToString());

        void Append(string? line)
        {
            lock (output) output.AppendLine(line);
        }
    }
}
