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
    private const long PageBytes = 4 << 20;
    private const int HeldSize = 10_000;                 // rows of one sender that are read at once when it is tried again
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Elsewhere = TimeSpan.FromMinutes(5);
    private readonly Dictionary<int, Line> lines = [];
    private readonly HashSet<OutgoingKey> known = [];

    /// <summary>True while nothing is on its way. What its target refuses is not: it lies where it is stored.</summary>
    public bool IsQuiet => known.Count == 0;

    private IGroupedStore Grouped => (IGroupedStore)lane.Services.Store;

    private Refusals Refusals => lane.Services.Refusals;

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
        var target = lane.Services.Groups.Of(row.Message.Shard);
        if (!lines.TryGetValue(target, out var line)) lines[target] = line = new Line(target);
        if (line.Held.TryGetValue(row.Message.Sender, out var held)) held.Late?.Add(row);      // it is stored behind those that wait, and read with them
        else if (known.Add(row.Key))
        {
            line.Waiting.Enqueue(row);
            Pump(line);
        }
    }

    /// <summary>A run was read: what it had sent and nobody has carried away sets out before anything that it sends now.</summary>
    public void TakeUp(RunSlot slot, IReadOnlyList<OutgoingRecord> rows)
    {
        slot.StartsAway = null;
        foreach (var line in lines.Values) line.Held.Remove(slot.RunId);      // these are all of its rows
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
        var (page, bytes) = (new List<OutgoingRecord>(), 0L);
        while (page.Count < PageSize && bytes < PageBytes && line.Waiting.TryDequeue(out var row))
        {
            page.Add(row);
            bytes += row.Message.Payload?.Length ?? 0;
        }

        _ = CarryAsync(line, page);
    }

    private async Task CarryAsync(Line line, List<OutgoingRecord> page)
    {
        for (var pause = 20; !lane.IsOver && !line.IsDropped; pause = Math.Min(pause * 2, 1_000))
        {
            try
            {
                var sent = await OutgoingDelivery.SendAsync(lane.Services.Store, page).ConfigureAwait(false);
                lane.Post(() => Arrived(line, page, sent));
                return;
            }
            catch (Exception error)
            {
                lane.Shared.Log.StoreAway("forward", error);
                await Task.Delay(TimeSpan.FromMilliseconds(pause), lane.Services.Clock).ConfigureAwait(false);
            }
        }
    }

    private void Arrived(Line line, List<OutgoingRecord> page, Delivered sent)
    {
        line.IsBusy = false;
        if (line.IsDropped) return;                      // its runs are somebody else's, who carries the rows once more
        foreach (var row in page) known.Remove(row.Key);
        foreach (var (row, error) in sent.Refused) Hold(line, row, error);
        var gone = new List<OutgoingKey>();
        var again = new List<OutgoingRecord>();
        foreach (var row in sent.Arrived)
        {
            if (!line.Held.ContainsKey(row.Message.Sender)) Refusals.Remove(row.Message.Sender, line.Target);
            if (IsStart(row)) Answer(row, sent.Started.Contains(row.Message.RunId), gone, again);
            else
            {
                gone.Add(row.Key);
                lane.Shared.Hint(row.Message.RunId);
            }
        }

        if (sent.Started.Count > 0) lane.Shared.PokeAll();
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

    // The target does not take a row: its sender waits, with all that it sends there meanwhile. Nothing of it is kept here; it is stored.
    private void Hold(Line line, OutgoingRecord row, Exception error)
    {
        var sender = row.Message.Sender;
        var pause = Refusals.Add(lane.Shared.Log, row, line.Target, error);
        var behind = line.Waiting.Where(waiting => waiting.Message.Sender == sender).ToList();
        if (behind.Count > 0)
        {
            foreach (var waiting in behind) known.Remove(waiting.Key);
            line.Waiting = new Queue<OutgoingRecord>(line.Waiting.Where(waiting => waiting.Message.Sender != sender));
        }

        var held = line.Held[sender] = new Held();
        _ = TryAgainAsync(line, sender, held, pause);
    }

    private async Task TryAgainAsync(Line line, Guid sender, Held held, TimeSpan pause)
    {
        await Task.Delay(pause, lane.Services.Clock).ConfigureAwait(false);
        if (!lane.IsOver && !line.IsDropped) lane.Post(() => TryAgain(line, sender, held));
    }

    private void TryAgain(Line line, Guid sender, Held held)
    {
        if (line.IsDropped || line.Held.GetValueOrDefault(sender) != held) return;
        if (Refusals.Left(sender, line.Target) is var left && left > TimeSpan.Zero)
        {
            _ = TryAgainAsync(line, sender, held, left);
            return;
        }

        held.Late = [];
        _ = ReadAsync(line, sender, held);
    }

    // As they are stored now: others may have carried them, and an operator may have given one up.
    private async Task ReadAsync(Line line, Guid sender, Held held)
    {
        try
        {
            var target = lane.Services.Groups.All.First(group => group.Number == line.Target);
            var rows = await Grouped.ReadOutgoingAsync(new OutgoingQuery(lane.Key.Group, target, TimeSpan.Zero, HeldSize) { Sender = sender }).ConfigureAwait(false);
            lane.Post(() => TakeBack(line, sender, held, rows));
        }
        catch (Exception error)
        {
            lane.Shared.Log.StoreAway("read outgoing rows", error);
            lane.Post(() =>
            {
                held.Late = null;
                _ = TryAgainAsync(line, sender, held, Soon);
            });
        }
    }

    private void TakeBack(Line line, Guid sender, Held held, IReadOnlyList<OutgoingRow> stored)
    {
        if (line.IsDropped || line.Held.GetValueOrDefault(sender) != held) return;
        var rows = stored.Select(row => row.Record).Concat(held.Late ?? []).DistinctBy(row => row.Key).OrderBy(row => row.Message.SenderSeq).ToList();
        held.Late = null;
        if (rows.Any(IsStart) && !lane.Slots.ContainsKey(sender))
        {
            _ = TryAgainAsync(line, sender, held, Elsewhere);      // a start is its parent's owner's; should that be this lane again, it takes the rows up
            return;
        }

        if (stored.Count < HeldSize) line.Held.Remove(sender);
        else
        {
            rows.RemoveRange(HeldSize, rows.Count - HeldSize);
            _ = TryAgainAsync(line, sender, held, Soon);            // more are stored than were read: those first
        }

        foreach (var row in rows)
            if (known.Add(row.Key)) line.Waiting.Enqueue(row);
        Pump(line);
    }

    private static MessageRecord Numbered(MessageRecord message, Guid sender, long seq) => new()
    {
        RunId = message.RunId, Sender = sender, SenderSeq = seq, Kind = message.Kind, Control = message.Control, Target = message.Target, Payload = message.Payload, Encoding = message.Encoding,
        ReplyGen = message.ReplyGen, ReplyOrdinal = message.ReplyOrdinal, Actor = message.Actor, Correlation = message.Correlation, Causation = message.Causation, Trace = message.Trace,
        Namespace = message.Namespace, Shard = message.Shard,
    };

    /// <summary>What goes to one group.</summary>
    private sealed class Line(int target)
    {
        public int Target => target;

        public Queue<OutgoingRecord> Waiting { get; set; } = new();

        /// <summary>Senders of which the target refuses a row.</summary>
        public Dictionary<Guid, Held> Held { get; } = [];

        public bool IsBusy { get; set; }

        public volatile bool IsDropped;
    }

    /// <summary>A sender that waits.</summary>
    private sealed class Held
    {
        /// <summary>While its rows are read: what becomes durable meanwhile.</summary>
        public List<OutgoingRecord>? Late { get; set; }
    }
}

/// <summary>How the start of a child travels.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StartRecord))]
internal sealed partial class OutgoingJson : JsonSerializerContext;
