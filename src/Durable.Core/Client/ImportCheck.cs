// An export comes from outside: nothing of it is stored before all of it is checked.
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>Checks exported runs.</summary>
internal static class ImportCheck
{
    /// <summary>The rows of an export as the store keeps them.</summary>
    /// <exception cref="DurableException">DUR2000: the document contradicts itself. DUR5002: its history is broken. DUR5003: it has events that this build does not know.</exception>
    public static List<EventRecord> Events(ExportedRun run, string ns, PayloadCodec? codec)
    {
        Header(run.Run, ns);
        if (run.Rows is null) throw Invalid("'rows' is null");
        if (run.Rows.Count != run.Count) throw Broken(run.Run, $"it has {run.Rows.Count} rows where {run.Count} are announced.");
        var events = new List<EventRecord>(run.Rows.Count);
        var chain = new HistoryChain();
        foreach (var row in run.Rows)
        {
            var stored = Row(run.Run, row ?? throw Invalid("a row is null"));
            HistoryExpansion.ThrowIfUnknown(stored);
            if (chain.Fault(stored) is { } fault) throw Broken(run.Run, fault);
            Content(run.Run, stored, codec);
            events.Add(stored);
        }

        Generations(run.Run, events);
        return events;
    }

    private static void Header(ExportedHeader header, string ns)
    {
        if (header is null) throw Invalid("'run' is null");
        Check.Name(header.WorkflowId ?? "", "The workflow id of the export");
        Check.Name(header.Workflow ?? "", "The workflow name of the export");
        Check.Name(header.Namespace ?? "", "The namespace of the export");
        if (header.Queue is null || header.Build is null) throw Invalid("queue or build is null");
        if (header.Queue.Length > 0) Check.Name(header.Queue, "The queue of the export");
        Check.Defined(header.Status, "The status of the export");
        // The codec's context and the run id hold the namespace, so a run cannot change it.
        if (header.Namespace != ns) throw Invalid($"the run is of namespace '{header.Namespace}' and this client's is '{ns}'; use client.ForNamespace(\"{header.Namespace}\")");
        if (RunIds.ShardOf(header.RunId) != RunIds.ShardOf(ns, header.WorkflowId!)) throw Invalid("run id and workflow id do not belong together");
        if (header.Version < 1 || header.FirstGeneration < 0 || header.Generation < header.FirstGeneration) throw Invalid("version or generations are out of range");
        if (header.Encoding is not (0 or 1)) throw Invalid($"encoding {header.Encoding} is unknown");
        Attributes(header.Attributes);
        Bytes(header.Input, header.InputBase64, "input");
        Bytes(header.Outcome, header.OutcomeBase64, "outcome");
    }

    private static void Attributes(string? json)
    {
        if (json is null) return;
        if (ClientJson.TryParse(System.Text.Encoding.UTF8.GetBytes(json)) is not { ValueKind: JsonValueKind.Object }) throw Invalid("its attributes are no JSON object");
    }

    private static EventRecord Row(ExportedHeader header, ExportedRow row) => new()
    {
        RunId = header.RunId, Namespace = header.Namespace, Shard = RunIds.ShardOf(header.RunId), Gen = row.Gen, Seq = row.Seq, Kind = row.Kind, At = row.At.ToUniversalTime(), Ordinal = row.Ordinal,
        Target = row.Target, Payload = Bytes(row.Payload, row.PayloadBase64, $"payload of event {row.Gen}:{row.Seq}"), Commands = Bytes(row.Commands, row.CommandsBase64, $"commands of event {row.Gen}:{row.Seq}"),
        Encoding = row.Encoding, Schema = row.Schema, Crc = row.Crc, Sender = row.Sender, SenderSeq = row.SenderSeq, Actor = row.Actor, Correlation = row.Correlation, Causation = row.Causation, Trace = row.Trace,
    };

    private static byte[]? Bytes(string? text, string? base64, string what)
    {
        try
        {
            return RunExport.BytesOf(text, base64);
        }
        catch (Exception error) when (error is FormatException or ArgumentException)
        {
            throw new DurableException(DurableErrorCodes.RequestInvalid, $"The export cannot be imported: {what} cannot be read: {error.Message}", error);
        }
    }

    // The first row of a generation starts it; and what replay reads before any code runs must be readable.
    private static void Content(ExportedHeader header, EventRecord row, PayloadCodec? codec)
    {
        if (row.Encoding is not (0 or 1)) throw Invalid($"event {row.Gen}:{row.Seq} has the unknown encoding {row.Encoding}");
        if (row.Seq > 0 ? row.Kind == (short)EventKind.RunStarted : row.Kind != (short)EventKind.RunStarted && !EventKinds.IsAdministrative(row.Kind)) throw Broken(header, $"event {row.Gen}:{row.Seq} is {(EventKind)row.Kind}; a generation begins with its one RunStarted.");
        try
        {
            CommandHead.ParseAll(row.Commands);
            if (row.Kind == (short)EventKind.RunStarted && (row.Encoding == 0 || codec is not null))
                _ = JsonSerializer.Deserialize(Codecs.Decode(codec, row.Payload, row.Encoding, row.Namespace, row.RunId, "The start"), HistoryJson.Default.StartDocument) ?? throw new JsonException("The start document is null.");
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            throw new DurableException(DurableErrorCodes.HistoryBroken, $"The history of the exported run '{header.WorkflowId}' ({header.RunId}) is broken: event {row.Gen}:{row.Seq} cannot be read: {error.Message}", error);
        }
    }

    private static void Generations(ExportedHeader header, List<EventRecord> events)
    {
        if (events.Count == 0)
        {
            if (header is { Generation: 0, FirstGeneration: 0 } && ((header.Input ?? header.InputBase64) is not null || RunLifecycle.IsClosed(header.Status))) return;
            throw Broken(header, "it has no events, and no start document of a run that has not begun.");
        }

        var kept = events.Select(row => row.Gen).Distinct().ToList();
        if (!kept.SequenceEqual(Enumerable.Range(header.FirstGeneration, header.Generation - header.FirstGeneration + 1)))
            throw Broken(header, $"it has the generations {string.Join(", ", kept.Take(10))} where {header.FirstGeneration} to {header.Generation} are expected.");
    }

    private static DurableException Invalid(string what) => new(DurableErrorCodes.RequestInvalid, $"The export cannot be imported: {what}.");

    private static DurableException Broken(ExportedHeader header, string what) => new(DurableErrorCodes.HistoryBroken, $"The history of the exported run '{header.WorkflowId}' ({header.RunId}) is broken: {what}");
}
