// Plays one situation on a server of its own and says what came of it.
using System.Globalization;
using Durable.Chaos.Workers;

namespace Durable.Chaos.Situations;

/// <summary>The other form of a campaign.</summary>
internal sealed class Play(ChaosOptions options, TextWriter report)
{
    /// <returns>The exit code: 0 if nothing was violated and the situation was really there.</returns>
    public async Task<int> RunAsync()
    {
        var situation = Situation.Find(options.Situation!, options.Full) ?? throw new FormatException($"--situation {options.Situation} is not known.");
        var folder = Directory.CreateTempSubdirectory("durable-chaos-").FullName;
        Say($"situation {options.Situation}, {(options.Full ? "full" : "small")}, seed {options.Seed}, folder {folder}");
        await using var store = await StorePlace.CreateAsync(options, folder);
        Verdict verdict;
        await using (var stage = new Stage(options, store, folder, Say)) verdict = await situation.RunAsync(stage);
        foreach (var text in verdict.Violations.Take(50)) Say($"VIOLATION {text}");
        if (verdict.Bit == 0) Say("VACUOUS the situation was never there");
        Say(verdict.Figures);
        report.WriteLine(string.Create(CultureInfo.InvariantCulture, $"CHAOS situation={options.Situation} n={verdict.N} bit={verdict.Bit} violations={verdict.Violations.Count}"));
        var failed = verdict.Bit == 0 || verdict.Violations.Count > 0;
        if (!failed && !options.Keep) Directory.Delete(folder, recursive: true);
        return failed ? 1 : 0;
    }

    private void Say(string text) => report.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetLocalNow():HH:mm:ss.fff} {text}"));
}
