// What leaves the shard group of a lane (M2): stored beside its sender in the batch that decides it, carried to the target when that is durable, then removed.
using System.Text.Json;
using System.Text.Json.Serialization;
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Engine.Hosting;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>
/// Forwards the rows of a lane's runs, one page at a time for each target group, in the order in which they were stored. Members belong to the lane's loop. Rows that it loses
/// sight of are found by the next owner of their run, or by the sweep: delivering twice is delivering once, because receivers keep the last number of each sender.
/// </summary>
internal sealed class LaneForwards(Lane lane)
{
    private const int PageSize = 500;
    private readonly Dictionary<int, Line> lines = [];
    private readonly HashSet<OutgoingKey> known = [];

    /// <summary>True while nothing is on its way.</summary>
    public bool IsQuiet => known.Count == 0;

    private IGroupedStore Grouped => (IGroupedStore)lane.Services.Store;

    /// <summary>True for the start of a child.</summary>
    public static bool IsStart(OutgoingRecord row) => row.Message.Kind == (short)EventKind.RunStarted;

    /// <summary>The start that a row carries.</summary>
    public static StartRecord StartOf(OutgoingRecord row) => JsonSerializer.Deserialize(row.Message.Payload, OutgoingJson.Default.StartRecord)!;

    /// <summary>Puts a message to another group into the batch of its sender.</summary>
    public void Put(RunSlot slot, PendingBatch batch, MessageRecord message, bool closing = false) =>
        batch.Rows.Outgoing.Add(new OutgoingRecord(slot.Run.Shard, Numbered(message, slot.RunId, slot.NextCrossing(closing))));

    /// <summary>Puts the start of a child in another group into the batch of its parent.</summary>
    public void PutStart(RunSlot slot, PendingBatch batch, int ordinal, StartRecord start)
    {
        var seq = slot.NextCrossing(closing: false);
        (slot.StartsAway ??= []).Add(seq);
        batch.Rows.Outgoing.Add(new OutgoingRecord(slot.Run.Shard, new MessageRecord
        {
            RunId = start.RunId, Sender = slot.RunId, SenderSeq = seq, Kind = (short)EventKind.RunStarted, Payload = JsonSerializer.SerializeToUtf8Bytes(start, OutgoingJson.Default.StartRecord),
            ReplyGen = slot.Gen, ReplyOrdinal = ordinal, Namespace = start.Namespace, Shard = start.Shard, Correlation = start.Correlation, Trace = start.Trace, Causation = slot.RunId.ToString("N"),
        }));
    }

    /// <summary>A row is durable: it sets out.</summary>
    public void Add(OutgoingRecord row)
    {
        if (!known.Add(row.Key)) return;
        var target = lane.Services.Groups.Of(row.Message.Shard);
        if (!lines.TryGetValue(target, out var line)) lines[target] = line = new Line();
        line.Waiting.Enqueue(row);
        Pump(line);
    }

    /// <summary>A run was read: what it had sent and nobody has carried away sets out before anything that it sends now.</summary>
    public void TakeUp(RunSlot slot, IReadOnlyList<OutgoingRecord> rows)
    {
        slot.StartsAway = null;
        foreach (var row in rows)
        {
            if (IsStart(row)) (slot.StartsAway ??= []).Add(row.Message.SenderSeq);
            Add(row);
        }
    }

    /// <summary>Forgets all: the lane was lost, and its runs are somebody else's.</summary>
    public void Clear()
    {
        foreach (var line in lines.Values) line.IsDropped = true;
        lines.Clear();
        known.Clear();
    }

    private void Pump(Line line)
    {
        if (line.IsBusy || line.Waiting.Count == 0) return;
        line.IsBusy = true;
        var page = new List<OutgoingRecord>();
        while (page.Count < PageSize && line.Waiting.TryDequeue(out var row)) page.Add(row);
        _ = CarryAsync(line, page);
    }

    private async Task CarryAsync(Line line, List<OutgoingRecord> page)
    {
        for (var pause = 20; !lane.IsOver && !line.IsDropped; pause = Math.Min(pause * 2, 1_000))
        {
            try
            {
                var started = await DeliverAsync(lane.Services.Store, page).ConfigureAwait(false);
                lane.Post(() => Arrived(line, page, started));
                return;
            }
            catch (Exception error)
            {
                lane.Shared.Log.StoreAway("forward", error);
                await Task.Delay(TimeSpan.FromMilliseconds(pause), lane.Services.Clock).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Inserts rows at their target, those of a sender in order, all in one transaction.</summary>
    /// <returns>The children of which a run is stored now. The others were refused.</returns>
    public static async Task<HashSet<Guid>> DeliverAsync(IDurableStore store, IReadOnlyList<OutgoingRecord> page)
    {
        var starts = page.Where(IsStart).Select(row => Unreplied(StartOf(row))).DistinctBy(start => start.RunId).ToList();
        var messages = page.Where(row => !IsStart(row)).Select(row => row.Message).ToList();
        var result = await store.DeliverAsync(new Delivery(messages, starts)).ConfigureAwait(false);
        return [.. starts.Where((_, i) => result.Starts[i].Started).Select(start => start.RunId)];
    }

    private void Arrived(Line line, List<OutgoingRecord> page, HashSet<Guid> started)
    {
        line.IsBusy = false;
        if (line.IsDropped) return;                      // its runs are somebody else's, who carries the rows once more
        var gone = new List<OutgoingKey>();
        var again = new List<OutgoingRecord>();
        foreach (var row in page)
        {
            known.Remove(row.Key);
            if (IsStart(row)) Answer(row, started.Contains(row.Message.RunId), gone, again);
            else
            {
                gone.Add(row.Key);
                lane.Shared.Hint(row.Message.RunId);
            }
        }

        if (started.Count > 0) lane.Shared.PokeAll();
        lane.Shared.Announce();
        if (gone.Count > 0) _ = RemoveAsync(gone);
        if (again.Count > 0) _ = LaterAsync(again);
        Pump(line);
    }

    // A start that was stored may be forgotten by anybody. A refusal is told by the owner of the parent alone, in the batch that removes the row: so one answer counts.
    private void Answer(OutgoingRecord row, bool started, List<OutgoingKey> gone, List<OutgoingRecord> again)
    {
        if (!lane.Slots.TryGetValue(row.Message.Sender, out var slot) || slot.StartsAway?.Contains(row.Message.SenderSeq) != true)
        {
            if (started) gone.Add(row.Key);              // else its next owner asks again; of a closed parent, the sweep
            return;
        }

        if (!started && slot.State == SlotState.Leaving)
        {
            again.Add(row);                              // it ends, or goes on as another generation: then it is known who is to be told
            return;
        }

        slot.StartsAway.Remove(row.Message.SenderSeq);
        var (gen, ordinal) = (row.Message.ReplyGen, row.Message.ReplyOrdinal);
        if (started && (slot.State == SlotState.Leaving || gen != slot.Gen || slot.Execution?.Context.Children.AwaitsStart(ordinal) == false))
        {
            gone.Add(row.Key);
            return;
        }

        var refused = started ? null : StartOf(row).IfRefused!;
        lane.Turns.Deliver(slot, new Arrival(started ? EventKind.ChildStarted : EventKind.ChildStartFailed, ordinal, null, refused?.Payload, refused?.Encoding ?? 0) { ReplyGen = gen, Forwarded = row.Key });
    }

    private async Task RemoveAsync(List<OutgoingKey> keys)
    {
        try
        {
            await Grouped.RemoveOutgoingAsync(keys).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            lane.Shared.Log.StoreAway("remove forwarded rows", error);      // the sweep does it
        }
    }

    private async Task LaterAsync(List<OutgoingRecord> rows)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(100), lane.Services.Clock).ConfigureAwait(false);
        lane.Post(() =>
        {
            foreach (var row in rows)
                if (lane.Slots.ContainsKey(row.Message.Sender)) Add(row);
        });
    }

    // At the target nobody is told: the parent is here.
    private static StartRecord Unreplied(StartRecord start) => new()
    {
        RunId = start.RunId, Namespace = start.Namespace, WorkflowId = start.WorkflowId, Shard = start.Shard, Type = start.Type, Version = start.Version, Build = start.Build, Queue = start.Queue,
        Priority = start.Priority, Input = start.Input, Encoding = start.Encoding, Secret = start.Secret, Attributes = start.Attributes, Parent = start.Parent, DeadlineAt = start.DeadlineAt, DueAt = start.DueAt,
        Actor = start.Actor, Correlation = start.Correlation, Trace = start.Trace, Gate = start.Gate, Status = start.Status,
    };

    private static MessageRecord Numbered(MessageRecord message, Guid sender, long seq) => new()
    {
        RunId = message.RunId, Sender = sender, SenderSeq = seq, Kind = message.Kind, Control = message.Control, Target = message.Target, Payload = message.Payload, Encoding = message.Encoding,
        ReplyGen = message.ReplyGen, ReplyOrdinal = message.ReplyOrdinal, Actor = message.Actor, Correlation = message.Correlation, Causation = message.Causation, Trace = message.Trace,
        Namespace = message.Namespace, Shard = message.Shard,
    };

    /// <summary>What goes to one group.</summary>
    private sealed class Line
    {
        public Queue<OutgoingRecord> Waiting { get; } = new();

        public bool IsBusy { get; set; }

        public volatile bool IsDropped;
    }
}

/// <summary>How the start of a child travels.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StartRecord))]
internal sealed partial class OutgoingJson : JsonSerializerContext;
