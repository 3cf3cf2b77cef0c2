// The host's payload codec at the edge of the history: a stored payload begins with the codec's id (DECISIONS 4).
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Storage;

namespace Durable.Engine.Replay;

/// <summary>Encodes and decodes stored payloads.</summary>
internal static class Codecs
{
    /// <summary>The encoding that new rows carry.</summary>
    public static short EncodingOf(PayloadCodec? codec) => (short)(codec is null ? 0 : 1);

    /// <summary>Plain JSON to stored bytes.</summary>
    public static byte[]? Encode(PayloadCodec? codec, byte[]? json, string ns, Guid runId)
    {
        if (codec is null || json is null) return json;
        var id = Encoding.UTF8.GetBytes(codec.Id);
        var body = codec.Encode(json, new PayloadContext(ns, runId, 0));
        return [(byte)id.Length, .. id, .. body];
    }

    /// <summary>Stored bytes to plain JSON.</summary>
    /// <exception cref="DurableException">DUR2005: there is no codec of that id here, or it failed.</exception>
    public static byte[]? Decode(PayloadCodec? codec, byte[]? stored, short encoding, string ns, Guid runId, string what)
    {
        if (stored is null || encoding == 0) return stored;
        var id = stored.Length > 0 && stored.Length > stored[0] ? Encoding.UTF8.GetString(stored.AsSpan(1, stored[0])) : "?";
        if (codec is null || codec.Id != id)
            throw new DurableException(DurableErrorCodes.PayloadUnreadable, $"{what} was stored by codec '{id}', and this host has {(codec is null ? "none" : $"'{codec.Id}'")}. Register that codec with AddCodec.");
        try
        {
            return codec.Decode(stored.AsSpan(1 + stored[0]), new PayloadContext(ns, runId, 0));
        }
        catch (Exception error)
        {
            throw new DurableException(DurableErrorCodes.PayloadUnreadable, $"{what}: codec '{id}' could not decode what is stored: {error.GetType().Name}. Check its keys.", error);
        }
    }

    /// <summary>A document as stored: itself, or <c>{"encoded":"base64"}</c> with the codec's output.</summary>
    public static string EncodeDocument(PayloadCodec? codec, string json, string ns, Guid runId) =>
        codec is null ? json : JsonSerializer.Serialize(new EncodedDocument(Encode(codec, Encoding.UTF8.GetBytes(json), ns, runId)!), HistoryJson.Default.EncodedDocument);

    /// <summary>A stored document in plain JSON.</summary>
    public static string DecodeDocument(PayloadCodec? codec, string stored, string ns, Guid runId) =>
        stored.StartsWith("{\"encoded\":", StringComparison.Ordinal) && JsonSerializer.Deserialize(stored, HistoryJson.Default.EncodedDocument)?.Encoded is { } encoded
            ? Encoding.UTF8.GetString(Decode(codec, encoded, 1, ns, runId, "A document")!)
            : stored;

    /// <summary>The bodies of a commands column as stored.</summary>
    public static ReadOnlySpan<byte> EncodeBodies(PayloadCodec? codec, ReadOnlySpan<byte> bodies, string ns, Guid runId, short encoding) =>
        encoding == 0 || bodies.IsEmpty ? bodies : Encode(codec, bodies.ToArray(), ns, runId);

    /// <summary>The plain payload of a row.</summary>
    public static byte[]? Plain(WorkflowExecution execution, EventRecord row) =>
        row.Encoding == 0 ? row.Payload : Decode(execution.Serializer.Codec, row.Payload, row.Encoding, execution.Info.Namespace, execution.Info.RunId, $"Event {execution.Info.Generation}:{row.Seq}");

    /// <summary>The plain bodies of a row's commands.</summary>
    public static byte[] Bodies(PayloadCodec? codec, EventRecord row)
    {
        CommandBuffer.Split(row.Commands, out _, out var bodies);
        return Decode(codec, bodies.ToArray(), row.Encoding, row.Namespace, row.RunId, $"Commands of event {row.Gen}:{row.Seq}") ?? [];
    }
}

/// <summary>Small JSON helpers.</summary>
internal static class JsonText
{
    /// <summary>An element's bytes.</summary>
    public static byte[] Of(JsonElement element) => Span(element).ToArray();

    /// <summary>The same where they lie.</summary>
    public static ReadOnlySpan<byte> Span(JsonElement element) => element.ValueKind == JsonValueKind.Undefined ? [] : JsonMarshal.GetRawUtf8Value(element);

    /// <summary>Bytes as an element of their own.</summary>
    public static JsonElement Element(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        return JsonElement.ParseValue(ref reader);
    }
}

/// <summary>Names as JSON, cached: steps repeat the same few names.</summary>
internal static class NameCache
{
    private const int MaxNames = 4_096;      // generated names must not grow without a bound
    private static readonly ConcurrentDictionary<string, byte[]> Names = new(StringComparer.Ordinal);

    /// <summary>The name with quotes, in UTF-8.</summary>
    public static byte[] Quote(string name)
    {
        if (Names.TryGetValue(name, out var quoted)) return quoted;
        quoted = CommandBuffer.Quote(name);
        if (Names.Count < MaxNames) Names.TryAdd(name, quoted);
        return quoted;
    }
}
