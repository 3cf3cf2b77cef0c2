// The invariants of what goes from shard group to shard group (M2): durable beside its sender first, there once, in order, and never lost.
using Durable.Engine.History;
using Durable.Engine.Worker;
using Durable.Storage;

namespace Durable.Simulation;

/// <summary>Remembers every row that a batch has stored for another group. A part of the judge.</summary>
internal sealed class CrossingJudge(World world, Judge judge)
{
    private readonly Dictionary<(Guid Sender, long Seq), OutgoingRecord> rows = [];
    private readonly Dictionary<Guid, long> lastSent = [];
    private readonly Dictionary<(Guid Run, Guid Sender), SortedSet<long>> open = [];

    /// <summary>A batch stored a row: numbers of a sender rise.</summary>
    public void Sent(OutgoingRecord row)
    {
        var message = row.Message;
        if (!CrossingNumbers.Is(message.SenderSeq)) world.Violate($"M2: row {message.SenderSeq} of {judge.Name(message.Sender)} has the number of a message of its own group");
        if (lastSent.TryGetValue(message.Sender, out var last) && message.SenderSeq <= last) world.Violate($"M2: row {message.SenderSeq} of {judge.Name(message.Sender)} was stored after {last}");
        lastSent[message.Sender] = message.SenderSeq;
        rows[(message.Sender, message.SenderSeq)] = row;
        if (message.Kind == (short)EventKind.RunStarted) return;
        if (!open.TryGetValue((message.RunId, message.Sender), out var numbers)) open[(message.RunId, message.Sender)] = numbers = [];
        numbers.Add(message.SenderSeq);
    }

    /// <summary>A message was delivered: what it comes from is durable.</summary>
    public void Delivered(MessageRecord message)
    {
        if (CrossingNumbers.Is(message.SenderSeq) && message.Kind != (short)EventKind.MessageCarried && !rows.ContainsKey((message.Sender, message.SenderSeq)))
            world.Violate($"M2: {(EventKind)message.Kind} {message.SenderSeq} came to {judge.Name(message.RunId)} before it was stored beside its sender");
    }

    /// <summary>A history holds a message now: nothing that was sent before it to the same run is still on its way.</summary>
    public void Recorded(EventRecord row, string where)
    {
        if (!CrossingNumbers.Is(row.SenderSeq) || !open.TryGetValue((row.RunId, row.Sender), out var numbers)) return;
        var isOrder = (EventKind)row.Kind is EventKind.Terminated or EventKind.Resumed or EventKind.TimedOut;        // an operator's word does not wait in line
        if (!isOrder && numbers.Min is var first && numbers.Count > 0 && first < row.SenderSeq) world.Violate($"M2: {row.SenderSeq} was recorded before {first} of the same sender ({where})");
        numbers.Remove(row.SenderSeq);
    }

    /// <summary>A message was consumed. Signals and items that no history holds are lost.</summary>
    public void Consumed(MessageKey key, bool isRecorded)
    {
        if (!CrossingNumbers.Is(key.SenderSeq) || !rows.TryGetValue((key.Sender, key.SenderSeq), out var row)) return;
        if (!isRecorded && IsMail(row)) world.Violate($"M2: {(EventKind)row.Message.Kind} {key.SenderSeq} for {judge.Name(key.RunId)} was consumed unseen");
        if (open.TryGetValue((key.RunId, key.Sender), out var numbers)) numbers.Remove(key.SenderSeq);
    }

    /// <summary>At rest: what was sent to a run that is there is in its history, or lies with a closed one.</summary>
    public void Check(SimDatabase database)
    {
        foreach (var ((run, sender), numbers) in open)
        {
            if (!database.Tables.Runs.ContainsKey(run)) continue;        // purged, or never started
            foreach (var seq in numbers.Where(seq => IsMail(rows[(sender, seq)])))
                if (!(database.Tables.Inboxes.TryGetValue(run, out var inbox) && inbox.Messages.ContainsKey((sender, seq)))) world.Violate($"M2: {(EventKind)rows[(sender, seq)].Message.Kind} {seq} for {judge.Name(run)} is lost");
        }
    }

    private static bool IsMail(OutgoingRecord row) => (EventKind)row.Message.Kind is EventKind.SignalReceived or EventKind.MailReceived;
}
