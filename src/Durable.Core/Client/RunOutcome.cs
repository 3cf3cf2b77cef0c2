namespace Durable;

/// <summary>How a run ended.</summary>
/// <param name="Status">Completed, Failed, Cancelled, Terminated or TimedOut.</param>
/// <param name="Failure">What went wrong; null if the run completed, or nothing more than the status is known.</param>
public record RunOutcome(RunStatus Status, Failure? Failure);

/// <summary>How a run ended, with its result.</summary>
/// <typeparam name="TResult">The type of the result.</typeparam>
/// <param name="Status">Completed, Failed, Cancelled, Terminated or TimedOut.</param>
/// <param name="Result">What <c>[Run]</c> returned; the default of the type unless the run completed.</param>
/// <param name="Failure">What went wrong; null if the run completed, or nothing more than the status is known.</param>
public sealed record RunOutcome<TResult>(RunStatus Status, TResult? Result, Failure? Failure);
