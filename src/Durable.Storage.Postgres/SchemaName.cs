// Schema names go into SQL text, so only those that need no quoting are let in.
using System.Text.RegularExpressions;

namespace Durable.Storage.Postgres;

/// <summary>The allow-list of schema names.</summary>
internal static partial class SchemaName
{
    /// <summary>The pattern, as shown in messages.</summary>
    public const string Pattern = "^[a-z_][a-z0-9_]{0,47}$";

    /// <summary>True if the name may stand in SQL text as it is.</summary>
    public static bool IsAllowed(string? name) => name is not null && Allowed().IsMatch(name) && !name.StartsWith("pg_", StringComparison.Ordinal);

    /// <summary>The name, or DUR1002.</summary>
    public static string Checked(string? name) => IsAllowed(name)
        ? name!
        : throw new DurableException(DurableErrorCodes.OptionsInvalid, $"The schema name '{name}' must match {Pattern} and not begin with pg_.");

    // \z, not $: a line feed at the end is not part of a name.
    [GeneratedRegex(@"\A[a-z_][a-z0-9_]{0,47}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Allowed();
}
