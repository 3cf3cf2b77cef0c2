// What the judge remembers of a run, beside the store and independent of it.
using Durable.Engine.History;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Simulation;

/// <summary>One accepted row of a history.</summary>
internal readonly record struct ShadowRow(short Kind, int Ordinal, Guid Sender, long SenderSeq, DateTimeOffset At, int Crc);

/// <summary>A run as the accepted batches made it.</summary>
internal sealed class ShadowRun(Guid id)
{
    public Guid Id { get; } = id;

    /// <summary>Rows by generation; never shortened.</summary>
    public List<List<ShadowRow>> Generations { get; } = [[]];

    /// <summary>Messages that a row consumed.</summary>
    public HashSet<(Guid Sender, long Seq)> Consumed { get; } = [];

    /// <summary>Commands seen so far, by generation and ordinal.</summary>
    public Dictionary<(int Gen, int Ordinal), CommandKind> Commands { get; } = [];

    /// <summary>Due times of timers.</summary>
    public Dictionary<(int Gen, int Ordinal), DateTimeOffset> Timers { get; } = [];

    /// <summary>Commands that have their outcome.</summary>
    public HashSet<(int Gen, int Ordinal)> Settled { get; } = [];

    /// <summary>How it ended, or null.</summary>
    public CloseRecord? Close { get; set; }

    /// <summary>Unique contents of signals, items and updates that its history holds.</summary>
    public List<string> Contents { get; } = [];

    /// <summary>Signals that its history holds.</summary>
    public int Signals { get; set; }

    /// <summary>Updates that its history holds.</summary>
    public int Updates { get; set; }

    /// <summary>True once a purge has taken it.</summary>
    public bool IsPurged { get; set; }

    public int Generation => Generations.Count - 1;

    /// <summary>Adds the commands of a row.</summary>
    public void Learn(EventRecord row)
    {
        if (row.Commands is null) return;
        CommandBuffer.Split(row.Commands, out _, out var bodies);
        var index = 0;
        foreach (var head in CommandHead.ParseAll(row.Commands))
        {
            Commands.TryAdd((row.Gen, head.Ordinal), head.Kind);
            if (head.Kind == CommandKind.Timer)
                Timers[(row.Gen, head.Ordinal)] = System.Text.Json.JsonSerializer.Deserialize(CommandBuffer.Line(bodies, index), ChildJson.Default.TimerDocument)!.DueAt;
            index++;
        }
    }
}
