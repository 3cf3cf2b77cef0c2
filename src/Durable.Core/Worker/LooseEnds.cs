// What a run leaves behind when it ends without its code: told by its stored rows alone, because the code may not be here, or may be what must not run.
using System.Text.Json;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>A child whose outcome the history does not hold.</summary>
/// <param name="RunId">The child.</param>
/// <param name="Ordinal">The command that started it.</param>
/// <param name="OnClose">What becomes of it when the parent ends.</param>
internal readonly record struct OpenChild(Guid RunId, int Ordinal, ParentClosePolicy OnClose);

/// <summary>Reads parent and children from rows.</summary>
internal static class LooseEnds
{
    /// <summary>The command that started the run, or null.</summary>
    public static ParentLink? ParentOf(RunRecord run, IReadOnlyList<EventRecord> rows, PayloadCodec? codec)
    {
        var (stored, encoding) = rows.Count > 0 ? (rows[0].Payload, rows[0].Encoding) : (run.Input, run.Encoding);
        if (run.Parent is null || stored is null) return null;
        return JsonSerializer.Deserialize(Codecs.Decode(codec, stored, encoding, run.Namespace, run.RunId, "Start"), HistoryJson.Default.StartDocument)!.Parent;
    }

    /// <summary>The children of a generation that have no outcome and were not given up.</summary>
    public static IReadOnlyList<OpenChild> ChildrenOf(RunRecord run, IReadOnlyList<EventRecord> rows, PayloadCodec? codec)
    {
        var open = new SortedDictionary<int, OpenChild>();
        foreach (var row in rows)
        {
            if ((EventKind)row.Kind is EventKind.ChildCompleted or EventKind.ChildFailed or EventKind.ChildStartFailed) open.Remove(row.Ordinal);
            if ((EventKind)row.Kind == EventKind.CancelRequested) open.Clear();          // they were asked to cancel with it (M13)
            if (row.Commands is null) continue;
            byte[]? bodies = null;
            var index = 0;
            foreach (var head in CommandHead.ParseAll(row.Commands))
            {
                if (head.Kind == CommandKind.Child)
                {
                    bodies ??= Codecs.Bodies(codec, row);
                    open[head.Ordinal] = new OpenChild(RunIds.OfChild(run.RunId, row.Gen, head.Ordinal, run.Namespace, head.Target!), head.Ordinal, PolicyOf(CommandBuffer.Line(bodies, index)));
                }
                else if (head.Kind == CommandKind.Cancel) open.Remove(head.Ordinal);
                index++;
            }
        }

        return [.. open.Values];
    }

    private static ParentClosePolicy PolicyOf(ReadOnlySpan<byte> body)
    {
        var options = JsonText.Element(body).TryGetProperty("options", out var stored) ? stored.Deserialize(ChildJson.Default.ChildOptionsDocument) : null;
        return options?.ParentClose ?? ParentClosePolicy.Cancel;
    }
}
