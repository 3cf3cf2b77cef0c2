// Reads the repository's documents.
using System.Text.RegularExpressions;

namespace Durable.EndToEnd.Tests;

/// <summary>A document: its links and its blocks of code.</summary>
internal sealed partial class Markdown
{
    private Markdown(string path)
    {
        Path = path;
        Text = File.ReadAllText(path).ReplaceLineEndings("\n");
    }

    public string Path { get; }

    public string Name => System.IO.Path.GetRelativePath(Repository.Root, Path);

    public string Text { get; }

    /// <summary>Targets of links that are not addresses, without their anchors.</summary>
    public IEnumerable<string> RelativeLinks => Link().Matches(Fence().Replace(Text, "")).Select(match => match.Groups[1].Value)
        .Where(target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal)).Select(target => target.Split('#')[0]).Where(target => target.Length > 0);

    public static Markdown Of(string relative) => new(Repository.PathOf(relative));

    /// <summary>All documents, those of build outputs left out.</summary>
    public static IEnumerable<Markdown> All() => Directory.EnumerateFiles(Repository.Root, "*.md", SearchOption.AllDirectories)
        .Where(path => !Output().IsMatch(System.IO.Path.GetRelativePath(Repository.Root, path))).Order(StringComparer.Ordinal).Select(path => new Markdown(path));

    /// <summary>The blocks of a language, in order.</summary>
    public IReadOnlyList<string> Blocks(string language) => [.. Fence().Matches(Text).Where(match => match.Groups[1].Value == language).Select(match => match.Groups[2].Value)];

    [GeneratedRegex(@"^```(\w*)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"(^|[/\\])(bin|obj|artifacts|node_modules|TestResults|BenchmarkDotNet\.Artifacts)[/\\]")]
    private static partial Regex Output();
}
