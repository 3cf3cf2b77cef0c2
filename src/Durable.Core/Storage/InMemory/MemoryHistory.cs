// The events of one run, kept in order of (gen, seq). Appending at the end, the usual case, moves nothing.
namespace Durable.Storage;

/// <summary>Rows of <c>event</c> of one run.</summary>
internal sealed class MemoryHistory
{
    private readonly List<EventRecord> rows = [];

    /// <summary>How long a generation's history is: one more than its last seq.</summary>
    public int Length(int gen)
    {
        var end = IndexOf(gen + 1, 0);
        return end > 0 && rows[end - 1].Gen == gen ? rows[end - 1].Seq + 1 : 0;
    }

    public bool Contains(int gen, int seq)
    {
        var at = IndexOf(gen, seq);
        return at < rows.Count && rows[at].Gen == gen && rows[at].Seq == seq;
    }

    /// <summary>Adds a copy, so that a caller who goes on with his object cannot change what is stored.</summary>
    public void Add(EventRecord row) => rows.Insert(IndexOf(row.Gen, row.Seq), Copy(row));

    public List<EventRecord> From(int gen, int seq, int limit) => [.. rows.Skip(IndexOf(gen, seq)).Take(limit).Select(Copy)];

    public List<EventRecord> Generation(int gen)
    {
        var from = IndexOf(gen, 0);
        return [.. rows.GetRange(from, IndexOf(gen + 1, 0) - from).Select(Copy)];
    }

    /// <summary>Deletes the oldest rows of generations below one, at most so many.</summary>
    public void Trim(int belowGen, int limit) => rows.RemoveRange(0, Math.Min(limit, IndexOf(belowGen, 0)));

    /// <summary>Index of the first row at or behind (gen, seq).</summary>
    private int IndexOf(int gen, int seq)
    {
        if (rows.Count == 0 || (rows[^1].Gen, rows[^1].Seq).CompareTo((gen, seq)) < 0)
            return rows.Count;
        var (low, high) = (0, rows.Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if ((rows[middle].Gen, rows[middle].Seq).CompareTo((gen, seq)) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private static EventRecord Copy(EventRecord row) => new()
    {
        RunId = row.RunId,
        Gen = row.Gen,
        Seq = row.Seq,
        Kind = row.Kind,
        At = MemoryTime.Cut(row.At),
        Ordinal = row.Ordinal,
        Target = row.Target,
        Payload = row.Payload,
        Commands = row.Commands,
        Encoding = row.Encoding,
        Schema = row.Schema,
        Crc = row.Crc,
        Sender = row.Sender,
        SenderSeq = row.SenderSeq,
        Actor = row.Actor,
        Correlation = row.Correlation,
        Causation = row.Causation,
        Trace = row.Trace,
        Namespace = row.Namespace,
        Shard = row.Shard,
    };
}
