namespace Durable;

/// <summary>How the runs of one registered workflow class behave.</summary>
public sealed class WorkflowOptions
{
    /// <summary>What an exception that <c>[Run]</c>, a signal or an update lets out does to the run. Default <see cref="UnhandledExceptionPolicy.Fail"/>.</summary>
    /// <remarks>
    /// Under either, an exception out of an update method also reaches the caller of the update; a refusal
    /// by a validator and the end of a cancelled run are no unhandled exceptions.
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
