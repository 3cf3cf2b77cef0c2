// Shard groups of the in-memory store: its rows lie together, so what a distributed database would refuse is checked instead (M1).
namespace Durable.Storage;

/// <summary>Reads rows that wait for other groups, and tells batches that mix groups.</summary>
internal sealed class MemoryGroups(MemoryTables tables)
{
    /// <summary>So many groups: a shard belongs to the group that is its remainder.</summary>
    public static IReadOnlyList<ShardGroup> Make(int count) => count == 1 ? [ShardGroup.Whole] :
        [.. Enumerable.Range(0, count).Select(number => new ShardGroup(number, (short)number, [.. Enumerable.Range(0, Shards.Modulus).Where(shard => shard % count == number).Select(shard => (short)shard)]))];

    /// <summary>True if a shard belongs to a group.</summary>
    public static bool Has(ShardGroup group, short shard) => group.Shards is null || group.Shards.Contains(shard);

    /// <summary>What in a batch belongs to another group than its lane, or null.</summary>
    public static string? FindStranger(LaneBatch batch)
    {
        if (batch.Lane.Group.Shards is null)
            return null;
        var rows = batch.Starts.Concat(batch.Children).Select(r => (What: "start", r.Shard)).Concat(batch.Events.Select(r => ("event", r.Shard))).Concat(batch.Consumed.Select(r => ("message", r.Shard)))
            .Concat(batch.Parks.Select(r => ("park", r.Shard))).Concat(batch.Closes.Select(r => ("close", r.Shard))).Concat(batch.Updates.Select(r => ("update", r.Shard)))
            .Concat(batch.Sends.Select(r => ("send", r.Shard))).Concat(batch.Tasks.Select(r => ("task", r.Shard))).Concat(batch.TaskDeletes.Select(r => ("task", r.Shard)))
            .Concat(batch.Documents.Select(r => ("document", r.Shard))).Concat(batch.Trims.Select(r => ("trim", r.Shard))).Concat(batch.Claims.Select(r => ("claim", Shards.Of(r))))
            .Concat(batch.Outgoing.Select(r => ("outgoing row", r.Shard))).Concat(batch.Forwarded.Select(r => ("outgoing row", r.Shard)));
        foreach (var (what, shard) in rows)
        {
            if (!Has(batch.Lane.Group, shard))
                return $"A {what} of shard {shard} is in a batch of group {batch.Lane.Group.Number}.";
        }
        foreach (var row in batch.Outgoing)
        {
            if (Has(batch.Lane.Group, row.Message.Shard))
                return $"An outgoing row leads to shard {row.Message.Shard} of its own group {batch.Lane.Group.Number}.";
        }
        return null;
    }

    public List<OutgoingRow> Read(OutgoingQuery query)
    {
        var (before, ahead) = (tables.Now - query.Age, tables.Now + query.Age);
        var senders = tables.Outgoing.Where(row => row.Value.At <= before || row.Value.At >= ahead).Select(row => row.Key.Sender).ToHashSet();
        return [.. tables.Outgoing.Where(row => senders.Contains(row.Key.Sender) && Has(query.Group, row.Value.Record.Shard) && (query.Target is null || Has(query.Target, row.Value.Record.Message.Shard))
                && (query.After is not { } after || row.Key.Sender.CompareTo(after) > 0) && (query.Sender is not { } sender || row.Key.Sender == sender))
            .Take(query.Limit).Select(row => new OutgoingRow(row.Value.Record, !tables.Runs.TryGetValue(row.Key.Sender, out var run) || run.IsClosed))];
    }

    public void Remove(IReadOnlyList<OutgoingKey> keys)
    {
        foreach (var key in keys)
            tables.Outgoing.Remove((key.Sender, key.Seq));
    }

    public List<OutgoingRecord> Of(Guid sender) => tables.Outgoing.Count == 0 ? [] : [.. tables.Outgoing.Where(row => row.Key.Sender == sender).Select(row => row.Value.Record)];
}
