namespace Durable;

/// <summary>How the runs of one registered workflow class behave.</summary>
public sealed class WorkflowOptions
{
    /// <summary>What an exception that <c>[Run]</c> or a signal lets out does to the run. Default <see cref="UnhandledExceptionPolicy.Fail"/>.</summary>
    /// <remarks>
    /// An exception out of an update method is the update's answer (DUR2011) and does nothing to the run; a refusal
    /// by a validator and the end of a cancelled run are no unhandled exceptions either.
    /// </remarks>
    public UnhandledExceptionPolicy OnUnhandledException { get; set; } = UnhandledExceptionPolicy.Fail;
}

/// <summary>What an unhandled exception in workflow code does to the run.</summary>
public enum UnhandledExceptionPolicy
{
    /// <summary>The run compensates its open sagas and closes as <see cref="RunStatus.Failed"/>. The default.</summary>
    Fail,

    /// <summary>The run is held as <see cref="RunStatus.Stalled"/> with the exception, and nothing of the turn is
    /// stored. A fixed build, or <see cref="RunHandle.ResumeAsync"/>, goes on.</summary>
    Hold,
}
