// Messages: each that was acknowledged is in the history of its run, no more often than it was sent, and in the order of its sender.
using System.Globalization;
using System.Text.Json;
using Durable.Chaos.Ledgers;
using Durable.Engine.History;

namespace Durable.Chaos.Checking;

/// <summary>Joins the client's log with the histories.</summary>
internal sealed class MessageAudit(RequestLog log, Findings findings)
{
    private readonly ILookup<string, KeyValuePair<(string Workflow, string Sender, int Number), (int Tries, bool Acked)>> sent = log.Messages.ToLookup(message => message.Key.Workflow);

    /// <summary>Messages in histories, those of other runs included.</summary>
    public int Consumed { get; private set; }

    /// <summary>Messages that were acknowledged to clients.</summary>
    public int Acked => log.Messages.Values.Count(message => message.Acked);

    public void Check(StoredRun stored)
    {
        var id = stored.Run.WorkflowId;
        var received = stored.Events.Select(Read).OfType<(string Sender, int Number)>().ToList();
        Consumed += received.Count;
        foreach (var (key, (tries, acked)) in sent[id])
        {
            var times = received.Count(message => message == (key.Sender, key.Number));
            if (acked && times == 0) findings.AddLost($"{id}: message {key.Number} of {key.Sender} was acknowledged and is not in the history");
            if (times > tries) findings.AddDoubled($"{id}: message {key.Number} of {key.Sender} was sent {tries} times and consumed {times} times");
        }

        foreach (var sender in received.GroupBy(message => message.Sender))
        {
            var first = sender.Select(message => message.Number).Distinct().ToList();
            if (!first.SequenceEqual(first.Order())) findings.AddDoubled($"{id}: messages of {sender.Key} came in the order {string.Join(',', sender.Select(message => message.Number.ToString(CultureInfo.InvariantCulture)))}");
            if (!sender.Key.StartsWith("client-", StringComparison.Ordinal) && first.Count != sender.Count()) findings.AddDoubled($"{id}: a signal of the run {sender.Key} came twice");
        }
    }

    private static (string Sender, int Number)? Read(Durable.Storage.EventRecord row)
    {
        if (row.Kind is not ((short)EventKind.SignalReceived or (short)EventKind.MailReceived)) return null;
        using var payload = JsonDocument.Parse(row.Payload);
        var root = payload.RootElement;
        return root.ValueKind == JsonValueKind.Array ? (root[0].GetString()!, root[1].GetInt32()) : (root.GetProperty("sender").GetString()!, root.GetProperty("number").GetInt32());
    }
}
