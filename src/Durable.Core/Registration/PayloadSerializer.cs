// User values to bytes and back: one JSON contract for arguments, results, items, heartbeats and attributes.
using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Durable.Engine.Registration;

/// <summary>Encodes and decodes users' values by their declared type.</summary>
/// <remarks>
/// The contract is frozen by a golden file: camelCase, case-insensitive reading, enums as strings, unknown members ignored,
/// missing required members refused, local times refused, a derived value without [JsonDerivedType] refused.
/// </remarks>
internal sealed class PayloadSerializer
{
    [ThreadStatic] private static ArrayBufferWriter<byte>? spareBuffer;
    [ThreadStatic] private static Utf8JsonWriter? spareWriter;

    private readonly ConcurrentDictionary<Type, JsonTypeInfo> infos = new();
    private readonly JsonSerializerOptions options;

    public PayloadSerializer(Action<JsonSerializerOptions>? configure, int maxDepth, int maxBytes, PayloadCodec? codec)
    {
        options = JsonContract.Create(maxDepth);
        configure?.Invoke(options);
        JsonContract.Freeze(options);
        MaxBytes = maxBytes;
        Codec = codec;
    }

    /// <summary>Longest payload in bytes.</summary>
    public int MaxBytes { get; }

    /// <summary>The host's codec, or null.</summary>
    public PayloadCodec? Codec { get; }

    /// <summary>The options as frozen, for the fingerprint.</summary>
    public JsonSerializerOptions Options => options;

    /// <summary>Encodes one value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="what">What it is, for the error: <c>result of Payments.Charge</c>.</param>
    /// <exception cref="DurableException">DUR2005: it cannot be written. DUR2007: it is too long.</exception>
    public byte[] Encode<T>(T value, string what)
    {
        var (buffer, writer) = Rent();
        WriteValue(writer, value, Info<T>(), what);
        writer.Flush();
        return Checked(buffer.WrittenSpan, what).ToArray();
    }

    /// <summary>Encodes a value by a declared type that is known at run time only.</summary>
    public byte[] Encode(object? value, Type declared, string what)
    {
        var (buffer, writer) = Rent();
        WriteUntyped(writer, value, declared, what);
        writer.Flush();
        return Checked(buffer.WrittenSpan, what).ToArray();
    }

    /// <summary>Encodes arguments as a JSON array, each by its declared type.</summary>
    public byte[] EncodeArguments(object?[] values, Type[] declared, string what) => Checked(EncodeArray(values, declared, what, false, default), what).ToArray();

    /// <summary>Encodes a command's body: <c>{"args":[…]}</c> with the options behind it if there are any.</summary>
    /// <returns>Bytes that are valid until the next call on this thread.</returns>
    public ReadOnlySpan<byte> EncodeBody(object?[] values, Type[] declared, string what, ReadOnlySpan<byte> optionsJson) =>
        Checked(EncodeArray(values, declared, what, true, optionsJson), what);

    /// <summary>Decodes one value.</summary>
    /// <exception cref="DurableException">DUR2005: the bytes do not fit the type.</exception>
    public T? Decode<T>(ReadOnlySpan<byte> json, string what)
    {
        if (json.IsEmpty) return default;
        try
        {
            return JsonSerializer.Deserialize(json, Info<T>());
        }
        catch (Exception error) when (error is not DurableException)      // constructors and converters are users' code and throw what they like
        {
            throw Unreadable(error, typeof(T), what);
        }
    }

    /// <summary>Decodes an array of arguments. A missing trailing argument takes its C# default.</summary>
    public object?[] DecodeArguments(ReadOnlySpan<byte> json, Parameter[] parameters, string what)
    {
        var values = new object?[parameters.Length];
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = options.MaxDepth });
        var at = 0;
        try
        {
            if (!json.IsEmpty)
            {
                reader.Read();
                if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("An array of arguments was expected.");
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    if (at >= parameters.Length) throw new JsonException($"{parameters.Length} arguments were expected, more were found.");
                    values[at] = JsonSerializer.Deserialize(ref reader, Info(parameters[at].Type));
                    at++;
                }
            }
        }
        catch (Exception error) when (error is not DurableException)      // constructors and converters are users' code and throw what they like
        {
            throw Unreadable(error, at < parameters.Length ? parameters[at].Type : typeof(object[]), at < parameters.Length ? $"{what}, argument '{parameters[at].Name}'" : what);
        }

        for (; at < parameters.Length; at++)
        {
            if (!parameters[at].HasDefault)
                throw new DurableException(DurableErrorCodes.PayloadUnreadable, $"{what}: argument '{parameters[at].Name}' is missing and has no default value. Give the parameter a default value, or register the version of the class that wrote it.");
            values[at] = parameters[at].Default;
        }

        return values;
    }

    /// <summary>The metadata of a type, cached.</summary>
    public JsonTypeInfo<T> Info<T>() => (JsonTypeInfo<T>)Info(typeof(T));

    private JsonTypeInfo Info(Type type) => infos.TryGetValue(type, out var info) ? info : infos.GetOrAdd(type, static (t, o) => Resolve(t, o), options);

    private static JsonTypeInfo Resolve(Type type, JsonSerializerOptions options)
    {
        try
        {
            return options.GetTypeInfo(type);
        }
        catch (Exception error) when (error is NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw new DurableException(DurableErrorCodes.PayloadUnreadable, $"System.Text.Json cannot handle type '{type}': {error.Message} Use a type that it can, or add a converter with ConfigureJson.", error);
        }
    }

    private ReadOnlySpan<byte> EncodeArray(object?[] values, Type[] declared, string what, bool body, ReadOnlySpan<byte> optionsJson)
    {
        var (buffer, writer) = Rent();
        if (body)
        {
            writer.WriteStartObject();
            writer.WritePropertyName("args"u8);
        }

        writer.WriteStartArray();
        for (var i = 0; i < values.Length; i++) WriteUntyped(writer, values[i], declared[i], what);
        writer.WriteEndArray();
        if (body)
        {
            if (optionsJson.Length > 1)
            {
                writer.WritePropertyName("options"u8);
                writer.WriteRawValue(optionsJson, skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        writer.Flush();
        return buffer.WrittenSpan;
    }

    private void WriteUntyped(Utf8JsonWriter writer, object? value, Type declared, string what)
    {
        if (value is string text && declared == typeof(string)) writer.WriteStringValue(text);      // the commonest case without a look-up
        else WriteValue(writer, value, Info(declared), what);
    }

    private static void WriteValue(Utf8JsonWriter writer, object? value, JsonTypeInfo info, string what)
    {
        try
        {
            JsonSerializer.Serialize(writer, value, info);
        }
        catch (Exception error) when (error is not DurableException)
        {
            throw Unwritable(error, info.Type, what);
        }
    }

    private static void WriteValue<T>(Utf8JsonWriter writer, T value, JsonTypeInfo<T> info, string what)
    {
        try
        {
            JsonSerializer.Serialize(writer, value, info);
        }
        catch (Exception error) when (error is not DurableException)
        {
            throw Unwritable(error, typeof(T), what);
        }
    }

    private ReadOnlySpan<byte> Checked(ReadOnlySpan<byte> json, string what) => json.Length <= MaxBytes
        ? json
        : throw new DurableException(DurableErrorCodes.PayloadTooLarge, $"{what} is {json.Length:N0} bytes of JSON; at most {MaxBytes:N0} are stored. Store the content elsewhere and pass its key, or raise DurableOptions.MaxPayloadBytes.");

    private static DurableException Unwritable(Exception error, Type type, string what) => new(DurableErrorCodes.PayloadUnreadable,
        $"{what}: a value of type '{type}' cannot be written as JSON: {error.Message} Use a type that System.Text.Json can write and read, or add a converter with ConfigureJson.", error);

    private static DurableException Unreadable(Exception error, Type type, string what) => new(DurableErrorCodes.PayloadUnreadable,
        $"{what}: the stored JSON does not fit type '{type}': {error.Message} Make the type accept what was stored (a nullable or optional member), or register the version of the class that wrote it.", error);

    private static (ArrayBufferWriter<byte>, Utf8JsonWriter) Rent()
    {
        var buffer = spareBuffer ??= new ArrayBufferWriter<byte>(1024);
        if (buffer.Capacity > 1 << 20) buffer = spareBuffer = new ArrayBufferWriter<byte>(1024);   // one huge payload must not be kept for ever
        buffer.ResetWrittenCount();
        var writer = spareWriter ??= new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JsonContract.Encoder, SkipValidation = true });
        writer.Reset(buffer);
        return (buffer, writer);
    }
}
