// The histories of runs with findings, written down for whoever looks for the cause: the store is gone after the campaign.
using System.Text;
using Durable.Engine.History;

namespace Durable.Chaos.Checking;

/// <summary>Histories as text.</summary>
internal static class Dump
{
    /// <summary>Writes one run with the rows of its history.</summary>
    public static void Write(string folder, StoredRun stored)
    {
        var text = new StringBuilder();
        var run = stored.Run;
        text.AppendLine($"{run.WorkflowId} {run.RunId} {run.Type} {run.Status} gen {run.Gen} created {run.CreatedAt:O} closed {run.ClosedAt:O} parent {run.Parent}");
        text.AppendLine($"owner {stored.Placement.Owner} wake {stored.Placement.Wake?.DueAt:O} asap {stored.Placement.Wake?.Asap} messages {stored.Placement.Messages} tasks {stored.Placement.Tasks.Count}");
        foreach (var row in stored.Events)
        {
            text.AppendLine($"{row.Gen}:{row.Seq} {row.At:HH:mm:ss.ffffff} {(EventKind)row.Kind} ordinal {row.Ordinal} target {row.Target} sender {row.Sender}:{row.SenderSeq} {Text(row.Payload, 300)}");
            if (row.Commands is { Length: > 0 }) text.AppendLine($"    {Text(row.Commands, 1_500).ReplaceLineEndings("\n    ")}");
        }

        File.WriteAllText(Path.Combine(folder, $"run-{run.WorkflowId.Replace('/', '_')}.txt"), text.ToString());
    }

    private static string Text(byte[]? bytes, int limit)
    {
        var text = Encoding.UTF8.GetString(bytes ?? []);
        return text.Length > limit ? text[..limit] : text;
    }
}
