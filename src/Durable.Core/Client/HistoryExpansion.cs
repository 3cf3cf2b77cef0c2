// A row holds one arrival and the commands of its turn; people read them one after the other.
using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Client;

/// <summary>Unfolds the rows of one run, in order.</summary>
/// <param name="run">The run.</param>
/// <param name="codec">The host's codec, or null.</param>
/// <param name="redacted">Names of JSON members whose values are blanked.</param>
internal sealed class HistoryExpansion(RunRecord run, PayloadCodec? codec, IReadOnlyList<string> redacted)
{
    private readonly HashSet<string> blanked = new(redacted, StringComparer.OrdinalIgnoreCase);
    private int gen = -1;
    private long number;

    /// <summary>Refuses rows that this build does not understand.</summary>
    /// <exception cref="DurableException">DUR5003.</exception>
    public static void ThrowIfUnknown(EventRecord row)
    {
        if (EventKinds.IsKnown(row.Kind)) return;
        throw new DurableException(DurableErrorCodes.EventUnknown, $"Event {row.Gen}:{row.Seq} of run {row.RunId} is of kind {row.Kind}, which this build does not know. Run a build that is at least as new as the one that wrote it.");
    }

    /// <summary>The events of a row: the arrival, then the commands.</summary>
    public IEnumerable<RunEvent> Expand(EventRecord row)
    {
        if (row.Gen != gen) (gen, number) = (row.Gen, 0);
        yield return Event(row, 0, KindOf(row.Kind), ArrivalOf(row));
        var heads = CommandHead.ParseAll(row.Commands);
        if (heads.Count == 0) yield break;
        var bodies = BodiesOf(row, heads.Count);
        for (var i = 0; i < heads.Count; i++) yield return Event(row, i + 1, KindOf(heads[i].Kind), CommandOf(heads[i], bodies?[i]));
    }

    /// <summary>What people call an arrival.</summary>
    public static string KindOf(short kind) => EventKinds.IsKnown(kind) ? ((EventKind)kind).ToString() : string.Create(CultureInfo.InvariantCulture, $"Kind{kind}");

    /// <summary>What people call a command. Never change one: programs read them.</summary>
    public static string KindOf(CommandKind kind) => kind switch
    {
        CommandKind.Activity => "ActivityScheduled",
        CommandKind.Step => "StepScheduled",
        CommandKind.Timer => "TimerStarted",
        CommandKind.Child => "ChildRequested",
        CommandKind.Signal => "SignalRequested",
        CommandKind.Send => "SendRequested",
        CommandKind.CancelRun => "CancelRunRequested",
        CommandKind.Promise => "PromiseOpened",
        CommandKind.Marker => "MarkerRecorded",
        CommandKind.Attribute => "AttributeSet",
        CommandKind.Cancel => "OperationCancelled",
        CommandKind.Answer => "UpdateAnswered",
        CommandKind.Complete => "RunCompleted",
        CommandKind.Fail => "RunFailed",
        CommandKind.Cancelled => "RunCancelled",
        CommandKind.ContinueAsNew => "RunContinuedAsNew",
        _ => string.Create(CultureInfo.InvariantCulture, $"Command{(int)kind}"),
    };

    private RunEvent Event(EventRecord row, int index, string kind, JsonElement data) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{row.Gen}:{row.Seq}:{index}"), run.WorkflowId, run.RunId, row.Gen, ++number, kind, row.At, data);

    private JsonElement ArrivalOf(EventRecord row) => ClientJson.Element(writer =>
    {
        writer.WriteStartObject();
        if (row.Target is { } target) writer.WriteString("name", target);
        if (row.Ordinal != 0) writer.WriteNumber("ordinal", row.Ordinal);
        Text(writer, "actor", row.Actor);
        Text(writer, "correlation", row.Correlation);
        Text(writer, "causation", row.Causation);
        Text(writer, "trace", row.Trace);
        if (row.Payload is not null) Payload(writer, "payload", Plain(row));
        writer.WriteEndObject();
    });

    private JsonElement CommandOf(CommandHead head, byte[]? body) => ClientJson.Element(writer =>
    {
        writer.WriteStartObject();
        if (!string.IsNullOrEmpty(head.Name)) writer.WriteString("name", head.Name);
        writer.WriteNumber("ordinal", head.Ordinal);
        Text(writer, "target", head.Target);
        Payload(writer, "body", body);
        writer.WriteEndObject();
    });

    // Null where this process cannot decode it: the history is still worth reading.
    private byte[]? Plain(EventRecord row)
    {
        try
        {
            return Codecs.Decode(codec, row.Payload, row.Encoding, row.Namespace, row.RunId, "An event");
        }
        catch (DurableException error) when (error.Code == DurableErrorCodes.PayloadUnreadable)
        {
            return null;
        }
    }

    private byte[][]? BodiesOf(EventRecord row, int count)
    {
        byte[] lines;
        try
        {
            lines = Codecs.Bodies(codec, row);
        }
        catch (DurableException error) when (error.Code == DurableErrorCodes.PayloadUnreadable)
        {
            return null;
        }

        var bodies = new byte[count][];
        var rest = lines.AsSpan();
        for (var i = 0; i < count; i++)
        {
            var end = rest.IndexOf((byte)'\n');
            bodies[i] = (end < 0 ? rest : rest[..end]).ToArray();
            rest = end < 0 ? default : rest[(end + 1)..];
        }

        return bodies;
    }

    private static void Text(Utf8JsonWriter writer, string name, string? text)
    {
        if (text is not null) writer.WriteString(name, text);
    }

    private void Payload(Utf8JsonWriter writer, string name, byte[]? json)
    {
        if (json is null || ClientJson.TryParse(json) is not { } value)
        {
            if (json is not { Length: 0 }) writer.WriteBoolean("undecoded", true);
            return;
        }

        writer.WritePropertyName(name);
        Write(writer, value);
    }

    private void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    if (blanked.Contains(member.Name)) writer.WriteStringValue("***");
                    else Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray()) Write(writer, item);
                writer.WriteEndArray();
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}

/// <summary>JSON around users' payloads: those nest as deep as the host allows, and our documents stand around them.</summary>
internal static class ClientJson
{
    private const int Depth = 1_024;          // the host's own limit was kept when the payload was stored

    /// <summary>An element of its own from what is written.</summary>
    public static JsonElement Element(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JsonContract.Encoder, MaxDepth = Depth }))
        {
            write(writer);
        }

        var reader = new Utf8JsonReader(buffer.WrittenSpan, new JsonReaderOptions { MaxDepth = Depth });
        return JsonElement.ParseValue(ref reader);
    }

    /// <summary>The value, or null if the bytes are no JSON.</summary>
    public static JsonElement? TryParse(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = Depth });
            return JsonElement.TryParseValue(ref reader, out var value) && !reader.Read() ? value : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
