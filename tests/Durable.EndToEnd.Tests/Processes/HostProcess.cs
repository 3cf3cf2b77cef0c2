// A program under test as a process of its own: its lines, its end, its death.
using System.Diagnostics;

namespace Durable.EndToEnd.Tests;

/// <summary>A started process. Disposing kills it if it still runs.</summary>
internal sealed class HostProcess : IDisposable
{
    private readonly Process process;
    private readonly List<string> lines = [];
    private readonly List<string> errors = [];
    private readonly List<(Func<string, bool> Match, TaskCompletionSource<string> Seen)> watches = [];
    private readonly TaskCompletionSource outputEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource errorEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HostProcess(Process process) => this.process = process;

    public int Id { get; private set; }

    public int ExitCode => process.ExitCode;

    public bool HasExited => process.HasExited;

    /// <summary>What it wrote so far, its errors last.</summary>
    public string Text
    {
        get
        {
            lock (lines) return string.Join('\n', lines.Concat(errors));
        }
    }

    /// <summary>The lines of its standard output so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (lines) return [.. lines];
        }
    }

    /// <summary>Starts a .NET program in a folder.</summary>
    public static HostProcess Start(string program, string folder, params string[] arguments)
    {
        var info = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet")
        {
            WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        info.ArgumentList.Add(program);
        foreach (var argument in arguments) info.ArgumentList.Add(argument);
        var started = new HostProcess(new Process { StartInfo = info });
        started.process.OutputDataReceived += (_, e) => started.Read(e.Data);
        started.process.ErrorDataReceived += (_, e) => started.ReadError(e.Data);
        started.process.Start();
        started.Id = started.process.Id;
        started.process.BeginOutputReadLine();
        started.process.BeginErrorReadLine();
        return started;
    }

    /// <summary>Waits for a line of its standard output.</summary>
    public async Task<string> LineAsync(Func<string, bool> match, TimeSpan limit)
    {
        Task<string> seen;
        lock (lines)
        {
            if (lines.FirstOrDefault(match) is { } known) return known;
            var watch = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            watches.Add((match, watch));
            seen = watch.Task;
        }

        await Task.WhenAny(seen, outputEnded.Task, Task.Delay(limit));
        if (!seen.IsCompleted) Assert.Fail($"The line did not come within {limit.TotalSeconds} s, or before the process ended. It wrote:\n{Text}");
        return await seen;
    }

    /// <summary>Waits for its end; fails the test if that takes longer.</summary>
    public async Task<HostProcess> EndAsync(TimeSpan limit)
    {
        var ended = Task.WhenAll(process.WaitForExitAsync(), outputEnded.Task, errorEnded.Task);
        if (await Task.WhenAny(ended, Task.Delay(limit)) != ended)
        {
            process.Kill();
            Assert.Fail($"The process did not end within {limit.TotalSeconds} s. It wrote:\n{Text}");
        }

        return this;
    }

    /// <summary>SIGSTOP: it stands still wherever it is, as in a long pause of its machine.</summary>
    public Task FreezeAsync() => SendAsync("STOP");

    /// <summary>SIGCONT: it goes on and knows nothing of the time between.</summary>
    public Task ThawAsync() => SendAsync("CONT");

    /// <summary>Ends its standard input, which asks a host of <c>--work-only</c> to stop.</summary>
    public void EndInput() => process.StandardInput.Close();

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await EndAsync(TimeSpan.FromSeconds(60));
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.Dispose();
    }

    private async Task SendAsync(string signal)
    {
        using var shell = Process.Start("/bin/sh", ["-c", $"kill -{signal} {Id}"]);
        await shell.WaitForExitAsync();
        Assert.That(shell.ExitCode, Is.Zero, $"SIG{signal}");
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            outputEnded.TrySetResult();
            return;
        }

        lock (lines)
        {
            lines.Add(line);
            foreach (var (match, seen) in watches)
                if (match(line)) seen.TrySetResult(line);
        }
    }

    private void ReadError(string? line)
    {
        if (line is null) errorEnded.TrySetResult();
        else
            lock (lines) errors.Add(line);
    }
}
