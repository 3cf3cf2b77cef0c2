// The harness reports a broken engine: a few of them in each run of the tests, all of them by one command (docs/broken-engines.md).
namespace Durable.Simulation.Tests;

public sealed class SelfTests
{
    /// <summary>Caught within so many seeds.</summary>
    private const int Budget = 60;

    private static readonly string[] Few = ["NoFence", "ReadBackNoBump", "EffectBeforeCommit", "NoNotice", "ReleaseNotAsap", "NoStartKey", "TaskUncounted", "CloseKeepsTasks"];

    [TestCaseSource(nameof(Few))]
    public void A_broken_engine_is_reported(string name)
    {
        var engine = BrokenEngine.All.Single(one => one.Name == name);
        var (after, found) = SelfTest.Catch(engine, Budget, 1);
        Assert.That(found, Is.Not.Null, $"{name} was not noticed within {Budget} seeds");
        Assert.That(Simulation.Run(found!.Seed).Violations, Is.Empty, "the sound engine is clean in the same seed");
        TestContext.Out.WriteLine($"{name} after {after} seeds: {found.Violations[0]}");
    }
}
