// The JSON contract that histories are written in, frozen by tests/Durable.Core.Tests/Registration/JsonContract.approved.json.
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Durable.Engine.Registration;

/// <summary>Makes the serializer options that every payload is written and read with.</summary>
internal static class JsonContract
{
    /// <summary>Keeps text readable in the database: only what JSON demands is escaped.</summary>
    public static JavaScriptEncoder Encoder { get; } = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>The options before the host's own changes.</summary>
    public static JsonSerializerOptions Create(int maxDepth)
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            PropertyNameCaseInsensitive = true,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
            Encoder = Encoder,
            MaxDepth = maxDepth,
            Converters = { new JsonStringEnumConverter(), new UtcOnlyDateTimeConverter() },
        };
        if (JsonSerializer.IsReflectionEnabledByDefault)
            options.TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { RefuseUndeclaredDerivedTypes } };
        return options;
    }

    // The declared type decides what is written, so members of a derived class would vanish in silence.
    private static void RefuseUndeclaredDerivedTypes(JsonTypeInfo info)
    {
        if (info.Kind != JsonTypeInfoKind.Object || info.Type.IsSealed || info.Type.IsValueType || info.PolymorphismOptions is not null) return;
        info.OnSerializing = value =>
        {
            if (value.GetType() != info.Type)
                throw new NotSupportedException($"the value is a '{value.GetType()}' where '{info.Type}' is declared, and its own members would be lost. Add [JsonDerivedType(typeof({value.GetType().Name}), \"name\")] to '{info.Type.Name}', or declare the exact type.");
        };
    }

    // A local time means another instant on another host.
    private sealed class UtcOnlyDateTimeConverter : JsonConverter<DateTime>
    {
        public override DateTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTime();

        public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options)
        {
            if (value.Kind == DateTimeKind.Local) throw new NotSupportedException("a DateTime of kind Local means another instant on another host. Use DateTimeOffset, or ToUniversalTime().");
            writer.WriteStringValue(value);
        }
    }
}
