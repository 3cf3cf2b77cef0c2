// The smoke form of the chaos campaigns: workers killed and frozen on one PostgreSQL, workers killed on one SQLite file. The program says what it checks.
using System.Globalization;

namespace Durable.EndToEnd.Tests;

[NonParallelizable]
[Explicit("A campaign of a minute with real processes. Run it by name, or the chaos program itself.")]
public sealed class ChaosTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);       // on a machine with much else to do; most of it is never needed

    [TestCase("postgres", "kill,freeze", 0.6)]
    [TestCase("sqlite", "kill", 0.3)]
    public async Task Nothing_is_lost_stuck_divergent_or_doubled_while_workers_are_broken(string store, string faults, double minutes)
    {
        using var folder = new TempFolder();
        using var chaos = HostProcess.Start(Repository.Program("tests/Durable.Chaos", "Durable.Chaos"), folder.Path,
            "--store", store, "--fault", faults, "--minutes", minutes.ToString(CultureInfo.InvariantCulture), "--load", "16");
        await chaos.EndAsync(Limit);

        Assert.That(chaos.ExitCode, Is.Zero, chaos.Text);
        Assert.That(chaos.Lines[^1], Does.Match("^CHAOS faults=[1-9][0-9]* runs=[1-9][0-9]* lost=0 stuck=0 divergent=0 doubled=0$"), chaos.Text);
    }
}
