// Lists of texts as JSON arrays: how a statement takes a list (json_each) and how a column keeps one.
using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Durable.Storage.Sqlite;

/// <summary>Writes and reads JSON arrays of strings without reflection.</summary>
internal static class JsonTexts
{
    public static string Write(IReadOnlyList<string> texts)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            for (var i = 0; i < texts.Count; i++)
                json.WriteStringValue(texts[i]);
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static IReadOnlyList<string> Read(string text)
    {
        using var json = JsonDocument.Parse(text);
        return [.. json.RootElement.EnumerateArray().Select(item => item.GetString() ?? "")];
    }
}
