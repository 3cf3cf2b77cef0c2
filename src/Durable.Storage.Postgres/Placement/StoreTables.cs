// Which tables of the schema are spread, and which are the same on every server.
namespace Durable.Storage.Postgres;

/// <summary>The tables of a schema by what a spreading engine does with them. A test compares this list with a migrated schema.</summary>
internal static class StoreTables
{
    /// <summary>The column that all of <see cref="Spread"/> are spread by. It is part of every key.</summary>
    public const string Column = "shard";

    /// <summary>How many values it has: part of the stored format, because the engine computes the value from the workflow id.</summary>
    public const int Modulus = 128;

    /// <summary>The table that the others are placed beside: rows of one shard are on one server, in all tables.</summary>
    public const string First = "run";

    /// <summary>Tables whose rows go with their shard, <see cref="First"/> first.</summary>
    public static IReadOnlyList<string> Spread { get; } =
        [First, "event", "message", "ready", "owned", "task", "lane", "commit_log", "outgoing", "schedule", "lease", "document", "blob"];

    /// <summary>Tables of which every server has all rows. They are written by migrations and people only.</summary>
    public static IReadOnlyList<string> Everywhere { get; } = ["schema", "installation"];
}
