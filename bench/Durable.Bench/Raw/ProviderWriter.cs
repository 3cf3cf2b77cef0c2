// The same rows through the provider: batches of records through CommitAsync, without replay, activities or a client. Shows what the provider costs.
using Durable.Storage;

namespace Durable.Bench;

/// <summary>Writes a template's rows through a store.</summary>
internal sealed class ProviderWriter(IDurableStore store, RawLane lane, Template template) : IRawWriter
{
    private long commitSeq = lane.CommitSeq;

    /// <summary>Opens a store and a lane in it.</summary>
    public static async Task<ProviderWriter> OpenAsync(IDurableStore store, Template template)
    {
        await store.InitializeAsync();
        return new ProviderWriter(store, await RawLane.OpenOnAsync(store), template);
    }

    public async Task WriteAsync(IReadOnlyList<RawRow> rows)
    {
        var batch = new LaneBatch { Lane = lane.Key, Epoch = lane.Epoch, CommitSeq = ++commitSeq, Lease = RawLane.Lease };
        foreach (var row in rows)
        {
            if (row.Step == 0) batch.Starts.Add(Start(row.Run));
            else batch.Events.Add(Event(row.Run, row.Step));
            if (row.Step == template.Events.Count - 1 && template.Close is { } end) batch.Closes.Add(Close(row.Run, end));
        }

        var result = await store.CommitAsync(batch);
        if (result.Outcome != CommitOutcome.Committed || result.Error is not null || result.Refused.Count > 0)
            throw new InvalidOperationException($"{result.Outcome}: {result.Error}");
    }

    public ValueTask DisposeAsync() => store.DisposeAsync();

    private StartRecord Start(RawRun run)
    {
        var row = template.Start;
        return new StartRecord
        {
            RunId = run.RunId, Namespace = row.Namespace, WorkflowId = run.WorkflowId, Shard = run.Shard, Type = row.Type, Version = row.Version, Build = row.Build, Queue = row.Queue,
            Priority = row.Priority, Input = row.Input, Encoding = row.Encoding, Secret = row.Secret, Gate = row.Gate, Owned = row.Owned, Status = row.Status,
            FirstEvent = row.Owned ? Event(run, 0) : null,
        };
    }

    private EventRecord Event(RawRun run, int step)
    {
        var row = template.Events[step];
        return new EventRecord
        {
            RunId = run.RunId, Gen = row.Gen, Seq = row.Seq, Kind = row.Kind, At = DateTimeOffset.UtcNow, Ordinal = row.Ordinal, Payload = row.Payload, Commands = row.Commands,
            Encoding = row.Encoding, Schema = row.Schema, Crc = row.Crc, Namespace = row.Namespace, Shard = run.Shard,
        };
    }

    private static CloseRecord Close(RawRun run, CloseRecord row) =>
        new() { RunId = run.RunId, Shard = run.Shard, Status = row.Status, Outcome = row.Outcome, Encoding = row.Encoding, MayHaveRows = row.MayHaveRows };
}
