// docs/benchmarks.md: the table of a run over all workloads, with what is needed to repeat it.
using System.Globalization;
using System.Text;

namespace Durable.Bench;

/// <summary>Writes the table.</summary>
internal static class Document
{
    /// <summary>Writes the file.</summary>
    /// <returns>Its path.</returns>
    public static string Write(IReadOnlyList<Outcome> outcomes, IReadOnlyList<string> stores, IReadOnlyList<string> notes)
    {
        var path = Path.Combine(Repository.Root, "docs", "benchmarks.md");
        File.WriteAllText(path, Text(outcomes, stores, notes));
        return path;
    }

    private static string Text(IReadOnlyList<Outcome> outcomes, IReadOnlyList<string> stores, IReadOnlyList<string> notes)
    {
        var text = new StringBuilder();
        Line("# Benchmarks");
        Line("");
        Line($"Measured {DateTimeOffset.UtcNow:yyyy-MM-dd} on {Environment.ProcessorCount} cores ({Processor()}), {System.Runtime.InteropServices.RuntimeInformation.OSDescription}, {System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}, workstation GC, not concurrent;");
        Line("client, worker and database on the same machine. Machines drift: compare the columns of one row, not rows of two days.");
        Line("");
        foreach (var store in stores) Line($"* {store}");
        Line("");
        Line("`raw` is the bare protocol: the provider's own schema and statements with the same rows and bytes, in batches of at most 1,000 rows, one batch in flight, written by a loop with no engine around it.");
        Line("Rounds of the sides alternate, each on an empty database; a figure is the median with its range. Repeat one with");
        Line("`dotnet run -c Release --project bench/Durable.Bench -- W1 --store sqlite`, all with `-- all`.");
        Line("");
        Line("| | store | what | unit | ours | raw | ours/raw | peers |");
        Line("|---|---|---|---|---|---|---|---|");
        foreach (var outcome in outcomes)
        {
            var ratio = outcome.Raw is { } raw ? (outcome.Ours.Median / raw.Median).ToString("0.00", CultureInfo.InvariantCulture) : "";
            Line($"| {outcome.Workload.Name} | {outcome.Store} | {outcome.Workload.Title} | {outcome.Workload.Unit} | {Range(outcome.Ours)} | {(outcome.Raw is { } limit ? Range(limit) : "")} | {ratio} | {Peers(outcome)} |");
        }

        foreach (var outcome in outcomes.Where(outcome => outcome.Sides.Any(side => side.Details.Any())))
        {
            Line("");
            Line($"## {outcome.Workload.Name} on {outcome.Store}");
            Line("");
            Line($"| | {string.Join(" | ", outcome.Sides.Select(side => side.Name))} |");
            Line($"|---|{string.Concat(outcome.Sides.Select(_ => "---|"))}");
            Line($"| {outcome.Workload.Unit} | {string.Join(" | ", outcome.Sides.Select(Range))} |");
            foreach (var name in outcome.Sides.SelectMany(side => side.Details).Select(detail => detail.Name).Distinct())
                Line($"| {name} | {string.Join(" | ", outcome.Sides.Select(side => side.Details.Where(detail => detail.Name == name).Select(detail => Numbers.Show(detail.Value)).DefaultIfEmpty("").First()))} |");
        }

        if (notes.Count > 0)
        {
            Line("");
            Line("## Notes");
            Line("");
            foreach (var note in notes) Line($"* {note}");
        }

        return text.ToString();

        void Line(string line) => text.Append(line).Append('\n');
    }

    private static string Peers(Outcome outcome) => string.Join(", ", outcome.Sides.Where(side => side.Name is not ("ours" or "raw" or "provider")).Select(side => $"{side.Name} {Range(side)}"));

    private static string Range(Side side) => side.Rounds.Count == 1 ? Numbers.Show(side.Median) : $"{Numbers.Show(side.Median)} [{Numbers.Show(side.Least)}..{Numbers.Show(side.Most)}]";

    private static string Processor()
    {
        const string path = "/proc/cpuinfo";
        var line = File.Exists(path) ? File.ReadLines(path).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':') + 1)..].Trim() ?? System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString();
    }
}
