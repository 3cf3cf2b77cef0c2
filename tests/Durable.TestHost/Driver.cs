// Starts the workflows and sends their signals, as a client that may be killed too: what was acknowledged is on the disk, the rest is sent again.
namespace Durable.TestHost;

/// <summary>The client side of a workload.</summary>
public sealed class Driver(DurableClient client, string folder, int seed, int count)
{
    private readonly HashSet<string> known = Read(folder);
    private readonly LineFile acks = new(Path.Combine(folder, "acks.log"));

    /// <summary>Sends what was not acknowledged, then waits for all ends.</summary>
    public async Task RunAsync()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, _) => await DriveAsync(number));
        Console.WriteLine("all sent");
        for (var number = 0; number < count; number++) await client.GetRun($"w-{number}").CompletionAsync();
        Console.WriteLine("all closed");
    }

    private static HashSet<string> Read(string folder)
    {
        var path = Path.Combine(folder, "acks.log");
        return File.Exists(path) ? [.. File.ReadAllLines(path)] : [];
    }

    private async Task DriveAsync(int number)
    {
        var plan = Plan.Of(seed, number);
        var id = $"w-{number}";
        if (!known.Contains($"started\t{id}"))
        {
            var run = await client.StartAsync((GeneratedWorkflow w) => w.RunAsync(plan, Report.Empty), StartOptions.Once(id));
            acks.Add("started", run.WorkflowId);
        }

        for (var signal = 1; signal <= plan.Signals; signal++)
        {
            if (known.Contains($"signalled\t{id}\t{signal}")) continue;
            acks.Add("signalling", id, signal);
            try
            {
                await client.GetRun<GeneratedWorkflow>(id).SignalAsync(w => w.Hear(signal));
            }
            catch (RunConflictException late) when (late.Code == DurableErrorCodes.RunClosed && known.Contains($"signalling\t{id}\t{signal}"))
            {
                // The one sent before the kill had been stored: the run took it and ended.
            }

            acks.Add("signalled", id, signal);
        }
    }
}
