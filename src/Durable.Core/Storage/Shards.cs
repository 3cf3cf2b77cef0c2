// Which shard a run belongs to: the same for engine and providers (DECISIONS 5).
using System.Security.Cryptography;
using System.Text;

namespace Durable.Storage;

/// <summary>Shards of workflow ids and of run ids, for stores whose database is in several shard groups.</summary>
public static class Shards
{
    /// <summary>How many shard values there are.</summary>
    public const int Modulus = 128;

    /// <summary>The shard of a workflow id: relatives share what stands before <c>//</c>, and so the shard.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="workflowId">The workflow id.</param>
    public static short Of(string ns, string workflowId)
    {
        ArgumentNullException.ThrowIfNull(ns);
        ArgumentNullException.ThrowIfNull(workflowId);
        var end = workflowId.IndexOf("//", StringComparison.Ordinal);
        var root = end < 0 ? workflowId.AsSpan() : workflowId.AsSpan(0, end);
        Span<byte> text = stackalloc byte[512];
        var size = Encoding.UTF8.GetMaxByteCount(ns.Length + 1 + root.Length);
        if (size > text.Length) text = new byte[size];
        var length = Encoding.UTF8.GetBytes(ns, text);
        text[length++] = 0;
        length += Encoding.UTF8.GetBytes(root, text[length..]);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(text[..length], hash);
        return (short)(hash[0] & (Modulus - 1));
    }

    /// <summary>The shard that a run id carries in its last bits.</summary>
    /// <param name="runId">The run.</param>
    public static short Of(Guid runId)
    {
        Span<byte> bytes = stackalloc byte[16];
        runId.TryWriteBytes(bytes, bigEndian: true, out _);
        return (short)(bytes[15] & (Modulus - 1));
    }
}
