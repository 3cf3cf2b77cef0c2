// One worker process as the campaign sees it.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Durable.Chaos.Workers;

/// <summary>A line of a worker's log.</summary>
internal sealed record LogLine(string Launch, long At, int Id, string Level, string Text);

/// <summary>A started worker.</summary>
internal sealed class WorkerProcess
{
    private readonly Process process;
    private readonly StreamWriter output;
    private readonly ConcurrentQueue<LogLine> log;
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WorkerProcess(ProcessStartInfo start, string launch, string identity, int place, string outputPath, ConcurrentQueue<LogLine> log)
    {
        Launch = launch;
        Identity = identity;
        Place = place;
        this.log = log;
        output = new StreamWriter(outputPath) { AutoFlush = true };
        process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, e) => Read(e.Data);
        process.ErrorDataReceived += (_, e) => Read(e.Data);
        process.Start();
        Id = process.Id;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Ended = EndAsync();
    }

    public string Launch { get; }

    /// <summary>The name that it has in the store.</summary>
    public string Identity { get; }

    /// <summary>Which of the workers it is: its successor has the same.</summary>
    public int Place { get; }

    public int Id { get; }

    /// <summary>True from the moment a kill or stop of ours was sent.</summary>
    public bool IsExpectedToEnd { get; set; }

    /// <summary>True while it is stopped.</summary>
    public bool IsFrozen { get; set; }

    public bool IsReady => ready.Task.IsCompletedSuccessfully && !process.HasExited;

    /// <summary>Ends when the process has; gives its exit code.</summary>
    public Task<int> Ended { get; }

    public bool TryKill()
    {
        IsExpectedToEnd = true;
        return !process.HasExited && Signals.TryKill(Id);
    }

    /// <summary>SIGTERM, as an orchestrator sends it.</summary>
    public bool TryTerminate()
    {
        IsExpectedToEnd = true;
        return !process.HasExited && Signals.TryTerminate(Id);
    }

    public bool TryFreeze() => !process.HasExited && (IsFrozen = Signals.TryFreeze(Id));

    public void Thaw()
    {
        if (!process.HasExited) Signals.TryThaw(Id);
        IsFrozen = false;
    }

    /// <summary>Ends its input, upon which it stops in good order.</summary>
    public void AskToStop()
    {
        IsExpectedToEnd = true;
        process.StandardInput.Close();
    }

    private async Task<int> EndAsync()
    {
        await process.WaitForExitAsync();
        await output.DisposeAsync();
        return process.ExitCode;
    }

    private void Read(string? line)
    {
        if (line is null) return;
        lock (output) output.WriteLine(line);
        if (line == "READY") ready.TrySetResult();
        if (!line.StartsWith("LOG\t", StringComparison.Ordinal)) return;
        var fields = line.Split('\t', 5);
        log.Enqueue(new LogLine(Launch, long.Parse(fields[1], CultureInfo.InvariantCulture), int.Parse(fields[2], CultureInfo.InvariantCulture), fields[3], fields[4]));
    }
}
