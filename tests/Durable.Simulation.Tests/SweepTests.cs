// The crash-point sweep on the store in memory: every call, five ways to fail, twelve workflows, in virtual time.
namespace Durable.Simulation.Tests;

public sealed class SweepTests
{
    [TestCaseSource(typeof(Canonical), nameof(Canonical.All))]
    public void A_call_that_fails_changes_neither_outcome_nor_history(object story)
    {
        var (trials, wrong) = Sweep.All((Canonical)story, stride: 1);
        TestContext.Out.WriteLine($"{story}: {trials} trials");
        Assert.That(wrong, Is.Empty);
        Assert.That(trials, Is.GreaterThan(50));
    }

    [Test]
    public void There_are_twelve_workflows() => Assert.That(Canonical.All, Has.Count.EqualTo(12));
}
