// Patched and Version: answers derived from the set of markers that the history holds, never from one row (M8).
using System.Globalization;
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Engine.Replay;

/// <summary>Patch and version markers of one execution.</summary>
internal sealed class Markers(WorkflowExecution execution)
{
    private Dictionary<string, string?>? recorded;       // most runs have none
    private Dictionary<string, int>? answers;

    /// <summary>Ids of all markers in use.</summary>
    public IEnumerable<string> Ids => recorded?.Keys ?? Enumerable.Empty<string>();

    /// <summary>Finds the markers of stored rows.</summary>
    public void Collect(IReadOnlyList<EventRecord> rows)
    {
        foreach (var row in rows)
        {
            if (row.Commands is null || row.Commands.AsSpan().IndexOf("[9,"u8) < 0) continue;
            foreach (var head in CommandHead.ParseAll(row.Commands))
                if (head is { Kind: CommandKind.Marker, Name: { } id }) Record(id, head.Target);
        }
    }

    /// <summary>True if the run takes the new path: live code does, and replay does if the marker is recorded.</summary>
    public bool Patched(string id) => Answer(id, () => execution.IsReplaying ? IsRecorded(id) ? 1 : 0 : 1, null) == 1;

    /// <summary>The version of a change that the run takes: the newest when live, the recorded one in replay, 0 for histories from before it.</summary>
    public int Version(string id, int min, int max)
    {
        if (min > max) throw new ArgumentOutOfRangeException(nameof(min), min, $"The lowest supported version of '{id}' is above the highest ({max}).");
        var version = Answer(id, () => execution.IsReplaying || IsRecorded(id) ? int.TryParse(recorded?.GetValueOrDefault(id), CultureInfo.InvariantCulture, out var stored) ? stored : 0 : max, max);
        if (version >= min && version <= max) return version;
        execution.Hold(new Verdict(DurableErrorCodes.Diverged,
            $"The history of run '{execution.Info.WorkflowId}' holds version {version} of change '{id}'; this build supports {min} to {max}. Deploy a build that supports it, or terminate the run."));
        return max;
    }

    private bool IsRecorded(string id) => recorded?.ContainsKey(id) == true;

    private void Record(string id, string? target) => (recorded ??= new(StringComparer.Ordinal)).TryAdd(id, target);

    private int Answer(string id, Func<int> decide, int? version)
    {
        Operations.CheckName(id, "The id of a patch or version");
        if (answers is not null && answers.TryGetValue(id, out var known)) return known;
        execution.RefuseReadOnly($"Patched or Version of '{id}'");       // before it is decided: a first answer that leaves no marker would differ in replay
        var answer = (answers ??= new(StringComparer.Ordinal))[id] = decide();
        if (answer > 0)
        {
            var target = version is null ? null : answer.ToString(CultureInfo.InvariantCulture);
            if (execution.Operations.Note(CommandKind.Marker, id, target, null)) Record(id, target);
        }

        return answer;
    }
}
