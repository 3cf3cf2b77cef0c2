// The kinds of store by name.
namespace Durable.Bench;

/// <summary>Makes kinds, and finds places that another process made.</summary>
internal static class Kinds
{
    public static IReadOnlyList<string> Names { get; } = ["sqlite", "postgres"];

    public static StoreKind Open(string name) => name switch
    {
        "sqlite" => new SqliteKind(),
        "postgres" => PostgresServer.Start(),
        _ => throw new ArgumentException($"There is no store {name}: {string.Join(", ", Names)}."),
    };

    /// <summary>A place of a parent process; the parent removes it.</summary>
    public static Place At(string name, string address) => name switch
    {
        "sqlite" => new SqlitePlace(address),
        "postgres" => new PostgresPlace(address),
        _ => throw new ArgumentException($"There is no store {name}."),
    };
}
