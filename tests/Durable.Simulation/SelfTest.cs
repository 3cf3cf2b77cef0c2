// The self-test from the command line: --broken [Name] [--seeds budget] prints which broken engine is caught, after how many seeds, and by what.
namespace Durable.Simulation;

/// <summary>Runs broken engines until something is noticed.</summary>
internal static class SelfTest
{
    /// <summary>Runs one or all.</summary>
    /// <returns>1 if any was not caught.</returns>
    public static int Run(string? name, int seeds, int threads)
    {
        var missed = 0;
        foreach (var engine in BrokenEngine.All.Where(engine => name is null || engine.Name == name))
        {
            var (after, result) = Catch(engine, seeds, threads);
            if (result is null) missed++;
            Console.WriteLine($"| {engine.Name} | {engine.Rule} | {engine.How} | {(result is null ? "**not caught**" : $"{after} | {result.Violations[0].Split('\n')[0]}")} |");
            if (name is null || result is null) continue;
            foreach (var line in Simulation.Run(result.Seed, tracing: true, database: engine.Make()).Trace.TakeLast(60)) Console.WriteLine($"    {line}");
        }

        return missed == 0 ? 0 : 1;
    }

    /// <summary>Runs seeds until one shows a violation; for what goes from group to group only those with several groups.</summary>
    /// <returns>After how many, and the one.</returns>
    public static (int After, SeedResult? Result) Catch(BrokenEngine engine, int seeds, int threads)
    {
        var campaign = new Campaign { Seeds = seeds, Threads = threads, Database = engine.Make, StopAtFirst = true, Grouped = engine.Rule == "M2" };
        var first = campaign.Run().FirstOrDefault(found => Simulation.Run(found.Seed).IsClean);        // what the sound engine does too proves nothing
        return (first is null ? seeds : 1 + Enumerable.Range(0, seeds).First(index => campaign.SeedOf(index) == first.Seed), first);
    }
}
