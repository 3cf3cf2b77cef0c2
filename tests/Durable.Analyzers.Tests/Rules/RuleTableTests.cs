// docs/analyzers.md names every rule with its severity, its fix and its test, and nothing else.
using System.Text.RegularExpressions;
using Durable.Analyzers.CodeFixes;
using Durable.Analyzers.Tests.Kit;

namespace Durable.Analyzers.Tests.Rules;

internal sealed class RuleTableTests
{
    [Test]
    public void The_table_has_a_row_for_every_rule_and_each_row_is_right()
    {
        var fixes = new WorkflowCodeFixes().FixableDiagnosticIds;
        var tests = typeof(RuleTableTests).Assembly.GetTypes().SelectMany(type => type.GetMethods()).Select(method => method.Name).ToHashSet(StringComparer.Ordinal);
        var rows = File.ReadAllLines(Path.Combine(RepositoryProject.Root, "docs", "analyzers.md")).Where(line => line.StartsWith("| <a id=", StringComparison.Ordinal))
            .Select(line => Regex.Split(line, @"(?<!\\)\|").Select(cell => cell.Trim()).ToArray()).ToList();
        Assert.That(rows.Select(row => $"{Regex.Match(row[1], "DUR\\d+").Value} {row[2]} {row[3]} {row[5] != "–"}"),
            Is.EqualTo(Compiled.Analyzers.SelectMany(analyzer => analyzer.SupportedDiagnostics).DistinctBy(rule => rule.Id).OrderBy(rule => rule.Id, StringComparer.Ordinal)
                .Select(rule => $"{rule.Id} {rule.DefaultSeverity.ToString().ToLowerInvariant()} {rule.Title} {fixes.Contains(rule.Id)}")));
        Assert.That(rows.Select(row => row[6].Trim('`')), Is.SubsetOf(tests));
    }

    [Test]
    public void Help_links_lead_to_the_rows()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryProject.Root, "docs", "analyzers.md"));
        foreach (var rule in Compiled.Analyzers.SelectMany(analyzer => analyzer.SupportedDiagnostics))
            Assert.That(page, Does.Contain($"<a id=\"{rule.HelpLinkUri.Split('#')[1]}\">"), rule.Id);
    }
}
