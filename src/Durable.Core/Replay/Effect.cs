// What the lane has to do once a turn is durable.
using Durable.Engine.History;

namespace Durable.Engine.Replay;

/// <summary>One command of a live turn, as the lane carries it out.</summary>
/// <param name="Kind">What is asked for.</param>
/// <param name="Operation">The operation that waits for it, or the one that is given up.</param>
/// <param name="Data">Body for what has no operation: an <see cref="UpdateAnswer"/>, attributes …</param>
/// <param name="Target">Id of an update.</param>
internal readonly record struct Effect(CommandKind Kind, Operation? Operation, object? Data = null, string? Target = null);

/// <summary>How the code of a run ended.</summary>
/// <param name="Kind">Complete, Fail, Cancelled or ContinueAsNew.</param>
/// <param name="Result">The result as JSON, for Complete; the start document, for ContinueAsNew.</param>
/// <param name="Failure">What was thrown, for Fail and Cancelled.</param>
internal sealed record RunEnd(CommandKind Kind, byte[]? Result, Failure? Failure);
