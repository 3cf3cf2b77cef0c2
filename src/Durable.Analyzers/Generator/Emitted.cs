// Generated files as values, so that the compiler can see that nothing changed.
using System.Collections.Immutable;

namespace Durable.Analyzers.Generator;

/// <summary>One file.</summary>
internal readonly struct Emitted(string name, string text) : IEquatable<Emitted>
{
    public string Name { get; } = name;

    public string Text { get; } = text;

    public bool Equals(Emitted other) => Name == other.Name && Text == other.Text;

    public override bool Equals(object? obj) => obj is Emitted other && Equals(other);

    public override int GetHashCode() => Text?.GetHashCode() ?? 0;
}

/// <summary>The files of one place in the source.</summary>
internal readonly struct EmittedFiles(ImmutableArray<Emitted> files) : IEquatable<EmittedFiles>
{
    private readonly ImmutableArray<Emitted> files = files;

    public ImmutableArray<Emitted> Files => files.IsDefault ? [] : files;

    public bool Equals(EmittedFiles other) => Files.SequenceEqual(other.Files);

    public override bool Equals(object? obj) => obj is EmittedFiles other && Equals(other);

    public override int GetHashCode() => Files.Length;
}
