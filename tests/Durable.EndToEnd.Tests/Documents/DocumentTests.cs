// What the documents say exists: files, code, tests, limits.
using System.Globalization;
using System.Text.RegularExpressions;

namespace Durable.EndToEnd.Tests;

public sealed partial class DocumentTests
{
    [Test]
    public void Every_relative_link_leads_somewhere()
    {
        var documents = Markdown.All().ToList();
        var dead = documents.SelectMany(document => document.RelativeLinks
            .Where(target => !Path.Exists(Path.GetFullPath(target, Path.GetDirectoryName(document.Path)!))).Select(target => $"{document.Name}: {target}"));
        Assert.That(dead, Is.Empty);
        Assert.That(documents.Sum(document => document.RelativeLinks.Count()), Is.GreaterThan(20), "links were read");
    }

    [Test]
    public void The_first_program_of_the_README_is_the_sample()
    {
        var sample = File.ReadAllLines(Repository.PathOf("samples/01-Hello/Program.cs")).SkipWhile(line => line.StartsWith("//", StringComparison.Ordinal));
        Assert.That(Markdown.Of("README.md").Blocks("csharp")[0].TrimEnd(), Is.EqualTo(string.Join('\n', sample).TrimEnd()));
    }

    [Test]
    public void Every_CSharp_block_of_the_guides_is_compiled_code()
    {
        var compiled = string.Join('\n', Sources("samples").Append(Repository.PathOf("tests/Durable.EndToEnd.Tests/Documents/Snippets.cs")).Select(path => Trimmed(File.ReadAllText(path))));
        foreach (var name in new[] { "README.md", "docs/operations.md" })
        {
            var blocks = Markdown.Of(name).Blocks("csharp");
            Assert.That(blocks, Is.Not.Empty, name);
            foreach (var block in blocks) Assert.That(compiled, Does.Contain(Trimmed(block)), name);
        }
    }

    [Test]
    public void Every_command_of_the_README_names_something_that_is_there()
    {
        var commands = Markdown.Of("README.md").Blocks("sh")[0].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(commands, Is.EqualTo(new[] { "dotnet run --project samples/02-Orders", "./test.sh" }));
        Assert.That(Directory.Exists(Repository.PathOf("samples/02-Orders")) && File.Exists(Repository.PathOf("test.sh")));
    }

    [Test]
    public void Every_test_that_the_guarantees_name_exists()
    {
        var tests = Sources("tests").SelectMany(path => Method().Matches(File.ReadAllText(path)).Select(match => match.Groups[1].Value)).ToHashSet();
        var promises = Promise().Split(Markdown.Of("docs/guarantees.md").Text).Skip(1).ToList();
        Assert.That(promises, Has.Count.EqualTo(11));
        for (var i = 0; i < promises.Count; i++)
        {
            var named = TestName().Matches(promises[i]).Select(match => match.Groups[1].Value).ToList();
            Assert.That(named.Except(tests), Is.Empty, $"P{i + 1}");
            if (i + 1 != 11) Assert.That(named, Is.Not.Empty, $"P{i + 1}");         // P11 begins with the first release
        }
    }

    [Test]
    public void The_limits_of_the_README_are_those_of_the_options()
    {
        var options = new DurableOptions();
        var checkedRows = 0;
        foreach (Match row in LimitRow().Matches(Markdown.Of("README.md").Text))
        {
            var names = OptionName().Matches(row.Groups[1].Value).Select(match => match.Groups[1].Value).ToList();
            var values = ValueSeparator().Split(row.Groups[2].Value.Trim());
            foreach (var (name, value) in names.Zip(values))
            {
                var option = typeof(DurableOptions).GetProperty(name)?.GetValue(options);
                Assert.That(Number(value), Is.EqualTo(option is TimeSpan time ? time.TotalDays : Convert.ToDouble(option, CultureInfo.InvariantCulture)), name);
                checkedRows++;
            }
        }

        Assert.That(checkedRows, Is.EqualTo(9));
    }

    private static double Number(string text)
    {
        var parts = text.Split(' ');
        var number = double.Parse(parts[0], NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
        return parts.Length > 1 && parts[1] == "MB" ? number * 1024 * 1024 : number;
    }

    private static IEnumerable<string> Sources(string folder) => Directory.EnumerateFiles(Repository.PathOf(folder), "*.cs", SearchOption.AllDirectories)
        .Where(path => !Path.GetRelativePath(Repository.Root, path).Split('/', '\\').Any(part => part is "bin" or "obj"));

    private static string Trimmed(string code) => string.Join('\n', code.ReplaceLineEndings("\n").Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    [GeneratedRegex(@"public (?:async )?(?:Task|void|Property|bool) ([A-Z]\w*)\(")]
    private static partial Regex Method();

    [GeneratedRegex(@"^\*\*P\d+ ", RegexOptions.Multiline)]
    private static partial Regex Promise();

    [GeneratedRegex(@"`([A-Z]\w*_\w+)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"^\| (`[A-Z]\w+`[^|]*) \| ([0-9][^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex LimitRow();

    [GeneratedRegex(@"`([A-Z]\w+)`")]
    private static partial Regex OptionName();

    [GeneratedRegex(", ")]
    private static partial Regex ValueSeparator();
}
