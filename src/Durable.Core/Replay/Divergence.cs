// Code and history differ: what was recorded, what the code asked for, and the three ways out.
using System.Text;
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Engine.Replay;

/// <summary>Makes the verdict of a divergence.</summary>
internal static class Divergence
{
    private const string WaysOut = "Ways out: deploy the code that wrote the history (the run then goes on by itself), keep the old path behind WorkflowContext.Patched, or terminate the run.";

    /// <summary>The commands of a row differ from those of the code.</summary>
    public static Verdict At(EventRecord row, ReadOnlySpan<byte> attempted, WorkflowInfo info)
    {
        var was = CommandHead.ParseAll(row.Commands);
        var now = ParseHead(attempted);
        var at = 0;
        while (at < was.Count && at < now.Count && was[at] == now[at]) at++;
        var recorded = at < was.Count ? was[at].ToString() : "nothing more";
        var wanted = at < now.Count ? now[at].ToString() : "nothing more";
        return new Verdict(DurableErrorCodes.Diverged,
            $"Workflow '{info.Workflow}' version {info.Version} does not match the history of run '{info.WorkflowId}' ({info.RunId}) at event {info.Generation}:{row.Seq} ({(EventKind)row.Kind}), command {at + 1}. Recorded: {recorded}. Attempted: {wanted}. {WaysOut}")
        {
            Row = row.Seq, Index = at, Recorded = recorded, Attempted = wanted,
        };
    }

    /// <summary>A row answers a command that the code did not issue.</summary>
    public static Verdict Unanswerable(WorkflowInfo info, EventRecord row) => new(DurableErrorCodes.Diverged,
        $"Workflow '{info.Workflow}' version {info.Version} does not match the history of run '{info.WorkflowId}' ({info.RunId}) at event {info.Generation}:{row.Seq}: {(EventKind)row.Kind} answers command #{row.Ordinal}, which the code has not issued or does not wait for. {WaysOut}")
    {
        Row = row.Seq, Recorded = $"{(EventKind)row.Kind} of #{row.Ordinal}", Attempted = "nothing that waits for it",
    };

    private static List<CommandHead> ParseHead(ReadOnlySpan<byte> head) =>
        head.IsEmpty ? [] : CommandHead.ParseAll(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(head) + "\n"));
}
