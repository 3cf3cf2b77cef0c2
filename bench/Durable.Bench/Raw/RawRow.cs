// What the raw loop moves around: a run, and which of its rows comes next.
using System.Text;
using Durable.Engine.Replay;

namespace Durable.Bench;

/// <summary>A run of the raw protocol.</summary>
internal sealed class RawRun
{
    public RawRun(int number, DateTimeOffset now)
    {
        Number = number;
        Shard = (short)(number & (RunIds.Modulus - 1));
        RunId = RunIds.New(now, Shard, Guid.NewGuid());
        WorkflowId = FormattableString.Invariant($"bench-{number:D8}");
        WorkflowIdUtf8 = Encoding.UTF8.GetBytes(WorkflowId);
        RunId.TryWriteBytes(RunIdBytes, bigEndian: true, out _);
    }

    /// <summary>Goes up with the id, so it sorts as the id does.</summary>
    public int Number { get; }

    public short Shard { get; }

    public Guid RunId { get; }

    public string WorkflowId { get; }

    public byte[] WorkflowIdUtf8 { get; }

    public byte[] RunIdBytes { get; } = new byte[16];

    /// <summary>Rows that are durable.</summary>
    public int Durable { get; set; }

    /// <summary>When it was begun.</summary>
    public long Since { get; set; }
}

/// <summary>One row of a run: 0 is its start, the last one closes it.</summary>
/// <param name="Run">The run.</param>
/// <param name="Step">Index into the template's events.</param>
internal readonly record struct RawRow(RawRun Run, int Step);

/// <summary>Writes batches of rows, each in one transaction behind the fence.</summary>
internal interface IRawWriter : IAsyncDisposable
{
    /// <summary>Writes a batch; it is durable when this has ended.</summary>
    Task WriteAsync(IReadOnlyList<RawRow> rows);
}
