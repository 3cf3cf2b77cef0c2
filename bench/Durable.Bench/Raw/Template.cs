// The rows of one workflow as the engine itself writes them, recorded once and written again and again by the raw protocol: same bytes, same columns.
using Durable.Storage;

namespace Durable.Bench;

/// <summary>One workflow's rows.</summary>
/// <param name="Start">Its start, first event included.</param>
/// <param name="Events">All its events in order of seq, the first one included.</param>
/// <param name="Close">Its end; null: it only waits for a worker (<see cref="AsWaiting"/>).</param>
/// <param name="IsWide">True: all events after the first are pending at once; false: one after the other.</param>
internal sealed record Template(StartRecord Start, IReadOnlyList<EventRecord> Events, CloseRecord? Close, bool IsWide)
{
    public string Namespace => Start.Namespace;

    /// <summary>Only the start, with a wake row: what a client without a worker writes.</summary>
    public Template AsWaiting() => new(new StartRecord
    {
        RunId = Start.RunId, Namespace = Start.Namespace, WorkflowId = Start.WorkflowId, Shard = Start.Shard, Type = Start.Type, Version = Start.Version, Build = Start.Build, Queue = Start.Queue,
        Priority = Start.Priority, Input = Events[0].Payload, Encoding = Events[0].Encoding, Secret = Start.Secret, Gate = Start.Gate,
    }, [Events[0]], null, IsWide: false);

    /// <summary>What a workflow stores, without keys and numbers: which bytes are the user's is for the reader to see.</summary>
    public void Print()
    {
        Console.WriteLine($"  start: id {Start.WorkflowId.Length} B, type {Start.Type.Length}, build {Start.Build.Length}, secret {Start.Secret.Length}; outcome {Close?.Outcome?.Length ?? 0}");
        foreach (var row in Events) Console.WriteLine($"  event {row.Seq} of kind {row.Kind}: payload {row.Payload?.Length ?? 0} B, commands {row.Commands?.Length ?? 0}: {Text(row.Payload)} {Text(row.Commands)}");

        static string Text(byte[]? bytes) => bytes is null ? "-" : System.Text.Encoding.UTF8.GetString(bytes);
    }

    /// <summary>Runs a workflow once on the in-memory store and keeps what the engine sent there.</summary>
    /// <param name="run">Starts it and waits for its end.</param>
    /// <param name="isWide">Whether its steps are parallel.</param>
    public static async Task<Template> RecordAsync(Func<DurableClient, Task> run, bool isWide)
    {
        StartRecord? start = null;
        CloseRecord? close = null;
        var events = new List<EventRecord>();
        var counts = new StoreCounts
        {
            Recorder = batch =>
            {
                foreach (var begun in batch.Starts) start = begun;
                events.AddRange(batch.Events);
                foreach (var ended in batch.Closes) close = ended;
            },
        };
        await using (var host = await EngineHost.StartAsync(builder => builder.UseInMemory(), counts, Limits.Raise))
            await run(host.Client);
        if (start?.FirstEvent is not { } first || close is null) throw new InvalidOperationException("The engine did not start and close the run in its own lane.");
        return new Template(start, [first, .. events], close, isWide);
    }
}

/// <summary>Options of workloads that go beyond the defaults.</summary>
internal static class Limits
{
    public static void Raise(DurableOptions options)
    {
        options.MaxPendingCommands = 20_000;
        options.MaxHistoryEvents = 1_000_000;
        options.WarnHistoryEvents = 1_000_000;
        options.MaxHistoryBytes = 1L << 30;
        options.WarnHistoryBytes = 1L << 30;
    }
}
