// Very many runs that sleep five seconds: how late they wake, and what they weigh meanwhile (W5).
using System.Globalization;

namespace Durable.Bench;

/// <summary>W5 with 5,000 sleepers, W5L with 100,000, W5P with 100,000 that are asleep together.</summary>
/// <remarks>A process of its own with the runtime's default settings, so that its memory is that of a host with its sleepers and not that of the workloads before.</remarks>
/// <param name="name">W5, W5L or W5P.</param>
/// <param name="full">Sleepers of a full round.</param>
/// <param name="seconds">How long each sleeps.</param>
/// <param name="rate">How many are started in a second, or 0 for as many as go.</param>
internal sealed class Sleepers(string name, int full, int seconds = 5, int rate = 0) : Workload
{
    public override string Name => name;

    public override string Title => $"{full:N0} runs sleep {seconds} s in a host of their own{(rate > 0 ? $", {rate:N0} started a second" : "")}: lag of wake-up, p50";

    public override string Unit => "ms";

    public override (int Full, int Short, int Smoke) Sizes => (full, full, 100);

    public override int MaxRounds => 1;

    public override async Task<Round> OursAsync(Setting setting, Place place)
    {
        using var child = Child.Start(new Dictionary<string, string> { ["DOTNET_gcConcurrent"] = "1" }, SleepersHost.Verb, setting.Kind.Name, place.Address, FormattableString.Invariant($"{setting.N}"), FormattableString.Invariant($"{seconds}"), FormattableString.Invariant($"{rate}"), setting.Profile ? SleepersHost.Profile : "");
        await setting.Kind.SettleAsync();
        await Child.ReadAsync(child, SleepersHost.Ready);
        var before = await setting.Kind.UseAsync();
        child.StandardInput.Close();                                          // go
        var details = (await Child.ReadAsync(child, SleepersHost.Slept, setting.Profile)).Split('\t')[1..].Select(part => part.Split('='))
            .Select(part => new Detail(part[0], double.Parse(part[1], CultureInfo.InvariantCulture))).ToList();
        await child.WaitForExitAsync();
        if (setting.Kind is PostgresServer)
        {
            var after = await setting.Kind.UseAsync();
            details.Add(new Detail("server CPU µs/run", (after.Cpu - before.Cpu).TotalMicroseconds / setting.N));
            details.Add(new Detail("WAL B/run", (double)(after.WalBytes - before.WalBytes) / setting.N));
        }

        return new Round(details[0].Value, details.Skip(1));
    }
}
