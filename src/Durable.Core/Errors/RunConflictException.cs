namespace Durable;

/// <summary>The run is not in a state for this request. In HTTP terms 409.</summary>
/// <remarks>
/// <see cref="DurableException.Code"/> says which: already started (<see cref="DurableErrorCodes.RunAlreadyStarted"/>, DUR2002), wrong state
/// (<see cref="DurableErrorCodes.RunInWrongState"/>, DUR2003) or closed (<see cref="DurableErrorCodes.RunClosed"/>, DUR2010).
/// </remarks>
public sealed class RunConflictException : DurableException
{
    /// <summary>A conflict with a run.</summary>
    /// <param name="code"><see cref="DurableErrorCodes.RunAlreadyStarted"/>,
    /// <see cref="DurableErrorCodes.RunInWrongState"/> or
    /// <see cref="DurableErrorCodes.RunClosed"/>.</param>
    /// <param name="message">Which run, its state, and what would fit.</param>
    /// <param name="run">The run, or null if it is not known.</param>
    /// <param name="inner">What caused it, or null.</param>
    public RunConflictException(string code, string message, RunInfo? run = null, Exception? inner = null) : base(code, message, inner) => Run = run;

    /// <summary>The run as it was then; null if it is not known.</summary>
    public RunInfo? Run { get; }
}
