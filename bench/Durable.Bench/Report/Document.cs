// The tables of docs/benchmarks.md between two markers: what stands around them is written by hand and stays.
using System.Globalization;
using System.Text;

namespace Durable.Bench;

/// <summary>Writes the tables.</summary>
internal static class Document
{
    private const string Begin = "<!-- begin: written by the bench -->";
    private const string End = "<!-- end: written by the bench -->";

    // What each unit of work cost; the rest of the details stands beside the figure.
    private static readonly string[] Costs = ["commits/", "rows/", "reads/", "WAL B/", "client CPU µs/", "server CPU µs/", "allocated B/"];

    /// <summary>Replaces the tables, or appends them to a file that has none.</summary>
    /// <returns>The file's path.</returns>
    public static string Write(IReadOnlyList<Outcome> outcomes, IReadOnlyList<string> stores, IReadOnlyList<string> failed)
    {
        var path = Path.Combine(Repository.Root, "docs", "benchmarks.md");
        var text = File.Exists(path) ? File.ReadAllText(path) : "# Benchmarks\n";
        var (from, to) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        var tables = $"{Begin}\n{Tables(outcomes, stores, failed)}{End}";
        File.WriteAllText(path, from < 0 || to < from ? $"{text.TrimEnd()}\n\n{tables}\n" : text[..from] + tables + text[(to + End.Length)..]);
        return path;
    }

    private static string Tables(IReadOnlyList<Outcome> outcomes, IReadOnlyList<string> stores, IReadOnlyList<string> failed)
    {
        var text = new StringBuilder();
        Line($"Measured {DateTimeOffset.UtcNow:yyyy-MM-dd} on {Environment.ProcessorCount} cores ({Processor()}), {System.Runtime.InteropServices.RuntimeInformation.OSDescription}, {System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}, workstation GC, not concurrent; {string.Join("; ", stores)}.");
        Line("");
        Line("| | store | what | N | ours | raw | ours/raw | peers | also |");
        Line("|---|---|---|---|---|---|---|---|---|");
        foreach (var outcome in outcomes)
        {
            var also = outcome.Ours.Details.Where(detail => !Costs.Any(detail.Name.StartsWith)).Select(detail => $"{detail.Name} {Numbers.Show(detail.Value)}");
            Line($"| {outcome.Workload.Name} | {outcome.Store} | {outcome.Workload.Title} | {outcome.Size.ToString("N0", CultureInfo.InvariantCulture)} | {Range(outcome.Ours)} {outcome.Workload.Unit} | {(outcome.Raw is { } limit ? Range(limit) : "")} | {Ratio(outcome)} | {Peers(outcome)} | {string.Join(", ", also)} |");
        }

        Line("");
        Line("Cost of a unit of work (a workflow; W3: a step; W6: a signal; W11: a start):");
        Line("");
        Line("| | store | side | commits | rows | reads | WAL, bytes | client CPU, µs | server CPU, µs | allocated, bytes |");
        Line("|---|---|---|---|---|---|---|---|---|---|");
        foreach (var outcome in outcomes)
            foreach (var side in outcome.Sides.Where(side => side.Details.Any(detail => Costs.Any(detail.Name.StartsWith))))
                Line($"| {outcome.Workload.Name} | {outcome.Store} | {side.Name} | {string.Join(" | ", Costs.Select(cost => Value(side, cost)))} |");
        foreach (var failure in failed)
        {
            Line("");
            Line($"Failed: {failure}");
        }

        return text.ToString();

        void Line(string line) => text.Append(line).Append('\n');
    }

    private static string Value(Side side, string cost) => side.Details.Where(detail => detail.Name.StartsWith(cost, StringComparison.Ordinal)).Select(detail => Numbers.Show(detail.Value)).DefaultIfEmpty("").First();

    private static string Ratio(Outcome outcome) => outcome.Raw is { } raw ? (outcome.Ours.Median / raw.Median).ToString("0.00", CultureInfo.InvariantCulture) : "";

    private static string Peers(Outcome outcome) => string.Join(", ", outcome.Peers.Select(side => $"{side.Name} {Range(side)} (× {outcome.Ours.Median / side.Median:0.00})"));

    private static string Range(Side side) => side.Rounds.Count == 1 ? Numbers.Show(side.Median) : $"{Numbers.Show(side.Median)} [{Numbers.Show(side.Least)}..{Numbers.Show(side.Most)}]";

    private static string Processor()
    {
        const string path = "/proc/cpuinfo";
        var line = File.Exists(path) ? File.ReadLines(path).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':') + 1)..].Trim() ?? System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString();
    }
}
