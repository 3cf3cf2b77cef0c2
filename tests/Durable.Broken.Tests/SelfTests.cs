// Each mechanism of replay off, one at a time: the test that is there for it fails, and on the same build without a change it passes.
using System.Globalization;
using System.Text.RegularExpressions;
using Durable.EndToEnd.Tests;

namespace Durable.Broken.Tests;

[Parallelizable(ParallelScope.Children)]
public sealed class SelfTests
{
    private static readonly BrokenBuild Sound = new("Sound", "", "nothing is changed", "");

    [OneTimeSetUp]
    public void LoseSomePatience() => Environment.SetEnvironmentVariable("DURABLE_TEST_PATIENCE", "30");      // of the tests below: what hangs on a broken engine need not hang long

    [OneTimeTearDown]
    public void FindPatience() => Environment.SetEnvironmentVariable("DURABLE_TEST_PATIENCE", null);

    [TestCaseSource(typeof(BrokenBuild), nameof(BrokenBuild.All))]
    public async Task A_broken_build_is_noticed_by_its_test(object broken)
    {
        var engine = (BrokenBuild)broken;
        var verdict = await Trial.RunAsync(engine, engine.Tests, $"FullyQualifiedName~{engine.CaughtBy}");
        Assert.That(verdict.ExitCode, Is.Not.Zero, $"{engine.Name} was not noticed: {verdict.Text}");
        Assert.That(verdict.Failed, Is.Not.Empty.And.All.StartsWith(engine.CaughtBy), verdict.Text);
    }

    [Test]
    public async Task A_build_without_a_change_passes_all_of_these_tests([Values("Durable.Core.Tests", "Durable.Storage.Sqlite.Tests")] string tests)
    {
        var names = BrokenBuild.All.Where(engine => engine.Tests == tests).Select(engine => engine.CaughtBy).Distinct().ToList();
        var verdict = await Trial.RunAsync(Sound, tests, string.Join('|', names.Select(name => $"FullyQualifiedName~{name}")));
        Assert.That((verdict.ExitCode, verdict.Failed.Count), Is.EqualTo((0, 0)), verdict.Text);
        Assert.That(Regex.Match(verdict.Text, "succeeded: ([0-9]+)").Groups[1].Value is { Length: > 0 } passed ? int.Parse(passed, CultureInfo.InvariantCulture) : 0, Is.GreaterThanOrEqualTo(names.Count), "each of them ran");
    }

    [Test]
    public void Every_mechanism_has_a_broken_build_and_the_document_names_each()
    {
        var document = File.ReadAllText(Repository.PathOf("docs/broken-engines.md"));
        Assert.That(Enumerable.Range(1, 13).Select(number => $"M{number}"), Is.SubsetOf(BrokenBuild.All.Select(engine => engine.Rule)));
        Assert.Multiple(() =>
        {
            foreach (var engine in BrokenBuild.All) Assert.That(document, Does.Contain($"| {engine.Name} | {engine.Rule} | {engine.How} | `{engine.CaughtBy}` |"));
        });
    }
}
