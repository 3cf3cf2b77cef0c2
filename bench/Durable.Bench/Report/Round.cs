// What one round of one side gave, and how rounds become a row of the table.
using System.Globalization;

namespace Durable.Bench;

/// <summary>A figure beside the main one.</summary>
/// <param name="Name">What, with its unit.</param>
/// <param name="Value">The value.</param>
internal readonly record struct Detail(string Name, double Value);

/// <summary>One round.</summary>
/// <param name="Figure">What the workload is about.</param>
/// <param name="Details">What else was measured.</param>
internal sealed record Round(double Figure, IReadOnlyList<Detail> Details)
{
    public Round(double figure, params IEnumerable<Detail>[] details) : this(figure, [.. details.SelectMany(part => part)])
    {
    }
}

/// <summary>All rounds of one side.</summary>
/// <param name="Name"><c>ours</c>, <c>raw</c>, <c>provider</c> or a peer.</param>
/// <param name="Rounds">In order.</param>
internal sealed record Side(string Name, List<Round> Rounds)
{
    public double Median => Numbers.Median([.. Rounds.Select(round => round.Figure)]);

    public double Least => Rounds.Min(round => round.Figure);

    public double Most => Rounds.Max(round => round.Figure);

    /// <summary>Medians of the details, in the order of the first round.</summary>
    public IEnumerable<Detail> Details => Rounds[0].Details.Select(detail =>
        new Detail(detail.Name, Numbers.Median([.. Rounds.SelectMany(round => round.Details).Where(other => other.Name == detail.Name).Select(other => other.Value)])));
}

/// <summary>A workload's outcome on one store.</summary>
/// <param name="Workload">The workload.</param>
/// <param name="Store">The store.</param>
/// <param name="Size">N of the run.</param>
/// <param name="Sides">Ours first.</param>
internal sealed record Outcome(Workload Workload, string Store, int Size, IReadOnlyList<Side> Sides)
{
    public Side Ours => Sides[0];

    public Side? Raw => Sides.FirstOrDefault(side => side.Name == "raw");

    public IEnumerable<Side> Peers => Sides.Where(side => side.Name is not ("ours" or "raw" or "provider"));

    /// <summary>The line that scripts read.</summary>
    public string ResultLine => $"RESULT {Workload.Name} {Store} ours={Numbers.Show(Ours.Median)} raw={(Raw is { } raw ? Numbers.Show(raw.Median) : "-")} "
        + $"ratio={(Raw is { } limit ? (Ours.Median / limit.Median).ToString("0.00", CultureInfo.InvariantCulture) : "-")} unit={Workload.Unit}"
        + string.Concat(Peers.Select(peer => FormattableString.Invariant($" {peer.Name}={Numbers.Show(peer.Median)} ours/{peer.Name}={Ours.Median / peer.Median:0.00}")));
}

/// <summary>Small arithmetic.</summary>
internal static class Numbers
{
    public static double Median(double[] values) => Percentile(values, 0.5);

    public static double Percentile(double[] values, double share)
    {
        if (values.Length == 0) return double.NaN;
        var sorted = values.Order().ToArray();
        var at = share * (sorted.Length - 1);
        var low = (int)at;
        return low + 1 < sorted.Length ? sorted[low] + ((sorted[low + 1] - sorted[low]) * (at - low)) : sorted[low];
    }

    /// <summary>Three significant digits, or all of a large number.</summary>
    public static string Show(double value) => value switch
    {
        double.NaN => "-",
        0 => "0",
        _ when Math.Abs(value) >= 100 => value.ToString("0", CultureInfo.InvariantCulture),
        _ when Math.Abs(value) >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ when Math.Abs(value) >= 0.1 => value.ToString("0.00", CultureInfo.InvariantCulture),
        _ => value.ToString("0.0000", CultureInfo.InvariantCulture),
    };
}
