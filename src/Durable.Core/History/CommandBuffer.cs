// Builds and reads the commands column: a block of head lines that replay compares, an empty line, one body line per command.
using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Durable.Engine.History;

/// <summary>The commands of one turn as bytes, and how to read them back. Format: docs/history-format.md.</summary>
/// <remarks>Comparing encoded bytes costs 4 ns a row where parsing JSON costs 480, so no argument is encoded or parsed in replay.</remarks>
internal sealed class CommandBuffer
{
    private const int MostKept = 1 << 20;        // one huge turn must not be kept for ever
    [ThreadStatic] private static CommandBuffer? spare;
    private readonly ArrayBufferWriter<byte> head = new();
    private readonly ArrayBufferWriter<byte> bodies = new();

    /// <summary>Stands where no turn is under way; takes nothing.</summary>
    public static CommandBuffer None { get; } = new();

    /// <summary>This thread's buffer, until it is returned.</summary>
    public static CommandBuffer Rent()
    {
        var rented = spare ?? new CommandBuffer();
        spare = null;
        rented.Clear();
        return rented;
    }

    /// <summary>Gives the buffer to the thread's next turn.</summary>
    public void Return() => spare = head.Capacity + bodies.Capacity > MostKept ? null : this;

    /// <summary>Commands in the buffer.</summary>
    public int Count { get; private set; }

    /// <summary>The head lines, each ended by a line feed.</summary>
    public ReadOnlySpan<byte> Head => head.WrittenSpan;

    /// <summary>The body lines.</summary>
    public ReadOnlySpan<byte> Bodies => bodies.WrittenSpan;

    /// <summary>Empties the buffer.</summary>
    public void Clear()
    {
        Count = 0;
        head.ResetWrittenCount();
        bodies.ResetWrittenCount();
    }

    /// <summary>Adds a command's head line.</summary>
    /// <param name="kind">What is asked for.</param>
    /// <param name="ordinal">Its number in the generation.</param>
    /// <param name="name">Its name as JSON, quotes included.</param>
    /// <param name="target">Its target, or null.</param>
    public void AddHead(CommandKind kind, int ordinal, ReadOnlySpan<byte> name, string? target)
    {
        var span = head.GetSpan(name.Length + 40);
        var at = 0;
        span[at++] = (byte)'[';
        Utf8Formatter.TryFormat((int)kind, span[at..], out var written);
        at += written;
        span[at++] = (byte)',';
        Utf8Formatter.TryFormat(ordinal, span[at..], out written);
        at += written;
        span[at++] = (byte)',';
        name.CopyTo(span[at..]);
        at += name.Length;
        span[at++] = (byte)',';
        head.Advance(at);
        if (target is null) head.Write("null]\n"u8);
        else
        {
            head.Write(Quote(target));
            head.Write("]\n"u8);
        }

        Count++;
    }

    /// <summary>Adds the body line of the command whose head was added last.</summary>
    public void AddBody(ReadOnlySpan<byte> json)
    {
        var at = bodies.WrittenCount;
        bodies.Write(json);
        if (json.Contains((byte)'\n')) OneLine(MemoryMarshal.AsMemory(bodies.WrittenMemory[at..]).Span);
        bodies.Write("\n"u8);
    }

    /// <summary>The column's value: head, empty line, bodies; null when there is no command.</summary>
    /// <param name="bodyBytes">The bodies as stored: as they are, or a codec's output.</param>
    public byte[]? ToColumn(ReadOnlySpan<byte> bodyBytes)
    {
        if (Count == 0) return null;
        var column = new byte[head.WrittenCount + 1 + bodyBytes.Length];
        head.WrittenSpan.CopyTo(column);
        column[head.WrittenCount] = (byte)'\n';
        bodyBytes.CopyTo(column.AsSpan(head.WrittenCount + 1));
        return column;
    }

    /// <summary>True if the recorded column has exactly this head.</summary>
    public bool Matches(ReadOnlySpan<byte> recorded)
    {
        var attempted = head.WrittenSpan;
        if (attempted.IsEmpty) return recorded.IsEmpty;
        return recorded.Length > attempted.Length && recorded[attempted.Length] == (byte)'\n' && recorded.StartsWith(attempted);
    }

    /// <summary>True if, after as many bytes of head as this buffer has, the recorded column goes on with a command of that kind and number.</summary>
    public bool IsFollowedBy(ReadOnlySpan<byte> recorded, CommandKind kind, int ordinal)
    {
        if (recorded.Length <= head.WrittenCount) return false;
        Span<byte> wanted = stackalloc byte[24];
        wanted[0] = (byte)'[';
        Utf8Formatter.TryFormat((int)kind, wanted[1..], out var written);
        var at = 1 + written;
        wanted[at++] = (byte)',';
        Utf8Formatter.TryFormat(ordinal, wanted[at..], out written);
        at += written;
        wanted[at++] = (byte)',';
        return recorded[head.WrittenCount..].StartsWith(wanted[..at]);
    }

    /// <summary>Splits a column into its head lines and its bodies.</summary>
    public static void Split(ReadOnlySpan<byte> column, out ReadOnlySpan<byte> headLines, out ReadOnlySpan<byte> bodyBytes)
    {
        if (column.IsEmpty)
        {
            headLines = bodyBytes = default;
            return;
        }

        var end = column.IndexOf("\n\n"u8);
        if (end < 0) throw new FormatException("A commands column has no empty line after its head.");
        headLines = column[..(end + 1)];
        bodyBytes = column[(end + 2)..];
    }

    /// <summary>The line with the given number, without its line feed.</summary>
    public static ReadOnlySpan<byte> Line(ReadOnlySpan<byte> lines, int index)
    {
        for (; index > 0; index--)
        {
            var next = lines.IndexOf((byte)'\n');
            if (next < 0) throw new FormatException("A commands column has fewer bodies than heads.");
            lines = lines[(next + 1)..];
        }

        var end = lines.IndexOf((byte)'\n');
        return end < 0 ? lines : lines[..end];
    }

    // Inside JSON strings line feeds are escaped, so a raw one is white space: a converter of the user wrote it, and it would be taken for the end of the body.
    private static void OneLine(Span<byte> json) => json.Replace((byte)'\n', (byte)' ');

    /// <summary>A text as JSON in UTF-8, quotes included.</summary>
    public static byte[] Quote(string text)
    {
        var encoded = JsonEncodedText.Encode(text).EncodedUtf8Bytes;
        var quoted = new byte[encoded.Length + 2];
        quoted[0] = quoted[^1] = (byte)'"';
        encoded.CopyTo(quoted.AsSpan(1));
        return quoted;
    }
}
