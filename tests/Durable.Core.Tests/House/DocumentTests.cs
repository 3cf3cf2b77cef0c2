// What the documents say is what the tests check, and the other way round.
using System.Reflection;
using System.Text.RegularExpressions;
using Durable.Core.Tests.Replay;
using Durable.Engine.History;

namespace Durable.Core.Tests.House;

[TestFixture]
[Category("Pure")]
public sealed partial class DocumentTests
{
    [Test]
    public void Every_row_of_determinism_names_a_test_and_every_construct_has_a_row()
    {
        var rows = Row().Matches(Read("determinism.md")).Select(match => (Verdict: match.Groups[1].Value, Test: match.Groups[2].Value)).ToList();
        Assert.That(rows, Has.Count.GreaterThanOrEqualTo(135));
        Assert.That(rows.GroupBy(row => row.Test).Where(group => group.Count() > 1).Select(group => group.Key), Is.Empty, "named twice");
        var tests = new[] { typeof(WorkingConstructs), typeof(RefusedConstructs), typeof(SurprisingConstructs), typeof(UndetectedConstructs), typeof(OrderCanaries) }.SelectMany(TestsOf).ToDictionary(test => test.Name, test => test.Fixture);
        Assert.That(rows.Select(row => row.Test).Except(tests.Keys), Is.Empty, "no such test");
        Assert.That(tests.Keys.Except(rows.Select(row => row.Test)), Is.Empty, "not in the document");
        Assert.Multiple(() =>
        {
            foreach (var (verdict, test) in rows.Where(row => tests[row.Test] != typeof(SurprisingConstructs) && tests[row.Test] != typeof(OrderCanaries)))
                Assert.That(verdict, Is.EqualTo(tests[test] == typeof(WorkingConstructs) ? "W" : tests[test] == typeof(RefusedConstructs) ? "F" : "U"), test);
        });
    }

    [Test]
    public void Every_mechanism_has_a_test()
    {
        var text = Read("determinism.md");
        var tests = typeof(MechanismTests).GetMethods().Select(method => method.Name).ToList();
        for (var i = 1; i <= 13; i++)
        {
            Assert.That(text, Does.Contain($"| M{i} |"));
            Assert.That(tests, Has.Some.StartsWith($"M{i}_"), $"M{i}");
        }
    }

    [Test]
    public void Every_kind_of_event_and_command_is_in_the_history_format_with_its_number()
    {
        var text = Read("history-format.md");
        var split = text.IndexOf("## Commands", StringComparison.Ordinal);
        Assert.Multiple(() =>
        {
            foreach (var kind in Enum.GetValues<EventKind>()) Assert.That(text[..split], Does.Contain($"| {(short)kind} | `{kind}` |"));
            foreach (var kind in Enum.GetValues<CommandKind>()) Assert.That(text[split..], Does.Contain($"| {(int)kind} | `{kind}` |"));
            Assert.That(NumberedRow().Matches(text), Has.Count.EqualTo(Enum.GetValues<EventKind>().Length + Enum.GetValues<CommandKind>().Length), "and nothing else is");
        });
    }

    [Test]
    public void Every_error_code_is_unique_and_documented_with_cause_and_fix()
    {
        var constants = typeof(DurableErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (field.Name, Code: (string)field.GetRawConstantValue()!)).ToList();
        var xml = System.Xml.Linq.XDocument.Load(Path.ChangeExtension(typeof(DurableErrorCodes).Assembly.Location, ".xml"));
        var members = xml.Descendants("member").ToDictionary(member => (string)member.Attribute("name")!, member => member.Value);
        Assert.That(constants.Select(constant => constant.Code), Is.Unique);
        Assert.Multiple(() =>
        {
            foreach (var (name, code) in constants)
            {
                Assert.That(code, Does.Match("^DUR[1-5][0-9]{3}$"));
                Assert.That(members[$"F:Durable.DurableErrorCodes.{name}"], Does.Contain($"{code}. Cause: ").And.Contain("Fix:"), name);
            }
        });
    }

    private static IEnumerable<(string Name, Type Fixture)> TestsOf(Type fixture)
    {
        foreach (var method in fixture.GetMethods())
        {
            if (method.GetCustomAttribute<TestAttribute>() is not null) yield return (method.Name, fixture);
            foreach (var source in method.GetCustomAttributes<TestCaseSourceAttribute>())
            {
                var cases = (IEnumerable<TestCaseData>)fixture.GetMethod(source.SourceName!, BindingFlags.NonPublic | BindingFlags.Static)!.Invoke(null, null)!;
                foreach (var test in cases) yield return (test.TestName!, fixture);
            }
        }
    }

    private static string Read(string name) => File.ReadAllText(Path.Combine(Approved.Root, "docs", name));

    [GeneratedRegex(@"^\| .+? \| ([WSFU]) \| .+ \| `(\w+)` \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^\| \d+ \| `\w+` \|", RegexOptions.Multiline)]
    private static partial Regex NumberedRow();
}
