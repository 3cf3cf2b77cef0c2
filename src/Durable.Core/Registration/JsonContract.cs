// The JSON contract that histories are written in, frozen by tests/Durable.Core.Tests/Registration/JsonContract.approved.json.
using System.Reflection;
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
            options.TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { RefuseUndeclaredDerivedTypes, RefuseUnseenFields } };
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

    // A tuple is fields only, which JSON does not see: it would be stored as {} and read back as zeros.
    private static void RefuseUnseenFields(JsonTypeInfo info)
    {
        if (info.Kind != JsonTypeInfoKind.Object || info.Properties.Count > 0 || info.Type.GetFields(BindingFlags.Public | BindingFlags.Instance).Length == 0) return;
        info.OnSerializing = info.OnDeserializing = _ => throw new NotSupportedException($"'{info.Type}' holds its values in fields, which are not stored. Use a record with properties (for tuples as well), or set IncludeFields with ConfigureJson.");
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
