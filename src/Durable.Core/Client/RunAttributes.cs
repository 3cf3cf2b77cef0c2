using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Durable.Engine.Registration;

namespace Durable;

/// <summary>Searchable attributes of a run: names with JSON values. Fill it with an initializer:
/// <c>Attributes = { { Customer, "acme" }, { Total, 12.5m } }</c>.</summary>
/// <remarks>
/// Values are converted by System.Text.Json with its defaults, whatever the host's JSON options are,
/// because the store has to compare them. They are readable in the database and
/// pass no payload codec. Two sets with the same names and equal JSON values are equal, in whatever order they were added. Enumerating gives pairs of name and
/// <see cref="JsonElement"/>, by name. Not safe for changes from several threads.
/// </remarks>
public sealed class RunAttributes : IEnumerable, IEquatable<RunAttributes>
{
    // Ordinal order, so that equal sets are written as equal text.
    private readonly SortedDictionary<string, JsonElement> values = new(StringComparer.Ordinal);

    /// <summary>How many attributes there are.</summary>
    internal int Count => values.Count;

    /// <summary>Adds an attribute.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="key">Which attribute.</param>
    /// <param name="value">The value; null is a value too.</param>
    /// <exception cref="ArgumentException">The attribute is there already.</exception>
    /// <exception cref="DurableException">DUR2005: the value cannot be written as JSON.</exception>
    public void Add<T>(AttributeKey<T> key, T value)
    {
        ArgumentNullException.ThrowIfNull(key);
        values.Add(key.Name, ToElement(key, value));
    }

    /// <summary>Reads an attribute.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="key">Which attribute.</param>
    /// <returns>The value, or the default of the type if the attribute is not there.</returns>
    /// <exception cref="DurableException">DUR2005: the stored value does not fit the type.</exception>
    public T? Get<T>(AttributeKey<T> key) => TryGet(key, out var value) ? value : default;

    /// <summary>Reads an attribute and says whether it is there.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="key">Which attribute.</param>
    /// <param name="value">The value, or the default of the type if the attribute is not there.</param>
    /// <returns>True if the attribute is there.</returns>
    /// <exception cref="DurableException">DUR2005: the stored value does not fit the type.</exception>
    public bool TryGet<T>(AttributeKey<T> key, out T? value)
    {
        ArgumentNullException.ThrowIfNull(key);
        value = default;
        if (!values.TryGetValue(key.Name, out var element)) return false;
        try
        {
            value = element.Deserialize(InfoOf<T>());
            return true;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new DurableException(DurableErrorCodes.PayloadUnreadable, $"The value of the attribute '{key.Name}' cannot be read as {typeof(T)}.", e);
        }
    }

    /// <summary>True if the other set has the same names with equal JSON values.</summary>
    /// <param name="other">The other set.</param>
    /// <returns>True if equal.</returns>
    public bool Equals(RunAttributes? other) =>
        other is not null && values.Count == other.values.Count
        && values.All(pair => other.values.TryGetValue(pair.Key, out var element) && JsonElement.DeepEquals(pair.Value, element));

    /// <summary>True if the object is a set with the same names and equal JSON values.</summary>
    /// <param name="obj">The other object.</param>
    /// <returns>True if equal.</returns>
    public override bool Equals(object? obj) => Equals(obj as RunAttributes);

    /// <summary>A hash of the names. It changes when an attribute is added.</summary>
    /// <returns>The hash.</returns>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var name in values.Keys) hash.Add(name, StringComparer.Ordinal);
        return hash.ToHashCode();
    }

    /// <summary>The attributes as a JSON object, by name.</summary>
    /// <returns>The JSON text.</returns>
    public override string ToString() => ToJson();

    /// <summary>Enumerates pairs of name and <see cref="JsonElement"/>, by name.</summary>
    /// <returns>The enumerator.</returns>
    IEnumerator IEnumerable.GetEnumerator() => values.GetEnumerator();

    /// <summary>Adds an attribute or replaces its value.</summary>
    internal void Set<T>(AttributeKey<T> key, T value) => values[key.Name] = ToElement(key, value);

    /// <summary>The attributes as a JSON object, names in ordinal order.</summary>
    internal string ToJson() => JsonSerializer.Serialize(values, CommonJson.Default.SortedDictionaryStringJsonElement);

    /// <summary>Reads what <see cref="ToJson"/> wrote. The elements are copied, so the document may be disposed.</summary>
    internal static RunAttributes FromJson(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new DurableException(DurableErrorCodes.PayloadUnreadable, $"Attributes are stored as a JSON object, but this is JSON of kind {json.ValueKind}.");
        var attributes = new RunAttributes();
        foreach (var member in json.EnumerateObject()) attributes.values[member.Name] = member.Value.Clone();
        return attributes;
    }

    // The defaults of System.Text.Json; without reflection the common types.
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Only where the application keeps reflection for JSON.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Only where the application keeps reflection for JSON.")]
    private static JsonTypeInfo<T> InfoOf<T>() =>
        (JsonTypeInfo<T>)(JsonSerializer.IsReflectionEnabledByDefault ? JsonSerializerOptions.Default : CommonJson.Default.Options).GetTypeInfo(typeof(T));

    private static JsonElement ToElement<T>(AttributeKey<T> key, T value)
    {
        try
        {
            return JsonSerializer.SerializeToElement(value, InfoOf<T>());
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or ArgumentException)
        {
            throw new DurableException(DurableErrorCodes.PayloadUnreadable, $"The value of the attribute '{key.Name}' of type {typeof(T)} cannot be written as JSON.", e);
        }
    }
}
