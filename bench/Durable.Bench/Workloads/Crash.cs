// A thousand runs in the middle of a step, kill -9, the same host again: time from exec until all are done (W7).
using System.Diagnostics;

namespace Durable.Bench;

/// <summary>W7: the same host again. W7o: another one, which waits for the lease.</summary>
/// <param name="name">W7 or W7o.</param>
/// <param name="second">Identity of the second process; that of the first is <c>bench</c>.</param>
/// <param name="lease">Seconds.</param>
internal sealed class Crash(string name, string second, int lease) : Workload
{
    public override string Name => name;

    public override string Title => second == "bench" ? "1,000 runs in the middle of a step, SIGKILL, same host again: exec to all done" : $"the same, and another host, already up, takes over: SIGKILL to all done; lease {lease} s";

    public override string Unit => "s";

    public override (int Full, int Short, int Smoke) Sizes => (1_000, 1_000, 30);

    public override int MaxRounds => 3;

    public override bool RunsOn(string store) => second == "bench" || store == "postgres";

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        var same = second == "bench";
        var seconds = setting.N < 1_000 ? 2 : lease;
        using var first = Start("hang", "bench");
        await Child.ReadAsync(first, "HANGING");
        using var early = same ? null : Start("finish", second);
        if (early is not null) await Child.ReadAsync(early, "STARTED");
        var since = Stopwatch.GetTimestamp();
        first.Kill();
        await first.WaitForExitAsync();
        if (same) since = Stopwatch.GetTimestamp();
        var last = early ?? Start("finish", second);
        var line = await Child.ReadAsync(last, "DONE");
        var taken = Stopwatch.GetElapsedTime(since).TotalSeconds;
        await last.WaitForExitAsync();
        if (early is null) last.Dispose();
        return new Round(taken, [new Detail("of it from Main to a started host, s", double.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture))]);

        Process Start(string verb, string identity) =>
            Child.Start(verb, setting.Kind.Name, place.Address, FormattableString.Invariant($"{setting.N}"), identity, FormattableString.Invariant($"{seconds}"));
    }
}
