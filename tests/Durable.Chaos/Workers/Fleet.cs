// Keeps so many workers alive: whatever ends is started again, under the same name or another.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Durable.Chaos.Workers;

/// <summary>The workers of a campaign.</summary>
internal sealed class Fleet(ChaosOptions options, string folder, string place) : IAsyncDisposable
{
    private readonly WorkerProcess?[] workers = new WorkerProcess?[options.Workers];
    private readonly CancellationTokenSource stop = new();
    private readonly List<Task> keepers = [];
    private readonly Random random = new(options.Seed);
    private int launches;

    /// <summary>What all workers logged.</summary>
    public ConcurrentQueue<LogLine> Log { get; } = new();

    /// <summary>Launches of workers that ended although nobody told them to, with their exit codes.</summary>
    public ConcurrentQueue<(string Launch, int Code)> Deserters { get; } = new();

    public int Launches => launches;

    /// <summary>How far the clock of each launch is off; empty unless the campaign wants wrong clocks.</summary>
    public ConcurrentDictionary<string, TimeSpan> ClockOffsets { get; } = new();

    public void Start()
    {
        for (var at = 0; at < options.Workers; at++)
        {
            var mine = at;
            keepers.Add(Task.Run(() => KeepAsync(mine)));
        }
    }

    /// <summary>A worker that is up and not frozen, or null.</summary>
    /// <param name="by">Chooses.</param>
    /// <param name="only">Which launches are wanted; null for all.</param>
    public WorkerProcess? PickReady(Random by, Func<string, bool>? only = null)
    {
        var up = workers.Where(worker => worker is { IsReady: true, IsFrozen: false, IsExpectedToEnd: false } && (only is null || only(worker.Launch))).ToList();
        return up.Count == 0 ? null : up[by.Next(up.Count)];
    }

    /// <summary>True if nobody was started in its place since.</summary>
    public bool IsNewest(WorkerProcess worker) => workers[worker.Place] == worker;

    /// <summary>Kills all; the keepers start others.</summary>
    public IReadOnlyList<WorkerProcess> KillAll() => [.. workers.OfType<WorkerProcess>().Where(worker => worker.TryKill())];

    /// <summary>The worker of a launch, if it has not been followed by another.</summary>
    public WorkerProcess? Find(string launch) => workers.FirstOrDefault(worker => worker?.Launch == launch);

    /// <summary>Waits until each place has a worker that runs again and says that it has started.</summary>
    public async Task<IReadOnlyList<string>> NewcomersAsync(TimeSpan limit)
    {
        var until = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        while (Environment.TickCount64 < until && !workers.All(static worker => worker is { IsReady: true, IsExpectedToEnd: false })) await Task.Delay(50);
        return [.. workers.OfType<WorkerProcess>().Where(static worker => worker.IsReady && !worker.IsExpectedToEnd).Select(static worker => worker.Launch)];
    }

    /// <summary>Stops all in good order.</summary>
    /// <returns>How long the slowest took, and the exit codes that were not zero.</returns>
    public async Task<(TimeSpan Longest, IReadOnlyList<int> Codes)> StopAsync(TimeSpan limit)
    {
        await stop.CancelAsync();
        var since = Stopwatch.GetTimestamp();
        var last = workers.OfType<WorkerProcess>().Where(worker => !worker.Ended.IsCompleted).ToList();
        foreach (var worker in last) worker.AskToStop();
        var ends = Task.WhenAll(last.Select(worker => worker.Ended));
        await Task.WhenAny(ends, Task.Delay(limit));
        var elapsed = Stopwatch.GetElapsedTime(since);
        foreach (var worker in last.Where(worker => !worker.Ended.IsCompleted)) worker.TryKill();
        await Task.WhenAll(keepers);
        return (elapsed, [.. last.Select(worker => worker.Ended.Result).Where(code => code != 0)]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        foreach (var worker in workers.OfType<WorkerProcess>()) worker.TryKill();
        await Task.WhenAll(keepers);
        stop.Dispose();
    }

    private async Task KeepAsync(int at)
    {
        while (!stop.IsCancellationRequested)
        {
            var worker = Launch(at);
            workers[at] = worker;
            var code = await worker.Ended;
            if (!worker.IsExpectedToEnd) Deserters.Enqueue((worker.Launch, code));
            if (stop.IsCancellationRequested) return;
            int pause;
            lock (random) pause = random.Next(0, 3_000);
            await Task.Delay(pause, stop.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    private WorkerProcess Launch(int at)
    {
        var launch = $"w{Interlocked.Increment(ref launches).ToString(CultureInfo.InvariantCulture)}";
        string identity;
        lock (random) identity = options.FreshNames || random.Next(3) == 0 ? $"chaos-{at}-{launch}" : $"chaos-{at}";      // the same name takes its runs over at once; another leaves them to the lease
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet") start.ArgumentList.Add(typeof(Fleet).Assembly.Location);
        foreach (var argument in (string[])["worker", options.Store, launch, identity, folder, options.Lease.ToString(CultureInfo.InvariantCulture)]) start.ArgumentList.Add(argument);
        start.Environment[WorkerProgram.StoreVariable] = place;
        if (options.Faults.Contains("clocks"))
        {
            lock (random) ClockOffsets[launch] = TimeSpan.FromMinutes((random.NextDouble() * 120) - 60);
            start.Environment[WorkerProgram.ClockVariable] = ClockOffsets[launch].TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
        }

        start.Environment["DOTNET_TieredCompilation"] = "1";
        start.Environment["DOTNET_gcServer"] = "0";
        return new WorkerProcess(start, launch, identity, at, Path.Combine(folder, $"worker-{launch}.log"), Log);
    }
}
