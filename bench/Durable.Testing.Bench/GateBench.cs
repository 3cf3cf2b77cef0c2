// The deploy gate over open runs on PostgreSQL.
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Durable.Testing.Bench;

internal static class GateBench
{
    private const int Runs = 10_000;

    public static async Task<int> RunAsync(string connection)
    {
        using (var host = Build(connection, worker: true))
        {
            await host.StartAsync();
            var client = host.Services.GetRequiredService<DurableClient>();
            var since = Stopwatch.GetTimestamp();
            await Parallel.ForEachAsync(Enumerable.Range(0, Runs), new ParallelOptions { MaxDegreeOfParallelism = 200 }, async (i, stop) =>
                await client.StartAsync((OpenOrder w) => w.RunAsync($"order-{i}"), StartOptions.Once($"order-{i}"), stop));
            while (await client.CountAsync(new RunFilter { Status = [RunStatus.Running] }) < Runs) await Task.Delay(100);
            await Task.Delay(2_000);         // the last calls end
            Console.WriteLine($"{Runs:N0} runs begun in {Stopwatch.GetElapsedTime(since).TotalSeconds:0} s");
            await host.StopAsync();
        }

        using var gate = Build(connection, worker: false);
        for (var round = 0; round < 3; round++)
        {
            var (since, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            var report = await gate.Services.GetRequiredService<DurableReplayGate>().CheckAsync();
            Console.WriteLine($"gate: {report.Runs:N0} runs, {report.Events:N0} events, {report.Incompatible.Count} do not fit: {Stopwatch.GetElapsedTime(since).TotalSeconds:0.00} s, of this process's CPU {(Environment.CpuUsage.TotalTime - cpu).TotalSeconds:0.00} s");
        }

        return 0;
    }

    private static IHost Build(string connection, bool worker)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.AddDurable(durable =>
        {
            durable.UsePostgres(connection).AddWorkflow<OpenOrder>().AddActivities<IWork, Work>();
            if (!worker) durable.WithoutWorker();
        });
        builder.Services.AddSingleton<DurableReplayGate>();
        return builder.Build();
    }

    private sealed class Work : IWork
    {
        public Task<int> DoAsync(int number) => Task.FromResult(number);
    }
}

/// <summary>Three calls, then it waits for an approval.</summary>
public sealed class OpenOrder(WorkflowContext workflow, IWork work)
{
    private bool approved;

    [Run]
    public async Task RunAsync(string order)
    {
        for (var i = 0; i < 3; i++) await work.DoAsync(i);
        await workflow.WaitUntilAsync(() => approved || order.Length == 0, TimeSpan.FromDays(30));
    }

    [Signal]
    public void Approve() => approved = true;
}
