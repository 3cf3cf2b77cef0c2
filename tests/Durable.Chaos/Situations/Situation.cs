// A situation is measured, where a fault is survived: how long until, or how fast while. Small form for every build, full form for campaigns.
using System.Globalization;
using Durable.Chaos.Workers;

namespace Durable.Chaos.Situations;

/// <summary>What came of it.</summary>
/// <param name="N">How many times it was tried.</param>
/// <param name="Bit">How often the situation was really there.</param>
/// <param name="Violations">One sentence each.</param>
/// <param name="Figures">What was measured.</param>
internal sealed record Verdict(int N, int Bit, IReadOnlyList<string> Violations, string Figures);

/// <summary>One situation.</summary>
/// <param name="full">True: the size and the bounds of a campaign, which mean something on a machine that does nothing else. False: small, and bounds that only a fault exceeds.</param>
internal abstract class Situation(bool full)
{
    /// <summary>What bounds of the small form are stretched to: slow machines pass, a wait that never ends does not.</summary>
    private const double Patience = 90;

    protected bool Full => full;

    /// <summary>The situation of a name, or null.</summary>
    public static Situation? Find(string name, bool full) => name switch
    {
        "failover" => new Failover(full),
        "heartbeat" => new FrozenHeartbeat(full),
        "recovery" => new Recovery(full),
        "sleeping" => new SleepingRuns(full),
        "snapshot" => new HeldSnapshot(full),
        _ => null,
    };

    /// <summary>Prepares, waits, measures.</summary>
    public abstract Task<Verdict> RunAsync(Stage stage);

    /// <summary>A bound in seconds as it is in this form.</summary>
    protected double Bound(double seconds) => full ? seconds : Math.Max(seconds, Patience);

    protected static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Waits for something; false if it does not come.</summary>
    protected static async Task<bool> UntilAsync(Func<Task<bool>> condition, double seconds)
    {
        for (var until = Environment.TickCount64 + (long)(seconds * 1_000); Environment.TickCount64 < until; await Task.Delay(20))
            if (await condition()) return true;
        return false;
    }

    /// <summary>Median and worst of some seconds.</summary>
    protected static string Spread(IReadOnlyList<double> seconds) =>
        seconds.Count == 0 ? "never" : Say($"p50 {seconds.Order().ElementAt(seconds.Count / 2):0.00} s, worst {seconds.Max():0.00} s");
}
