namespace Durable;

/// <summary>A child run without a result. Get it with <c>StartChildAsync</c> of <see cref="WorkflowContext"/>.</summary>
/// <remarks>Derive from it only to fake it in tests.</remarks>
/// <typeparam name="TWorkflow">The class or contract interface of the child.</typeparam>
public abstract class ChildRun<TWorkflow> : ExternalRun<TWorkflow> where TWorkflow : class
{
    /// <summary>Waits until the child has closed. Replay ends the wait at the recorded place.</summary>
    /// <param name="cancellationToken">Ends this wait, not the child.</param>
    /// <returns>A task that ends when the child completed.</returns>
    /// <exception cref="RunFailedException">The child failed (DUR3001), was cancelled (DUR3002) or terminated (DUR3003), or ran out of time (DUR3004).</exception>
    /// <exception cref="OperationCanceledException">The token, or a cancel of this run that arrived during the wait, ended it.</exception>
    public abstract Task CompletionAsync(CancellationToken cancellationToken = default);
}

/// <summary>A child run with a result. Get it with <c>StartChildAsync</c> of <see cref="WorkflowContext"/>.</summary>
/// <remarks>Derive from it only to fake it in tests.</remarks>
/// <typeparam name="TWorkflow">The class or contract interface of the child.</typeparam>
/// <typeparam name="TResult">The type of the child's result.</typeparam>
public abstract class ChildRun<TWorkflow, TResult> : ExternalRun<TWorkflow> where TWorkflow : class
{
    /// <summary>Waits for the result of the child. Replay gives the recorded one, at the recorded place.</summary>
    /// <param name="cancellationToken">Ends this wait, not the child.</param>
    /// <returns>What the child returned.</returns>
    /// <exception cref="RunFailedException">The child failed (DUR3001), was cancelled (DUR3002) or terminated (DUR3003), or ran out of time (DUR3004).</exception>
    /// <exception cref="OperationCanceledException">The token, or a cancel of this run that arrived during the wait, ended it.</exception>
    public abstract Task<TResult> ResultAsync(CancellationToken cancellationToken = default);
}
