// The statements of Sql/*.sql: read once, tokens replaced, comment lines left out.
using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Durable.Storage.Postgres;

/// <summary>Gives out the text of a statement. Tokens: <c>$schema</c>, <c>$now</c> (the database's clock) and <c>$shards</c> or <c>$shards(alias)</c> (empty on plain PostgreSQL; DECISIONS 24).</summary>
internal static partial class SqlText
{
    private static readonly ConcurrentDictionary<(string Schema, string Name, bool SkipLocked, bool Spread), string> Texts = new();

    /// <summary>Names of all statements, for tests that look at each of them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. typeof(SqlText).Assembly.GetManifestResourceNames()
        .Where(n => n.StartsWith("Sql/", StringComparison.Ordinal)).Select(n => n["Sql/".Length..]).Order(StringComparer.Ordinal)];

    /// <summary>A statement ready to be sent.</summary>
    /// <param name="schema">An allowed schema name.</param>
    /// <param name="name">The file's name without ending.</param>
    /// <param name="skipLocked">False where the engine cannot pass over locked rows.</param>
    /// <param name="spread">True where the engine spreads its tables: times are the transaction's, and the shards of the group are named behind the other parameters.</param>
    public static string For(string schema, string name, bool skipLocked = true, bool spread = false) => Texts.GetOrAdd((schema, name, skipLocked, spread), static key =>
    {
        var lines = Resource("Sql/" + FileOf(key.Name, key.Spread)).Split('\n').Where(l => !l.StartsWith("--", StringComparison.Ordinal)).Select(l => l.Trim());
        var text = string.Join('\n', lines).Trim();
        text = key.Spread ? Spread(text, key.Schema) : Fill(text, key.Schema);
        return key.SkipLocked ? text : text.Replace(" skip locked", "", StringComparison.Ordinal);
    });

    /// <summary>True if a statement takes the shards of its group as its last parameter, where the engine spreads its tables.</summary>
    public static bool TakesShards(string name) => Takers.Contains(name);

    /// <summary>Replaces the tokens of a text.</summary>
    public static string Fill(string text, string schema) => OnlyOf().Replace(ShardsOf().Replace(text, ""), "")
        .Replace("$schema", SchemaName.Checked(schema), StringComparison.Ordinal)
        .Replace("$now", "clock_timestamp()", StringComparison.Ordinal)
        .Replace("$shards", "", StringComparison.Ordinal);

    private static readonly HashSet<string> Takers = [.. Names.Where(name => Resource("Sql/" + FileOf(name, spread: true)).Split('\n').Any(line => !line.StartsWith("--", StringComparison.Ordinal)
        && (line.Contains("$shards", StringComparison.Ordinal) || line.Contains("$only", StringComparison.Ordinal))))];

    // A statement that an engine which spreads its tables cannot take as it is has a second text.
    private static string FileOf(string name, bool spread) => spread && Names.Contains(name + "Spread") ? name + "Spread" : name;

    // Parameters are numbered or named; the shards come last, or under a name.
    private static string Spread(string text, string schema)
    {
        var last = Numbers().Matches(text).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).DefaultIfEmpty(0).Max();
        var shards = last == 0 && text.Contains('@', StringComparison.Ordinal) ? "@shards" : $"${last + 1}";
        return OnlyOf().Replace(ShardsOf().Replace(text, match => $" and {match.Groups[1].Value}.shard = any ({shards})"), match => $" where {match.Groups[1].Value}.shard = any ({shards})")
            .Replace("$shards", $"and t.shard = any ({shards})", StringComparison.Ordinal)
            .Replace("$schema", SchemaName.Checked(schema), StringComparison.Ordinal)
            .Replace("$now", "now()", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\$(\d+)")]
    private static partial Regex Numbers();

    // The same where there is no other condition.
    [GeneratedRegex(@" \$only\((\w+)\)")]
    private static partial Regex OnlyOf();

    // "$shards(alias)" with the blank before it: nothing of it is left on plain PostgreSQL.
    [GeneratedRegex(@" \$shards\((\w+)\)")]
    private static partial Regex ShardsOf();

    /// <summary>An embedded text as shipped, with line feeds only.</summary>
    public static string Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The package lacks the text {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
