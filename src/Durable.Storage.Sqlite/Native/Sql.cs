// One SQL text of the provider: its place in a connection's table of prepared statements, its name for errors, its words.
using System.Text;

namespace Durable.Storage.Sqlite;

/// <summary>A statement's text, read from its file.</summary>
internal sealed class Sql
{
    private static int count;

    private Sql(string name, string text, int index) => (Name, Text, Index) = (name, text, index);

    /// <summary>At least the number of statements: sizes the table of prepared statements.</summary>
    public const int MaxCount = 128;

    /// <summary>Place in a connection's table of prepared statements.</summary>
    public int Index { get; }

    /// <summary>Name of its file.</summary>
    public string Name { get; }

    /// <summary>The words, comments included.</summary>
    public string Text { get; }

    /// <summary>Reads an embedded file of <c>Sql/</c>.</summary>
    public static Sql Read(string name) => new(name, Embedded.Read("Sql." + name), Interlocked.Increment(ref count) - 1);

    /// <summary>A statement too short for a file.</summary>
    public static Sql Literal(string text) => new(text, text, Interlocked.Increment(ref count) - 1);

    /// <summary>A statement that is used once and kept nowhere.</summary>
    public static Sql Once(string text) => new(text, text, -1);

    public override string ToString() => Name;
}

/// <summary>Text files embedded in the assembly.</summary>
internal static class Embedded
{
    /// <summary>Reads a file; line ends are those of Linux, whatever the checkout made of them.</summary>
    public static string Read(string logicalName)
    {
        using var stream = typeof(Embedded).Assembly.GetManifestResourceStream(logicalName) ?? throw new InvalidOperationException($"The assembly lacks its resource {logicalName}.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    /// <summary>Names of all files that begin so, in order.</summary>
    public static IReadOnlyList<string> Names(string prefix) =>
        [.. typeof(Embedded).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
