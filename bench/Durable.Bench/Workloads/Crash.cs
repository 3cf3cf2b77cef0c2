// A thousand runs in the middle of a step, kill -9, the same host again: time from exec until all are done (W7).
using System.Diagnostics;

namespace Durable.Bench;

/// <summary>W7.</summary>
internal sealed class Crash : Workload
{
    public override string Name => "W7";

    public override string Title => "1,000 runs in the middle of a step, SIGKILL, same host again: exec to all done";

    public override string Unit => "s";

    public override (int Full, int Short, int Smoke) Sizes => (1_000, 1_000, 30);

    public override int MaxRounds => 3;

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        using (var first = Child.Start("hang", setting.Kind.Name, place.Address, $"{setting.N}"))
        {
            await Child.ReadAsync(first, "HANGING");
            first.Kill();
            await first.WaitForExitAsync();
        }

        var since = Stopwatch.GetTimestamp();
        using var second = Child.Start("finish", setting.Kind.Name, place.Address, $"{setting.N}");
        var line = await Child.ReadAsync(second, "DONE");
        var seconds = Stopwatch.GetElapsedTime(since).TotalSeconds;
        await second.WaitForExitAsync();
        return new Round(seconds, [new Detail("of it from Main to a started host, s", double.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture))]);
    }
}
