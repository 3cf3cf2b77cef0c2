// What replaying runs against this build has shown.
using System.Globalization;
using System.Text;

namespace Durable;

/// <summary>The outcome of replaying runs against the code of this process: nothing was written, no activity was called.</summary>
/// <param name="Workflows">What was replayed, by workflow and version.</param>
/// <param name="Incompatible">Runs whose history this build does not repeat; they would be held as <see cref="RunStatus.Stalled"/>.</param>
/// <param name="NotHere">Workflows of runs that this process has no class for, as <c>name@version</c> with the number of their runs.</param>
public sealed record ReplayReport(IReadOnlyList<ReplayedWorkflow> Workflows, IReadOnlyList<IncompatibleRun> Incompatible, IReadOnlyDictionary<string, int> NotHere)
{
    private const int MostShown = 50;        // a comment of a pull request holds 65,536 characters

    /// <summary>How many runs were replayed.</summary>
    public int Runs => Workflows.Sum(workflow => workflow.Runs);

    /// <summary>How many events they have, commands included.</summary>
    public long Events => Workflows.Sum(workflow => workflow.Events);

    /// <summary>True if every replayed run fits.</summary>
    public bool IsCompatible => Incompatible.Count == 0;

    /// <summary>Demands that every run fits.</summary>
    /// <returns>This report.</returns>
    /// <exception cref="DurableException">The code of the first run that does not (DUR4001, DUR4002, DUR2005 …), with all of them in the message.</exception>
    public ReplayReport ThrowIfIncompatible() => IsCompatible ? this : throw new DurableException(Incompatible[0].Code, $"{Summary}\n{string.Join('\n', Incompatible.Take(MostShown).Select(run => $"- {run.Message}"))}");

    /// <summary>The report as Markdown, fit for a comment on a pull request.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder("### ").AppendLine(Summary).AppendLine();
        text.AppendLine("| Workflow | Version | Runs | Events | Do not fit |").AppendLine("|---|---|---|---|---|");
        foreach (var workflow in Workflows) text.AppendLine(CultureInfo.InvariantCulture, $"| {workflow.Workflow} | {workflow.Version} | {workflow.Runs:N0} | {workflow.Events:N0} | {workflow.Incompatible:N0} |");
        foreach (var (name, runs) in NotHere) text.AppendLine(CultureInfo.InvariantCulture, $"| {name} | not in this build | {runs:N0} | | |");
        foreach (var run in Incompatible.Take(MostShown)) Append(text, run);
        if (Incompatible.Count > MostShown) text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"… and {Incompatible.Count - MostShown:N0} more.");
        if (!IsCompatible) text.AppendLine().AppendLine("Ways out: keep the code that wrote these histories, put the change behind `WorkflowContext.Patched`, register the new code as a new version, or terminate the runs.");
        return text.ToString();
    }

    private string Summary => Runs == 0 ? "No run was replayed." : IsCompatible
        ? string.Create(CultureInfo.InvariantCulture, $"All of {Runs:N0} replayed runs fit this build.")
        : string.Create(CultureInfo.InvariantCulture, $"{Incompatible.Count:N0} of {Runs:N0} replayed runs do not fit this build.");

    private static void Append(StringBuilder text, IncompatibleRun run)
    {
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"#### `{run.WorkflowId}` – {run.Workflow} {run.Version}").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"- {run.Code} at event `{run.Position}` of run `{run.RunId}`");
        if (run.Recorded is not null) text.AppendLine(CultureInfo.InvariantCulture, $"- recorded: `{run.Recorded}`").AppendLine(CultureInfo.InvariantCulture, $"- attempted: `{run.Attempted}`");
        if (run.SourceLine is not null) text.AppendLine(CultureInfo.InvariantCulture, $"- in your code: `{run.SourceLine}`");
        if (run.Recorded is null) text.AppendLine(CultureInfo.InvariantCulture, $"- {run.Message}");
    }
}

/// <summary>Runs of one class and version that were replayed.</summary>
/// <param name="Workflow">Stored name of the class.</param>
/// <param name="Version">Its version.</param>
/// <param name="Runs">How many runs.</param>
/// <param name="Events">How many events they have.</param>
/// <param name="Incompatible">How many of the runs do not fit.</param>
public sealed record ReplayedWorkflow(string Workflow, int Version, int Runs, long Events, int Incompatible);

/// <summary>A run whose history this build does not repeat.</summary>
/// <param name="WorkflowId">Its workflow id.</param>
/// <param name="RunId">The run.</param>
/// <param name="Workflow">Stored name of its class.</param>
/// <param name="Version">Its version.</param>
/// <param name="Code">Why: DUR4001 for another command, DUR4002 for code that left its turn, DUR2005 for a payload that cannot be read, DUR5002 for a broken history.</param>
/// <param name="Position">The event, as <c>generation:seq</c>.</param>
/// <param name="Recorded">What the history holds there, or null.</param>
/// <param name="Attempted">What the code asked for instead, or null.</param>
/// <param name="SourceLine">The line of your code, if it is known: symbols must be deployed.</param>
/// <param name="Message">All of it in a sentence, with the ways out.</param>
public sealed record IncompatibleRun(string WorkflowId, Guid RunId, string Workflow, int Version, string Code, string Position, string? Recorded, string? Attempted, string? SourceLine, string Message);
