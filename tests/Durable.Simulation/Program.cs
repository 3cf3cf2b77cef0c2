// The command line: dotnet run -c Release --project tests/Durable.Simulation -- --seeds N [--from K] [--threads T] [--twice] [--trace] [--quiet] [--groups] [--rules].
using System.Diagnostics;
using System.Globalization;

namespace Durable.Simulation;

internal static class Program
{
    private static int Main(string[] args)
    {
        long Number(string name, long otherwise) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? long.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
        if (args.Contains("--broken")) return SelfTest.Run(Array.IndexOf(args, "--broken") + 1 is var at && at < args.Length && !args[at].StartsWith('-') ? args[at] : null, (int)Number("--seeds", 2_000), (int)Number("--threads", Environment.ProcessorCount));
        var campaign = new Campaign
        {
            From = (ulong)Number("--from", 1), Seeds = (int)Number("--seeds", 1_000), Threads = (int)Number("--threads", Environment.ProcessorCount), Twice = args.Contains("--twice"), Quiet = args.Contains("--quiet"),
            Grouped = args.Contains("--groups"),
        };
        var watch = Stopwatch.StartNew();
        var violations = campaign.Run();
        foreach (var bad in violations.Take(5))
        {
            Console.WriteLine($"seed {bad.Seed}");
            foreach (var violation in bad.Violations) Console.WriteLine($"  {violation}");
            var again = Simulation.Run(bad.Seed, tracing: true, quiet: campaign.Quiet);
            foreach (var line in again.Trace.TakeLast(args.Contains("--trace") ? 4_000 : 60)) Console.WriteLine($"    {line}");
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{watch.Elapsed.TotalSeconds:0.0} s, {campaign.Seeds / watch.Elapsed.TotalSeconds:0} seeds/s, {campaign.Events:N0} events, {campaign.Runs:N0} runs, {campaign.Executions:N0} executions of activities"));
        foreach (var (fault, times) in campaign.Faults) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {fault}: {times:N0}"));
        if (args.Contains("--rules")) Console.WriteLine(RuleTable.Of(campaign));
        if (violations.Count > 0) Console.WriteLine($"failing seeds: {string.Join(' ', violations.Select(bad => bad.Seed))}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"SIM seeds={campaign.Seeds} faults={campaign.Faults.Values.Sum()} violations={violations.Count}"));
        return violations.Count == 0 ? 0 : 1;
    }
}
