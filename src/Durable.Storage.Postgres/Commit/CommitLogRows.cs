// The content of a commit_log row: which runs a batch touched, packed (CEILING 3.13: the cheapest of five forms).
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Durable.Storage.Postgres;

/// <summary>Packs (run, gen, first seq, last seq) as 28 bytes, big-endian.</summary>
internal sealed class CommitLogRows
{
    /// <summary>Bytes of one entry.</summary>
    public const int EntrySize = 28;

    private readonly Dictionary<(Guid Run, int Gen), (int First, int Last)> touched = [];

    /// <summary>The entries of a batch, or null if it adds no event.</summary>
    public byte[]? Pack(LaneBatch batch)
    {
        touched.Clear();
        foreach (var start in batch.Starts) if (start.FirstEvent is { } first) Touch(first);
        foreach (var child in batch.Children) if (child.FirstEvent is { } first) Touch(first);
        foreach (var e in batch.Events) Touch(e);
        if (touched.Count == 0) return null;
        var bytes = new byte[touched.Count * EntrySize];
        var rest = bytes.AsSpan();
        foreach (var ((run, gen), (first, last)) in touched)
        {
            run.TryWriteBytes(rest, bigEndian: true, out _);
            BinaryPrimitives.WriteInt32BigEndian(rest[16..], gen);
            BinaryPrimitives.WriteInt32BigEndian(rest[20..], first);
            BinaryPrimitives.WriteInt32BigEndian(rest[24..], last);
            rest = rest[EntrySize..];
        }

        return bytes;
    }

    private void Touch(EventRecord e)
    {
        ref var range = ref CollectionsMarshal.GetValueRefOrAddDefault(touched, (e.RunId, e.Gen), out var known);
        range = known ? (Math.Min(range.First, e.Seq), Math.Max(range.Last, e.Seq)) : (e.Seq, e.Seq);
    }
}
