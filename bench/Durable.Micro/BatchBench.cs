// A batch as the lane fills it and as the PostgreSQL provider turns it into parameters: cost of a row in a batch of 1,000.
using BenchmarkDotNet.Attributes;
using Durable.Bench;
using RunIds = Durable.Engine.Replay.RunIds;
using Durable.Storage;
using Durable.Storage.Postgres;

namespace Durable.Micro;

/// <summary>Building batches.</summary>
public class BatchBench
{
    private const int Rows = 1_000;
    private static readonly LaneKey Key = new(4711, ShardGroup.Whole, Guid.NewGuid(), "micro");
    private readonly LaneBatch batch = new() { Lane = Key, Epoch = 1, CommitSeq = 1, Lease = TimeSpan.FromSeconds(20) };
    private readonly LaneBatch single = new() { Lane = Key, Epoch = 1, CommitSeq = 1, Lease = TimeSpan.FromSeconds(20) };
    private readonly CommitStatements statements = new(new PostgresOptions(), Key);
    private readonly List<EventRecord> events = [];

    /// <summary>Takes a step's row and gives it to a thousand runs.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        var template = ReplayBench.Record(5);
        for (var i = 0; i < Rows; i++) events.Add(RowOf(template.Events[2], i));
        batch.Events.AddRange(events);
        single.Events.Add(events[0]);
    }

    /// <summary>The lane's part: the row goes into a batch that is used again.</summary>
    [Benchmark(OperationsPerInvoke = Rows)]
    public int Lane()
    {
        batch.Events.Clear();
        foreach (var row in events) batch.Events.Add(row);
        return batch.Events.Count;
    }

    /// <summary>The provider's part, of a full batch.</summary>
    [Benchmark(OperationsPerInvoke = Rows)]
    public int PostgresRow() => statements.Fill(batch).Count;

    /// <summary>The provider's part, of a batch of one row: what a commit costs beside its rows.</summary>
    [Benchmark]
    public int PostgresCommit() => statements.Fill(single).Count;

    private static EventRecord RowOf(EventRecord row, int number) => new()
    {
        RunId = RunIds.New(DateTimeOffset.UnixEpoch.AddSeconds(number), (short)(number & (RunIds.Modulus - 1)), Guid.NewGuid()), Gen = 0, Seq = row.Seq, Kind = row.Kind, At = row.At, Ordinal = row.Ordinal,
        Payload = row.Payload, Commands = row.Commands, Encoding = row.Encoding, Schema = row.Schema, Crc = row.Crc, Namespace = row.Namespace, Shard = (short)(number & (RunIds.Modulus - 1)),
    };
}
