// Where a round's time went, as far as it can be seen from outside: CPU by kind of thread, time with a commit under way, time between commits.
using System.Globalization;

namespace Durable.Bench;

/// <summary>Reads what the kernel says about this process's threads.</summary>
internal sealed class Phases
{
    private readonly Dictionary<string, double> before = Read();
    private const int ProfileTypes = 25;
    private readonly Allocations allocations = new();
    private readonly (TimeSpan Pause, int Gen0, int Gen1, int Gen2) collected = Collected();

    private Phases()
    {
    }

    /// <summary>Begins.</summary>
    public static Phases Begin() => new();

    /// <summary>Prints.</summary>
    public void End(StoreCounts counts, int units, TimeSpan elapsed)
    {
        Console.WriteLine($"  profile: {elapsed.TotalSeconds:0.00} s; commit under way {Share(counts.CommitTime)}, between commits {Share(counts.GapTime)}; {(double)counts.Rows / Math.Max(1, counts.Commits):0} rows a commit, {counts.CommitTime.TotalMilliseconds / Math.Max(1, counts.Commits):0.00} ms each");
        foreach (var (name, seconds) in Read().OrderByDescending(thread => thread.Value - before.GetValueOrDefault(thread.Key)).Take(6))
        {
            var used = seconds - before.GetValueOrDefault(name);
            if (used > 0.01) Console.WriteLine($"    {name,-18} {used * 1e6 / units,8:0.0} µs CPU each ({used / elapsed.TotalSeconds:P0} of a core)");
        }

        var (pause, gen0, gen1, gen2) = Collected();
        Console.WriteLine($"    collections: {gen0 - collected.Gen0} + {gen1 - collected.Gen1} + {gen2 - collected.Gen2}, paused {Share(pause - collected.Pause)}; allocated:");
        foreach (var (type, share) in allocations.Top(ProfileTypes)) Console.WriteLine($"    {share,6:P1} {type}");
        allocations.Dispose();

        string Share(TimeSpan part) => $"{part.TotalSeconds / elapsed.TotalSeconds:P0}";
    }

    private static (TimeSpan Pause, int Gen0, int Gen1, int Gen2) Collected() => (GC.GetTotalPauseDuration(), GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2));

    // Threads that have ended take their time along; the pool's do not end within a round.
    private static Dictionary<string, double> Read()
    {
        var byName = new Dictionary<string, double>(StringComparer.Ordinal);
        if (!Directory.Exists("/proc/self/task")) return byName;
        foreach (var thread in Directory.GetDirectories("/proc/self/task"))
        {
            try
            {
                var stat = File.ReadAllText(Path.Combine(thread, "stat"));
                var name = stat[(stat.IndexOf('(') + 1)..stat.LastIndexOf(')')];
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
                byName[name] = byName.GetValueOrDefault(name) + (ticks / 100.0);
            }
            catch (IOException)
            {
                continue;            // it ended meanwhile
            }
        }

        return byName;
    }
}
