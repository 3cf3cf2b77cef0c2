namespace Durable;

/// <summary>The name and type of a searchable attribute; keep it in a static field:
/// <c>static readonly AttributeKey&lt;string&gt; Customer = new("customer");</c></summary>
/// <typeparam name="T">The type of the values. Text, numbers, booleans, GUIDs and times can be searched for.</typeparam>
/// <param name="Name">The stored name, case-sensitive.</param>
public sealed record AttributeKey<T>(string Name);
