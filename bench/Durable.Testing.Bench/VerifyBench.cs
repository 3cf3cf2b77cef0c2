// Replay.Verify over one recorded history: JSON in, report out.
using System.Diagnostics;

namespace Durable.Testing.Bench;

internal static class VerifyBench
{
    public static async Task<int> RunAsync()
    {
        const int rounds = 105;
        var builder = new HistoryBuilder<Steps>("steps", w => w.RunAsync(1_000));
        for (var step = 0; step < 1_000; step++) builder.Completes("Work.Do", step);
        var json = builder.Build().GetRawText();
        var rates = new List<double>();
        var cpu = Environment.CpuUsage.TotalTime;
        for (var round = 0; round < rounds; round++)
        {
            var since = Stopwatch.GetTimestamp();
            var report = Replay.Verify<Steps>(json);
            rates.Add(report.Events / Stopwatch.GetElapsedTime(since).TotalSeconds);
            if (round == 4) cpu = Environment.CpuUsage.TotalTime;
            if (round == 0) Console.WriteLine($"{report.Events:N0} events, {json.Length:N0} characters; the first call {report.Events / rates[0] * 1_000:0} ms");
        }

        Console.WriteLine($"events/s, median of {rounds - 5} after 5 calls: {rates.Skip(5).Order().ElementAt((rounds - 5) / 2):N0}; fastest {rates.Max():N0}, slowest {rates.Skip(5).Min():N0}; by CPU time {2_002 * (rounds - 5) / (Environment.CpuUsage.TotalTime - cpu).TotalSeconds:N0}");
        await Task.CompletedTask;
        return 0;
    }
}

public interface IWork
{
    Task<int> DoAsync(int number);
}

public sealed class Steps(WorkflowContext workflow, IWork work)
{
    [Run]
    public async Task<int> RunAsync(int count)
    {
        var sum = 0;
        for (var i = 0; i < count; i++) sum += await work.DoAsync(i);
        return workflow.Info.Generation + sum;
    }
}
