// Databases that do not keep a rule about what goes from shard group to shard group (M2).
using Durable.Storage;

namespace Durable.Simulation;

internal sealed class OutgoingLost : SimDatabase
{
    protected override CommitResult Apply(LaneBatch batch)
    {
        if (batch.Outgoing.Count == 0 || !World.Random.Chance(0.1)) return base.Apply(batch);
        var torn = Batches.Copy(batch);
        torn.Outgoing.Clear();
        return base.Apply(torn);
    }
}

internal sealed class LoadWithoutOutgoing : LoadRule
{
    protected override LoadedRun Change(LoadedRun run, LoadRequest request) => run with { Outgoing = [] };
}

internal sealed class OutgoingFromTheMiddle : SimDatabase
{
    public override IReadOnlyList<OutgoingRow> ReadOutgoing(OutgoingQuery query)
    {
        var rows = base.ReadOutgoing(query);
        var first = rows.GroupBy(row => row.Record.Message.Sender).Where(sender => sender.Count() > 1).Select(sender => sender.First()).ToHashSet();
        return [.. rows.Where(row => !first.Contains(row))];
    }
}

internal sealed class RemovedBySender : SimDatabase
{
    public override int RemoveOutgoing(IReadOnlyList<OutgoingKey> keys)
    {
        var senders = keys.Select(key => key.Sender).ToHashSet();
        return base.RemoveOutgoing([.. Tables.Outgoing.Keys.Where(key => senders.Contains(key.Sender)).Select(key => new OutgoingKey(key.Sender, key.Seq, 0))]);
    }
}
