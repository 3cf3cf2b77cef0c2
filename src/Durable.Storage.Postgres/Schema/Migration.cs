// One migration as shipped.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Durable.Storage.Postgres;

/// <summary>A numbered text of <c>Migrations/</c> that never changes once it was released.</summary>
/// <param name="Number">From 1; 0 is what migrations themselves need.</param>
/// <param name="Name">The rest of its file's name.</param>
/// <param name="Text">Its text with tokens.</param>
/// <param name="Format">The build format from which on databases with it can be worked on (DECISIONS 8); 0 leaves it as it is.</param>
internal sealed record Migration(int Number, string Name, string Text, int Format)
{
    /// <summary>The format that this build reads and writes. A database that demands a higher one is refused.</summary>
    public const int BuildFormat = 1;

    /// <summary>SHA-256 of the text as shipped.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));

    /// <summary>What migrations themselves need.</summary>
    public static Migration House { get; } = Read("0000_house");

    /// <summary>All, in order.</summary>
    public static IReadOnlyList<Migration> All { get; } = [.. typeof(Migration).Assembly.GetManifestResourceNames()
        .Where(n => n.StartsWith("Migrations/", StringComparison.Ordinal) && !n.EndsWith("/0000_house", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal).Select(n => Read(n["Migrations/".Length..]))];

    /// <summary>The text for a schema.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="partitions">Whether <c>event</c> is partitioned.</param>
    public string For(string schema, bool partitions) =>
        SqlText.Fill(Text, schema).Replace("$event_partitioning", partitions ? "partition by range (run_id)" : "", StringComparison.Ordinal);

    private static Migration Read(string file)
    {
        const string mark = "-- format: ";
        var text = SqlText.Resource("Migrations/" + file);
        var first = text[..text.IndexOf('\n', StringComparison.Ordinal)];
        var format = first.StartsWith(mark, StringComparison.Ordinal) ? int.Parse(first[mark.Length..], CultureInfo.InvariantCulture) : 0;
        return new Migration(int.Parse(file[..4], CultureInfo.InvariantCulture), file[5..], text, format);
    }
}
