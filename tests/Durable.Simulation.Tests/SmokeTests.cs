// The smoke form of the simulation: 2,000 seeds, none with a violation, every rule exercised, every kind of fault present.
using System.Globalization;

namespace Durable.Simulation.Tests;

[NonParallelizable]
public sealed class SmokeTests
{
    private const int Seeds = 2_000;
    private readonly Campaign campaign = new() { Seeds = Seeds, Threads = Environment.ProcessorCount };
    private List<SeedResult> violations = [];

    [OneTimeSetUp]
    public void RunAllSeeds()
    {
        violations = campaign.Run();
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"SIM seeds={campaign.Done} faults={campaign.Faults.Values.Sum()} violations={violations.Count}"));
    }

    [Test]
    public void No_seed_violates_an_invariant()
    {
        Assert.That(violations.Select(bad => $"seed {bad.Seed}: {string.Join("; ", bad.Violations)}"), Is.Empty, "run one with: dotnet run -c Release --project tests/Durable.Simulation -- --seeds 1 --from SEED --trace");
        Assert.That(campaign.Done, Is.EqualTo(Seeds));
    }

    [Test]
    public void Every_rule_of_the_table_is_exercised()
    {
        Assert.That(Rules.All.Where(rule => campaign.Rules[(int)rule.Rule] == 0).Select(rule => $"{rule.Place}: {rule.Counted}"), Is.Empty);
        Assert.That(Rules.All.Select(rule => rule.Rule), Is.EquivalentTo(Enum.GetValues<Rule>()));
    }

    [Test]
    public void The_document_has_the_table_of_the_code()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "simulation.md"));
        Assert.Multiple(() =>
        {
            foreach (var (_, place, counted) in Rules.All) Assert.That(document, Does.Match($@"\| {System.Text.RegularExpressions.Regex.Escape(place)} \| {System.Text.RegularExpressions.Regex.Escape(counted)} \| [1-9]"));
            foreach (var (place, shown) in Rules.Elsewhere) Assert.That(document, Does.Contain($"| {place} | {shown} |"));
            foreach (var seed in RegressionSeed.All) Assert.That(document, Does.Contain($"| {seed.Bug} | {seed.Seed} | {seed.Found} |"));
        });
    }

    [Test]
    public void Every_kind_of_fault_bites()
    {
        string[] verbs = ["commit", "open", "look", "load", "deliver", "reap", "heartbeat", "claim tasks", "complete tasks", "read"];
        string[] faults = ["LostBefore", "LostAfter", "Late", "Retry", "Away", "Slow"];
        var expected = verbs.SelectMany(verb => faults.Select(fault => $"{verb}: {fault}")).Concat(
            ["crash", "freeze", "graceful restart", "two hosts of one name", "clock step of a host", "clock step of the store", "failover", "failover that lost writes", "definite error of one run",
                "a run killed its host", "delivery sent twice", "commit: CrashBefore", "commit: CrashAfter", "commit: CrashLate"]);
        Assert.That(expected.Except(campaign.Faults.Keys), Is.Empty);
    }

    [Test]
    public void A_seed_that_is_run_twice_goes_the_same_way()
    {
        var twice = new Campaign { From = 5_000, Seeds = 150, Threads = Environment.ProcessorCount, Twice = true };
        Assert.That(twice.Run().Select(bad => $"seed {bad.Seed}: {string.Join("; ", bad.Violations)}"), Is.Empty);
        Assert.That(twice.Events, Is.GreaterThan(10_000));
    }

    [Test]
    public void Another_seed_goes_another_way() => Assert.That(Simulation.Run(1).Hash, Is.Not.EqualTo(Simulation.Run(2).Hash));

    [TestCaseSource(typeof(RegressionSeed), nameof(RegressionSeed.All))]
    public void A_seed_that_found_a_bug_finds_none_any_more(object seed)
    {
        var result = Simulation.Run(((RegressionSeed)seed).Seed);
        Assert.That(result.Violations, Is.Empty);
        Assert.That(result.Events, Is.GreaterThan(100));
    }
}
