// A run as one JSON document, and back (DECISIONS 18).
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>Exports and imports runs.</summary>
internal sealed class RunExport(ClientCore core, HistoryReader history)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The document of a run.</summary>
    public async Task<JsonElement> ExportAsync(RunTarget target, CancellationToken cancellationToken)
    {
        await core.ReadAsync(cancellationToken);
        var run = await core.FindAsync(target, cancellationToken);
        var expansion = new HistoryExpansion(run, core.Serializer.Codec, [.. core.Services.Options.RedactedNames]);
        var rows = new List<ExportedRow>();
        var events = new List<CloudEvent>();
        await foreach (var row in history.RowsAsync(run, run.FirstGen, cancellationToken))
        {
            rows.Add(RowOf(row));
            events.AddRange(expansion.Expand(row).Select(one => EventOf(run, one)));
        }

        return DocumentOf(run, rows, events);
    }

    /// <summary>The document of a run whose rows are at hand.</summary>
    public static JsonElement Export(RunRecord run, IEnumerable<EventRecord> history)
    {
        var expansion = new HistoryExpansion(run, null, []);
        var (rows, events) = (new List<ExportedRow>(), new List<CloudEvent>());
        foreach (var row in history)
        {
            rows.Add(RowOf(row));
            events.AddRange(expansion.Expand(row).Select(one => EventOf(run, one)));
        }

        return DocumentOf(run, rows, events);
    }

    /// <summary>Run and rows of a document in UTF-8, checked. Its events for people are passed over.</summary>
    public static (ExportedHeader Run, List<EventRecord> Rows) Read(ReadOnlySpan<byte> export, PayloadCodec? codec)
    {
        ExportedRun? run;
        try
        {
            run = FindRun(export);
        }
        catch (JsonException error)
        {
            throw NotAnExport(error.Message, error);
        }

        if (run is null) throw NotAnExport("it has no member 'durable'", null);
        ThrowIfNewer(run.Schema);
        return (run.Run, ImportCheck.Events(run, run.Run?.Namespace ?? "", codec));
    }

    // The exact part comes first in what we write; what people read behind it is two thirds of the text, and is not even looked at.
    private static ExportedRun? FindRun(ReadOnlySpan<byte> export)
    {
        var reader = new Utf8JsonReader(export, new JsonReaderOptions { MaxDepth = 1_024 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals("durable"u8);
            reader.Read();
            if (found) return JsonSerializer.Deserialize(ref reader, ExportJson.Default.ExportedRun);
            reader.Skip();
        }

        return null;
    }

    // What was committed between the two reads is not in the document: its generation is that of its last row.
    private static JsonElement DocumentOf(RunRecord run, List<ExportedRow> rows, List<CloudEvent> events)
    {
        var last = rows.Count == 0 ? run.Gen : rows[^1].Gen;
        var document = new ExportDocument { Durable = new ExportedRun { Schema = ExportedRun.CurrentSchema, Run = HeaderOf(run, last, rows), Count = rows.Count, Rows = rows }, Events = events };
        return ClientJson.Element(writer => JsonSerializer.Serialize(writer, document, ExportJson.Default.ExportDocument));
    }

    /// <summary>Stores the run of a document, held as paused, or closed as it was.</summary>
    public async Task<RunTarget> ImportAsync(JsonElement export, CancellationToken cancellationToken)
    {
        var run = Read(export);
        var events = ImportCheck.Events(run, core.Namespace, core.Serializer.Codec);
        await core.WriteAsync(cancellationToken);
        var header = run.Run;
        if (await core.Store.FindRunAsync(core.Namespace, null, header.RunId, cancellationToken) is { } present) throw Present(present);
        var result = await core.Store.ImportRunAsync(StartOf(header), header.Generation, header.FirstGeneration, CloseOf(header), events, cancellationToken);
        if (!result.Started) throw result.Existing is { } existing ? Taken(existing) : Taken(header);
        core.Worker.Hint(header.RunId);
        return new RunTarget(header.WorkflowId, header.RunId);
    }

    private static ExportedRun Read(JsonElement export)
    {
        if (export.ValueKind != JsonValueKind.Object || !export.TryGetProperty("durable", out var section))
            throw new DurableException(DurableErrorCodes.RequestInvalid, "This JSON is not an exported run: it has no member 'durable'. Give what RunHandle.ExportAsync gave.");
        if (section.ValueKind == JsonValueKind.Object && section.TryGetProperty("schema", out var schema) && schema.ValueKind == JsonValueKind.Number && schema.TryGetInt32(out var version)) ThrowIfNewer(version);
        try
        {
            return section.Deserialize(ExportJson.Default.ExportedRun)!;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new DurableException(DurableErrorCodes.RequestInvalid, $"This JSON is not an exported run: {error.Message}", error);
        }
    }

    private static void ThrowIfNewer(int version)
    {
        if (version > ExportedRun.CurrentSchema)
            throw new DurableException(DurableErrorCodes.RequestInvalid, $"The export is of schema {version}, and this build reads up to {ExportedRun.CurrentSchema}. Import it with the release that wrote it, or a newer one.");
    }

    private static DurableException NotAnExport(string why, Exception? error) => new(DurableErrorCodes.RequestInvalid, $"This JSON is not an exported run: {why}. Give what RunHandle.ExportAsync gave.", error);

    private StartRecord StartOf(ExportedHeader header) => new()
    {
        RunId = header.RunId, Namespace = core.Namespace, WorkflowId = header.WorkflowId, Shard = RunIds.ShardOf(header.RunId), Type = header.Workflow, Version = header.Version,
        Build = header.Build, Queue = header.Queue, Priority = header.Priority, Attributes = header.Attributes, Parent = header.Parent, DeadlineAt = header.DeadlineAt,
        Actor = header.Actor, Correlation = header.Correlation, Trace = header.Trace, Secret = RandomNumberGenerator.GetBytes(32), Gate = StartGate.AnyClosed,
        Input = BytesOf(header.Input, header.InputBase64), Encoding = header.Encoding,
        Status = RunStatus.Paused, Hold = HoldReasons.Paused,
    };

    private static CloseRecord? CloseOf(ExportedHeader header) => !RunLifecycle.IsClosed(header.Status) ? null : new CloseRecord
    {
        RunId = header.RunId, Shard = RunIds.ShardOf(header.RunId), Status = header.Status, Outcome = BytesOf(header.Outcome, header.OutcomeBase64), Encoding = header.Encoding,
    };

    private static ExportedHeader HeaderOf(RunRecord run, int generation, List<ExportedRow> rows)
    {
        var (input, inputBase64) = rows.Count == 0 ? TextOf(run.Input, run.Encoding) : default;
        var (outcome, outcomeBase64) = TextOf(run.Outcome, run.Encoding);
        return new ExportedHeader
        {
            RunId = run.RunId, Namespace = run.Namespace, WorkflowId = run.WorkflowId, Workflow = run.Type, Version = run.Version, Status = run.Status, Generation = generation,
            FirstGeneration = rows.Count == 0 ? run.FirstGen : rows[0].Gen, CreatedAt = run.CreatedAt, ClosedAt = run.ClosedAt, DeadlineAt = run.DeadlineAt, Build = run.Build, Queue = run.Queue,
            Priority = run.Priority, Attributes = run.Attributes, Parent = run.Parent, Actor = run.Actor, Correlation = run.Correlation, Trace = run.Trace,
            Input = input, InputBase64 = inputBase64, Outcome = outcome, OutcomeBase64 = outcomeBase64, Encoding = run.Encoding,
        };
    }

    private static ExportedRow RowOf(EventRecord row)
    {
        var (payload, payloadBase64) = TextOf(row.Payload, row.Encoding);
        var (commands, commandsBase64) = TextOf(row.Commands, row.Encoding);
        return new ExportedRow
        {
            Gen = row.Gen, Seq = row.Seq, Kind = row.Kind, At = row.At, Ordinal = row.Ordinal, Target = row.Target, Payload = payload, PayloadBase64 = payloadBase64, Commands = commands,
            CommandsBase64 = commandsBase64, Encoding = row.Encoding, Schema = row.Schema, Crc = row.Crc, Sender = row.Sender, SenderSeq = row.SenderSeq, Actor = row.Actor,
            Correlation = row.Correlation, Causation = row.Causation, Trace = row.Trace,
        };
    }

    private static CloudEvent EventOf(RunRecord run, RunEvent one) => new("1.0", $"{run.RunId:N}/{one.Position}", $"/durable/{Uri.EscapeDataString(run.Namespace)}/{Uri.EscapeDataString(run.Type)}",
        $"durable.{one.Kind}", run.WorkflowId, one.At, "application/json", one.Data);

    // Text only where it gives the same bytes again.
    private static (string? Text, string? Base64) TextOf(byte[]? bytes, short encoding)
    {
        if (bytes is null) return default;
        if (encoding != 0) return (null, Convert.ToBase64String(bytes));
        try
        {
            return (Strict.GetString(bytes), null);
        }
        catch (ArgumentException)
        {
            return (null, Convert.ToBase64String(bytes));
        }
    }

    /// <summary>The bytes of a payload in a document.</summary>
    public static byte[]? BytesOf(string? text, string? base64) => text is not null ? Strict.GetBytes(text) : base64 is null ? null : Convert.FromBase64String(base64);

    private static RunConflictException Present(RunRecord run) =>
        new(DurableErrorCodes.RunAlreadyStarted, $"The run {run.RunId} ('{run.WorkflowId}') is here already, {run.Status}. Purge it first if the export is to replace it.", RunInfos.Of(run));

    private static RunConflictException Taken(RunRecord run) =>
        new(DurableErrorCodes.RunAlreadyStarted, $"The workflow id '{run.WorkflowId}' is taken: run {run.RunId} is {run.Status}. Import when it has closed.", RunInfos.Of(run));

    private static RunConflictException Taken(ExportedHeader header) =>
        new(DurableErrorCodes.RunAlreadyStarted, $"The workflow id '{header.WorkflowId}' is taken by an open run. Import when it has closed.");
}
