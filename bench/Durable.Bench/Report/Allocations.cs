// Which types the garbage is made of: the runtime tells one allocation in every 100 KB.
using System.Diagnostics.Tracing;

namespace Durable.Bench;

/// <summary>Samples allocations while it lives.</summary>
internal sealed class Allocations : EventListener
{
    private const EventKeywords Gc = (EventKeywords)1;
    private readonly Dictionary<string, long> bytes = new(StringComparer.Ordinal);

    /// <summary>Types by bytes, the largest first.</summary>
    public IReadOnlyList<(string Type, double Share)> Top(int count)
    {
        lock (bytes)
        {
            var all = Math.Max(1, bytes.Values.Sum());
            return [.. bytes.OrderByDescending(type => type.Value).Take(count).Select(type => (type.Key, (double)type.Value / all))];
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime") EnableEvents(eventSource, EventLevel.Verbose, Gc);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName?.StartsWith("GCAllocationTick", StringComparison.Ordinal) != true || eventData.PayloadNames is not { } names || eventData.Payload is not { } values) return;
        if (values[names.IndexOf("TypeName")] is not string type) return;
        var amount = Convert.ToInt64(values[names.IndexOf("AllocationAmount64")], System.Globalization.CultureInfo.InvariantCulture);
        lock (bytes) bytes[type] = bytes.GetValueOrDefault(type) + amount;
    }
}
