// A document that tells a person what to do, read by a machine: files, replacements, commands, and what they say.
using System.Text.RegularExpressions;

namespace Durable.Consumer.Tests;

/// <summary>One block of a guide.</summary>
/// <param name="Language">csharp, xml, sh or text.</param>
/// <param name="File">The file that it is, or what a command is to do: empty or <c>fails</c>.</param>
/// <param name="IsReplacement">True: the text before the line of dashes becomes the text after it.</param>
/// <param name="Text">What stands in it.</param>
internal sealed record Block(string Language, string File, bool IsReplacement, string Text);

internal static partial class Guide
{
    /// <summary>The blocks of a section.</summary>
    public static IReadOnlyList<Block> Of(string document, string section)
    {
        var text = document.ReplaceLineEndings("\n");
        var begin = text.IndexOf($"\n## {section}\n", StringComparison.Ordinal);
        var end = text.IndexOf("\n## ", begin + 4, StringComparison.Ordinal);
        return [.. Fence().Matches(text[begin..end]).Select(match => new Block(match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Length > 0, match.Groups[4].Value))];
    }

    [GeneratedRegex(@"^```(\w+)(?: (\S+))?( replace)?\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
