// Ten one-day timers in a test host: the run alone, and host and run together.
using System.Diagnostics;

namespace Durable.Testing.Bench;

internal static class TimersBench
{
    public static async Task<int> RunAsync()
    {
        const int rounds = 50;
        foreach (var strict in new[] { true, false })
        {
            var (runs, wholes) = (new List<double>(), new List<double>());
            for (var round = 0; round < rounds; round++)
            {
                var begun = Stopwatch.GetTimestamp();
                await using var host = await WorkflowTestHost.StartAsync(durable => durable.AddWorkflow<TenDays>(), options => options.Strict = strict);
                var started = Stopwatch.GetTimestamp();
                var run = await host.Client.StartAsync((TenDays w) => w.RunAsync());
                await run.CompletionAsync();
                runs.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                wholes.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }

            Console.WriteLine($"{(strict ? "strict" : "not strict"),-10} first run {runs[0]:0.0} ms, with its host {wholes[0]:0.0} ms; of the other {rounds - 1}: median {Median(runs):0.0} ms, slowest {runs.Skip(1).Max():0.0} ms, median with host {Median(wholes):0.0} ms");
        }

        return 0;
    }

    private static double Median(List<double> values) => values.Skip(1).Order().ElementAt((values.Count - 1) / 2);
}

public sealed class TenDays(WorkflowContext workflow)
{
    [Run]
    public async Task RunAsync()
    {
        for (var day = 0; day < 10; day++) await workflow.DelayAsync(TimeSpan.FromDays(1));
    }
}
