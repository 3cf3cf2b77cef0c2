// Numbers of messages between runs of different shard groups.
namespace Durable.Engine.Worker;

/// <summary>
/// Below zero, so they are told from all others by looking at them. From the highest bit on: generation (31), length of the history (18), whether the run or its
/// generation ends (1), and a counter (13). A receiver keeps the highest of each sender; see docs/decisions/0007.
/// </summary>
internal static class CrossingNumbers
{
    private const int CounterBits = 13;
    private const int RowBits = 18;

    /// <summary>True if a message with this number came from another group.</summary>
    public static bool Is(long seq) => seq < 0;

    /// <summary>The first number of a place in a run.</summary>
    public static long First(int gen, int rows, bool closing) =>
        long.MinValue + (((long)gen << (RowBits + 1 + CounterBits)) | ((long)Math.Min(rows, (1 << RowBits) - 1) << (1 + CounterBits)) | (closing ? 1L << CounterBits : 0));
}
