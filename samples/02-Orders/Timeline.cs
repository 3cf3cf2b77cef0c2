// One line of text for one event of a history.
using System.Text.Json;
using Durable;

namespace Samples.Orders;

/// <summary>Says what an event is about.</summary>
public static class Timeline
{
    public static string What(RunEvent happened)
    {
        var name = Text(happened.Data, "name");
        var payload = happened.Data.ValueKind == JsonValueKind.Object && happened.Data.TryGetProperty("payload", out var value) ? value.GetRawText() : "";
        var text = $"{name} {payload}".Trim();
        return text.Length > 90 ? text[..87] + "..." : text;
    }

    private static string Text(JsonElement data, string member) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
