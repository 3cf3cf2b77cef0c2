// The statements of Sql/*.sql: read once, tokens replaced, comment lines left out.
using System.Collections.Concurrent;
using System.Reflection;

namespace Durable.Storage.Postgres;

/// <summary>Gives out the text of a statement. Tokens: <c>$schema</c>, <c>$now</c> (the database's clock) and <c>$shards</c> (empty on plain PostgreSQL).</summary>
internal static class SqlText
{
    private static readonly ConcurrentDictionary<(string Schema, string Name, bool SkipLocked), string> Texts = new();

    /// <summary>Names of all statements, for tests that look at each of them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. typeof(SqlText).Assembly.GetManifestResourceNames()
        .Where(n => n.StartsWith("Sql/", StringComparison.Ordinal)).Select(n => n["Sql/".Length..]).Order(StringComparer.Ordinal)];

    /// <summary>A statement ready to be sent.</summary>
    /// <param name="schema">An allowed schema name.</param>
    /// <param name="name">The file's name without ending.</param>
    /// <param name="skipLocked">False where the engine cannot pass over locked rows.</param>
    public static string For(string schema, string name, bool skipLocked = true) => Texts.GetOrAdd((schema, name, skipLocked), static key =>
    {
        var lines = Resource("Sql/" + key.Name).Split('\n').Where(l => !l.StartsWith("--", StringComparison.Ordinal)).Select(l => l.Trim());
        var text = Fill(string.Join('\n', lines).Trim(), key.Schema);
        return key.SkipLocked ? text : text.Replace(" skip locked", "", StringComparison.Ordinal);
    });

    /// <summary>Replaces the tokens of a text.</summary>
    public static string Fill(string text, string schema) => text
        .Replace("$schema", SchemaName.Checked(schema), StringComparison.Ordinal)
        .Replace("$now", "clock_timestamp()", StringComparison.Ordinal)
        .Replace("$shards", "", StringComparison.Ordinal);

    /// <summary>An embedded text as shipped, with line feeds only.</summary>
    public static string Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The package lacks the text {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
