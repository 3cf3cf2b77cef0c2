// How long a lane's lease lasts, as far as others must know it: a reaper that takes another host's longer lease for an impossible one would fence a host that lives (R5, decision 25).
using System.Globalization;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Writes the length of a lease into what a lane says that it serves, and reads it there.</summary>
internal static class LaneLease
{
    private const string Prefix = "lease=";          // no workflow is called so: what a lane serves has an @

    /// <summary>The length that nobody needs to mention.</summary>
    public static TimeSpan Usual { get; } = TimeSpan.FromSeconds(20);

    /// <summary>The lease of a host that a debugger holds (DECISIONS 26).</summary>
    public static TimeSpan Debugging { get; } = TimeSpan.FromHours(1);

    /// <summary>What a lane with such a lease says that it serves.</summary>
    public static IReadOnlyList<string> Mention(IReadOnlyList<string> serves, TimeSpan lease) =>
        lease == Usual ? serves : [.. serves, Prefix + lease.ToString("c", CultureInfo.InvariantCulture)];

    /// <summary>The length of a lane's lease.</summary>
    public static TimeSpan Of(LaneRow lane) =>
        lane.Serves.FirstOrDefault(static one => one.StartsWith(Prefix, StringComparison.Ordinal)) is { } said && TimeSpan.TryParseExact(said.AsSpan(Prefix.Length), "c", CultureInfo.InvariantCulture, out var lease) ? lease : Usual;
}
