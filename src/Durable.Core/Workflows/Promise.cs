namespace Durable;

/// <summary>A result that somebody outside the run delivers. Make it with
/// <see cref="WorkflowContext.CreatePromise{T}"/>, give <see cref="Token"/> away, await
/// <see cref="Task"/>.</summary>
/// <remarks>
/// <see cref="DurableClient.CompleteAsync"/> and <see cref="DurableClient.FailAsync"/> settle it; the first one counts, later ones change nothing.
/// Derive from it only to fake it in tests.
/// </remarks>
/// <typeparam name="T">The type of the result, stored as JSON.</typeparam>
public abstract class Promise<T>
{
    /// <summary>What the outside needs to settle the promise: URL-safe text, hard to guess, valid for this generation of this run only.</summary>
    /// <remarks>Whoever has it may settle the promise, so hand it out as you would a password-reset link. Equal in every replay.</remarks>
    public abstract string Token { get; }

    /// <summary>The result. It ends with <see cref="ActivityFailedException"/> (DUR3101) if the promise was
    /// failed, or with a cancel of the run that arrives while somebody waits for it.</summary>
    /// <remarks>For a limit await <c>promise.Task.WaitAsync(timeout, time)</c> with the injected
    /// <see cref="TimeProvider"/>. Replay settles it at the recorded place.</remarks>
    public abstract Task<T> Task { get; }
}
