// The JSON contract that histories are written in, frozen by tests/Durable.Core.Tests/Registration/JsonContract.approved.json.
using System.Diagnostics.CodeAnalysis;
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

    private const string IsSwitched = "Only where the application keeps reflection for JSON; else its own metadata is used (JsonSerializerIsReflectionEnabledByDefault).";

    /// <summary>The options before the host's own changes.</summary>
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Without dynamic code enums need metadata of the application, which names their converters.")]
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
        if (JsonSerializer.IsReflectionEnabledByDefault) options.TypeInfoResolver = ByReflection();
        return options;
    }

    /// <summary>Ends the set-up: without reflection the user's own metadata, and behind it that of the common types.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = IsSwitched)]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = IsSwitched)]
    public static void Freeze(JsonSerializerOptions options)
    {
        if (JsonSerializer.IsReflectionEnabledByDefault)
        {
            options.MakeReadOnly(populateMissingResolver: true);
            return;
        }

        options.TypeInfoResolverChain.Add(CommonJson.Default);
        options.TypeInfoResolver = options.TypeInfoResolver!.WithAddedModifier(RefuseUndeclaredDerivedTypes);
        options.MakeReadOnly();
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = IsSwitched)]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = IsSwitched)]
    private static DefaultJsonTypeInfoResolver ByReflection() => new() { Modifiers = { RefuseUndeclaredDerivedTypes, RefuseUnseenFields } };

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
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "Runs with reflection for JSON only, which keeps what it writes.")]
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
