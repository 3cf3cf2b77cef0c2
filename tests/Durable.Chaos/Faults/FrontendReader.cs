// Reads along with what a PostgreSQL client sends, just enough to know when a commit is on the wire.
using System.Buffers.Binary;
using System.Text;

namespace Durable.Chaos.Faults;

/// <summary>Follows the frontend messages of one connection.</summary>
internal sealed class FrontendReader
{
    private const int Protocol3 = 3;
    private readonly HashSet<string> commits = new(StringComparer.Ordinal);
    private readonly List<byte> pending = [];
    private bool started;

    /// <summary>True if the connection is a lane's: the one that carries its batches.</summary>
    public bool IsLane { get; private set; }

    /// <summary>Takes the next bytes.</summary>
    /// <returns>True if a commit is complete with them.</returns>
    public bool Read(ReadOnlySpan<byte> bytes)
    {
        pending.AddRange(bytes);
        var commit = false;
        while (TryTake(out var kind, out var body)) commit |= IsCommit(kind, body);
        return commit;
    }

    private bool TryTake(out byte kind, out byte[] body)
    {
        var head = started ? 5 : 4;
        (kind, body) = (0, []);
        if (pending.Count < head) return false;
        var bytes = pending.ToArray();
        var length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(head - 4));
        var whole = head - 4 + length;
        if (bytes.Length < whole) return false;
        kind = started ? bytes[0] : (byte)0;
        body = bytes[head..whole];
        pending.RemoveRange(0, whole);
        return true;
    }

    private bool IsCommit(byte kind, byte[] body)
    {
        switch (kind)
        {
            case 0:                                                     // start-up, or a request for encryption
                if (BinaryPrimitives.ReadInt16BigEndian(body) != Protocol3) return false;
                started = true;
                IsLane = Encoding.UTF8.GetString(body).Contains("durable-lane", StringComparison.Ordinal);
                return false;
            case (byte)'P':                                             // a statement gets a name
                var (name, next) = Text(body, 0);
                if (Text(body, next).Value == "commit") commits.Add(name);
                else commits.Remove(name);
                return false;
            case (byte)'B':                                             // portal, then the statement's name
                return commits.Contains(Text(body, Text(body, 0).Next).Value);
            case (byte)'Q':
                return Text(body, 0).Value.Equals("commit", StringComparison.OrdinalIgnoreCase);
            default:
                return false;
        }
    }

    private static (string Value, int Next) Text(byte[] body, int from)
    {
        var end = Array.IndexOf(body, (byte)0, from);
        return (Encoding.UTF8.GetString(body, from, end - from), end + 1);
    }
}
