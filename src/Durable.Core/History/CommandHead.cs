// One head line of a commands column, parsed: for diffs, markers and the history that people read.
using System.Text.Json;

namespace Durable.Engine.History;

/// <summary>What one command asked for.</summary>
/// <param name="Kind">The kind of command.</param>
/// <param name="Ordinal">Its number in the generation.</param>
/// <param name="Name">Its name.</param>
/// <param name="Target">Its target, or null.</param>
internal sealed record CommandHead(CommandKind Kind, int Ordinal, string? Name, string? Target)
{
    /// <summary>Parses one head line.</summary>
    public static CommandHead Parse(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        reader.Read();
        reader.Read();
        var kind = (CommandKind)reader.GetInt32();
        reader.Read();
        var ordinal = reader.GetInt32();
        reader.Read();
        var name = reader.GetString();
        reader.Read();
        return new CommandHead(kind, ordinal, name, reader.GetString());
    }

    /// <summary>Parses all head lines of a column.</summary>
    public static List<CommandHead> ParseAll(ReadOnlySpan<byte> column)
    {
        var heads = new List<CommandHead>();
        CommandBuffer.Split(column, out var lines, out _);
        while (!lines.IsEmpty)
        {
            var end = lines.IndexOf((byte)'\n');
            heads.Add(Parse(lines[..end]));
            lines = lines[(end + 1)..];
        }

        return heads;
    }

    /// <summary>The command in words: <c>Activity 'Payments.Charge' #3</c>.</summary>
    public override string ToString() => Target is null ? $"{Kind} '{Name}' #{Ordinal}" : $"{Kind} '{Name}' to '{Target}' #{Ordinal}";
}
