// Notices when the JSON contract of the hosts changes: open runs were written with the old one.
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Engine.Hosting;

/// <summary>Compares the fingerprint of the JSON options with the one that the store remembers (DECISIONS 25).</summary>
internal static class JsonFingerprint
{
    private const string Kind = "json-contract";
    private const string Key = "fingerprint";

    /// <summary>Warns once when the fingerprint is another one than before, and remembers the new one.</summary>
    public static async Task CheckAsync(EngineServices services, EngineLog log, CancellationToken cancellationToken)
    {
        var fingerprint = Of(services.Serializer.Options);
        var ns = services.Options.Namespace;
        var known = await services.Store.FindDocumentAsync(ns, Kind, Key, cancellationToken).ConfigureAwait(false);
        var json = JsonSerializer.Serialize(fingerprint, HistoryJson.Default.String);
        if (known?.Json is { } before && JsonSerializer.Deserialize(before, HistoryJson.Default.String) == fingerprint) return;
        if (known is not null) log.JsonContractChanged();
        try
        {
            await services.Store.PutDocumentAsync(new DocumentRecord(ns, Kind, Key, 0, (known?.Version ?? 0) + 1, json), cancellationToken).ConfigureAwait(false);      // false: another host was first, and has warned
        }
        catch (DurableException error) when (!services.Groups.IsOne && Worker.PassingFaults.MayPass(error))
        {
            log.StoreAway("remember the JSON contract", error);      // its group is away: the next start remembers it
        }
    }

    /// <summary>A short text that differs when the options that shape JSON differ.</summary>
    public static string Of(JsonSerializerOptions options)
    {
        var text = new StringBuilder()
            .Append(options.PropertyNamingPolicy?.GetType().FullName).Append('|').Append(options.DictionaryKeyPolicy?.GetType().FullName).Append('|').Append(options.PropertyNameCaseInsensitive).Append('|')
            .Append(options.NumberHandling).Append('|').Append(options.DefaultIgnoreCondition).Append('|').Append(options.IncludeFields).Append('|').Append(options.IgnoreReadOnlyProperties).Append('|')
            .Append(options.UnmappedMemberHandling).Append('|').Append(options.PreferredObjectCreationHandling).Append('|').Append(options.ReferenceHandler?.GetType().FullName);
        foreach (var converter in options.Converters) text.Append('|').Append(converter.GetType().FullName);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..16];
    }
}
