// The table of docs/simulation.md: which rule was exercised in how many seeds, and which kind of seed it needs.
using System.Globalization;
using System.Text;

namespace Durable.Simulation;

/// <summary>Writes the table.</summary>
internal static class RuleTable
{
    /// <summary>The table of a campaign.</summary>
    public static string Of(Campaign campaign)
    {
        var text = new StringBuilder("| rule | what was seen | seeds | kind of seed |\n| --- | --- | --- | --- |\n");
        foreach (var (rule, place, counted) in Rules.All)
        {
            var seeds = campaign.Rules[(int)rule];
            var needed = campaign.RulesByKind.Where(kind => seeds > 0 && kind.Value[(int)rule] == seeds).Select(kind => kind.Key).Order(StringComparer.Ordinal).ToList();
            text.Append(CultureInfo.InvariantCulture, $"| {place} | {counted} | {seeds:N0} | {(needed.Count == 0 ? "any" : string.Join(", ", needed))} |\n");
        }

        text.Append("\n| rule | shown elsewhere |\n| --- | --- |\n");
        foreach (var (place, shown) in Rules.Elsewhere) text.Append(CultureInfo.InvariantCulture, $"| {place} | {shown} |\n");
        return text.ToString();
    }
}
