// Workers whose clocks are up to an hour off, in both directions. The fleet starts them so; what this adds is the judgement.
using Durable.Chaos.Workers;

namespace Durable.Chaos.Faults;

/// <summary>Wrong clocks. Bites once for each worker with a clock more than a minute off that was at work.</summary>
internal sealed class ClocksFault(Fleet fleet, Func<string, bool> wasAtWork, bool alone) : Fault("clocks")
{
    public override string Details => FormattableString.Invariant($"from {Offsets(Enumerable.Min):0} to {Offsets(Enumerable.Max):0} minutes off; lanes lost {fleet.Log.Count(IsLost)}");

    public override async Task RunAsync(Random random, CancellationToken stop)
    {
        while (await PauseAsync(200, stop)) Count();
    }

    // No lease is stolen: with nothing else broken, nobody may lose a lane because another's clock is ahead.
    public override Task SettleAsync()
    {
        Count();
        if (alone) foreach (var line in fleet.Log.Where(IsLost)) Violations.Enqueue($"{line.Launch} lost its lane: {line.Text}");
        return Task.CompletedTask;
    }

    private static bool IsLost(LogLine line) => line.Id == 202;

    private double Offsets(Func<IEnumerable<double>, double> of) => fleet.ClockOffsets.IsEmpty ? 0 : of(fleet.ClockOffsets.Values.Select(static offset => offset.TotalMinutes));

    private void Count()
    {
        var off = fleet.ClockOffsets.Where(clock => clock.Value.Duration() > TimeSpan.FromMinutes(1) && wasAtWork(clock.Key)).ToList();
        if (off.Count <= Bites) return;
        Bit(off.Count - Bites);
        Tried(off.Count - Tries);
    }
}
