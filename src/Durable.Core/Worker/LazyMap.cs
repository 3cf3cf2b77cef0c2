// A dictionary that takes no memory while nothing is in it: most runs are idle, and most of their maps are empty.
using System.Diagnostics.CodeAnalysis;

namespace Durable.Engine.Worker;

/// <summary>A dictionary that is made with its first entry. A field, never a property: a copy would be another map.</summary>
internal struct LazyMap<TKey, TValue> where TKey : notnull
{
    private Dictionary<TKey, TValue>? map;

    /// <summary>How many entries.</summary>
    public readonly int Count => map?.Count ?? 0;

    /// <summary>All values.</summary>
    public readonly IReadOnlyCollection<TValue> Values => map is null ? [] : map.Values;

    /// <summary>All entries.</summary>
    public readonly IReadOnlyCollection<KeyValuePair<TKey, TValue>> Entries => map is null ? [] : map;

    /// <summary>Sets a value.</summary>
    public TValue this[TKey key]
    {
        set => (map ??= [])[key] = value;
    }

    /// <summary>Adds a value if there is none.</summary>
    public bool TryAdd(TKey key, TValue value) => (map ??= []).TryAdd(key, value);

    /// <summary>Finds a value.</summary>
    public readonly bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        value = default;
        return map is not null && map.TryGetValue(key, out value);
    }

    /// <summary>The value, or the type's default.</summary>
    public readonly TValue? GetValueOrDefault(TKey key) => map is null ? default : map.GetValueOrDefault(key);

    /// <summary>True if there is a value.</summary>
    public readonly bool ContainsKey(TKey key) => map is not null && map.ContainsKey(key);

    /// <summary>Removes a value.</summary>
    public readonly bool Remove(TKey key) => map is not null && map.Remove(key);

    /// <summary>Removes a value and gives it.</summary>
    public readonly bool Remove(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        value = default;
        return map is not null && map.Remove(key, out value);
    }

    /// <summary>Removes all.</summary>
    public void Clear() => map = null;
}
