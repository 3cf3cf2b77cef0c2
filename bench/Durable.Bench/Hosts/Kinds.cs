// The kinds of store by name.
namespace Durable.Bench;

/// <summary>Makes kinds, and finds places that another process made.</summary>
internal static class Kinds
{
    public static IReadOnlyList<string> Names { get; } = ["sqlite"];

    public static StoreKind Open(string name) => name switch
    {
        "sqlite" => new SqliteKind(),
        _ => throw new ArgumentException($"There is no store {name}: {string.Join(", ", Names)}."),
    };

    /// <summary>A place of a parent process; the parent removes it.</summary>
    public static Place At(string name, string address) => name switch
    {
        "sqlite" => new SqlitePlace(address),
        _ => throw new ArgumentException($"There is no store {name}."),
    };
}
