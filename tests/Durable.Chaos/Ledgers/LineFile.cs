// An append-only file of lines, each on the disk before the call returns.
using System.Text;

namespace Durable.Chaos.Ledgers;

/// <summary>Writes lines of fields.</summary>
public sealed class LineFile : IDisposable
{
    private readonly FileStream file;
    private readonly Lock gate = new();

    public LineFile(string path) => file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0, FileOptions.WriteThrough);

    /// <summary>Appends a line in one write.</summary>
    public void Write(params ReadOnlySpan<string> fields)
    {
        var line = Encoding.UTF8.GetBytes(string.Join('\t', fields!) + "\n");
        lock (gate) file.Write(line);
    }

    /// <summary>The complete lines of a file: a process that was killed may have left a half.</summary>
    public static IEnumerable<string[]> Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var text = reader.ReadToEnd();
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t'));
    }

    public void Dispose() => file.Dispose();
}
