// Sees the context of a run on any thread that is not running its turn (M4).
using System.Globalization;

namespace Durable.Engine.Replay;

/// <summary>Gives each run its own clean <see cref="ExecutionContext"/> (M3) with a marker that reports where it flows.</summary>
internal static class FlowMarker
{
    // The handler runs before the foreign code does, also when nothing ever comes back. It may only record: an exception here ends the process.
    private static readonly AsyncLocal<WorkflowExecution?> Marker = new(static change =>
    {
        if (change.ThreadContextChanged && change.CurrentValue is { } run && WorkflowExecution.OnTurn != run) run.ReportForeign();
    });

    private static readonly ExecutionContext Empty = CaptureEmpty();

    /// <summary>A context that holds the marker and the invariant culture, and nothing of whoever started the run.</summary>
    public static ExecutionContext ContextOf(WorkflowExecution execution)
    {
        ExecutionContext? captured = null;
        var before = WorkflowExecution.OnTurn;
        WorkflowExecution.OnTurn = execution;
        try
        {
            ExecutionContext.Run(Empty, state =>
            {
                Marker.Value = (WorkflowExecution)state!;
                CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
                CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
                captured = ExecutionContext.Capture();
            }, execution);
        }
        finally
        {
            WorkflowExecution.OnTurn = before;
        }

        return captured!;
    }

    private static ExecutionContext CaptureEmpty()
    {
        ExecutionContext? captured = null;
        var thread = new Thread(() => captured = ExecutionContext.Capture());
        thread.UnsafeStart();
        thread.Join();
        return captured!;
    }
}
