// What went from shard group to shard group: as much as the plans say, each message once, those of a sender in the order of their numbers, and nothing left behind.
using System.Globalization;
using Durable.Chaos.Workload;
using Durable.Engine.History;
using Durable.Engine.Hosting;
using Durable.Storage;

namespace Durable.Chaos.Checking;

/// <summary>Checks a campaign on several groups.</summary>
internal sealed class CrossingAudit(EngineServices engine, Plans plans, Findings findings)
{
    private readonly Crossings total = new();
    private int expected;
    private int senders;
    private int disorder;
    private int doubled;
    private int lost;
    private int left;

    /// <summary>One line for people.</summary>
    public string Summary => string.Create(CultureInfo.InvariantCulture,
        $"crossing: {total.All} messages from group to group (starts {total.Starts}, results {total.Results}, signals {total.Signals}) of {senders} senders, expected of finished runs {expected}; lost {lost}, doubled {doubled}, out of order {disorder}, rows left {left}");

    public async Task CheckAsync(IReadOnlyList<StoredRun> all)
    {
        foreach (var stored in all) Check(stored);
        var groups = all.ToLookup(stored => stored.Run.RunId, stored => engine.Groups.Of(stored.Run.Shard));
        var children = all.Where(stored => stored.Run.Parent is { } parent && groups[parent].Any(group => group != engine.Groups.Of(stored.Run.Shard))).ToList();
        total.Starts = children.Count;
        var byId = all.ToLookup(stored => stored.Run.WorkflowId);
        foreach (var root in all.Where(stored => stored is { IsClosed: true, Run.Parent: null } && stored.Run.WorkflowId.StartsWith(Plans.ChainPrefix, StringComparison.Ordinal)))
            Compare(root.Run.WorkflowId, plans.Chain(int.Parse(root.Run.WorkflowId.AsSpan(Plans.ChainPrefix.Length), CultureInfo.InvariantCulture)), byId);
        await LeftAsync(all);
    }

    // One by one in the order of the history: numbers of a sender rise, so nothing comes twice and nothing overtakes.
    private void Check(StoredRun stored)
    {
        var last = new Dictionary<Guid, long>();
        foreach (var row in stored.Events.Where(row => row.SenderSeq < 0 && row.Kind != (short)EventKind.MessageCarried))
        {
            if (EventKinds.IsReply((EventKind)row.Kind)) total.Results++;
            else total.Signals++;
            if (!last.TryGetValue(row.Sender, out var before)) senders++;
            else if (row.SenderSeq == before)
            {
                doubled++;
                findings.AddDoubled($"{stored.Run.WorkflowId}: {row.Sender}:{row.SenderSeq} crossed twice");
            }
            else if (row.SenderSeq < before)
            {
                disorder++;
                findings.AddDoubled($"{stored.Run.WorkflowId}: {row.Sender}:{row.SenderSeq} came after {before}");
            }

            last[row.Sender] = row.SenderSeq;
        }
    }

    // A chain with its children against its plan.
    private void Compare(string id, Plan plan, ILookup<string, StoredRun> byId)
    {
        foreach (var (child, nested, op) in plan.Children(id))
        {
            Compare(child, nested, byId);
            if (plans.GroupOf(id) == plans.GroupOf(child)) continue;
            var wanted = op.Kind == OpKind.Echo ? op.Count + 1 : 1;
            expected += wanted + 1;
            var senders = byId[child].Select(run => run.Run.RunId).ToHashSet();
            var found = byId[id].Sum(run => run.Events.Count(row => row.SenderSeq < 0 && row.Kind != (short)EventKind.MessageCarried && senders.Contains(row.Sender)));
            if (found < wanted)
            {
                lost += wanted - found;
                findings.AddLost($"{id} has {found} messages of its child {child} in another group, {wanted} were sent");
            }
            else if (found > wanted)
            {
                doubled += found - wanted;
                findings.AddDoubled($"{id} has {found} messages of its child {child} in another group, {wanted} were sent");
            }
        }
    }

    // A row that has arrived may be there still: whoever was to remove it was stopped. Any other has nobody.
    private async Task LeftAsync(IReadOnlyList<StoredRun> all)
    {
        const int most = 10_000;
        var runs = all.ToDictionary(stored => stored.Run.RunId);
        foreach (var group in engine.Store.Groups)
        {
            foreach (var row in await ((IGroupedStore)engine.Store).ReadOutgoingAsync(new OutgoingQuery(group, null, TimeSpan.Zero, most)))
            {
                var message = row.Record.Message;
                var arrived = runs.TryGetValue(message.RunId, out var target)
                    && (message.Kind == (short)EventKind.RunStarted || target.IsClosed || target.Events.Any(seen => seen.Sender == message.Sender && seen.SenderSeq == message.SenderSeq));
                if (arrived) continue;
                left++;
                findings.AddLost($"row {message.SenderSeq} of {message.Sender} for {message.RunId} in another group was left behind");
            }
        }
    }

    private sealed class Crossings
    {
        public int Starts { get; set; }

        public int Results { get; set; }

        public int Signals { get; set; }

        public int All => Starts + Results + Signals;
    }
}
